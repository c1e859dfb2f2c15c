"""The audit log on SQLite and PostgreSQL: it tells everything, and nobody changes it; what a watch counts and says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ivr.calls.model import Call, Step
from ivr.dialplan.watch import Tally, by_accident, verdict
from ivr.store import DatabaseDownError, Store
from ivr.store.audit import LONGEST_TEXT, Audit
from ivr.store.failures import failures
from tests.unit.stories import transferred

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_given_changes_when_listed_the_newest_comes_first_with_everything_that_was_noted(store: Store) -> None:
    audit = Audit(store)
    first = await audit.note("wang", "dialplan_admin", "dialplan.save", "a.conf", "", {"hash": "x"}, NOON)
    second = await audit.note("system", "system", "dialplan.failed", "7", "为什么", {"back_to": 6}, NOON + HOUR)
    await audit.note("li", "admin", "notice.end", "3", at=NOON + 2 * HOUR)
    assert await audit.listed(what="dialplan.") == [second, first]
    assert await audit.listed(what="dialplan.save") == [first]
    assert await audit.listed(since=NOON + HOUR, before=NOON + 2 * HOUR) == [second]
    assert len(await audit.listed(limit=1)) == 1


@pytest.mark.parametrize("act", ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit"])
async def test_given_an_entry_when_anybody_changes_it_the_database_refuses(store: Store, act: str) -> None:
    audit = Audit(store)
    entry = await audit.note("wang", "admin", "dialplan.publish", "7", "why", at=NOON)
    with pytest.raises((DBAPIError, DatabaseDownError), match="audit log is only added to"):
        async with store._begin() as connection:
            await connection.execute(text(act))
    assert await audit.listed() == [entry]


async def test_given_words_that_would_steer_a_terminal_when_noted_they_are_harmless(store: Store) -> None:
    entry = await Audit(store).note("wa\x1b[2Jng", "admin", "x", "y\n", "z" * 5000, at=NOON)
    assert (entry.who, entry.about, len(entry.why)) == ("wa [2Jng", "y ", LONGEST_TEXT)


UNGUARDED = {  # how the owner of a database gets round its triggers
    "sqlite": ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"),
    "postgresql": ("DROP TRIGGER audit_is_for_good ON audit",),
}
COPIED = "id || 'x', at, who, role, what, about, why, details"
TAMPERED = {
    "changed": ("UPDATE audit SET who = 'nobody' WHERE number = 2", 2, "changed"),
    "details": ("UPDATE audit SET details = '{\"n\":2}' WHERE number = 2", 2, "changed"),
    "deleted": ("DELETE FROM audit WHERE number = 3", 3, "missing"),
    "first": ("DELETE FROM audit WHERE number = 1", 1, "missing"),
    "inserted": (
        f"INSERT INTO audit SELECT {COPIED}, 5, digest, digest FROM audit WHERE number = 4", 5, "changed"
    ),
    "reordered": (
        "UPDATE audit SET number = CASE number WHEN 2 THEN 13 ELSE 12 END WHERE number IN (2, 3)", 2, "missing"
    ),
    "swapped": (
        "UPDATE audit SET who = CASE number WHEN 2 THEN 'n3' ELSE 'n2' END WHERE number IN (2, 3)", 2, "changed"
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERED)
async def test_given_a_row_tampered_with_behind_the_triggers_when_verified_the_first_broken_one_is_named(
    store: Store, how: str
) -> None:
    audit = Audit(store)
    for n in range(1, 5):
        await audit.note(f"n{n}", "admin", "x", "y", details={"n": n}, at=NOON)
    assert (await audit.verify()).broken == 0
    act, broken, why = TAMPERED[how]
    async with store._begin() as connection:
        for drop in UNGUARDED[connection.dialect.name]:
            await connection.execute(text(drop))
        await connection.exec_driver_sql(act)
    verdict = await audit.verify()
    assert (verdict.broken, verdict.why, verdict.entries) == (broken, why, broken - 1)


async def test_given_writers_of_several_processes_when_all_note_at_once_the_chain_does_not_fork(
    store: Store, ready_database_url: str
) -> None:
    other = Store(ready_database_url)
    await other.open()
    try:
        await asyncio.gather(*(Audit(one).note(f"n{n}", "admin", "x", "y") for n in range(8) for one in (store, other)))
    finally:
        await other.close()
    verdict = await Audit(store).verify()
    assert (verdict.entries, verdict.broken) == (16, 0)


def call(id: str, minutes: float, outcome: str | None, *hooks: str) -> Call:
    entered = NOON + timedelta(minutes=minutes)
    ended = entered + timedelta(seconds=20) if outcome is not None else None
    steps = tuple(Step(id, entered, "hook", hook) for hook in hooks)
    told = replace(transferred(id), entered_at=entered, answered_at=None, ended_at=ended, outcome=outcome, steps=steps)
    return replace(told, legs=(), talks=(), transfers=())


async def test_given_calls_when_failures_are_counted_only_those_of_the_time_that_the_site_had_a_hand_in_are(
    store: Store,
) -> None:
    await store.save(
        [
            call("before", -1, "abandoned"),
            call("answered", 1, "answered", "before-greeting:ok"),
            call("lost", 2, "abandoned"),
            call("hook", 3, "answered", "before-greeting:failed", "before-queue:time_limit"),
            call("left", 4, "abandoned", "before-queue:caller_left"),
            call("rejected", 5, "rejected"),
            call("diverted", 6, "diverted"),
            call("waits", 7, None),
        ]
    )
    assert await failures(store, NOON, NOON + HOUR) == (4, 2, 1)
    assert await failures(store, NOON - HOUR, NOON) == (1, 1, 0)
    assert await failures(store, NOON + HOUR, NOON + 2 * HOUR) == (0, 0, 0)


QUIET = Tally(0, 0, 0)


@pytest.mark.parametrize(
    ("before", "after", "back"),
    [
        (QUIET, QUIET, False),
        (QUIET, Tally(2, 2, 2), False),  # of two nothing can be said
        (QUIET, Tally(3, 3, 0), True),  # every call lost
        (QUIET, Tally(20, 3, 0), False),  # people hang up
        (Tally(1000, 20, 0), Tally(50, 2, 0), False),
        (Tally(1000, 20, 0), Tally(50, 12, 0), True),
        (Tally(1000, 400, 0), Tally(50, 22, 0), False),  # a bad day before it, too
        (Tally(1000, 0, 0), Tally(60, 0, 3), False),  # a hook that fails once in a while
        (Tally(1000, 0, 0), Tally(10, 0, 10), True),
    ],
)
def test_given_calls_before_and_after_when_judged_only_what_chance_does_not_explain_is_taken_back(
    before: Tally, after: Tally, back: bool
) -> None:
    assert (verdict(before, after) is not None) is back


def test_given_a_chance_when_added_up_it_is_the_binomials() -> None:
    assert by_accident(2, 1, 0.5) == pytest.approx(0.75)
    assert by_accident(10, 10, 0.5) == pytest.approx(0.5**10)
    assert by_accident(5, 0, 0.1) == pytest.approx(1.0)
