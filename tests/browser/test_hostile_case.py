"""A case of a partner in which every word is an attack, on every page that shows it: it stays words.

Its key is good: nothing but what the pages do with it protects the people of this desk (R42). In the panel beside a
call, in lists, in exports, in Chinese and English.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
from openpyxl import load_workbook
from playwright.sync_api import ConsoleMessage, Dialog, Page, expect

from ivr.desks import signatures
from tests.browser.conftest import SITE
from tests.browser.desks import begin, call_in
from tests.pbx.hotline import Hotline
from tests.unit.test_case import DATA

KEY = signatures.new_private()
PARTNER = {"url": "http://127.0.0.1:9", "key": signatures.public_text(KEY), "targets": ["110"], "silent_minutes": 1440}
CASE, MINE = str(uuid4()), "bad-1"
HANDED_OVER = 3  # events: opened, written, offered
TAG = '<img id="pwned" src=x onerror="alert(1)">'
SQL = '\'); DROP TABLE "case";--'
FORMULA = '=HYPERLINK("http://evil.example","x")'
LINE = f"{FORMULA}{TAG}{SQL}\u202e\u2066"
LONG = f"{FORMULA}\n<script id=pwned>alert(1)</script><svg id=pwned onload=alert(1)>{TAG}{SQL}\u202e" + "长" * 7000
PAGES = ("/cases", f"/cases/{CASE}", "/cases/consult", "/cases/scope", "/cases/messages", "/board", "/orders", "/room",
         "/calls", "/admin/exchange")  # fmt: skip


FORMULAS = {"csv": ("=", "+", "-", "@", "\t", "\r"), "xlsx": ("FORMULA",)}


def attack(value: Any, name: str = "") -> Any:
    """The same with an attack in each text that may be any."""
    if isinstance(value, Mapping):
        return {key: attack(part, key) for key, part in value.items()}
    if isinstance(value, list):
        return [attack(part, name) for part in value]
    if name in {"cause", "course", "text", "words", "minutes"}:
        return LONG[:2000] if name == "words" else LONG[:3900]
    return LINE if name in {"reason", "basis", "place", "name", "happened", "participants"} else value


def events(caller: str) -> list[dict[str, Any]]:
    """Of each kind one, and one that nobody knows."""
    matter = dict.fromkeys(("cause", "course", "text", "place", "name", "happened"), "x")
    said: list[tuple[str, Any]] = [
        ("opened", {"number": f"{TAG}{SQL[:20]}"[:64], "channel": "phone"}),
        ("written", {**attack(matter), "caller": caller}),
        ("offered", {"to": "12345", "way": "voice", "mode": "conference", "transfer": MINE}),
        ("sung", {TAG: [LINE, {TAG: LONG[:500]}]}),
        ("ordered", attack({**DATA["ordered"][0], "words": "x"})),
    ]
    said += [
        (kind, attack(DATA[kind][0]))
        for kind in sorted(DATA)
        if kind not in {*(one for one, _ in said), "merged", "split", "closed", "handled", "order_returned"}
    ]
    return [
        {
            "origin": "110",
            "seq": seq,
            "clock": seq,
            "at": "2026-11-27T08:00:00Z",
            "by": TAG + SQL,
            "kind": kind,
            "data": data,
        }
        for seq, (kind, data) in enumerate(said, 1)
    ]


def tell(hotline: Hotline, said: list[dict[str, Any]]) -> None:
    hotline_part = {"version": "1.0", "message": str(uuid4()), "from": "110", "to": "12345", "case": CASE,
                    "sent": "2026-11-27T08:00:00Z", "events": said}  # fmt: skip
    document = {"$id": CASE, "eidoVersion": "1.0", "issuingElementIdentification": "110", "hotline": hotline_part}
    url, body = f"{hotline.web}/exchange/v1/messages", json.dumps(document).encode()
    headers = signatures.sign(url, body, "110", signatures.private_key(KEY), datetime.now(UTC))
    with urlopen(Request(url, body, headers), timeout=20) as answer:
        assert json.load(answer)["state"] == "taken"


@pytest.fixture(scope="module")
def session_hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    hotline = Hotline(tmp_path_factory.mktemp("hostile"), {**SITE, "exchange": {"110": PARTNER}})
    try:
        yield hotline.start()
    finally:
        hotline.stop()


class Watched:
    """What a page did that it never should."""

    def __init__(self, page: Page) -> None:
        self.page, self.faults = page, list[str]()
        page.on("dialog", self._asked)
        page.on("console", self._said)

    def _asked(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _said(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Refused to" in message.text:
            self.faults.append(message.text)

    def is_clean(self) -> None:
        assert self.page.locator("#pwned").count() == 0, "words became elements"
        assert self.page.locator("[onerror], [onload], iframe, object, embed").count() == 0
        for link in self.page.locator("a[href]").all():
            assert str(link.get_attribute("href")).startswith(("/", "#")), link.get_attribute("href")
        assert self.faults == []


def test_given_a_case_whose_every_word_is_an_attack_when_it_is_shown_then_it_stays_words(
    hotline: Hotline, open_page: Callable[..., Page]
) -> None:
    desk, citizen = open_page("1001"), hotline.caller()
    watched = Watched(desk)
    begin(desk)
    call_in(hotline, citizen, desk)
    said = events(citizen.name)
    tell(hotline, said[:HANDED_OVER])
    expect(desk.locator(".note [name='place']")).to_have_value(LINE)  # it came beside the call
    watched.is_clean()
    tell(hotline, said[HANDED_OVER:])
    desk.wait_for_load_state("networkidle")
    watched.is_clean()
    citizen.hangup()

    for language, user, pages in (("zh", "admin", PAGES), ("en", "supervisor", PAGES[:2])):
        page = open_page(user, path="/cases", language=language)
        watched = Watched(page)
        expect(page.locator(".table tbody tr").first).to_contain_text("<img id=")
        for path in pages:
            page.goto(f"{hotline.web}{path}")
            expect(page.locator("main")).to_be_visible()
            if path.endswith(CASE):
                expect(page.locator(".case-history")).to_contain_text("sung")
                expect(page.locator(".case-facts").last).to_contain_text("<img id=")
            page.wait_for_load_state("networkidle")
            watched.is_clean()

    page = open_page("admin", path="/cases")
    for format in ("csv", "xlsx"):
        answer = page.request.get(f"{hotline.web}/api/v1/cases/export?format={format}", timeout=60_000)
        assert answer.ok, answer.text()
        cells = list(_cells(answer.body(), format))
        assert any("HYPERLINK" in cell for cell in cells), "the case is in the sheet"
        assert [cell for cell in cells if cell.startswith(FORMULAS[format])] == []
        assert not any("\u202e" in cell for cell in cells), "nothing turns the direction of a cell"


def _cells(sheet: bytes, format: str) -> Iterator[str]:
    """As a program for sheets would read them: in a CSV file some beginnings make a formula, in xlsx its type does."""
    if format == "csv":
        for row in csv.reader(io.StringIO(sheet.decode("utf-8-sig"))):
            yield from row
        return
    for cells in load_workbook(io.BytesIO(sheet)).active.iter_rows():
        yield from (f"{'FORMULA ' if cell.data_type == 'f' else ''}{cell.value}" for cell in cells if cell.value)
