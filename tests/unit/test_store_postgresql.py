"""What only PostgreSQL can do to a call log: end connections, wait on locks, freeze, sort and date in its own way."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.desks.case import Event
from ivr.pbx import journal
from ivr.store import DatabaseDownError, Position, Store, case_erasure, case_rows, engine
from ivr.store.calllog import CallLog
from ivr.store.case_search import Wanted
from ivr.store.cases import Cases
from ivr.store.writer import Writer
from tests.unit import databases, journals
from tests.unit.clocks import Clock
from tests.unit.stories import at, transferred
from tests.unit.test_store_calllog import NODE, expected, write

T = TypeVar("T")

POSITION = Position("hotline", "journal-000001.csv", 20, "journal-000001.csv", 5)
OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def url(postgres_server: databases.PostgresServer) -> str:
    return postgres_server.new_database()


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with databases.opened(url) as opened:
        yield opened


async def ask(url: str, *orders: str) -> list[tuple[object, ...]]:
    """By a connection of another's."""
    other = engine.create(url)
    async with other.begin() as connection:
        for order in orders:
            done = await connection.execute(text(order))
    found = [tuple(row) for row in done] if done.returns_rows else []
    await other.dispose()
    return found


async def waiting(url: str) -> None:
    """Until a statement waits for a lock."""
    waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    for _ in range(1000):
        if await ask(url, waits):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nothing waited")


class TestConnectionsThatEnd:
    async def test_given_idle_connections_that_the_server_ends_when_used_then_nobody_notices(
        self, url: str, store: Store
    ) -> None:
        await store.save([transferred("c-1")], POSITION)
        await asyncio.gather(*(store.calls() for _ in range(4)))
        await ask(url, OTHERS)
        await store.save([transferred("c-2", start=1)])
        await ask(url, OTHERS)
        assert [call.id for call in await store.calls()] == ["c-2", "c-1"]

    async def test_given_a_connection_that_ends_within_a_save_then_it_is_saved_again_once_and_whole(
        self, url: str, store: Store
    ) -> None:
        blocker = engine.create(url)
        async with blocker.connect() as held:
            await held.execute(text("LOCK TABLE transfer IN EXCLUSIVE MODE"))
            saving = asyncio.create_task(
                Writer(store).save([transferred("c-1"), transferred("c-2", start=1)], POSITION)
            )
            await waiting(url)
            assert await ask(url, "SELECT count(*) FROM call") == [(0,)], "nothing is half there"
            await ask(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            await waiting(url)
            await held.rollback()
        await saving
        await blocker.dispose()
        assert await store.calls() == [transferred("c-2", start=1), transferred("c-1")]
        assert await store.position("hotline") == POSITION

    async def test_given_a_statement_that_the_server_calls_too_slow_then_it_is_tried_again(
        self, url: str, store: Store
    ) -> None:
        await ask(url, f"ALTER DATABASE {make_url(url).database} SET lock_timeout = '50ms'")
        await ask(url, OTHERS)
        blocker = engine.create(url)
        async with blocker.connect() as held:
            await held.execute(text("LOCK TABLE call IN EXCLUSIVE MODE"))
            with pytest.raises(DatabaseDownError, match="lock timeout"):
                await store.save([transferred()], POSITION)
            saving = asyncio.create_task(Writer(store).save([transferred()], POSITION))
            await waiting(url)
            await held.rollback()
        await saving
        await blocker.dispose()
        assert await store.calls() == [transferred()]


class TestServerThatIsAway:
    @pytest.mark.parametrize("frozen", [False, True], ids=["stopped", "frozen"])
    async def test_given_calls_when_the_server_is_away_and_comes_back_then_none_is_lost_or_doubled(
        self, tmp_path: Path, frozen: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        directory = tmp_path / "journal"
        calls = [journals.call(n, at(100 * n), transferred=n % 2 == 0) for n in range(12)]
        with databases.postgres() as server:
            url = server.new_database()
            await databases.make_tables(url)
            monkeypatch.setattr(engine, "ANSWER_SECONDS", 1.0)  # less than a busy machine may take: nothing hangs on it
            store = Store(url)
            await patient(store.open)
            log = CallLog(store, directory, NODE)
            write(directory, calls[0])
            running = asyncio.create_task(log.run())
            await until(lambda: running.done() or (not log.writer.behind and log.writer.last_error is None))
            processes = away(server, frozen)
            for n, call in enumerate(calls[1:]):
                write(directory, call)
                await asyncio.sleep(0.05)
                if n == 5:
                    journal.rotate(directory)
            await until(lambda: running.done() or log.writer.waits_for is not None)
            back(server, processes)
            rows = [row for call in calls for row in call]
            for _ in range(2000):
                if running.done() or await patient(store.calls) == expected(rows):
                    break
                await asyncio.sleep(0.02)
            # What was saved but answered too late is there before its writer knows: he saves it once more.
            await until(lambda: running.done() or log.writer.waits_for is None)
            assert not running.done(), running.exception()
            assert await patient(store.calls) == expected(rows)
            running.cancel()
            await asyncio.wait([running])
            await store.close()


def away(server: databases.PostgresServer, frozen: bool) -> list[int]:
    """Stop it, or freeze every process of it: then connections stay open and nothing answers."""
    if not frozen:
        server.stop()
        return []
    os.kill(server.pid, signal.SIGSTOP)  # first: it would start others meanwhile
    children = [int(one) for one in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()]
    for process in children:
        os.kill(process, signal.SIGSTOP)
    return [server.pid, *children]


def back(server: databases.PostgresServer, processes: list[int]) -> None:
    for process in reversed(processes):  # the server last: it forgets those of its own that have ended meanwhile
        os.kill(process, signal.SIGCONT)
    if not processes:
        server.start()


async def until(true: Callable[[], bool]) -> None:
    for _ in range(2000):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen in 40 s")


async def patient(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again while the database does not answer in its time."""
    while True:
        try:
            return await ask()
        except DatabaseDownError:
            await asyncio.sleep(0.02)


class TestOneMoment:
    async def test_given_a_call_that_is_saved_between_two_questions_when_read_then_head_and_legs_belong_together(
        self, url: str, store: Store
    ) -> None:
        """PostgreSQL shows each statement the newest state unless it is asked for one picture."""
        early = replace(transferred(), ended_at=None, outcome=None, legs=transferred().legs[:1], talks=(), transfers=())
        await store.save([early])
        other = Store(url)
        await other.open()
        seen = 0

        async def between(connection: AsyncConnection) -> None:
            nonlocal seen
            assert (await connection.execute(text("SELECT ended_at FROM call"))).scalar() is None
            await other.save([transferred()])
            seen = (await connection.execute(text("SELECT count(*) FROM leg"))).scalar_one()

        async with store.reading() as connection:
            await between(connection)
        assert seen == 1
        assert await store.call("c-1") == transferred()
        await other.close()

    async def test_given_two_who_save_the_same_call_at_once_then_both_end_well_and_it_is_there_once(
        self, url: str, store: Store
    ) -> None:
        other = Store(url)
        await other.open()
        for n in range(5):
            calls = [transferred(f"c-{n}-{m}", start=m) for m in range(20)]
            await asyncio.gather(
                Writer(store).save(calls, POSITION), Writer(other).save(list(reversed(calls)), POSITION)
            )
            assert [await store.call(call.id) for call in calls] == calls
        await other.close()


class TestWaysOfTelling:
    async def test_given_a_server_in_another_time_zone_then_moments_are_the_same_and_in_utc(
        self, url: str, store: Store
    ) -> None:
        name = make_url(url).database
        await ask(
            url,
            f"ALTER DATABASE {name} SET timezone = 'Asia/Shanghai'",
            f"ALTER DATABASE {name} SET datestyle = 'German'",
        )
        await ask(url, OTHERS)
        assert await ask(url, "SHOW timezone") == [("Asia/Shanghai",)]
        await store.save([transferred()])
        assert await store.call("c-1") == transferred()
        assert [call.id for call in await store.calls(since=at(0), until=at(0.001))] == ["c-1"]
        assert await store.calls(since=at(0.001)) == []

    async def test_given_a_collation_that_ignores_case_and_signs_when_paged_then_every_call_comes_once(
        self, postgres_server: databases.PostgresServer
    ) -> None:
        url = postgres_server.new_database(
            "--template=template0", "--locale-provider=icu", "--icu-locale=en-u-ka-shifted"
        )
        store = Store(url)
        await store.open()
        ids = ["a-b", "ab", "AB", "a_b", "a%b", "á", "b", "B", "10", "9", "中", "文"]
        await store.save([transferred(id) for id in ids])
        seen: list[str] = []
        while page := await store.calls(1, before=seen[-1] if seen else None):
            seen += [call.id for call in page]
        assert sorted(seen) == sorted(ids)
        await store.close()

    @pytest.mark.parametrize("locale", ["zh-CN", "en-u-ka-shifted"])
    async def test_given_a_collation_with_signs_before_digits_when_cases_are_opened_then_each_has_its_number(
        self, postgres_server: databases.PostgresServer, locale: str
    ) -> None:
        url = postgres_server.new_database("--template=template0", "--locale-provider=icu", f"--icu-locale={locale}")
        store = Store(url)
        await store.open()
        days = Clock(at(0))
        cases = Cases(store, "12345", clock=days)
        numbers = [(await cases.open("1001", "web")).case.number for _ in range(2)]
        days.now += timedelta(days=1)
        numbers += [(await cases.open("1001", "web")).case.number for _ in range(2)]
        await store.close()
        assert [number[-6:] for number in numbers] == ["000001", "000002"] * 2
        assert len(set(numbers)) == 4

    async def test_given_somebody_who_writes_to_a_case_when_it_is_erased_then_his_words_do_not_come_back(
        self, url: str, store: Store
    ) -> None:
        """He has read what it said before, and makes its row of that."""
        cases = Cases(store, "12345")
        id = (await cases.open("1001", "phone", {"caller": "13800138000"}, call="c-1")).case.id
        read, erasing = asyncio.Event(), asyncio.Event()

        def held(connection: Connection) -> case_rows.Held:
            case_rows.alone(connection)
            return case_rows.hold(connection, id)

        async def writes() -> None:
            async with store.transaction() as connection:
                before = await connection.run_sync(held)
                read.set()
                await erasing.wait()
                event = Event(id, "12345", 4, 9, at(0), "1001", "called", {"call": "c-2"})
                await connection.run_sync(lambda sync: case_rows.append(sync, "12345", [event], at(0), held=before))

        async def erases() -> None:
            await read.wait()
            async with store.alone() as connection:
                await connection.run_sync(lambda sync: case_erasure.forget_case(sync, id, at(1)))

        both = asyncio.gather(writes(), erases())
        await read.wait()
        await waiting(url)
        erasing.set()
        await both
        (row,) = await cases.search(Wanted())
        assert (row["caller"], row["revision"]) == ("", 4)


async def test_given_letters_in_a_number_or_an_id_when_searched_then_both_databases_tell_great_from_small(
    ready_database_url: str,
) -> None:
    store = Store(ready_database_url)
    await store.open()
    await store.save([transferred("c-1", caller="Alice"), transferred("C-2", caller="aliCe", start=1)])
    assert [call.id for call in await store.calls(caller="Al*")] == ["c-1"]
    assert [call.id for call in await store.calls(caller="*Ce")] == ["C-2"]
    found = await store.call("C-")
    assert found is not None
    assert found.id == "C-2"
    await store.close()


async def test_given_every_odd_letter_and_number_when_saved_then_both_databases_give_the_same_back(
    ready_database_url: str,
) -> None:
    store = Store(ready_database_url)
    await store.open()
    call = transferred()
    odd = "\\ ' \" % _ $1 :x %(y)s {z} \u2028 \ufeff \U0001f600 é é " + "".join(map(chr, range(1, 32)))
    call = replace(
        call,
        caller=odd,
        legs=(replace(call.legs[0], cause=2**63 - 1, party=odd), replace(call.legs[1], cause=-(2**63)), *call.legs[2:]),
        steps=(replace(call.steps[0], value=odd), replace(call.steps[1], value="")),
    )
    await store.save([call])
    assert await store.call("c-1") == call
    assert [found.id for found in await store.calls(caller=odd)] == ["c-1"]
    assert [found.id for found in await store.calls(caller="\\ ' \" % _*")] == ["c-1"]
    assert await store.calls(caller="\\\\*") == []
    await store.close()
