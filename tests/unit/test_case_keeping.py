"""What happens to cases by itself: offered with the transfer, a voice that failed, the end of a negotiation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ivr.calls.live import Live
from ivr.calls.model import Step
from ivr.cases import Keeping, handed_over
from ivr.desks.case import Event
from ivr.errors import HotlineError
from ivr.settings import Site
from ivr.settings.model import Partner
from ivr.store import DatabaseDownError, Store, case_rows
from ivr.store.case_calls import offered_with
from ivr.store.cases import Cases, Known
from tests.unit import databases
from tests.unit.live_streams import recorded
from tests.unit.stories import transferred
from tests.web.house import CALL, OPERATORS, TARGETS, a_site

POLICE = Partner("police", "https://192.0.2.1", "", targets=("110",))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with databases.opened(databases.ready_sqlite(tmp_path / "ivr.db")) as opened:
        yield opened


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return replace(a_site(tmp_path), exchange={"police": POLICE})


@pytest.fixture
def cases(store: Store) -> Cases:
    return Cases(store, "12345")


@pytest.fixture
def live() -> Live:
    return Live(OPERATORS, TARGETS)


async def eventually(cases: Cases, call: str, kind: str) -> Known:
    for _ in range(500):
        known = await cases.of_call(call)
        if known is not None and any(entry.event.kind == kind for entry in known.case.history):
            return known
        await asyncio.sleep(0.02)
    raise AssertionError(f"no {kind}")


async def test_given_a_transfer_when_its_call_is_saved_again_and_again_then_the_case_is_offered_once(
    cases: Cases, live: Live, site: Site
) -> None:
    call = transferred()
    asked_at = call.transfers[0].asked_at
    keeping = Keeping(cases, live, site, clock=lambda: asked_at)
    running = asyncio.create_task(keeping.run())
    try:
        for _ in range(3):
            keeping.look([call])
        known = await eventually(cases, call.id, "offered")
        again = Keeping(cases, live, site, clock=lambda: asked_at)  # a controller that begins anew
        await again.happened("offered", call, call.transfers[0])
        failed = replace(call, transfers=(replace(call.transfers[0], result="failed", reason="busy"),))
        keeping.look([failed])
        known = await eventually(cases, call.id, "voice_failed")
    finally:
        running.cancel()
    (offer,) = known.case.offers
    assert (offer.to, offer.way, offer.transfer, offer.voice) == ("police", "voice", call.transfers[0].id, "failed")
    assert known.case.matter.caller == call.caller


@pytest.mark.parametrize(("target", "offers"), [("110", True), ("gas", False), ("survey", False)])
async def test_given_a_transfer_to_a_department_or_into_a_flow_then_no_case_is_offered_there(
    cases: Cases, live: Live, site: Site, target: str, offers: bool
) -> None:
    call = transferred()
    keeping = Keeping(cases, live, site, clock=lambda: call.transfers[0].asked_at)
    keeping.look([replace(call, transfers=(replace(call.transfers[0], target=target),))])
    assert keeping._todo.empty() is not offers


class AwayOnce(Cases):
    """Its database does not answer the first question."""

    away = True

    async def of_call(self, call_id: str) -> Known | None:
        if self.away:
            self.away = False
            raise DatabaseDownError("sqlite://", "gone")
        return await super().of_call(call_id)


async def test_given_the_database_was_away_when_it_is_back_then_what_happened_is_written_in_its_order(
    store: Store, cases: Cases, live: Live, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.cases.TICK", 0.01)
    call = transferred()
    failed = replace(call, transfers=(replace(call.transfers[0], result="failed", reason="busy"),))
    keeping = Keeping(AwayOnce(store, "12345"), live, site, clock=lambda: call.transfers[0].asked_at)
    keeping.look([failed])
    running = asyncio.create_task(keeping.run())
    try:
        known = await eventually(cases, call.id, "voice_failed")
    finally:
        running.cancel()
    assert [entry.event.kind for entry in known.case.history][-2:] == ["offered", "voice_failed"]


class Stubborn(Cases):
    """One case, the first, takes no decision."""

    refused = ""

    async def undecided(self, since: datetime) -> list[str]:
        return sorted(await super().undecided(since), key=lambda id: id != self.refused)

    async def act(
        self, id: str, by: str, kind: str, data: Mapping[str, Any] | None = None, revision: int | None = None
    ) -> Known:
        if (id, kind) == (self.refused, "decided"):
            raise HotlineError("case_decided", "decided already", status=409)
        return await super().act(id, by, kind, data, revision)


async def test_given_a_case_that_takes_no_decision_when_limits_are_over_then_the_others_end_all_the_same(
    store: Store, live: Live, site: Site
) -> None:
    stubborn, ids = Stubborn(store, "12345"), []
    for call in ("c1", "c2"):
        ids.append((await stubborn.open("1001", "phone", call=call)).case.id)
        offer = {"to": "police", "way": "voice", "mode": "conference", "transfer": f"t-{call}"}
        await stubborn.act(ids[-1], "1001", "offered", offer)
    stubborn.refused = ids[0]
    later = timedelta(seconds=site.desk.decide_seconds)
    await Keeping(stubborn, live, site, clock=lambda: datetime.now(UTC) + later)._end_limits()
    decided = [(await stubborn.get(id)).case.decision is not None for id in ids]
    assert decided == [False, True]


async def test_given_a_log_that_is_computed_anew_then_nothing_is_offered_again(
    cases: Cases, live: Live, site: Site
) -> None:
    call = transferred()
    keeping = Keeping(cases, live, site, clock=lambda: call.transfers[0].asked_at + timedelta(hours=2))
    keeping.look([call])
    assert keeping._todo.empty()


async def test_given_desks_that_do_not_agree_then_the_first_receiver_accepts_when_the_limit_is_over(
    cases: Cases, live: Live, site: Site
) -> None:
    known = await cases.open("1001", "phone", call="c1")
    await cases.act(
        known.case.id, "1001", "offered", {"to": "police", "way": "voice", "mode": "conference", "transfer": "t1"}
    )
    ahead = timedelta(0)
    keeping = Keeping(cases, live, site, clock=lambda: datetime.now(UTC) + ahead)
    await keeping._end_limits()
    assert (await cases.get(known.case.id)).case.decision is None
    ahead = timedelta(seconds=site.desk.decide_seconds)
    await keeping._end_limits()
    await keeping._end_limits()
    case = (await cases.get(known.case.id)).case
    assert case.decision is not None
    assert (case.owner, case.decision.reason, case.history[-1].event.kind) == ("12345", "first_received", "decided")


OFFERED = "0b1c2d3e-0000-4000-8000-000000000001"


async def offered_by_the_police(store: Store, their_call: str, caller: str) -> None:
    now = datetime.now(UTC)

    def event(seq: int, kind: str, **data: object) -> Event:
        return Event(OFFERED, "police", seq, seq, now, "9001", kind, data)

    theirs = [
        event(1, "opened", number="police-20261127-000001", channel="phone"),
        event(2, "called", call=their_call),
        event(3, "written", caller=caller, cause="噪声"),
        event(4, "offered", to="12345", way="voice", mode="transfer", transfer="t9"),
    ]
    await store.write(lambda connection: case_rows.append(connection, "12345", theirs, now))


@pytest.mark.parametrize("over", [False, True], ids=["running", "over"])
async def test_given_a_withheld_number_and_a_new_controller_when_the_case_comes_then_it_is_still_that_calls(
    over: bool, store: Store, cases: Cases, live: Live, site: Site
) -> None:
    """The log alone knows the id: what AMI tells a new controller of a running call has no steps."""
    call = transferred()
    ended_at = datetime.now(UTC) if over else None
    steps = (Step(call.id, call.entered_at, "partner_call", "their-call"),)
    call = replace(call, caller="anonymous", ended_at=ended_at, steps=steps, transfers=(), handed_over_by="110")
    keeping = Keeping(cases, live, site)
    cases.listeners.append(keeping.changed)
    running = asyncio.create_task(keeping.run())
    try:
        keeping.look([call])  # before its case is here
        while not keeping._todo.empty():  # noqa: ASYNC110  it cannot be told
            await asyncio.sleep(0.01)
        await offered_by_the_police(store, "their-call", "")
        keeping.taken(OFFERED)
        await eventually(cases, call.id, "called")
    finally:
        running.cancel()


def came_from(live: Live, target: str, told: str) -> None:
    """The call of the stream was handed over by this target, with the id that it has there."""
    known = live.call(CALL)
    assert known is not None
    events = {
        "CALL": f"id={CALL}&caller={known.caller}&handed_over_by={target}",
        "STEP": f"call={CALL}&step=partner_call&value={told}",
    }
    for name, extra in events.items():
        live.apply({"Event": "CEL", "UserDefType": name, "Extra": json.dumps({"extra": extra})})


async def test_given_a_partner_that_names_another_desks_call_then_its_own_call_gets_no_case_of_that_desk(
    store: Store, cases: Cases, live: Live, site: Site
) -> None:
    """Whoever takes its call would be shown what that desk shares with us."""
    fire = Partner("fire", "https://192.0.2.2", "", targets=("119",))
    keeping = Keeping(cases, live, replace(site, exchange={**site.exchange, "fire": fire}))
    for event in recorded("transfer_to_110"):
        live.apply(event)
        if live.call(CALL) is not None:
            break
    came_from(live, "119", "their-call")
    call = replace(transferred(), ended_at=None, transfers=(), handed_over_by="119")
    call = replace(call, steps=(Step(call.id, call.entered_at, "partner_call", "their-call"),))
    keeping.look([call])  # before the case is here
    await offered_by_the_police(store, "their-call", "")
    await keeping._todo.get_nowait()()
    await keeping.link(OFFERED)
    live_call = live.call(CALL)
    assert live_call is not None
    assert await offered_with(cases, live_call, "fire") is None
    assert await offered_with(cases, live_call, "police") is not None
    assert [link.desk for link in (await cases.get(OFFERED)).case.calls] == ["police"]


@pytest.mark.parametrize("told", ["", "their-call"], ids=["by number", "by the call's id there"])
async def test_given_a_case_that_another_desk_hands_over_with_a_call_then_it_is_that_calls(
    told: str, store: Store, cases: Cases, live: Live, site: Site
) -> None:
    for event in recorded("transfer_to_110"):
        live.apply(event)
        if live.call(CALL) is not None:
            break
    call = live.call(CALL)
    assert call is not None
    if told:
        came_from(live, "110", told)
    await offered_by_the_police(store, told or "another", "" if told else call.caller)
    keeping = Keeping(cases, live, site)
    cases.listeners.append(keeping.changed)
    running = asyncio.create_task(keeping.run())
    try:
        keeping.taken(OFFERED)
        known = await eventually(cases, CALL, "called")
    finally:
        running.cancel()
    assert known.case.matter.cause == "噪声"
    assert handed_over(known.case, "12345", live, {}, site) is None
