"""The wallboard's figures, told as stories: what counts as offered, answered, in time, failing (R2, R3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from ivr.calls.model import Attempt, Call, Step, Transfer
from ivr.store import Store
from ivr.store.figures import Figures, figures

NOW = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
IDS = count()


def a_call(ago: timedelta, waited: float | None = None, outcome: str | None = "answered", **more: Any) -> Call:
    """Entered `ago` before NOW; answered after `waited` s; over after 20 s more, where it has an outcome."""
    id, entered = f"c-{next(IDS)}", NOW - ago
    answered = entered + timedelta(seconds=waited) if waited is not None else None
    ended = (answered or entered) + timedelta(seconds=20) if outcome else None
    steps = tuple(Step(id, entered, step, value) for step, value in more.pop("steps", ()))
    transfers = tuple(
        Transfer(f"{id}-{n}", id, None, asked_at=entered, mode="transfer", trigger="key", **one)
        for n, one in enumerate(more.pop("transfers", ()))
    )
    return Call(id, "12345", "13800138000", entered, "hotline", answered, ended, outcome, steps=steps,
                transfers=transfers, **more)  # fmt: skip


async def of(store: Store, *calls: Call) -> Figures:
    await store.save(calls)
    return await figures(store, NOW)


HOUR = timedelta(hours=1)


async def test_given_no_call_then_no_rate_is_made_up(store: Store) -> None:
    found = await of(store)
    assert (found.day.offered, found.day.connect_rate, found.day.in_time_rate) == (0, None, None)
    assert [hour.start for hour in found.hours][::23] == [NOW - timedelta(hours=23, minutes=30), NOW.replace(minute=0)]


@pytest.mark.parametrize(
    ("story", "offered", "answered"),
    [
        (a_call(HOUR, 3.0), 1, 1),
        (a_call(HOUR, 3.0, "transferred"), 1, 1),
        (a_call(HOUR, 3.0, "interrupted"), 1, 1),  # an operator had answered before Asterisk died
        (a_call(HOUR, None, "interrupted"), 1, 0),
        (a_call(HOUR, None, "abandoned"), 1, 0),
        (a_call(HOUR, 3.0, None), 1, 1),  # still talking
        (a_call(HOUR, None, None), 0, 0),  # still waiting: nobody knows yet
        (a_call(HOUR, None, "rejected"), 1, 0),  # there was no room for it: the hotline's own fault
        (a_call(HOUR, None, "rejected", steps=[("drain", "refused")]), 1, 0),
        (a_call(HOUR, None, "rejected", steps=[("screened", "blocked")]), 0, 0),
        (a_call(HOUR, 3.0, "answered", steps=[("screened", "rate")]), 1, 1),
        (a_call(HOUR, 5.0, "emergency", steps=[("emergency_key", "110")]), 0, 0),  # wanted 110, and has it
        (a_call(HOUR, 5.0, "diverted", steps=[("drain", "neighbour")]), 0, 0),
        (a_call(HOUR, 3.0, "answered", handed_over_by="110"), 1, 1),
        (a_call(HOUR, 3.0, "answered", steps=[("requeued", "operator_died")]), 1, 1),  # one caller, one call
    ],
)
async def test_given_a_call_that_went_so_then_it_counts_so(
    store: Store, story: Call, offered: int, answered: int
) -> None:
    found = await of(store, story)
    assert (found.day.offered, found.day.answered) == (offered, answered)
    assert sum(hour.offered for hour in found.hours) == offered
    assert sum((found.day.waiting, found.day.emergency, found.day.diverted, found.day.screened)) == 1 - offered


async def test_given_calls_around_15_seconds_then_the_limit_is_in_time(store: Store) -> None:
    found = await of(
        store, a_call(HOUR, 14.999), a_call(HOUR, 15.0), a_call(HOUR, 15.001), a_call(HOUR, None, "abandoned")
    )
    assert (found.day.answered, found.day.answered_in_time) == (3, 2)
    assert found.day.in_time_rate == pytest.approx(2 / 3)
    assert found.day.connect_rate == pytest.approx(3 / 4)
    assert (found.day.average_wait, found.day.longest_wait, found.day.abandoned) == (15.0, 20.0, 1)


async def test_given_a_rolling_day_then_yesterday_evening_counts_and_what_is_24_hours_old_does_not(
    store: Store,
) -> None:
    found = await of(
        store,
        a_call(timedelta(hours=24), 1.0),
        a_call(timedelta(hours=24) - timedelta(milliseconds=1), 1.0),
        a_call(timedelta(hours=15), None, "abandoned"),  # the calendar's yesterday
        a_call(timedelta(0), 1.0),
        a_call(timedelta(seconds=-1), 1.0),  # the future
    )
    assert (found.day.offered, found.day.answered) == (3, 2)


async def test_given_calls_of_two_hours_then_each_is_in_its_own(store: Store) -> None:
    found = await of(store, a_call(timedelta(minutes=10), 1.0), a_call(timedelta(minutes=31), None, "abandoned"))
    before, last = found.hours[-2:]
    assert (last.offered, last.answered, last.in_time, last.abandoned) == (1, 1, 1, 0)
    assert (before.offered, before.answered, before.in_time, before.abandoned) == (1, 0, 0, 1)


def attempt(after: float, result: str, ago: timedelta = timedelta(minutes=5), route: str = "sip:110@a") -> Attempt:
    return Attempt(route, NOW - ago, answered_at=NOW - ago + timedelta(seconds=after) if result == "answered" else None,
                   result=result)  # fmt: skip


async def test_given_transfers_then_each_target_is_told_with_its_p90(store: Store) -> None:
    ago = timedelta(minutes=5)
    calls = [
        a_call(ago, 1.0, "transferred", transfers=[{
            "target": "110", "result": "completed", "attempts": (attempt(float(second), "answered"),)}])
        for second in range(1, 11)
    ]  # fmt: skip
    calls.append(
        a_call(ago, 1.0, transfers=[{"target": "gas", "result": "refused"}, {"target": "gas", "result": "cancelled"}])
    )
    found = await of(store, *calls)
    assert [(one.target, one.asked, one.completed, one.failed, one.press_to_in_p90) for one in found.transfers] == [
        ("110", 10, 10, 0, 9.0),
        ("gas", 1, 0, 0, None),
    ]


@pytest.mark.parametrize(
    ("results", "times"),
    [
        (("busy", "busy", "no_answer"), 3),
        (("busy", "busy"), 0),
        (("busy", "busy", "busy", "answered"), 0),  # it is well again
        (("answered", "busy", "cancelled", "busy", "busy"), 3),  # whoever cancels says nothing of the route
    ],
)
async def test_given_attempts_of_a_route_one_after_the_other_then_three_failures_in_a_row_are_told(
    store: Store, results: tuple[str, ...], times: int
) -> None:
    tried = tuple(attempt(1.0, result, timedelta(minutes=20 - n)) for n, result in enumerate(results))
    found = await of(store, a_call(HOUR, 1.0, transfers=[{"target": "110", "result": None, "attempts": tried}]))
    assert [one.times for one in found.failing] == ([times] if times else [])


async def test_given_a_transfer_that_found_no_way_then_it_is_told_until_the_next_one_comes_through(
    store: Store,
) -> None:
    failed = a_call(timedelta(minutes=9), 1.0, transfers=[{"target": "110", "result": "failed"}])
    first = await of(store, failed)
    second = await of(store, a_call(timedelta(minutes=2), 1.0, transfers=[{"target": "110", "result": "completed"}]))
    assert [(one.target, one.route) for one in first.failing] == [("110", None)]
    assert second.failing == ()
