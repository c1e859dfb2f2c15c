"""Two hotlines side by side with an operator in a browser at each, in a test's words."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.chromium import Chromium
from tests.browser.conftest import People
from tests.pbx.sites import Table
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


@contextlib.contextmanager
def opened(chromium: Chromium, folder: Path, tables: Mapping[str, Table] = SITES) -> Iterator[Desks]:
    """Both sites, and both pages logged in."""
    sites = TwoSites.started(folder, tables)
    people = [People(chromium, sites.city), People(chromium, sites.police)]
    try:
        yield Desks(sites, people[0]("1001", tone="operator"), people[1]("2001", tone="110"))
        assert [error for one in people for error in one.errors] == []
    finally:
        for one in people:
            one.close()
        sites.stop()


def write(page: Page, **words: str) -> None:
    """The matter, field by field, and wait until it is kept."""
    for name, said in words.items():
        page.locator(f".note [name='{name}']").fill(said)
    expect(page.locator(".note-state")).to_have_attribute("data-state", "saved")


def choose_class(page: Page, code: str) -> None:
    field = page.locator(".note [name='class']")
    field.fill(code)
    field.press("Tab")
    expect(field).to_have_value(re.compile(rf" {code}$"))
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
    both_read(desks, ".case-limit", "内未商定，由首接平台 12345 先行受理")


def ladders(desks: Desks) -> list[str]:
    """The newest call of each site, as its ladder tells it."""
    told = []
    for site in (desks.sites.city, desks.sites.police):
        call = site.api("GET", "/api/v1/calls?limit=1").body["calls"][0]["id"]
        told.append(json.dumps(site.api("GET", f"/api/v1/calls/{call}/ladder").body, ensure_ascii=False))
    return told
