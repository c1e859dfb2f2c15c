"""/calls in a browser: a call is found, read as a ladder, heard, uncovered and exported, each with its reason kept."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from tests.browser.axe import findings
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually

NUMBER, MASKED = "13800138077", "138****8077"
OTHER = "13900139066"


@dataclass(frozen=True)
class Story:
    transferred: str  # ids
    abandoned: str


@pytest.fixture(scope="module")
def story(session_hotline: Hotline) -> Iterator[Story]:
    """One caller talked with 1003, who handed him over to 110 and wrote what it was about; another hung up early."""
    operator, citizen = session_hotline.operator("1003"), session_hotline.caller(NUMBER)
    police = session_hotline.desk("110")
    session_hotline.talk(citizen, operator)
    operator.dtmf("*1")
    police.wait_for("confirmed")
    operator.wait_for("disconnected")
    citizen.hangup()
    call = session_hotline.call_of(NUMBER)
    session_hotline.switch_off_phones()
    early = session_hotline.caller(OTHER)
    early.call(session_hotline.uri, from_user=OTHER)
    early.wait_for("confirmed")
    early.hangup()
    left = session_hotline.call_of(OTHER)
    session_hotline.switch_off_phones()
    words = {"place": "朝阳路 12 号", "cause": "楼上漏水", "text": "请回电"}
    wish = {"kind": "written", "data": words}
    assert session_hotline.api("POST", f"/api/v1/calls/{call.id}/case", wish).status == 201
    yield Story(call.id, left.id)


def audited(hotline: Hotline, what: str) -> list[tuple[str, str, str]]:
    entries = hotline.api("GET", f"/api/v1/audit?what={what}").body["entries"]
    return [(entry["who"], entry["about"], entry["why"]) for entry in entries]


def expect_callers(page: Page, numbers: list[str]) -> None:
    """In the list; what was found before may stand there until the answer comes."""
    expect(page.locator(".table tbody td:nth-child(2)")).to_have_text(numbers, use_inner_text=True)


def test_given_calls_when_looked_for_by_number_time_outcome_and_words_then_those_calls_are_listed(
    story: Story, hotline: Hotline, open_page: Callable[..., Page]
) -> None:
    page = open_page("supervisor", "/calls")
    conditions = page.get_by_role("search")
    row = page.get_by_role("row").filter(has_text=MASKED)
    expect(row).to_contain_text("楼上漏水")
    for label, wanted, found in (
        ("来电号码", "139*", ["139****9066"]),
        ("来电号码", NUMBER, [MASKED]),
        ("诉求字词", "漏水 朝阳", [MASKED]),
        ("转接目标", "110", [MASKED]),
        ("坐席工号", "1003", [MASKED]),
    ):
        page.get_by_role("button", name="全部", exact=True).click()
        expect(conditions.get_by_label(label)).to_have_value("")
        conditions.get_by_label(label).fill(wanted)
        conditions.get_by_role("button", name="查询").click()
        expect(page).to_have_url(re.compile(r"\?"))
        expect_callers(page, found)
    page.get_by_role("button", name="今天放弃（待回拨）").click()
    expect(conditions.get_by_label("通话结果")).to_have_value("abandoned")
    expect_callers(page, ["139****9066"])
    conditions.get_by_label("起始时间").fill("2099-01-01T00:00")
    page.keyboard.press("Enter")
    expect(page.get_by_text("没有符合条件的通话")).to_be_visible()
    page.go_back()
    expect(page.locator(".table tbody tr")).to_have_count(1)
    assert NUMBER not in page.content()


def test_given_one_call_when_its_ladder_is_clicked_then_it_plays_from_there_once_a_reason_is_on_record(
    story: Story, hotline: Hotline, open_page: Callable[..., Page]
) -> None:
    page = open_page("supervisor", "/calls?caller=" + NUMBER)
    page.get_by_role("row").filter(has_text=MASKED).locator("td").nth(3).click()
    expect(page).to_have_url(re.compile(f"/calls/{story.transferred}$"))
    moments = page.locator(".calls-moments li")
    expect(moments.filter(has_text="转接 110：成功")).to_have_count(1)
    expect(page.locator(".calls-note")).to_contain_text("朝阳路 12 号")
    expect(moments.get_by_role("button")).to_have_count(0)  # nothing plays before a reason was given
    page.get_by_role("button", name="听录音").click()
    dialog = page.get_by_role("dialog", name="听录音")
    dialog.get_by_role("button", name="听录音").click()
    expect(dialog.get_by_label("原因")).to_have_attribute("aria-invalid", "true")
    assert audited(hotline, "call.listen") == []
    dialog.get_by_label("原因").fill("投诉复核")
    dialog.get_by_role("button", name="听录音").click()
    expect(page.locator(".calls-wave")).to_have_count(3)
    assert audited(hotline, "call.listen") == [("supervisor", story.transferred, "投诉复核")]

    for theme in ("light", "dark", "light"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        assert findings(page) == []

    three = moments.filter(has_text="三方通话").get_by_role("button")
    three.click()
    expect(page.get_by_role("button", name="暂停")).to_be_visible()
    at = float(page.locator(".calls-slider").input_value())
    assert at > 1, "it plays from where all three talk, not from the beginning"
    expect(page.locator(".calls-cursor")).to_have_count(1)
    page.keyboard.press("K")
    expect(page.get_by_role("button", name="播放")).to_be_visible()
    drawn = page.locator(".calls-svg").bounding_box()
    assert drawn is not None
    page.mouse.click(drawn["x"] + 30, drawn["y"] + 5)  # the picture itself leads too: its top is the beginning
    eventually(lambda: float(page.locator(".calls-slider").input_value()) < at, 30, lambda: "it stays where it was")


def test_given_a_masked_number_when_uncovered_then_a_reason_is_asked_for_and_kept(
    story: Story, hotline: Hotline, open_page: Callable[..., Page]
) -> None:
    page = open_page("supervisor", f"/calls/{story.transferred}")
    expect(page.locator(".calls-number")).to_have_text(MASKED)
    page.get_by_role("button", name="查看完整号码").click()
    page.get_by_role("dialog").get_by_label("原因").fill("回拨核实")
    page.get_by_role("dialog").get_by_role("button", name="查看完整号码").click()
    expect(page.locator(".calls-number")).to_have_text(NUMBER)
    assert audited(hotline, "call.unmask") == [("supervisor", story.transferred, "回拨核实")]
    page.reload()
    expect(page.locator(".calls-number")).to_have_text(MASKED)


def test_given_a_list_when_exported_then_the_sheets_hold_those_calls_with_the_same_masks(
    story: Story, hotline: Hotline, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = open_page("supervisor", "/calls?outcome=transferred&caller=" + NUMBER)
    taken = {}
    for format in ("xlsx", "csv"):
        page.get_by_role("button", name="导出", exact=True).click()
        dialog = page.get_by_role("dialog", name="导出")
        dialog.get_by_label("格式").select_option(format)
        assert findings(page) == []
        dialog.get_by_role("button", name="开始导出").click()
        expect(dialog.get_by_text("已完成，共 1 条")).to_be_visible()
        with page.expect_download() as download:
            dialog.get_by_role("link", name="下载").click()
        taken[format] = tmp_path / download.value.suggested_filename
        download.value.save_as(taken[format])
        dialog.get_by_role("button", name="关闭").last.click()
    book = load_workbook(taken["xlsx"], read_only=True)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    with taken["csv"].open(encoding="utf-8-sig", newline="") as file:
        assert [["" if cell is None else str(cell) for cell in row] for row in rows] == list(csv.reader(file))
    assert [(row[1], row[6], row[10]) for row in rows[1:]] == [(MASKED, "1003", story.transferred)]
    assert len(audited(hotline, "call.export")) == 2


def test_given_an_auditor_when_he_looks_at_calls_then_notes_are_neither_shown_nor_searched(
    story: Story, hotline: Hotline, open_page: Callable[..., Page]
) -> None:
    page = open_page("auditor", "/calls")
    expect(page.get_by_role("row").filter(has_text=MASKED)).to_be_visible()
    expect(page.get_by_label("诉求字词")).to_have_count(0)
    assert "漏水" not in page.content()
    page.goto(f"{hotline.web}/calls/{story.transferred}")
    expect(page.locator(".calls-moments")).to_be_visible()
    expect(page.locator(".calls-note")).to_have_count(0)
