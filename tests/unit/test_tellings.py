"""What citizens and a city's systems are told: kept with the event, sent again and again, never to somebody in danger.

The receiver is a real HTTP server that verifies each signature; the database is a real one of each kind.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import insert, select, update

from ivr import credentials, posting, webhooks
from ivr.desks.case import Event
from ivr.desks.case_kinds import STEPS
from ivr.errors import HotlineError
from ivr.settings import Site, load, texts
from ivr.settings.model import Department
from ivr.settings.telling import Sms, Webhook
from ivr.store import DatabaseDownError, Store, case_rows, tables
from ivr.store.cases import Cases
from ivr.store.tellings import KEPT, Tellings, UnknownTellingError
from ivr.telling import teller as telling
from ivr.telling.attempts import GIVEN_UP
from ivr.telling.teller import Teller
from ivr.telling.texting import AFTER_CALL
from tests.unit.databases import ready_sqlite
from tests.unit.test_case_newer import without

SANDBOX = Path(__file__).parents[2] / "hotline.toml"
NOON = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)  # in Beijing
CITIZEN = "13800138000"
MATTER = {"caller": CITIZEN, "name": "张三", "cause": "路灯不亮"}


@dataclass
class Receiver:
    """A city's system, or a gateway of texts: what it took, and what it answers next."""

    secrets: list[str]
    clock: list[datetime]
    answers: list[int] = field(default_factory=list)  # then 200
    took: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    after: int = 0  # seconds that it asks us to wait

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        found = webhooks.verify(request.headers, body, self.secrets, self.clock[0])
        self.ids.append(found.id)
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.took.append(json.loads(body))
        more = {302: {"Location": "/other"}, 503: {"Retry-After": str(self.after)}}
        return web.Response(status=status, headers=more.get(status) if self.after or status == 302 else None)


@dataclass
class House:
    site: Site
    store: Store
    tellings: Tellings
    cases: Cases
    teller: Teller
    records: Receiver
    gateway: Receiver
    clock: list[datetime]

    async def call(self, id: str, *, ended: timedelta | None = timedelta(hours=-1), language: str = "zh") -> None:
        ended_at = NOON + ended if ended is not None else None
        row = {"id": id, "number": "12345", "caller": CITIZEN, "entered_at": NOON - timedelta(hours=2), "node": "n"}
        statement = insert(tables.call).values(**row, ended_at=ended_at, language=language)
        await self.store.write(lambda connection: connection.execute(statement).rowcount)

    async def opened(self, call: str = "c1", **matter: Any) -> str:
        return (await self.cases.open("1001", "phone", {**MATTER, **matter}, call=call)).case.id

    async def send(self) -> None:
        """All that is due now, until nothing is."""
        await self._send("records")
        await self._send("sms")

    async def _send(self, name: str) -> None:
        task = asyncio.create_task(self.teller._hook(self.site.webhooks[name]) if name != "sms" else self.teller._sms())
        try:
            async with asyncio.timeout(60):
                while await self.tellings.due(name, self.clock[0]) and name not in self.teller.trouble:  # noqa: ASYNC110  rows
                    await asyncio.sleep(0.02)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def rows(self, name: str) -> list[tuple[str, str]]:
        """What stands in the outbox: state, and why."""
        query = select(tables.telling).where(tables.telling.c.name == name).order_by(tables.telling.c.serial)
        async with self.store.reading() as connection:
            return [(row.state, row.why) for row in await connection.execute(query)]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with house_on(ready_sqlite(tmp_path / "ivr.db"), tmp_path) as made:
        yield made


@pytest.fixture
async def any_house(ready_database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house_on(ready_database_url, tmp_path) as made:
        yield made


@asynccontextmanager
async def house_on(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    clock = [NOON]
    both = Receiver([], clock), Receiver([], clock)
    app = web.Application()
    for path, receiver in zip(("/records", "/sms"), both, strict=True):
        app.router.add_post(path, receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    door = web.TCPSite(runner, "127.0.0.1", 0)
    await door.start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    hook = Webhook("records", f"{base}/records", events=("opened", "written", "handled"))
    light = Department("light", {"zh": "路灯管理所", "en": "Street Lighting"})
    told = {"webhooks": {"records": hook}, "sms": Sms(f"{base}/sms"), "departments": {"light": light}}
    site = replace(load(SANDBOX, tmp_path), **told)  # type: ignore[arg-type]
    secrets, _ = credentials.ensure(tmp_path, site)
    for receiver, name in zip(both, ("records", "sms"), strict=True):
        receiver.secrets.extend(secrets.webhook_secrets(name))
    store = Store(database_url)
    await store.open()
    tellings = Tellings(store, site, lambda: clock[0])
    cases = Cases(store, "12345", hooks=(tellings.hook,), clock=lambda: clock[0])
    teller = Teller(site, secrets, tellings, cases, now=lambda: clock[0])
    yield House(site, store, tellings, cases, teller, *both, clock)
    await store.close()
    await runner.cleanup()


async def test_given_a_hook_when_things_happen_to_a_case_then_it_hears_its_kinds_in_their_order_masked(
    any_house: House,
) -> None:
    house = any_house
    case = await house.opened()
    await house.cases.act(case, "1001", "handled", {"result": "solved"})
    await house.send()
    told = house.records.took
    assert [one["type"] for one in told] == ["case.opened", "case.written", "case.handled"]
    assert len(set(house.records.ids)) == 3
    assert told[1]["data"]["event"]["data"]["caller"] == told[1]["data"]["case"]["caller"] == "138****8000"
    assert (told[0]["data"]["case"]["caller"], told[1]["data"]["event"]["data"]["name"]) == ("", "张三")
    assert told[2]["data"]["case"]["state"] == "handled"
    assert await house.rows("records") == [("delivered", "")] * 3
    assert (await house.tellings.waiting())["records"].pending == 0


async def test_given_somebody_who_wishes_to_stay_unnamed_then_no_hook_names_him(house: House) -> None:
    seeing = replace(house.site.webhooks["records"], numbers=True)
    house.site = replace(house.site, webhooks={"records": seeing})
    await house.opened("c1")
    await house.opened("c2", confidential=True)
    await house.send()
    seen = {one["data"]["event"]["case"] if "case" in one["data"]["event"] else one["data"]["case"]["id"]: one
            for one in house.records.took if one["type"] == "case.written"}  # fmt: skip
    said = [(one["data"]["event"]["data"]["caller"], one["data"]["event"]["data"]["name"]) for one in seen.values()]
    assert sorted(said) == [("***", "***"), (CITIZEN, "张三")]


async def test_given_the_wish_to_stay_unnamed_before_a_message_is_sent_then_it_counts(house: House) -> None:
    seeing = replace(house.site.webhooks["records"], numbers=True)
    house.site = replace(house.site, webhooks={"records": seeing})
    case = await house.opened()
    await house.cases.act(case, "1001", "written", {"confidential": True})
    await house.send()
    assert len(house.records.took) == 3
    assert not any(known in json.dumps(house.records.took, ensure_ascii=False) for known in (CITIZEN, "张三"))


async def test_given_a_receiver_that_fails_when_it_comes_back_then_the_same_message_comes_under_the_same_id(
    house: House,
) -> None:
    house.records.answers = [500, 302]
    await house.opened()
    await house.send()
    assert (house.records.took, len(house.records.ids)) == ([], 1)
    house.clock[0] += timedelta(seconds=2)
    await house.send()  # a redirect is a failure: nobody sends us elsewhere
    assert house.records.took == []
    house.teller.trouble.clear()
    await house.send()
    assert [one["type"] for one in house.records.took] == ["case.opened", "case.written"]
    assert len(set(house.records.ids[:3])) == 1


async def test_given_a_receiver_that_takes_nothing_for_days_then_it_is_given_up_until_somebody_asks_for_more(
    house: House,
) -> None:
    await house.opened()
    house.records.answers = [503]
    await house.send()
    assert list(house.teller.trouble) == ["records"]
    house.clock[0] += GIVEN_UP + timedelta(seconds=1)
    house.records.answers = [503, 503]
    house.teller.trouble.clear()
    await house.send()
    assert [state for state, _ in await house.rows("records")] == ["dead", "dead"]
    assert (await house.tellings.waiting())["records"].dead == 2
    assert await house.tellings.retry("records") == 2
    await house.send()
    assert len(house.records.took) == 2
    with pytest.raises(UnknownTellingError):
        await house.tellings.retry("msg_none")


@pytest.mark.parametrize(("status", "seconds"), [(410, 3600), (503, 120)])
async def test_given_a_receiver_that_asks_us_to_wait_then_nothing_goes_there_meanwhile(
    house: House, status: int, seconds: int
) -> None:
    house.records.answers, house.records.after = [status], 120
    await house.opened("c1")
    await house.send()
    house.teller.trouble.clear()
    await house.opened("c2")
    house.clock[0] += timedelta(seconds=seconds - 1)
    assert await house.teller._attempts.due("records") == []
    house.clock[0] += timedelta(seconds=1)
    await house.send()
    assert len(house.records.took) == 4


async def test_given_a_receiver_that_pauses_when_somebody_asks_then_it_is_tried_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was mended, long before the end of the pause that it asked for or that its failures made."""
    monkeypatch.setattr(telling, "COUNTED", 0.02)
    monkeypatch.setattr(posting, "pause", lambda waits, tries: 3600.0)
    house.records.answers = [410]
    await house.opened("c1")
    running = asyncio.create_task(house.teller.run())
    try:
        async with asyncio.timeout(60):
            while "records" not in house.teller.trouble:  # noqa: ASYNC110  an answer
                await asyncio.sleep(0.02)
            assert await house.tellings.retry("records") == 2
            while len(house.records.took) < 2:  # noqa: ASYNC110  what comes
                await asyncio.sleep(0.02)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("days", [1, 40])
async def test_given_what_was_told_before_it_was_understood_when_it_is_read_again_then_only_who_never_heard_hears_it(
    house: House, days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many days nobody remembers any more who heard it: then it is no news."""
    said = [("opened", {"number": "110-20261127-000001", "channel": "phone"}), ("handled", {"result": "solved"})]
    theirs = [Event("theirs", "110", seq, seq, NOON, "9001", *one) for seq, one in enumerate(said, 1)]
    append = partial(case_rows.append, hooks=(house.tellings.hook,))
    with monkeypatch.context() as older:
        without(older, "handled")
        await house.store.write(lambda connection: append(connection, "12345", theirs, NOON))
    await house.send()
    assert [one["data"]["event"]["kind"] for one in house.records.took] == ["opened", "handled"]
    house.clock[0] += timedelta(days=days)
    await house.tellings.forget(house.clock[0])
    late = replace(house.site, sms=None, webhooks={"late": Webhook("late", "http://127.0.0.1:9/", events=("handled",))})
    house.cases._hooks = (house.tellings.hook, Tellings(house.store, late, lambda: house.clock[0]).hook)
    assert await house.cases.read_again() == 1
    told = 2 if days < KEPT.days else 0
    assert [len(await house.rows(name)) for name in ("records", "late")] == [told, told // 2]


# --- citizens --------------------------------------------------------------------------------------------------------


async def test_given_a_call_that_goes_on_then_its_caller_is_told_some_minutes_after_it(any_house: House) -> None:
    house = any_house
    await house.call("c1", ended=None)
    case = await house.opened()
    await house.send()
    assert (house.gateway.took, await house.rows("sms")) == ([], [("pending", "call_goes_on")])
    end = update(tables.call).where(tables.call.c.id == "c1").values(ended_at=NOON + timedelta(minutes=1))
    await house.store.write(lambda connection: connection.execute(end).rowcount)
    house.clock[0] = NOON + timedelta(minutes=1) + AFTER_CALL - timedelta(seconds=1)
    await house.send()
    assert house.gateway.took == []
    house.clock[0] += timedelta(seconds=1)
    await house.send()
    number = (await house.cases.get(case)).case.number
    (text,) = house.gateway.took
    assert text["data"]["to"] == CITIZEN
    assert number in text["data"]["text"] and number[-6:] in text["data"]["text"]
    assert "路灯" not in text["data"]["text"]
    last = (await house.cases.get(case)).case.history[-1].event
    assert (last.kind, last.by, last.data["step"], last.data["state"]) == ("told", "system", "received", "sent")
    assert [state for state, _ in await house.rows("sms")] == ["delivered"]


@pytest.mark.parametrize(
    ("matter", "why"),
    [
        ({"tags": ["in_danger"]}, "in_danger"),
        ({"contact": "no_call_back"}, "no_call_back"),
        ({"caller": "02886612345"}, "no_mobile"),
        ({"caller": ""}, "no_mobile"),
    ],
)
async def test_given_somebody_who_must_not_be_told_then_no_text_goes_out(
    house: House, matter: dict[str, Any], why: str
) -> None:
    await house.call("c1")
    await house.opened(**matter)
    await house.send()
    assert (house.gateway.ids, await house.rows("sms")) == ([], [("dropped", why)])


async def test_given_a_case_that_becomes_an_emergency_before_its_text_then_none_goes_out(house: House) -> None:
    await house.call("c1")
    case = await house.opened()
    await house.cases.act(case, "1001", "emergency", {"danger": "life"})
    await house.send()
    assert (house.gateway.ids, await house.rows("sms")) == ([], [("dropped", "emergency")])


async def test_given_a_night_then_the_text_waits_for_the_morning(house: House) -> None:
    house.clock[0] = NOON + timedelta(hours=10)  # 22:00
    await house.call("c1")
    await house.opened()
    await house.send()
    assert (house.gateway.took, await house.rows("sms")) == ([], [("pending", "quiet_hours")])
    house.clock[0] = NOON + timedelta(hours=19, minutes=59)  # 07:59
    assert await house.tellings.due("sms", house.clock[0]) == []
    house.clock[0] += timedelta(minutes=1)
    await house.send()
    assert len(house.gateway.took) == 1


async def test_given_all_steps_at_once_then_one_text_tells_the_last_in_the_callers_language(any_house: House) -> None:
    house = any_house
    await house.call("c1", language="en")
    case = await house.opened()
    await house.cases.act(case, "1001", "handled", {"result": "explained"})
    await house.cases.act(case, "1001", "closed")
    await house.send()
    (text,) = house.gateway.took
    assert text["data"]["language"] == "en"
    assert "is closed" in text["data"]["text"]
    assert [state for state, _ in await house.rows("sms")] == ["dropped", "dropped", "delivered"]


async def test_given_an_order_then_its_department_and_limit_are_told_but_not_to_who_stays_unnamed(house: House) -> None:
    order = {"order": "o1", "department": "light", "due": "2026-11-30T09:00:00Z", "sign_by": "2026-11-27T09:00:00Z"}
    for call, confidential in (("c1", False), ("c2", True)):
        await house.call(call)
        case = await house.opened(call, confidential=confidential)
        await house.cases.act(case, "1001", "ordered", order)
    await house.send()
    words = sorted((one["data"]["text"] for one in house.gateway.took), key=lambda text: "有关部门" in text)
    assert all("2026-11-30 17:00" in text for text in words)
    assert ["路灯管理所" in text for text in words] == [True, False]


async def test_given_many_matters_of_one_number_then_a_day_has_so_many_texts(any_house: House) -> None:
    house = any_house
    assert house.site.sms is not None
    for place in range(house.site.sms.most_a_day + 2):
        await house.call(f"c{place}")
        await house.opened(f"c{place}", caller=("", "+86")[place % 2] + CITIZEN)
    await house.send()
    states = [state for state, _ in await house.rows("sms")]
    assert (states.count("delivered"), states.count("dropped")) == (5, 2)
    assert {why for state, why in await house.rows("sms") if state == "dropped"} == {"too_many"}


async def test_given_a_gateway_that_refuses_a_text_then_the_case_says_that_it_was_not_told(house: House) -> None:
    house.gateway.answers = [422]
    await house.call("c1")
    case = await house.opened()
    await house.send()
    last = (await house.cases.get(case)).case.history[-1].event
    assert (last.kind, last.data["state"]) == ("told", "failed")
    assert (await house.tellings.waiting())["sms"].dead == 1


async def test_given_a_database_that_cannot_note_what_was_taken_then_nobody_hears_it_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = [DatabaseDownError("sqlite://", "disk full")] * 6

    def failing(kept: Any) -> Any:
        async def call(*given: Any, **more: Any) -> Any:
            if away:
                raise away.pop()
            return await kept(*given, **more)

        return call

    await house.call("c1")
    case = await house.opened()
    monkeypatch.setattr(house.tellings, "settled", failing(house.tellings.settled))
    monkeypatch.setattr(house.cases, "act", failing(house.cases.act))
    await house.send()
    assert (away, len(house.records.ids), len(house.gateway.ids)) == ([], 2, 1)
    assert (await house.cases.get(case)).case.history[-1].event.data["state"] == "sent"
    assert await house.rows("sms") == [("delivered", "")]


async def test_given_a_text_that_went_out_when_the_database_could_not_note_it_then_no_rule_says_later_that_it_did_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: Any) -> None:
        raise DatabaseDownError("sqlite://", "disk full")

    await house.call("c1")
    case = await house.opened()
    (letter,) = await house.tellings.due("sms", house.clock[0])
    async with posting.session(posting.context(house.site, everybody=True)) as http:
        with monkeypatch.context() as away:
            away.setattr(house.cases, "act", down)
            assert (await house.teller._text(http, letter)).state == "pending"
    await house.cases.act(case, "1001", "emergency", {"danger": "life"})
    await house.send()
    assert (len(house.gateway.ids), await house.rows("sms")) == (1, [("delivered", "")])
    said = (await house.cases.get(case)).case.history[-1].event.data
    assert (said["state"], said["words"]) == ("sent", house.gateway.took[0]["data"]["text"])


async def test_given_a_case_that_takes_no_more_events_then_its_text_is_sent_once_all_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise HotlineError("case_full", "this case is full")

    await house.call("c1")
    await house.opened()
    monkeypatch.setattr(house.cases, "act", full)
    await house.send()
    assert (len(house.gateway.ids), await house.rows("sms")) == (1, [("delivered", "")])


async def test_given_another_desks_case_then_that_desk_tells_its_citizen(house: House) -> None:
    other = Cases(house.store, "110", hooks=(house.tellings.hook,), clock=lambda: house.clock[0])
    await other.open("2001", "phone", MATTER, call="c9")
    assert await house.rows("sms") == []
    assert len(await house.rows("records")) == 2


async def test_given_what_was_settled_long_ago_then_it_is_forgotten_and_what_waits_is_not(house: House) -> None:
    await house.opened()
    await house.send()
    assert await house.rows("sms")
    await house.tellings.forget(NOON + timedelta(days=29))
    assert len(await house.rows("records")) == 2
    await house.tellings.forget(NOON + timedelta(days=31))
    assert await house.rows("records") == []


def test_the_steps_that_a_city_writes_texts_for_are_those_of_a_case() -> None:
    assert texts.STEPS == STEPS
    assert set(texts.read(texts.SAMPLE)) == set(STEPS)
