"""How cases went between desks, counted: from their events, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select

from ivr.desks import linkage as pure
from ivr.desks.case import Case, Event, apply, fold
from ivr.desks.linkage import Linkage, linkage
from ivr.store import Store, case_rows, shape, tables
from ivr.store.linkage import Counts, Figures, figures

START = datetime(2026, 11, 27, 8, tzinfo=UTC)
LIMIT = timedelta(minutes=10)
CITY = ZoneInfo("Asia/Shanghai")
OPENED = (0, "12345", "opened", {"number": "12345-20261127-000001", "channel": "phone"})
OFFERED = (0, "12345", "offered", {"to": "110", "way": "voice", "transfer": "t1", "mode": "conference"})
ONLINE = (0, "12345", "offered", {"to": "110", "way": "online"})
Step = tuple[float, str, str, dict[str, Any]]  # seconds after START, desk, kind, data


def events(id: str, *steps: Step) -> list[Event]:
    """One after the other, as the desks made them."""
    made: list[Event] = []
    for clock, (seconds, desk, kind, data) in enumerate(steps, 1):
        seq = 1 + sum(event.origin == desk for event in made)
        made.append(Event(id, desk, seq, clock, START + timedelta(seconds=seconds), "1001", kind, data))
    return made


def case_of(*steps: Step) -> Case:
    case = Case("")
    for event in events("c1", *steps):
        case = apply(case, event)
    return case


class TestOneCase:
    def test_given_a_case_that_stays_then_there_is_nothing_to_count(self) -> None:
        handled = (5, "12345", "handled", {"result": "solved"})
        assert linkage(case_of(OPENED, handled)) == Linkage()

    def test_given_an_offer_when_accepted_after_a_minute_then_the_minute_is_told(self) -> None:
        (one,) = linkage(case_of(OPENED, ONLINE, (60, "110", "accepted", {}))).handovers
        assert (one.origin, one.to, one.state, one.decided) == ("12345", "110", "accepted", "accepted")
        assert (one.answered_after, one.accepted_after) == (60, 60)

    def test_given_three_parties_when_they_agree_on_the_first_then_it_is_kept_and_nobody_accepted(self) -> None:
        ours, yours = (20, "12345", "proposed", {"whose": "ours"}), (30, "110", "proposed", {"whose": "yours"})
        found = linkage(case_of(OPENED, OFFERED, ours, yours))
        (one,) = found.handovers
        assert (one.mode, one.state, one.decided, one.answered_after, one.accepted_after) == (
            "conference",
            "kept",
            "",
            30,
            None,
        )
        assert [decision.reason for decision in found.decisions] == ["agreed"]

    def test_given_a_case_that_came_back_when_offered_again_then_both_ways_are_told(self) -> None:
        accepted, returned = (60, "110", "accepted", {}), (90, "110", "returned", {"reason": "not a police matter"})
        again = (120, "12345", "offered", {"to": "110", "way": "voice", "transfer": "t2", "mode": "conference"})
        one, two = linkage(case_of(OPENED, ONLINE, accepted, returned, again)).handovers
        assert (one.state, one.decided, one.answered_after, one.accepted_after) == ("returned", "accepted", 60, 60)
        assert (two.state, two.answered_after) == ("sent", None)

    def test_given_an_emergency_when_110_says_that_it_has_begun_then_it_was_decided_by_the_emergency(self) -> None:
        flag, begun = (10, "12345", "emergency", {"danger": "life"}), (25, "110", "accepted", {})
        (one,) = linkage(case_of(OPENED, flag, begun)).handovers
        assert (one.way, one.state, one.decided, one.accepted_after) == ("online", "accepted", "emergency", 15)

    def test_given_a_case_that_ends_without_an_answer_then_it_waited_until_its_end(self) -> None:
        handled, closed = (50, "12345", "handled", {"result": "solved"}), (70, "12345", "closed", {})
        (one,) = linkage(case_of(OPENED, ONLINE, handled, closed)).handovers
        assert (one.state, one.answered_after, one.accepted_after) == ("lapsed", 70, None)

    def test_given_a_desk_whose_clock_is_slow_then_it_accepted_and_nobody_knows_how_fast(self) -> None:
        (one,) = linkage(case_of(OPENED, ONLINE, (-300, "110", "accepted", {}))).handovers
        assert (one.state, one.accepted_after) == ("accepted", None)

    def test_given_routes_that_all_failed_then_the_voice_failed(self) -> None:
        (one,) = linkage(case_of(OPENED, OFFERED, (30, "12345", "voice_failed", {"transfer": "t1"}))).handovers
        assert one.voice == "failed"

    def test_given_hundreds_of_offers_then_each_is_looked_at_only_where_it_changed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A desk that offers without end would else hold every other case up: their square, at each of its events."""
        more = [(0, "12345", "offered", {"to": "110", "way": "voice", "transfer": f"t{n}"}) for n in range(300)]
        case = case_of(OPENED, *more, (60, "110", "accepted", {}))
        changed = []
        monkeypatch.setattr(pure, "_answered", lambda one, *rest: changed.append(one) or one)  # type: ignore[func-returns-value]
        assert len(linkage(case).handovers) == 300
        assert len(changed) == 1

    def test_given_an_event_without_effect_when_counted_then_it_is_passed_over(self) -> None:
        stray = events("c1", OPENED, ONLINE, (5, "110", "accepted", {}), (9, "110", "accepted", {}))
        (one,) = linkage(fold(stray)).handovers
        assert one.accepted_after == 5


STORIES: dict[str, tuple[Step, ...]] = {
    "accepted": (OPENED, ONLINE, (60, "110", "accepted", {})),
    "late": (OPENED, ONLINE, (1200, "110", "accepted", {})),
    "waits": (OPENED, ONLINE),
    "refused": (OPENED, ONLINE, (30, "110", "refused", {"reason": "noise is no police matter"})),
    "agreed": (
        OPENED,
        OFFERED,
        (10, "12345", "proposed", {"whose": "yours"}),
        (20, "110", "proposed", {"whose": "ours"}),
    ),
    "back": (
        (0, "110", "opened", {"number": "110-1", "channel": "phone"}),
        (0, "110", "offered", {"to": "12345", "way": "online"}),
        (90, "12345", "accepted", {}),
    ),
    "failed": (OPENED, OFFERED, (30, "12345", "voice_failed", {"transfer": "t1"})),
    "stays": (OPENED, (5, "12345", "handled", {"result": "solved"})),
}


@pytest.fixture
async def store(store: Store) -> Store:
    for name, steps in STORIES.items():
        await keep(store, name, steps)
    return store


async def keep(store: Store, name: str, steps: tuple[Step, ...]) -> None:
    def write(connection: Connection) -> None:
        for event in events(name, *steps, (1, steps[0][1], "written", {"class_code": "0301"})):
            case_rows.append(connection, "12345", [event], event.at)

    await store.write(write)


async def told(store: Store) -> Figures:
    day = START.replace(hour=0)
    return await figures(store, day, day + timedelta(days=1), LIMIT, CITY)


class TestCounted:
    async def test_given_cases_both_ways_when_counted_then_each_is_where_it_belongs(self, store: Store) -> None:
        found = await told(store)
        assert found.total == Counts(
            handovers=7, cases=7, conferences=2, waiting=2, accepted=4, refused=1, overdue=3, voice_failed=1,
            p50=60.0, p90=1200.0,
        )  # fmt: skip
        assert found.ways.keys() == {("12345", "110"), ("110", "12345")}
        assert found.ways["110", "12345"] == Counts(handovers=1, cases=1, accepted=1, p50=90.0, p90=90.0)
        assert {key: counts.handovers for key, counts in found.classes.items()} == {"03": 7}
        assert found.decided == {"agreed": 1, "first_received": 0, "emergency": 0, "accepted": 3, "consulted": 0}

    async def test_given_the_site_s_zone_when_counted_then_hours_and_days_are_its_own(self, store: Store) -> None:
        found = await told(store)
        assert found.days == {"2026-11-27": {("12345", "110"): 6, ("110", "12345"): 1}}
        assert found.hours["12345", "110"][16] == 6 == sum(found.hours["12345", "110"])

    async def test_given_another_day_when_counted_then_there_is_nothing(self, store: Store) -> None:
        found = await figures(store, START + timedelta(days=1), START + timedelta(days=2), LIMIT, CITY)
        assert (found.total, found.ways, found.hours) == (Counts(), {}, {})

    async def test_given_rows_that_an_older_release_never_made_when_taken_up_then_they_are_made_of_the_events(
        self, store: Store, ready_database_url: str
    ) -> None:
        before = await everything(store)
        assert all(before)
        await store.close()
        await shape.downgrade(ready_database_url, "0013")
        await store.open()
        assert await everything(store) == before

    async def test_given_an_offer_that_loses_its_effect_to_what_comes_late_then_it_is_counted_no_more(
        self, store: Store
    ) -> None:
        merged = Event("waits", "110", 1, 2, START, "2001", "merged", {"into": "0b1c2d3e-0000-4000-8000-000000000001"})
        await store.write(lambda connection: case_rows.append(connection, "12345", [merged], START))
        assert "waits" not in {row[0] for table in await everything(store) for row in table}
        assert (await told(store)).total.waiting == 1  # the other one


async def everything(store: Store) -> list[list[Any]]:
    async with store.reading() as connection:
        return [
            [tuple(row) for row in await connection.execute(select(table).order_by(table.c.case_id, table.c.place))]
            for table in (tables.handover, tables.decision)
        ]
