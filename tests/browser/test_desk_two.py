"""Two operators in browsers, a citizen, 110: the stories of a shift, with real phones; tones prove who hears whom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SITE
from tests.browser.desks import answer, begin, call_in, phone_call, ringing, wait_ears
from tests.pbx.hotline import STAMPS_APART, Hotline
from tests.pbx.running import eventually

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def session_hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    hotline = Hotline(tmp_path_factory.mktemp("two"), SITE)
    try:
        yield hotline.start()
    finally:
        hotline.stop()


def test_given_two_browsers_when_110_is_brought_in_left_alone_and_hands_back_then_the_second_operator_has_the_caller(
    hotline: Hotline, open_page: OpenPage
) -> None:
    one, citizen, police = open_page("1001"), hotline.caller(), hotline.desk("110", answers=False)
    begin(one)
    asked = time.time()
    citizen.call(hotline.uri, from_user=citizen.name)
    rejected = ringing(one, citizen)
    one.keyboard.press("F9")
    eventually(lambda: phone_call(one).get("id") not in (None, rejected), 30, lambda: "a rejected call came to nobody")
    answer(citizen, one, since=asked)
    wait_ears(one, {"caller"})
    time.sleep(STAMPS_APART)

    pressed = time.time()
    one.keyboard.press("Alt+Shift+1")
    expect(one.locator(".desk-transfer[data-state='ringing']")).to_contain_text("110")
    police.wait_invite(since=pressed)
    police.answer()
    citizen.wait_who({"operator", "110"}, since=pressed)
    police.wait_who({"operator", "caller"}, since=pressed)
    wait_ears(one, {"caller", "110"})
    expect(one.get_by_text("各方都能互相听到")).to_be_visible()
    for party in (citizen.name, "1001", "110"):
        expect(one.locator(f"[data-party='{party}']")).to_contain_text("正在说话")
    muted = time.time()
    one.keyboard.press("F6")
    police.wait_who({"caller"}, since=muted)
    expect(one.locator("[data-party='1001']")).to_contain_text("已静音")
    one.keyboard.press("F6")

    two = open_page("1002", tone="operator2")
    begin(two)
    left = time.time()
    one.keyboard.press("F9")
    expect(one.get_by_text("上一通来电")).to_be_visible()
    citizen.wait_who({"110"}, since=left)
    police.wait_who({"caller"}, since=left)
    one.keyboard.press("Alt+P")
    one.get_by_role("dialog").get_by_role("button", name="用餐").click()
    expect(one.get_by_text("示忙中，不派发来电")).to_be_visible()

    back = time.time()
    police.dtmf("*9")
    expect(two.get_by_text("由 110 转来").first).to_be_visible()
    expect(two.get_by_text("优先来电：对方台交回").first).to_be_visible()
    answer(citizen, two, "operator2", keys="Enter", since=back)
    wait_ears(two, {"caller"})
    two.keyboard.press("F9")
    citizen.wait_for("disconnected")
    call = hotline.call_of(citizen.name)
    assert [(leg.role, leg.party) for leg in sorted(call.legs, key=lambda leg: leg.started_at)] == [
        ("caller", citizen.name),
        ("operator", "1001"),  # rejected
        ("operator", "1001"),
        ("desk", "110"),
        ("operator", "1002"),
    ]
    assert [(one.target, one.mode, one.result) for one in call.transfers] == [("110", "conference", "completed")]


def test_given_a_talk_when_110_fails_in_each_way_then_the_page_says_why_and_what_is_next_and_the_talk_goes_on(
    hotline: Hotline, open_page: OpenPage
) -> None:
    page, citizen = open_page("1001"), hotline.caller()
    fire = hotline.desk("119", answers=False)
    routes = [hotline.desk("110", route=route) for route in (1, 2)]
    begin(page)
    talk = call_in(hotline, citizen, page)

    def fails(why: str, words: str) -> None:
        told = page.locator(f"[data-why='{why}']")
        expect(told).to_contain_text(words)
        expect(told).to_contain_text("来电人仍在与您通话")
        expect(told.get_by_role("button", name="再次呼叫")).to_be_visible()

    for phone in routes:
        phone.on_call("busy")
    page.keyboard.press("Alt+1")
    fails("busy", "对方占线")
    routes[1].on_call("ring")
    page.locator("[data-why='busy']").get_by_role("button", name="再次呼叫").click()
    expect(page.locator(".desk-transfer[data-state='ringing']")).to_contain_text("第 2 路，共 2 路")
    fails("no_answer", "对方无人接听")
    for phone in routes:
        phone.on_call("reject")
    page.locator("[data-why='no_answer']").get_by_role("button", name="再次呼叫").click()
    fails("rejected", "对方拒接")
    for phone in routes:
        phone.die()
        hotline.wait_contact("desk-110", phone.uri, there=False)
    expect(page.locator("[data-target='110']")).to_contain_text("线路不通")
    page.keyboard.press("Alt+1")
    fails("unreachable", "线路不通")
    citizen.wait_who({"operator"}, seconds=1, since=time.time() - 1)
    assert citizen.heard("operator", talk) > 0.75, "whatever failed, the caller heard the operator"

    page.locator("[data-why='unreachable']").get_by_role("button", name="改转119消防").click()
    fire.wait_invite()
    fire.answer()
    citizen.wait_who({"119"}, since=talk)
    citizen.hangup()
    call = hotline.call_of(citizen.name)
    assert [(one.target, one.result, *(tried.result for tried in one.attempts)) for one in call.transfers] == [
        ("110", "failed", "busy", "busy"),
        ("110", "failed", "busy", "no_answer"),
        ("110", "failed", "rejected", "rejected"),
        ("110", "failed", "unreachable", "unreachable", "unreachable", "unreachable"),
        ("119", "completed", "answered"),
    ]
