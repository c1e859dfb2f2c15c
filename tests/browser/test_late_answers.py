"""What people do while an answer is under way, late, lost or a refusal: no press and no word is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.chromium import Chromium
from tests.browser.kept import Late
from tests.browser.scripted import CALLER, ME, call, case, view

TALKING = view("talking", call(CALLER, ME))
NEGOTIATING = {
    "desks": ["12345", "110"],
    "proposals": {},
    "ends_at": None,
    "decided": None,
}


@pytest.fixture
def context(chromium: Chromium) -> Iterator[BrowserContext]:
    context = chromium.context()
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert errors == []


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
