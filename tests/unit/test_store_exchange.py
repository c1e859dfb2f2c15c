"""The outbox and the inbox in a real database: two desks, each with its own, that tell each other by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from ivr.desks import exchange_wire
from ivr.desks.case import fold
from ivr.desks.case_model import Event
from ivr.desks.exchange import DELIVERED, MOST_WAITING, AlteredError, Fate, Message, NotYetError, fate, seal
from ivr.desks.exchange_wire import BadMessageError
from ivr.desks.signatures import REMEMBERED, Signed
from ivr.store import Store, case_erasure, case_rows, exchange, tables
from ivr.store.cases import Cases
from ivr.store.exchange import Messages, ReplayedError, UnknownMessageError
from tests.unit.databases import ready_sqlite

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


class Killed(BaseException):
    """The process ends here."""


class Desk:
    def __init__(self, name: str, other: str, store: Store) -> None:
        self.name, self.store = name, store
        self.messages = Messages(store, name, [other])
        self.cases = Cases(store, name, hooks=(self.messages.hook,))
        self.nonces = 0

    async def take(self, body: bytes, sender: str, nonce: str = "") -> dict[str, Any]:
        self.nonces += 1
        return await self.messages.take(Signed(sender, nonce or f"n{self.nonces}", NOW), body, NOW)

    async def events(self, case: str) -> set[str]:
        def read(connection: Any) -> set[str]:
            return {seal(one.event) for one in case_rows.load(connection, case)}

        return await self.store.write(read)


@pytest.fixture
async def desks(ready_database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Desk, Desk]]:
    """12345 on each kind of database, 110 on SQLite."""
    stores = Store(ready_database_url), Store(ready_sqlite(tmp_path / "110.db"))
    for store in stores:
        await store.open()
    yield Desk("12345", "110", stores[0]), Desk("110", "12345", stores[1])
    for store in stores:
        await store.close()


async def deliver(one: Desk, other: Desk) -> list[str]:
    """All that is due, until nothing is; what the other desk said."""
    said: list[str] = []
    while due := await one.messages.due(other.name, NOW):
        for message in due:
            answer = await other.take(message.body, one.name)
            said.append(answer["state"])
            await one.messages.settled(message, DELIVERED, 200, answer, NOW)
    return said


async def opened(desk: Desk) -> str:
    known = await desk.cases.open("1001", "phone", {"cause": "楼下打架", "caller": "13800138000"}, call="c-1")
    return known.case.id


async def offered(desk: Desk) -> str:
    case = await opened(desk)
    await desk.cases.act(case, "1001", "offered", {"to": "110", "way": "online"})
    return case


async def test_given_a_case_of_ones_own_when_it_is_offered_then_all_of_it_goes_out_and_both_agree(
    desks: tuple[Desk, Desk],
) -> None:
    one, other = desks
    case = await opened(one)
    assert await one.messages.due("110", NOW) == []
    await one.cases.act(case, "1001", "offered", {"to": "110", "way": "online"})
    assert await deliver(one, other) == ["taken"]
    await other.cases.act(case, "2001", "accepted")
    await other.cases.act(case, "2001", "handled", {"result": "solved"})
    assert await deliver(other, one) == ["taken", "taken"]
    assert await one.events(case) == await other.events(case)
    assert (await one.cases.get(case)).case.state == "handled"
    assert (await other.cases.get(case)).case.matter.caller == "13800138000"


async def test_given_a_message_when_it_is_settled_then_its_body_is_gone_and_the_trace_tells_it_with_its_answer(
    desks: tuple[Desk, Desk],
) -> None:
    one, other = desks
    case = await offered(one)
    await deliver(one, other)
    for desk, direction in ((one, "out"), (other, "in")):
        (told,) = await desk.messages.trace(case=case)
        assert (told["direction"], told["kinds"]) == (direction, ["opened", "called", "written", "offered"])
        async with desk.store.reading() as connection:
            assert (await connection.execute(select(tables.exchange_message.c.body))).scalars().all() == [""]
    (sent,) = await one.messages.trace(state="delivered")
    assert sent["answer"] == {"message": sent["id"], "state": "taken", "have": 4}
    assert (await other.messages.trace())[0]["digest"] == sent["digest"]


async def test_given_a_message_that_comes_again_then_it_is_known_and_nothing_is_there_twice(
    desks: tuple[Desk, Desk],
) -> None:
    one, other = desks
    await offered(one)
    (message,) = await one.messages.due("110", NOW)
    assert [(await other.take(message.body, "12345"))["state"] for _ in range(3)] == ["taken", "known", "known"]
    assert len(await other.messages.trace()) == 1
    async with other.store.reading() as connection:
        assert (await connection.execute(select(func.count()).select_from(tables.case_event))).scalar_one() == 4


async def test_given_messages_out_of_order_then_the_early_one_waits_and_is_taken_with_the_one_before_it(
    desks: tuple[Desk, Desk],
) -> None:
    one, other = desks
    case = await offered(one)
    (first,) = await one.messages.due("110", NOW)
    await one.cases.act(case, "1001", "written", {"text": "补充"})
    assert [message.id for message in await one.messages.due("110", NOW)] == [first.id]  # of a case one at a time
    await one.messages.settled(first, DELIVERED, 200, {}, NOW)
    (second,) = await one.messages.due("110", NOW)
    early = await other.take(second.body, "12345")
    assert (early["state"], early["have"]) == ("waiting", 0)
    assert (await other.take(second.body, "12345"))["state"] == "waiting"
    late = await other.take(first.body, "12345")
    assert (late["state"], late["have"]) == ("taken", 5)
    assert await one.events(case) == await other.events(case)
    assert {row["state"] for row in await other.messages.trace()} == {"taken"}


async def test_given_a_signature_that_was_here_then_it_is_refused_as_long_as_it_would_be_good(
    desks: tuple[Desk, Desk],
) -> None:
    one, other = desks
    await offered(one)
    (message,) = await one.messages.due("110", NOW)
    await other.take(message.body, "12345", nonce="same")
    with pytest.raises(ReplayedError):
        await other.take(message.body, "12345", nonce="same")
    later = NOW + REMEMBERED + timedelta(seconds=1)
    await other.messages.take(Signed("12345", "fresh", later), message.body, later)
    async with other.store.reading() as connection:
        assert (await connection.execute(select(tables.exchange_nonce.c.nonce))).scalars().all() == ["fresh"]


async def test_given_an_event_with_other_contents_then_nothing_of_its_message_is_kept(
    desks: tuple[Desk, Desk],
) -> None:
    one, other = desks
    case = await offered(one)
    (message,) = await one.messages.due("110", NOW)
    await other.take(message.body, "12345")
    before = await other.events(case)
    forged = [Event(case, "12345", n, n + 9, NOW, "x", "written", {"text": "改"}) for n in (4, 5)]
    body = exchange_wire.written(
        Message("7d7f8f52-0a7c-4b53-8a08-0a1f8a5d0a01", "12345", "110", case, NOW, tuple(forged)), fold(forged)
    )
    with pytest.raises(AlteredError):
        await other.take(body, "12345")
    assert await other.events(case) == before
    assert len(await other.messages.trace()) == 1


async def test_given_a_message_that_was_refused_then_its_case_waits_until_a_person_sends_it_again(
    desks: tuple[Desk, Desk],
) -> None:
    one, _ = desks
    case = await offered(one)
    (message,) = await one.messages.due("110", NOW)
    await one.messages.settled(message, Fate("refused", alarm=True), 422, {"error": {"id": "exchange_message"}}, NOW)
    await one.cases.act(case, "1001", "written", {"text": "补充"})
    assert await one.messages.due("110", NOW) == []
    backlog = (await one.messages.backlog(["110"]))["110"]
    assert (backlog.pending, backlog.refused) == (1, 1)
    with pytest.raises(UnknownMessageError):
        await one.messages.retry("nothing")
    assert await one.messages.retry(message.id) == 1
    assert [one_.id for one_ in await one.messages.due("110", NOW)] == [message.id]


async def test_given_a_try_that_failed_then_the_message_is_due_again_after_its_pause(
    desks: tuple[Desk, Desk],
) -> None:
    one, _ = desks
    await offered(one)
    (message,) = await one.messages.due("110", NOW)
    await one.messages.settled(message, Fate("pending", "case"), 500, {}, NOW)
    assert await one.messages.due("110", NOW) == []
    (again,) = await one.messages.due("110", NOW + timedelta(seconds=1))
    assert (again.id, again.tries) == (message.id, 1)


async def test_given_a_desk_that_dies_while_it_takes_a_message_then_nothing_is_kept_and_the_next_try_is_taken(
    desks: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = desks
    case = await offered(one)
    (message,) = await one.messages.due("110", NOW)
    append = case_rows.append

    def dies_afterwards(*arguments: Any, **more: Any) -> None:
        append(*arguments, **more)
        raise Killed

    monkeypatch.setattr(case_rows, "append", dies_afterwards)
    with pytest.raises(Killed):
        await other.take(message.body, "12345", nonce="same")
    monkeypatch.undo()
    assert await other.events(case) == set()
    assert await other.messages.trace() == []
    assert (await other.take(message.body, "12345", nonce="same"))["state"] == "taken"


async def test_given_a_desk_that_lost_what_it_was_told_when_the_next_message_comes_then_it_is_told_again(
    desks: tuple[Desk, Desk],
) -> None:
    one, other = desks
    case = await offered(one)
    (gone,) = await one.messages.due("110", NOW)  # taken there, and then an older backup was put back
    await one.messages.settled(gone, DELIVERED, 200, {"message": gone.id, "state": "taken", "have": 4}, NOW)
    await one.cases.act(case, "1001", "written", {"text": "补充"})
    assert await deliver(one, other) == ["waiting", "taken"]
    assert await one.events(case) == await other.events(case)
    assert [(row["first"], row["last"]) for row in await one.messages.trace()] == [(1, 4), (5, 5), (1, 4)]


def said(desk: str, case: str, *events: tuple[str, dict[str, Any]], first: int = 1, id: str = "") -> bytes:
    """A message of a desk that need not be ours."""
    made = [Event(case, desk, n, n, NOW, "x", kind, data) for n, (kind, data) in enumerate(events, first)]
    return exchange_wire.written(Message(id or str(uuid4()), desk, "12345", case, NOW, tuple(made)), fold(made))


async def test_given_a_desk_without_a_part_in_a_case_when_it_speaks_of_it_then_nothing_is_taken_until_it_is_offered(
    desks: tuple[Desk, Desk],
) -> None:
    one, _ = desks
    case = await opened(one)
    body = said("110", case, ("emergency", {"danger": "life"}))  # would let it in, and have it told all of the case
    before = await one.events(case)
    with pytest.raises(NotYetError) as refused:
        await one.take(body, "110")
    assert fate(refused.value.status, refused.value.id) == Fate("pending", "case"), "the offer may be on its way"
    assert (await one.events(case), await one.messages.trace()) == (before, [])
    await one.cases.act(case, "1001", "offered", {"to": "110", "way": "online"})
    assert (await one.take(body, "110"))["state"] == "taken"


async def test_given_a_case_of_ours_when_the_desk_that_it_was_offered_to_opens_it_too_then_it_stays_ours(
    desks: tuple[Desk, Desk],
) -> None:
    one, _ = desks
    case = await offered(one)
    with pytest.raises(BadMessageError, match="12345 has opened"):
        await one.take(said("110", case, ("opened", {"number": "110-1", "channel": "phone"})), "110")
    assert (await one.cases.get(case)).case.first == "12345"


async def test_given_many_messages_that_came_too_early_then_no_more_are_kept_but_those_known_and_the_missing_one(
    desks: tuple[Desk, Desk],
) -> None:
    one, _ = desks
    case = str(uuid4())
    early = [said("110", case, ("written", {"text": "x"}), first=n + 2) for n in range(MOST_WAITING + 1)]
    for body in early[:-1]:
        assert (await one.take(body, "110"))["state"] == "waiting"
    with pytest.raises(NotYetError):
        await one.take(early[-1], "110")
    assert (await one.take(early[0], "110"))["state"] == "waiting"
    answer = await one.take(said("110", case, ("opened", {"number": "110-1", "channel": "phone"})), "110")
    assert (answer["state"], answer["have"]) == ("taken", MOST_WAITING + 1)
    assert (await one.take(early[-1], "110"))["have"] == MOST_WAITING + 2


async def test_given_much_that_came_too_early_then_the_rest_is_asked_for_later_and_what_belongs_before_it_is_taken(
    desks: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that waits is read again with each message: twenty of the largest would hold everybody up."""
    one, _ = desks
    case = str(uuid4())
    early = [said("110", case, ("written", {"text": "路" * 1000}), first=n) for n in (2, 3, 4)]
    monkeypatch.setattr(exchange, "MOST_BYTES_WAITING", 3000)
    for body in early[:2]:
        assert (await one.take(body, "110"))["state"] == "waiting"
    with pytest.raises(NotYetError):
        await one.take(early[2], "110")
    answer = await one.take(said("110", case, ("opened", {"number": "110-1", "channel": "phone"})), "110")
    assert (answer["state"], answer["have"]) == ("taken", 3)


async def test_given_a_partner_that_uses_our_numbers_then_ours_go_on_and_lead_to_our_own_cases(
    desks: tuple[Desk, Desk],
) -> None:
    one, _ = desks
    ours = (await one.cases.get(await opened(one))).case
    day = ours.number[: -len("000001")]
    for number in (ours.number, f"{day}000900", f"{day}none"):
        await one.take(said("110", str(uuid4()), ("opened", {"number": number, "channel": "phone"})), "110")
    assert (await one.cases.get(ours.number)).case.id == ours.id
    assert (await one.cases.open("1001", "web")).case.number == f"{day}000002"


async def test_given_a_case_that_was_erased_when_what_waited_is_sent_or_taken_then_nobody_is_named_in_it(
    desks: tuple[Desk, Desk],
) -> None:
    """Refused messages wait until somebody mends the reason: for years, where nobody does."""
    one, other = desks
    case = await offered(one)
    await deliver(one, other)
    for words in ("13800138000 又来电", "打架的人走了"):
        await one.cases.act(case, "1001", "written", {"text": words})
    assert (await other.take(await last_of(one, case), "12345"))["state"] == "waiting"
    for desk in desks:
        await desk.store.write(lambda connection: case_erasure.forget_case(connection, case, NOW))
        async with desk.store.reading() as connection:
            bodies = (await connection.execute(select(tables.exchange_message.c.body))).scalars().all()
        assert [body for body in bodies if "13800138000" in body or "打架" in body] == []
    assert await deliver(one, other) == ["taken", "taken"]
    assert await one.events(case) == await other.events(case)


async def last_of(desk: Desk, case: str) -> bytes:
    """The body of a case's newest message, whose turn has not come."""
    found = tables.exchange_message.c
    query = select(found.body).where(found.case_id == case).order_by(found.serial.desc()).limit(1)
    async with desk.store.reading() as connection:
        return str((await connection.execute(query)).scalar()).encode()
