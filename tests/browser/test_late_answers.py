"""What people do while an answer is under way, late, lost or a refusal: no press and no word is lost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.chromium import Chromium
from tests.browser.kept import Late, refusal
from tests.browser.scripted import CALLER, ME, ORIGIN, WHO, ago, call, case, view

TALKING = view("talking", call(CALLER, ME))
NEGOTIATING = {
    "desks": ["12345", "110"],
    "proposals": {},
    "ends_at": None,
    "decided": None,
}


@pytest.fixture
def server(context: BrowserContext) -> Late:
    return Late(context)


def test_given_a_press_that_is_not_answered_yet_when_danger_is_pressed_then_both_presses_reach_the_server(
    server: Late,
) -> None:
    server.now = TALKING
    server.case = case({"cause": "邻居打人"}, 3, negotiation=NEGOTIATING, may=["proposed", "emergency"])
    page = server.open()
    server.keeps.add("POST /calls/call-1/case")
    page.get_by_role("button", name="我方受理").click()
    server.waits(page)
    page.get_by_role("button", name="110 受理").click()
    page.get_by_role("button", name="紧急派警").click()
    page.get_by_role("button", name="人身安全").click()
    server.waits(page, 2)
    assert [body["kind"] for _, body in server.asked("/case")] == ["proposed", "emergency"]
    server.release(2)
    server.waits(page)
    server.release()
    assert [body["data"] for _, body in server.asked("/case") if body["kind"] == "proposed"] == [
        {"whose": "ours"},
        {"whose": "yours"},
    ]


def test_given_a_class_that_is_typed_when_words_are_saved_meanwhile_then_nothing_of_it_is_wiped_and_it_must_exist(
    server: Late,
) -> None:
    server.now = TALKING
    page = server.open()
    expect(page.locator(".note-state")).to_have_attribute("data-state", "saved")
    server.keeps.add("POST /calls/call-1/case")
    page.get_by_label("起因").fill("路灯不亮")
    server.waits(page)
    field = page.locator("[name=class]")
    field.press_sequentially("路灯")
    server.release()
    expect(page.locator(".case-number")).to_be_visible()
    expect(field).to_have_value("路灯")
    field.press("Tab")
    expect(page.locator(".note-field.class [role=alert]")).to_contain_text("没有这个分类")
    server.keeps.clear()
    field.fill("路灯照明 010101")
    field.press("Tab")
    expect(page.locator(".note-field.class [role=alert]")).to_have_count(0)
    expect(page.locator(".note-state")).to_contain_text("已保存")
    assert server.case is not None
    assert server.case["matter"]["class_code"] == "010101"


def test_given_a_look_that_is_overtaken_by_what_was_written_when_it_comes_then_the_newer_words_stay(
    server: Late,
) -> None:
    server.now = TALKING
    server.case = case({"cause": "漏水"}, 3, untold=[{"desk": "110", "seconds": 9}])
    page = server.open()
    cause = page.get_by_label("起因")
    expect(cause).to_have_value("漏水")
    server.keeps.add("GET /calls/call-1/case")
    server.waits(page)
    cause.fill("水管爆裂")
    expect(page.locator(".note-state")).to_contain_text("已保存")
    server.release()
    server.show(view("talking", call(CALLER, ME, case={"revision": 9})))
    server.waits(page)  # it looks again: what was overtaken has come
    expect(cause).to_have_value("水管爆裂")


def test_given_words_under_way_when_more_is_typed_then_one_request_follows_the_other(server: Late) -> None:
    server.now = TALKING
    page = server.open()
    expect(page.locator(".note-state")).to_have_attribute("data-state", "saved")
    server.keeps.add("POST /calls/call-1/case")
    page.get_by_label("起因").fill("漏")
    server.waits(page)
    page.get_by_label("起因").fill("漏水")
    page.wait_for_timeout(1500)  # three pauses: a second request would be under way
    assert len(server.asked("/case")) == 1
    server.release()
    server.waits(page)
    server.release()
    expect(page.locator(".note-state")).to_contain_text("已保存")
    assert [body["data"] for _, body in server.asked("/case")] == [{"cause": "漏"}, {"cause": "漏水"}]


ROW = {
    "id": "case-1",
    "number": "12345-20261127-000001",
    "line": "井盖缺失",
    "place": "朝阳路",
    "class_code": "010101",
    "urgency": "general",
    "state": "open",
    "owners": ["12345"],
    "channel": "web",
    "opened_at": ago(60),
    "respond_by": None,
    "responded_at": None,
}

ORDER: dict[str, Any] = {
    **{"id": "order-1", "case": "case-1", "number": "12345-20261127-000001", "line": "井盖缺失", "task": ""},
    **{"department": "chengguan", "joint": [], "state": "sent", "at": ago(60), "since": ago(60), "due": ago(-900)},
    **{
        "due_at": ago(-900),
        "sign_by": ago(-600),
        "signed_at": None,
        "signed_by": None,
        "done_at": None,
        "words": "",
    },
    **{"done_by": None, "result": None, "extension": None, "reopened": 0, "why_reopened": "", "files": []},
    **{"parts": [], "history": [], "may": ["order_signed"], "matter": {"cause": "井盖缺失", "confidential": False}},
}


def one(**more: Any) -> dict[str, Any]:
    """A case as its page reads it."""
    known = {
        "calls": [],
        "history": [],
        "letters": [],
        "guidance": None,
        "suggestion": None,
        "channel": "web",
        "files": [],
    }
    links = {"merged_into": None, "merged_from": [], "split_from": None, "split_into": []}
    times = {"opened_at": ago(60), "respond_by": None, "responded_at": None}
    return case({"cause": "井盖缺失", "class_code": "010101"}, **{**known, **links, **times, **more})


def test_given_a_result_that_the_server_refuses_when_it_was_typed_then_it_is_there_still_after_another_login_too(
    server: Late,
) -> None:
    server.says["GET /cases/case-1"] = {"case": one(may=["handled"])}
    server.says["POST /cases/case-1/events"] = (503, refusal("busy", "数据库正忙"))
    page = server.work(["liaison"], "/cases/case-1")
    page.get_by_role("button", name="填写结果").click()
    words = page.get_by_role("dialog").get_by_role("textbox")
    words.fill("已换上新井盖")
    page.get_by_role("dialog").get_by_role("button", name="确定").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("数据库正忙")
    expect(words).to_have_value("已换上新井盖")
    server.says["POST /cases/case-1/events"] = (401, refusal("unauthorized", "请登录"))
    page.get_by_role("dialog").get_by_role("button", name="确定").click()
    page.wait_for_url("**/login?**")
    keys = [key for _, path, _, key in server.orders if path.endswith("/events")]
    assert len(keys) == 2
    assert len(set(keys)) == 1, "words that were sent again are the same thing"
    page.goto(f"{ORIGIN}/cases/case-1")
    page.get_by_role("button", name="填写结果").click()
    expect(words).to_have_value("已换上新井盖")
    server.says["POST /cases/case-1/events"] = {"case": one(revision=2, state="handled", may=[])}
    page.get_by_role("dialog").get_by_role("button", name="确定").click()
    expect(page.locator(".case-head .badge")).to_contain_text("已答复")
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('hotline.typed.'))") == []


def test_given_somebody_was_quicker_when_a_press_is_refused_then_the_page_shows_what_it_is_now(server: Late) -> None:
    server.says["GET /cases/case-1"] = {"case": one(may=["closed"])}
    server.says["POST /cases/case-1/events"] = (409, refusal("not_now", "已经办结"))
    page = server.work(["liaison"], "/cases/case-1")
    close = page.get_by_role("button", name="办结", exact=True)
    expect(close).to_be_visible()
    server.says["GET /cases/case-1"] = {"case": one(revision=2, state="closed", may=[])}
    close.dblclick()
    expect(page.locator(".toast")).to_contain_text("已经办结")
    expect(close).to_have_count(0)
    assert len(server.asked("/events")) == 1, "a double click is one press"


def test_given_this_machines_clock_is_wrong_when_a_limit_runs_then_what_is_left_follows_from_the_servers(
    server: Late,
) -> None:
    there = datetime.now(UTC) + timedelta(hours=3)
    server.headers = {"Date": format_datetime(there, usegmt=True)}
    ends = (there + timedelta(seconds=50)).isoformat()
    talks = {**NEGOTIATING, "ends_at": ends}
    server.says["GET /cases/case-1"] = {"case": one(negotiation=talks, state="offered", may=["proposed"])}
    page = server.work(["liaison"], "/cases/case-1")
    expect(page.locator(".case-limit")).to_contain_text(re.compile(r"(?<![\d:])0:(4\d|50)"))


def test_given_a_machine_in_another_zone_when_the_audit_log_is_asked_since_then_the_moment_is_of_the_hotlines_zone(
    chromium: Chromium,
) -> None:
    context = chromium.context(zone="America/New_York")
    server = Late(context)
    server.says["GET /audit"] = {"entries": []}
    page = server.work(["auditor"], "/admin/audit")
    with page.expect_request(lambda asked: "since=" in asked.url) as found:
        page.get_by_label("起始时间").fill("2026-11-27T08:30")
        page.get_by_label("起始时间").press("Tab")
    assert "since=2026-11-27T00%3A30%3A00.000Z" in found.value.url
    context.close()


def test_given_a_further_page_under_way_when_the_list_is_asked_anew_then_the_late_one_is_not_shown(
    server: Late,
) -> None:
    second = {**ROW, "id": "case-2", "number": "12345-20261127-000002"}
    server.says["GET /cases/unanswered"] = {"cases": [], "desk": "12345", "desks": ["110"]}
    answers = [{"cases": [ROW], "next": "n"}, {"cases": [second], "next": None}, {"cases": [ROW], "next": None}]
    server.says["GET /cases"] = lambda _: answers.pop(0)
    page = server.work(["liaison"], "/cases")
    rows = page.locator(".table tbody tr")
    expect(rows).to_have_count(1)
    server.keeps.add("GET /cases")
    page.get_by_role("button", name="更多").click()
    server.waits(page)
    page.get_by_role("button", name="English").click()
    server.waits(page, 2)
    server.release(2)
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("000001")
    expect(page.locator(".failure")).to_have_count(0)


def test_given_a_login_again_in_another_tab_when_this_one_acts_then_it_goes_on_with_that_login(server: Late) -> None:
    server.says["GET /cases/case-1"] = {"case": one(may=["closed"])}
    closed = {"case": one(revision=2, state="closed", may=[])}
    tokens: list[str] = []

    def act(_: Any) -> Any:
        tokens.append(server.token)
        return closed if server.token == "renewed" else (403, refusal("csrf", "刷新页面"))

    server.says["POST /cases/case-1/events"] = act
    page = server.work(["liaison"], "/cases/case-1")
    close = page.get_by_role("button", name="办结", exact=True)
    expect(close).to_be_visible()
    server.says["GET /session"] = {"session": {**WHO, "roles": ["liaison"], "csrf": "renewed"}}
    close.click()
    expect(page.locator(".case-head .badge")).to_contain_text("已办结")
    assert tokens == ["token", "renewed"]


def test_given_a_server_that_is_away_when_somebody_logs_out_then_the_page_says_that_he_is_still_in(
    server: Late,
) -> None:
    server.says["GET /cases/case-1"] = {"case": one(may=[])}
    page = server.work(["liaison"], "/cases/case-1")
    expect(page.locator(".case-number")).to_be_visible()
    server.lost.add("DELETE /session")
    page.get_by_role("button", name="退出").click()
    expect(page.locator(".toast")).to_contain_text("没有退出")
    server.lost.clear()
    server.says["DELETE /session"] = {}
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/login?**")


def test_given_an_order_that_is_signed_when_an_older_look_comes_late_then_it_stays_signed(server: Late) -> None:
    signed = {**ORDER, "state": "signed", "signed_at": ago(0), "signed_by": "chengguan/liming", "may": ["order_done"]}
    server.says["GET /departments"] = {"departments": []}
    server.says["GET /orders/order-1"] = {"order": ORDER}
    server.says["POST /orders/order-1/acts"] = {"order": signed}
    page = server.work(["department"], "/orders/order-1")
    expect(page.get_by_role("button", name="签收")).to_be_visible()
    server.keeps.add("GET /orders/order-1")
    page.get_by_role("button", name="English").click()  # it looks again
    server.waits(page)
    page.get_by_role("button", name="Sign", exact=False).click()
    finish = page.get_by_role("button", name="Finish", exact=False)
    expect(finish).to_be_visible()
    server.release()
    page.get_by_role("button", name="中文").click()
    server.waits(page)  # the older one has come
    expect(page.get_by_role("button", name="签收")).to_have_count(0)


def test_given_a_long_list_read_to_its_end_when_a_case_is_opened_then_it_begins_at_its_head(server: Late) -> None:
    server.says["GET /cases/unanswered"] = {"cases": [], "desk": "12345", "desks": ["110"]}
    rows = [{**ROW, "id": f"case-{n}", "number": f"{n:06}"} for n in range(1, 51)]
    server.says["GET /cases"] = {"cases": rows, "next": None}
    event = {"origin": "12345", "kind": "opened", "data": {}, "at": ago(60), "by": "1001", "void": ""}
    history = [{**event, "seq": n} for n in range(60)]
    server.says["GET /cases/case-50"] = {"case": one(id="case-50", history=history)}
    page = server.work(["liaison"], "/cases")
    page.get_by_role("button", name="000050").click()
    expect(page.get_by_role("link", name="返回", exact=False).first).to_be_in_viewport()
    assert page.evaluate("document.activeElement.id") == "page", "the keyboard goes on where the page begins"
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('#page')).overflow") == "visible"


def test_given_photographs_when_chosen_at_once_then_each_waits_for_the_one_before_and_a_wrong_one_takes_no_room(
    server: Late,
) -> None:
    server.says["GET /departments"] = {"departments": []}
    server.says["GET /orders/order-1"] = {"order": {**ORDER, "state": "signed", "may": ["order_done"]}}
    files = iter(range(100))
    server.says["POST /orders/order-1/files"] = lambda _: {"file": {"id": str(next(files)), "name": "a", "bytes": 1}}
    server.keeps.add("POST /orders/order-1/files")
    page = server.work(["department"], "/orders/order-1")
    page.get_by_role("button", name="办结").click()
    papers = [{"name": f"{n}.txt", "mimeType": "text/plain", "buffer": b"x"} for n in range(5)]
    photographs = [{"name": f"{n}.png", "mimeType": "image/png", "buffer": b"x"} for n in range(12)]
    page.locator("#orders-files").set_input_files([*papers, *photographs])
    server.waits(page)
    expect(page.get_by_text("等待上传")).to_have_count(11)
    assert len(server.kept) == 1
    server.keeps.clear()
    server.release()
    expect(page.get_by_text("已上传")).to_have_count(12)
    expect(page.locator(".orders-wrong")).to_have_count(5)
