"""Which partner desks answer, agree on the time, know our key and take what they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ivr import doctor_partners
from ivr.desks import exchange_wire
from ivr.desks.exchange import fate
from ivr.doctor_partners import Heard, Told, findings
from ivr.settings import Partner, Site, load
from ivr.store import Store
from ivr.store.cases import Cases
from ivr.store.exchange import Messages

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
WELL = Heard(status=200, clock=NOW, schema="urn:hotline:exchange:1.0")
POLICE = Partner("110", "http://127.0.0.1:9", "k", targets=("110",))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    found = load(Path(__file__).parents[2] / "hotline.toml", tmp_path / "var")
    return replace(found, exchange={"110": POLICE}, database_url=f"sqlite+aiosqlite:///{tmp_path}/ivr.db")


@pytest.mark.parametrize(
    ("heard", "told", "id", "level", "words"),
    [
        (WELL, Told(), "exchange-110", "ok", "its door answers"),
        (Heard(status=502), Told(), "exchange-110", "warning", "HTTP 502"),
        (Heard("connection refused"), Told(), "exchange-110", "warning", "connection refused"),
        (replace(WELL, clock=NOW + timedelta(seconds=90)), Told(), "exchange-110-clock", "warning", "90 s ahead of"),
        (replace(WELL, clock=NOW - timedelta(seconds=31)), Told(), "exchange-110-clock", "warning", "31 s behind"),
        (replace(WELL, clock=NOW - timedelta(seconds=29)), Told(), "exchange-110", "ok", ""),
        (WELL, Told(1, 0, NOW, "exchange_signature", "no key"), "exchange-110-key", "warning", "signature: no key"),
        (WELL, Told(0, 2), "exchange-110-refused", "warning", "refused 2 messages"),
        (WELL, Told(3, 0, NOW - timedelta(minutes=7)), "exchange-110-waiting", "warning", "3 messages wait for 110"),
        (WELL, Told(3, 0, NOW - timedelta(minutes=4)), "exchange-110", "ok", ""),
        (Heard(status=501), Told(), "exchange-110-acknowledge", "warning", "runs other software"),  # has no GET at all
        (Heard(status=404), Told(), "exchange-110-acknowledge", "warning", "runs other software"),
    ],
)
def test_given_what_a_partner_said_and_was_told_then_the_one_thing_to_mend_is_named(
    site: Site, heard: Heard, told: Told, id: str, level: str, words: str
) -> None:
    (finding,) = findings(site, POLICE, heard, told, NOW)
    assert (finding.id, finding.level, words in finding.words["en"]) == (id, level, True), finding


def test_given_other_software_whose_person_presses_a_key_then_nothing_is_wrong(site: Site) -> None:
    key = replace(site.targets["110"], acknowledge="key")
    (finding,) = findings(replace(site, targets={"110": key}), POLICE, Heard(status=404), Told(), NOW)
    assert finding.level == "ok"


@pytest.fixture
async def door() -> AsyncIterator[TestServer]:
    async def schema(_: web.Request) -> web.Response:
        return web.json_response(exchange_wire.schema())

    app = web.Application()
    app.router.add_get(doctor_partners.SCHEMA, schema)
    async with TestServer(app) as server:
        yield server


async def test_given_a_door_and_one_that_nobody_opens_when_asked_then_each_says_what_it_is(
    site: Site, door: TestServer
) -> None:
    here, gone = replace(POLICE, url=str(door.make_url("/"))), replace(POLICE, desk="119")
    heard = await doctor_partners._ask(replace(site, exchange={"110": here, "119": gone}))
    assert (heard["110"].status, heard["110"].schema, heard["110"].why) == (200, "urn:hotline:exchange:1.0", "")
    assert heard["110"].clock is not None
    assert heard["119"].why


async def test_given_messages_that_were_refused_for_their_signature_when_looked_then_the_outbox_tells(
    site: Site,
) -> None:
    store = Store(site.database_url)
    await store.open()
    messages = Messages(store, "12345", ["110"])
    cases = Cases(store, "12345", hooks=(messages.hook,))
    case = (await cases.open("1001", "phone", {"text": "x"})).case.id
    await cases.act(case, "1001", "offered", {"to": "110", "way": "online"})
    (sent,) = await messages.due("110", datetime.now(UTC))
    error = {"error": {"id": "exchange_signature", "message": "no such key"}}
    await messages.settled(sent, fate(401, "exchange_signature"), 401, error, datetime.now(UTC))
    await store.close()
    told = (await doctor_partners._outbox(site))["110"]
    assert (told.pending, told.refused, told.error, told.why) == (1, 0, "exchange_signature", "no such key")
