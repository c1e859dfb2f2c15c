"""The wallboard with 500 operators and 200 running calls: short, and with room for a busy machine."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.chromium import Chromium
from tests.browser.room_load import CALLS, OPERATORS, measure, opened

CUT_OFF = """() => [...document.querySelectorAll("html, .room-big, .room-big *")]
  .filter((one) => getComputedStyle(one).overflowY !== "visible" && one.scrollHeight > one.clientHeight + 1)
  .map((one) => one.className)"""


def test_given_a_full_room_when_it_changes_then_the_wallboard_follows_and_does_not_grow(
    chromium: Chromium, tmp_path: Path
) -> None:
    with opened(chromium, tmp_path) as (room, page):
        expect(page.locator(".room-tile")).to_have_count(OPERATORS)
        expect(page.locator("[data-state=talking][data-operator]")).to_have_count(CALLS)
        assert findings(page) == []
        found = measure(room, page, 12.0)
        assert page.locator(".room-tile").count() == OPERATORS
        assert page.locator("[data-call]").count() in (199, 200)
    # what changes twice between two frames is shown once; what changes while garbage is collected is not counted
    assert found.shown >= 0.25 * found.events
    assert found.nodes[-1] < found.nodes[0] + 5 * found.events  # a change replaces some twenty; none is kept


def test_given_the_big_screen_then_nothing_is_cut_off_and_no_callers_number_is_on_it(
    chromium: Chromium, tmp_path: Path
) -> None:
    with opened(chromium, tmp_path, "/room?big=1", theme="dark") as (_, page):
        expect(page.locator(".room-big-states strong").first).to_have_text(str(CALLS))
        assert page.evaluate(CUT_OFF) == []
        assert "138" not in page.locator(".room-big").inner_text()
        assert findings(page) == []
