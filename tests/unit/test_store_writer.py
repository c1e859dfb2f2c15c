"""The one writer: it saves until it is saved, says how late it is, and lets no single call stop the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from ivr.calls.model import Call
from ivr.store import CallRefusedError, DatabaseDownError, Position, Store
from ivr.store.writer import LONGEST_PAUSE, AnotherWriterError, Writer, only_writer
from tests.unit import databases
from tests.unit.stories import transferred

POSITION = Position("hotline", "journal-000001.csv", 20, "journal-000001.csv", 5)


class Clock:
    """Seconds that pass only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)


class ScriptedStore(Store):
    """Fails as told, then keeps what it gets."""

    def __init__(self, down: int = 0, refuses: Iterable[str] = ()) -> None:
        super().__init__("sqlite+aiosqlite://")
        self.down, self.refuses = down, set(refuses)
        self.kept: list[str] = []
        self.at: Position | None = None

    async def save(self, calls: Iterable[Call], position: Position | None = None) -> None:
        calls = list(calls)
        if self.down:
            self.down -= 1
            raise DatabaseDownError(self.url, "database is locked")
        if bad := self.refuses & {call.id for call in calls}:
            raise CallRefusedError(sorted(bad), "value out of range")
        self.kept += [call.id for call in calls]
        self.at = position or self.at


def writer(store: Store, clock: Clock) -> Writer:
    return Writer(store, clock, clock.sleep)


async def test_given_a_database_that_is_away_when_saving_then_it_tries_with_growing_pauses_until_it_is_back() -> None:
    clock, store = Clock(), ScriptedStore(down=9)
    slow = writer(store, clock)
    slow.mark(behind=True)
    await slow.save([transferred()], POSITION)
    assert (store.kept, store.at) == (["c-1"], POSITION)
    assert clock.pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    assert slow.lag_seconds == pytest.approx(sum(clock.pauses))
    assert slow.last_error is None
    slow.mark(behind=False)
    assert slow.lag_seconds == 0


async def test_given_a_database_that_is_away_then_health_can_tell_why() -> None:
    clock, store = Clock(), ScriptedStore(down=1)
    seen: list[str | None] = []
    telling = Writer(store, clock, clock.sleep)

    async def sleep(_: float) -> None:
        seen.append(telling.last_error)

    telling = Writer(store, clock, sleep)
    await telling.save([transferred()], POSITION)
    assert seen[0] is not None
    assert "database is locked" in seen[0]


async def test_given_a_call_that_is_refused_when_saving_then_the_others_and_the_position_are_saved() -> None:
    clock, store = Clock(), ScriptedStore(refuses=["c-2"])
    careful = writer(store, clock)
    await careful.save([transferred("c-1"), transferred("c-2"), transferred("c-3")], POSITION)
    assert (store.kept, store.at) == (["c-1", "c-3"], POSITION)
    assert careful.refused == {"c-2"}
    assert careful.last_error is not None
    assert "c-2" in careful.last_error


async def test_given_a_refused_call_when_a_later_row_mends_it_then_the_alarm_ends() -> None:
    clock, store = Clock(), ScriptedStore(refuses=["c-2"])
    careful = writer(store, clock)
    await careful.save([transferred("c-2")], POSITION)
    store.refuses.clear()
    await careful.save([transferred("c-1")], POSITION)
    assert careful.last_error is not None  # c-2 is still missing
    await careful.save([transferred("c-2")], POSITION)
    assert (careful.refused, careful.last_error) == (set(), None)


async def test_given_a_real_database_when_one_call_is_odd_then_the_others_are_in_it(tmp_path: Path) -> None:
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/ivr.db")
    await store.open()
    odd = transferred("c-2")
    odd = replace(odd, legs=(replace(odd.legs[0], cause=2**70),))
    await Writer(store).save([transferred("c-1"), odd, transferred("c-3")], POSITION)
    assert [call.id for call in await store.calls()] == ["c-3", "c-1"]
    assert await store.position("hotline") == POSITION
    await store.close()


async def test_given_a_server_that_dies_and_comes_back_then_the_same_writer_goes_on() -> None:
    with databases.postgres() as server:
        store = Store(server.new_database())
        await store.open()
        clock = Clock()

        async def sleep(_: float) -> None:
            clock.pauses.append(0)
            if len(clock.pauses) == 2:
                server.start()

        steady = Writer(store, clock, sleep)
        await steady.save([transferred("c-1", ended=False)], POSITION)
        server.stop()
        await steady.save([transferred("c-1")], POSITION)
        assert len(clock.pauses) >= 2
        assert await store.call("c-1") == transferred("c-1")
        assert steady.last_error is None
        await store.close()


def _hold(directory: Path, held: object, go: object) -> None:
    with only_writer(directory):
        held.set()  # type: ignore[attr-defined]
        go.wait()  # type: ignore[attr-defined]


def test_given_a_writer_when_a_second_process_wants_to_write_then_it_is_refused_until_the_first_died(
    tmp_path: Path,
) -> None:
    fork = get_context("fork")
    held, go = fork.Event(), fork.Event()
    first = fork.Process(target=_hold, args=(tmp_path, held, go))
    first.start()
    held.wait()
    with pytest.raises(AnotherWriterError), only_writer(tmp_path):
        pass
    first.kill()
    first.join()
    with only_writer(tmp_path):
        pass
