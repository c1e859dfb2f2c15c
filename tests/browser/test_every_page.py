"""Every page, whatever is on it: axe-core in both languages and themes, narrow screens, the keyboard, stillness."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from ivr.web.pages import STATIC
from tests.browser.axe import findings
from tests.browser.chromium import Chromium
from tests.browser.conftest import People
from tests.browser.looks import LOOKS, NARROW, sideways, walk
from tests.browser.scripted import CALLER, ME, POLICE, Desk, call, transfer, view
from tests.pbx.hotline import Hotline

PATIENCE = 60_000  # ms: the prompts' first list measures the loudness of each


@dataclass(frozen=True)
class Shown:
    user: str | None  # None: nobody is logged in
    path: str
    there: str  # what stands on it once it is whole


PAGES = {
    "login": Shown(None, "/login", "input[type=password]"),
    "desk": Shown("1001", "/desk", ".desk-alone button.primary"),
    "room": Shown("supervisor", "/room", ".room-number"),
    "room-big": Shown("supervisor", "/room?big=1", ".room-big .room-number"),
    "calls": Shown("supervisor", "/calls", ".table, .empty"),
    "cases": Shown("supervisor", "/cases", ".table, .empty"),
    "consult": Shown("supervisor", "/cases/consult", ".consult .table, .consult .empty"),
    "scope": Shown("supervisor", "/cases/scope", ".scope tbody tr"),
    "orders": Shown("liming", "/orders", ".orders-row, .empty"),
    "messages": Shown("supervisor", "/cases/messages", ".table, .empty"),
    "board": Shown("supervisor", "/board", ".board-numbers, .empty"),
    "dialplans": Shown("dialplans", "/admin/dialplans", ".cm-content"),
    "notices": Shown("dialplans", "/admin/notices", ".admin-head button"),
    "prompts": Shown("dialplans", "/admin/prompts", ".table"),
    "accounts": Shown("admin", "/admin/accounts", ".table"),
    "settings": Shown("admin", "/admin/settings", ".settings-part"),
    "exchange": Shown("auditor", "/admin/exchange", ".empty"),
    "health": Shown("admin", "/admin/health", ".health-card"),
    "audit": Shown("auditor", "/admin/audit", ".table"),
}
TALKING = view("talking", call(CALLER, ME, {**POLICE, "speaking": True}, transfer=transfer("joined")))


@pytest.fixture(scope="module")
def people(chromium: Chromium, session_hotline: Hotline) -> Iterator[People]:
    people = People(chromium, session_hotline)
    yield people
    people.close()
    assert people.errors == []


@pytest.fixture(scope="module")
def pages(chromium: Chromium, session_hotline: Hotline, people: People) -> dict[str | None, Page]:
    """One browser a person; somebody who is not logged in is one too."""
    opened: dict[str | None, Page] = {None: chromium.context().new_page()}
    for user in dict.fromkeys(shown.user for shown in PAGES.values() if shown.user):
        opened[user] = people(user, "/login")
    return opened


def opened(pages: dict[str | None, Page], hotline: Hotline, name: str) -> Page:
    shown = PAGES[name]
    page = pages[shown.user]
    page.goto(f"{hotline.web}{shown.path}")
    expect(page.locator(shown.there).first).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".busy")).to_have_count(0, timeout=PATIENCE)
    return page


def look(page: Page, language: str, theme: str) -> None:
    keep = f"localStorage.setItem('hotline.language', '{language}'); localStorage.setItem('hotline.theme', '{theme}')"
    page.evaluate(keep)


def test_given_the_sections_of_administration_then_each_is_looked_at_here() -> None:
    sections = (STATIC / "admin/sections.js").read_text(encoding="utf-8")
    assert set(re.findall(r'id: "([a-z]+)"', sections)) <= PAGES.keys()


@pytest.mark.parametrize("name", PAGES)
def test_given_a_page_when_shown_in_both_languages_and_themes_then_axe_finds_nothing_and_no_word_is_missing(
    pages: dict[str | None, Page], session_hotline: Hotline, name: str
) -> None:
    found = {}
    page = opened(pages, session_hotline, name)
    for language, themes in LOOKS.items():
        look(page, language, "light")
        page = opened(pages, session_hotline, name)
        page.evaluate("document.querySelectorAll('tbody tr:nth-child(n+7)').forEach(row => row.remove())")  # all alike
        expect(page.locator("html")).to_have_attribute("lang", language)
        for theme in themes:
            page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
            if problems := findings(page):
                found[f"{language} {theme}"] = problems
    look(page, "zh", "light")
    assert found == {}


@pytest.mark.parametrize("name", [name for name in PAGES if name != "room-big"])  # that one hangs on a wall
def test_given_four_hundred_percent_of_zoom_when_a_page_is_shown_then_it_is_read_without_scrolling_sideways(
    pages: dict[str | None, Page], session_hotline: Hotline, name: str
) -> None:
    page = opened(pages, session_hotline, name)
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    try:
        assert sideways(page) == []
    finally:
        page.set_viewport_size({"width": 1366, "height": 768})


@pytest.mark.parametrize("name", [name for name in PAGES if name not in {"dialplans", "room-big"}])
def test_given_only_a_keyboard_when_tab_is_pressed_then_the_focus_is_seen_everywhere_and_caught_nowhere(
    pages: dict[str | None, Page], session_hotline: Hotline, name: str
) -> None:
    """The editor of dialplans takes Tab for itself, and says beside it how to leave: Esc, then Tab."""
    page = opened(pages, session_hotline, name)
    unseen, visited = walk(page, 1000)
    assert unseen == []
    assert any(name.startswith("A.skip") for name in visited), "the focus has come round"


class TestDesk:
    """In a talk, with a server that tells it: nobody has to call for this."""

    @pytest.fixture
    def context(self, chromium: Chromium) -> Iterator[BrowserContext]:
        context = chromium.context()
        yield context
        context.close()

    def test_given_a_talk_when_the_screen_is_narrow_then_nothing_is_lost_and_the_keys_of_targets_stay(
        self, context: BrowserContext
    ) -> None:
        desk = Desk(context)
        desk.now = view("talking", call(CALLER, ME))
        page = desk.open()
        expect(page.locator("[data-party='1001']")).to_be_visible()
        page.set_viewport_size({"width": NARROW[0], "height": 640})
        assert sideways(page) == []
        expect(page.locator("[data-target='110']")).to_be_in_viewport()
        expect(page.locator("[data-target='110']")).to_be_enabled()

    def test_given_somebody_who_wants_no_motion_when_parties_speak_then_nothing_moves(
        self, context: BrowserContext
    ) -> None:
        desk = Desk(context)
        desk.now = TALKING
        page = desk.open()
        expect(page.locator(".speaks.now").first).to_be_visible()
        assert page.evaluate("document.getAnimations().length") > 0
        page.emulate_media(reduced_motion="reduce")
        assert page.evaluate("document.getAnimations().length") == 0
