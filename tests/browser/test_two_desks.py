"""12345 and 110 with the same software, an operator in a browser at each: one matter that both work on, as both see it
(R23–R29, R40, R43, R46)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Chromium
from tests.browser.conftest import People
from tests.browser.desks import begin, call_in
from tests.pbx.conftest import finish
from tests.pbx.two_sites import TwoSites
from tests.phones import Phone

SITES: dict[str, Any] = {
    "12345": {
        "accounts": {"totp": []},
        "queue": {"ring": 30},
        "targets": {"110": {"ring": 40}},
        "operators": [{"number": "1001", "name": "一号坐席", "skills": ["general"], "transport": "wss"}],
    },
    "110": {
        "accounts": {"totp": []},
        "queue": {"ring": 30},
        "targets": {"12345": {"ring": 40}},
        "desk": {"decide_seconds": 5},  # of the cases that it receives first
        "operators": [{"number": "2001", "name": "一号接警员", "skills": ["general"], "transport": "wss"}],
    },
}


@dataclass
class Desks:
    """Both sites with a page at each; the pages live as long as the module."""

    sites: TwoSites
    city: Page
    police: Page


@pytest.fixture(scope="module")
def both_desks(tmp_path_factory: pytest.TempPathFactory, chromium: Chromium) -> Iterator[Desks]:
    sites = TwoSites.started(tmp_path_factory.mktemp("two"), SITES)
    people = [People(chromium, sites.city), People(chromium, sites.police)]
    try:
        city = people[0]("1001", tone="operator")
        police = people[1]("2001", tone="110")
        for page in (city, police):
            begin(page)
        yield Desks(sites, city, police)
        assert [error for one in people for error in one.errors] == []
    finally:
        for one in people:
            one.close()
        sites.stop()


@pytest.fixture
def desks(both_desks: Desks, request: pytest.FixtureRequest) -> Iterator[Desks]:
    yield both_desks
    both_desks.sites.mend()
    for one in (both_desks.sites.city, both_desks.sites.police):
        finish(one, request.node)


def write(page: Page, **words: str) -> None:
    """The matter, field by field, and wait until it is kept."""
    for name, said in words.items():
        page.locator(f".note [name='{name}']").fill(said)
    expect(page.locator(".note-state")).to_have_attribute("data-state", "saved")


def press(page: Page, name: str, words: str = "") -> None:
    """A button of the panel; `words` are what it asks for."""
    page.get_by_role("button", name=name, exact=True).click()
    if words:
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("textbox").fill(words)
        dialog.get_by_role("button", name="确定").click()


def both_read(desks: Desks, where: str, words: str) -> None:
    for page in (desks.city, desks.police):
        expect(page.locator(where)).to_contain_text(words)


def three(desks: Desks, citizen: Phone, since: float) -> None:
    """110 is called into the talk, answers, and all three hear each other."""
    desks.city.keyboard.press("Alt+Shift+1")
    expect(desks.police.locator(".desk-ringing")).to_be_visible()
    desks.police.keyboard.press("F2")
    citizen.wait_who({"operator", "110"}, since=since)
    both_read(desks, ".case-negotiation", "尚未提出")


def ladders(desks: Desks) -> list[str]:
    """The newest call of each site, as its ladder tells it."""
    told = []
    for site in (desks.sites.city, desks.sites.police):
        call = site.api("GET", "/api/v1/calls?limit=1").body["calls"][0]["id"]
        told.append(json.dumps(site.api("GET", f"/api/v1/calls/{call}/ladder").body, ensure_ascii=False))
    return told


def test_given_a_case_when_one_press_takes_it_to_110_then_it_is_on_the_other_screen_before_the_voice(
    desks: Desks,
) -> None:
    city, police = desks.city, desks.police
    citizen = desks.sites.city.caller()
    call_in(desks.sites.city, citizen, city)
    write(city, cause="楼下有人打架", place="和平路 1 号")
    number = city.locator(".case-number").inner_text()
    pressed = time.monotonic()
    city.keyboard.press("Alt+1")
    expect(police.locator(".desk-ringing")).to_contain_text("楼下有人打架")
    print(f"the case was on the other screen {time.monotonic() - pressed:.2f} s after the press")
    expect(police.locator(".desk-ringing")).to_contain_text(number)
    citizen.wait_who({"operator"}, since=time.time())  # while it rings there he is with his operator
    police.keyboard.press("F2")
    citizen.wait_who({"110"})
    expect(city.get_by_text("上一通来电")).to_be_visible()
    expect(police.locator(".note [name='place']")).to_have_value("和平路 1 号")
    police.keyboard.press("F9")
    citizen.wait_for("disconnected")


def test_given_a_cut_data_line_when_the_call_goes_over_then_the_operator_is_told_to_say_it_by_voice(
    desks: Desks,
) -> None:
    city, police, sites = desks.city, desks.police, desks.sites
    citizen = sites.city.caller("13800138001")
    call_in(sites.city, citizen, city)
    write(city, cause="有人闯入")
    sites.cut()
    asked = time.time()
    city.keyboard.press("Alt+Shift+1")
    expect(city.get_by_role("alert").filter(has_text="请口头转告")).to_contain_text("110")
    police.keyboard.press("F2")
    citizen.wait_who({"operator", "110"}, since=asked)
    sites.mend()
    expect(city.get_by_text("请口头转告")).to_have_count(0, timeout=40_000)
    expect(police.locator(".note [name='cause']")).to_have_value("有人闯入")
    citizen.hangup()
    citizen.wait_for("disconnected")


def test_given_three_who_talk_when_both_press_then_the_panel_ends_in_each_way_and_an_emergency_goes_first(
    desks: Desks,
) -> None:
    city, police = desks.city, desks.police
    citizen = desks.sites.city.caller("13800138002")
    since = call_in(desks.sites.city, citizen, city)
    write(city, cause="邻里打架后索赔")
    three(desks, citizen, since)
    press(city, "110 受理")
    expect(police.locator(".case-negotiation")).to_contain_text("12345/1001：对方受理")
    press(police, "我方受理")
    both_read(desks, ".case-decision", "受理平台：110（双方商定）")
    press(city, "双方受理")
    press(police, "双方受理")
    both_read(desks, ".case-decision", "受理平台：110、12345（双方商定）")
    press(city, "紧急派警")
    city.get_by_role("dialog").get_by_role("button", name="财产安全").click()
    both_read(desks, ".case-emergency", "紧急：财产安全")
    both_read(desks, ".case-decision", "受理平台：110（紧急，先行派警）")
    citizen.hangup()
    citizen.wait_for("disconnected")
    for told in ladders(desks):
        for words in ("12345/1001 提出：由对方受理", "双方商定：110 受理", "双方商定：110、12345 受理", "标记紧急"):
            assert words in told


def test_given_110_received_it_first_and_nobody_presses_when_the_time_is_over_then_110_accepts(desks: Desks) -> None:
    city, police = desks.city, desks.police
    citizen = desks.sites.police.caller("13800138003")
    since = call_in(desks.sites.police, citizen, police, tone="110")
    write(police, cause="路灯不亮")
    police.locator("[data-target='12345']").click(modifiers=["Shift"])
    expect(city.locator(".desk-ringing")).to_contain_text("路灯不亮")
    city.keyboard.press("F2")
    citizen.wait_who({"operator", "110"}, since=since)
    both_read(desks, ".case-decision", "受理平台：110（首接先行受理）")
    citizen.hangup()
    citizen.wait_for("disconnected")
    for told in ladders(desks):
        assert "首接先行受理：110" in told
