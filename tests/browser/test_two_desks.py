"""12345 and 110 with the same software, an operator in a browser at each: one matter that both work on, as both see it
(R23–R29, R40, R43, R46)."""

from __future__ import annotations

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

SITES: dict[str, Any] = {
    "12345": {
        "accounts": {"totp": []},
        "targets": {"110": {"ring": 30}},
        "operators": [{"number": "1001", "name": "一号坐席", "skills": ["general"], "transport": "wss"}],
    },
    "110": {
        "accounts": {"totp": []},
        "targets": {"12345": {"ring": 30}},
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
    police.keyboard.press("F2")
    citizen.wait_who({"110"})
    citizen.hangup()
    citizen.wait_for("disconnected")
