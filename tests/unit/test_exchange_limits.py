"""A partner that is broken, or not itself: what it may fill, how fast it may speak, and how far its clock may jump."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ivr.desks import case, exchange, exchange_limits, exchange_wire
from ivr.desks.case import Event, fold
from ivr.desks.exchange import Message
from ivr.desks.exchange_limits import FullError, limit
from ivr.desks.exchange_wire import BadMessageError
from ivr.desks.signatures import Signed
from ivr.store import Store
from ivr.store.cases import CaseFullError, Cases
from ivr.store.exchange import Messages
from ivr.web.door import Bucket

ID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)


def said(last: int, *, clock: int = 0, text: str = "催办") -> list[Event]:
    """By 110; `clock`: of the last event."""
    first = [
        ("opened", {"number": "110-20261127-000001", "channel": "phone"}),
        ("offered", {"to": "12345", "way": "online"}),
    ]
    kinds: list[tuple[str, dict[str, Any]]] = [*first, *[("written", {"text": f"{text}{n}"}) for n in range(last - 2)]]
    events = [Event(ID, "110", n, n, NOW, "2001", *one) for n, one in enumerate(kinds[:last], 1)]
    return [*events[:-1], Event(ID, "110", last, clock or last, NOW, "2001", *kinds[last - 1])]


def message(events: list[Event]) -> Message:
    return Message(str(uuid4()), "110", "12345", ID, NOW, tuple(events))


def test_given_a_clock_that_the_sender_cannot_have_then_nothing_is_taken() -> None:
    known = fold(said(3))
    for ahead in (0, exchange_limits.AHEAD):
        limit(message(said(5, clock=5 + ahead)[3:]), known, 3)
    with pytest.raises(BadMessageError, match="1005 at most"):
        limit(message(said(5, clock=6 + exchange_limits.AHEAD)[3:]), known, 3)


def test_given_the_longest_history_of_the_maddest_clock_then_ours_is_still_far_from_the_end_of_the_numbers() -> None:
    of_one = (exchange_limits.MOST_OF_CASE + exchange_limits.ENDING) * (exchange_limits.AHEAD + 1)
    assert 3 * of_one < exchange_wire.MOST_CLOCK


def test_given_a_case_that_is_full_when_more_of_it_comes_then_it_is_refused_but_what_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange_limits, "MOST_OF_CASE", 6)
    monkeypatch.setattr(exchange_limits, "ENDING", 2)
    limit(message(said(8)[5:]), fold(said(5)), 5)
    with pytest.raises(FullError):
        limit(message(said(9)[8:]), fold(said(8)), 8)
    limit(message(said(9)[7:]), fold(said(9)), 9)  # sent again


def test_given_few_events_of_great_length_then_their_bytes_count(monkeypatch: pytest.MonkeyPatch) -> None:
    events = said(exchange.MOST_EVENTS + 2, text="路" * 1000)
    limit(message(events[-1:]), fold(events[:-1]), len(events) - 1)
    monkeypatch.setattr(exchange_limits, "MOST_BYTES_OF_CASE", 100 * 1000)
    with pytest.raises(FullError):
        limit(message(events[-1:]), fold(events[:-1]), len(events) - 1)


def test_given_a_bucket_then_it_lets_a_burst_through_and_then_its_rate() -> None:
    bucket = Bucket(rate=10.0, burst=3.0)
    assert [bucket.take(100.0) for _ in range(4)] == [0.0, 0.0, 0.0, pytest.approx(0.1)]
    assert (bucket.take(100.05), bucket.take(100.11), bucket.take(100.11)) == (
        pytest.approx(0.05),
        0.0,
        pytest.approx(0.09),
    )
    assert [bucket.take(1000.0) for _ in range(4)] == [0.0, 0.0, 0.0, pytest.approx(0.1)]


@pytest.mark.parametrize(
    ("status", "asked", "seconds"),
    [(429, 7.0, 7.0), (503, 7.0, 7.0), (429, float("inf"), 30.0), (429, 0.0, 0.0), (500, 7.0, 0.0), (200, 7.0, 0.0)],
)
def test_given_a_desk_that_asks_for_patience_then_it_gets_it_within_reason(
    status: int, asked: float, seconds: float
) -> None:
    found = exchange.fate(status, "exchange_busy", asked)
    assert (found.state == "delivered", found.alarm, found.seconds) == (status == 200, False, seconds)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/ivr.db")
    await store.open()
    yield store
    await store.close()


async def test_given_a_partner_that_fills_a_case_then_we_still_finish_it_and_only_talk_is_refused(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_limits, "FEW", 0)
    monkeypatch.setattr(exchange_limits, "MOST_OF_CASE", 2)
    desk = Cases(store, "12345")
    known = await desk.open("1001", "phone", {"text": "一"})
    with pytest.raises(CaseFullError):
        await desk.act(known.case.id, "1001", "written", {"text": "二"})
    for kind, data in (("emergency", {"danger": "life"}), ("offered", {"to": "110", "way": "voice"})):
        known = await desk.act(known.case.id, "1001", kind, data)
    assert (known.case.matter.text, known.case.owner) == ("一", "110")


def test_given_ones_own_words_then_they_are_fewer_than_what_a_partner_takes_of_them() -> None:
    """Else it would refuse the decisions that come after them."""
    told = len(json.dumps("路")) - 2  # bytes of a character in the count of MOST_BYTES_OF_CASE
    letters = exchange_limits.MOST_SAID + exchange_limits.ENDING * 1000 + 20_000
    assert letters * told < exchange_limits.MOST_BYTES_OF_CASE
    opened = Event("c", "12345", 1, 1, NOW, "1001", "opened", {"number": "12345-1", "channel": "email"})
    for count, full in ((249, False), (252, True)):
        words = {"words": "路" * 8000}
        said = [Event("c", "12345", seq, seq, NOW, "mail", "received", words) for seq in range(2, count + 2)]
        assert exchange_limits.is_full(fold([opened, *said]), "12345") is full
        assert not exchange_limits.is_full(fold([opened, *said]), "110")


async def test_given_a_case_that_grew_long_when_another_event_comes_then_nothing_of_it_is_judged_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages, judged = Messages(store, "12345", ["110"]), 0
    events = said(300)
    for first in range(0, 300, 100):
        part = message(events[first : first + 100])
        await messages.take(Signed("110", f"n{first}", NOW), exchange_wire.written(part, fold(part.events)), NOW)
    move = case.moved

    def counted(*given: Any) -> Any:
        nonlocal judged
        judged += 1
        return move(*given)

    monkeypatch.setattr(case, "moved", counted)
    known = await Cases(store, "12345").act(ID, "1001", "written", {"text": "收到"})
    assert len(known.case.history) == 301
    assert judged <= 300 + 2  # read once; tried; added
