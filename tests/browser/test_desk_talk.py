"""The desk in a browser, beside a phone on the table: a real call, real parties, and who hears whom."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings
from tests.pbx.hotline import STAMPS_APART, Hotline


@pytest.fixture(scope="module")
def session_hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    hotline = Hotline(tmp_path_factory.mktemp("desk"), {"accounts": {"totp": []}})
    try:
        yield hotline.start()
    finally:
        hotline.stop()


def test_given_a_desk_phone_when_110_is_brought_in_by_keys_then_the_page_shows_who_speaks_and_all_hear_each_other(
    hotline: Hotline, open_page: Callable[..., Page]
) -> None:
    operator = hotline.operator("1001", answers=False)
    page = open_page("1001")
    page.get_by_role("button", name="开始接听").click()
    expect(page.get_by_text("示闲中，等待来电")).to_be_visible()
    assert findings(page) == []

    citizen, police = hotline.caller(), hotline.desk("110", answers=False)
    citizen.call(hotline.uri, from_user=citizen.name)
    expect(page).to_have_title(re.compile(citizen.name))
    operator.answer()
    talk = operator.wait_for("confirmed").at
    expect(page.get_by_text("来电人能听到您")).to_be_visible()
    time.sleep(STAMPS_APART)
    page.keyboard.press("Alt+Shift+1")
    expect(page.locator(".desk-transfer[data-state='ringing']")).to_contain_text("110")
    police.wait_invite(since=talk)
    police.answer()
    citizen.wait_who({"operator", "110"}, since=talk)
    tile = page.locator("[data-role='desk'][data-party='110']")
    expect(tile).to_contain_text("正在说话")
    expect(page.get_by_text("各方都能互相听到")).to_be_visible()
    assert findings(page) == []

    page.keyboard.press("F9")
    left = operator.wait_for("disconnected").at
    expect(page.get_by_text("上一通来电")).to_be_visible()
    citizen.wait_who({"110"}, since=left)
    citizen.hangup()


def test_given_a_target_that_is_busy_on_every_route_when_pressed_then_it_is_told_and_the_caller_hears_the_operator(
    hotline: Hotline, open_page: Callable[..., Page]
) -> None:
    operator, citizen = hotline.operator("1001"), hotline.caller()
    for route in (1, 2):
        hotline.desk("110", route=route).on_call("busy")
    page = open_page("1001")
    page.get_by_role("button", name="开始接听").click()
    expect(page.get_by_text("示闲中，等待来电")).to_be_visible()
    hotline.talk(citizen, operator)
    pressed = time.time()
    page.keyboard.press("Alt+1")
    expect(page.locator("[data-why='busy']")).to_contain_text("来电人仍在与您通话")
    citizen.wait_who({"operator"}, seconds=1, since=pressed)
    assert citizen.heard("operator", pressed) > 0.75, "the caller heard the operator all the while"
    citizen.hangup()
