"""The frame around every page, in a real browser."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.chromium import Chromium
from tests.pbx.hotline import Hotline


def test_given_nobody_is_logged_in_when_a_page_is_opened_then_the_login_comes_first(
    chromium: Chromium, session_hotline: Hotline
) -> None:
    context = chromium.context()
    page = context.new_page()
    foreign: list[str] = []
    page.on("request", lambda asked: None if asked.url.startswith(session_hotline.web) else foreign.append(asked.url))
    page.goto(f"{session_hotline.web}/desk")
    expect(page).to_have_url(f"{session_hotline.web}/login?to=%2Fdesk")
    expect(page.locator("input[type=password]")).to_be_visible()
    assert foreign == []
    page.locator(".login-public a[href='/report/progress']").focus()  # who works here and who does not: both find a way
    assert findings(page) == []
    context.close()
