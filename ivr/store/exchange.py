"""What desks have told each other: the outbox, written in the transaction of the events that it tells, and the inbox,
kept before anybody is answered.

A message's body is kept as long as it has to be sent, or to wait; then its digest and the numbers of its events remain:
the events themselves stand in the case.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy import Connection, Select, delete, func, select, update

from ivr.desks import exchange_wire
from ivr.desks.case import fold
from ivr.desks.case_model import Case, Event
from ivr.desks.deadlines import Deadlines
from ivr.desks.exchange import (
    MOST_BYTES_WAITING,
    MOST_WAITING,
    REPLAYED,
    Fate,
    Known,
    Message,
    packed,
    partners,
    pause,
    receive,
    seal,
)
from ivr.desks.exchange_limits import admit, limit
from ivr.desks.signatures import REMEMBERED, Signed, digest
from ivr.desks.work_order import USUAL, Lights
from ivr.errors import HotlineError
from ivr.store import case_rows, tables
from ivr.store.export import instant
from ivr.store.store import Store

AT_ONCE = 20  # messages that are sent to a partner at the same time, each of another case
IN, OUT = "in", "out"
OPEN = ("pending", "refused", "waiting")  # states that are not settled

log = structlog.get_logger(__name__)

_MESSAGE = tables.exchange_message.c
_EVENT = tables.case_event.c
_NONCE = tables.exchange_nonce.c


class ReplayedError(HotlineError):
    def __init__(self, desk: str) -> None:
        super().__init__(REPLAYED, f"this signature of {desk} was here already: sign anew", {"desk": desk}, 409)


class UnknownMessageError(HotlineError):
    def __init__(self, id: str) -> None:
        message = f"no message {id} waits to be sent; `ivr exchange trace` lists them"
        super().__init__("unknown_message", message, {"message": id}, 404)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that is due."""

    id: str
    desk: str
    case: str
    first: int  # number of its first event
    body: bytes
    tries: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a partner has not been told yet."""

    desk: str
    pending: int = 0
    refused: int = 0
    oldest: datetime | None = None  # of those pending


def pack(
    connection: Connection,
    case: Case,
    own: str,
    known: Iterable[str],
    now: datetime,
    *,
    decide_seconds: int | None = None,
) -> int:
    """Put what the case's desks have not been told into the outbox; how many messages that makes.

    For the transaction that adds our events. `known`: the desks that we have an exchange with.
    """
    made = 0
    for desk in partners(case, own, known):
        mine = (_MESSAGE.direction == OUT) & (_MESSAGE.desk == desk) & (_MESSAGE.case_id == case.id)
        sent = connection.execute(select(func.max(_MESSAGE.last_seq)).where(mine)).scalar() or 0
        events = [entry.event for entry in case.history]
        for message in packed(events, sent, own, desk, now=now, new_id=lambda: str(uuid4())):
            body = exchange_wire.written(replace(message, decide_seconds=decide_seconds), case)
            row = _row(message, body, now, "pending", direction=OUT)
            connection.execute(tables.exchange_message.insert().values(row))
            made += 1
    return made


def forget(connection: Connection, case: Case) -> None:
    """What waits to be sent says of people what its events say now, no more (R65); what waits to be taken is gone."""
    of_case = _MESSAGE.case_id == case.id
    connection.execute(delete(tables.exchange_message).where(of_case, _MESSAGE.direction == IN, _MESSAGE.body != ""))
    unsent = select(tables.exchange_message).where(of_case, _MESSAGE.direction == OUT, _MESSAGE.body != "")
    for row in connection.execute(unsent).all():
        own = json.loads(row.body)["hotline"]["from"]
        mine = [one.event for one in case.history if one.event.origin == own]
        events = tuple(one for one in mine if row.first_seq <= one.seq <= row.last_seq)
        body = exchange_wire.written(Message(row.id, own, row.desk, case.id, row.made_at, events), case)
        values = {"body": body.decode(), "digest": digest(body)}
        connection.execute(update(tables.exchange_message).where(_MESSAGE.serial == row.serial).values(values))


def _row(message: Message, body: bytes, now: datetime, state: str, *, direction: str) -> dict[str, Any]:
    return {
        "direction": direction,
        "id": message.id,
        "desk": message.to if direction == OUT else message.sender,
        "case_id": message.case,
        "first_seq": message.first,
        "last_seq": message.last,
        "body": body.decode(),
        "digest": digest(body),
        "made_at": now,
        "state": state,
        "tries": 0,
    }


class Messages:
    """Each method raises DatabaseDownError. `own`: this desk; `known`: those that it has an exchange with;
    `decide_seconds`: its limit for desks that negotiate, as it tells them."""

    def __init__(
        self,
        store: Store,
        own: str,
        known: Iterable[str],
        lights: Lights = USUAL,
        decide_seconds: int | None = None,
    ) -> None:
        self._store, self._own, self._known_desks, self._lights = store, own, tuple(known), lights
        self._decide_seconds = decide_seconds
        self.deadlines = Deadlines()  # of the other desks
        self.hooks: list[case_rows.Hook] = []  # of whoever else has to hear of another desk's events
        self.listeners: list[Callable[[str], None]] = []  # are told of a case that another desk's events changed

    def hook(self, connection: Connection, case: Case, new: Sequence[Event]) -> None:
        """For `ivr.store.case_rows.append`: what is new goes out to the case's desks."""
        pack(connection, case, self._own, self._known_desks, datetime.now(UTC), decide_seconds=self._decide_seconds)

    # --- inbox -------------------------------------------------------------------------------------------------------

    async def take(self, signed: Signed, body: bytes, now: datetime) -> dict[str, Any]:
        """Keep a message, and its events where their turn has come; what its sender hears.

        Raises BadMessageError, ReplayedError, AlteredError, NotYetError, FullError; then nothing was kept.
        """
        message = exchange_wire.read(body, signed.desk, self._own)
        answer = await self._store.write(lambda connection: self._take(connection, message, signed.nonce, body, now))
        await self._store.durable()
        self.deadlines.learn(message, signed.created)
        for listener in self.listeners:
            listener(message.case)
        return answer

    def _take(self, connection: Connection, message: Message, nonce: str, body: bytes, now: datetime) -> dict[str, Any]:
        case_rows.alone(connection)
        self._remember(connection, message.sender, nonce, now)
        known = self._known(connection, message)
        found = receive(message, digest(body), known)
        held = case_rows.hold(connection, message.case)
        admit(message, held.case, found, known)
        limit(message, held.case, known.have)
        of_case = (_MESSAGE.direction == IN) & (_MESSAGE.desk == message.sender) & (_MESSAGE.case_id == message.case)
        if found.state != "known":
            row = _row(message, body, now, found.state, direction=IN)
            exists = connection.execute(select(_MESSAGE.id).where(of_case, _MESSAGE.id == message.id)).first()
            if exists is None:
                connection.execute(tables.exchange_message.insert().values(row))
        if found.take:
            hooks = (self.hook, *self.hooks)
            case_rows.append(connection, self._own, found.take, now, hooks, held=held, lights=self._lights)
        settled = {"state": "taken", "body": "", "answered_at": now}
        done = of_case & (_MESSAGE.last_seq <= found.have) & (_MESSAGE.body != "")
        connection.execute(update(tables.exchange_message).where(done).values(settled))
        return found.answer(message.id)

    def _remember(self, connection: Connection, desk: str, nonce: str, now: datetime) -> None:
        """Raises ReplayedError for a nonce that was here."""
        connection.execute(delete(tables.exchange_nonce).where(_NONCE.until < now))
        row = (_NONCE.desk == desk) & (_NONCE.nonce == nonce)
        if connection.execute(select(_NONCE.nonce).where(row)).first() is not None:
            raise ReplayedError(desk)
        connection.execute(tables.exchange_nonce.insert().values(desk=desk, nonce=nonce, until=now + REMEMBERED))

    def _known(self, connection: Connection, message: Message) -> Known:
        of_case = (_MESSAGE.direction == IN) & (_MESSAGE.desk == message.sender) & (_MESSAGE.case_id == message.case)
        by_id = (_MESSAGE.direction == IN) & (_MESSAGE.desk == message.sender) & (_MESSAGE.id == message.id)
        had = connection.execute(select(_MESSAGE.digest).where(by_id)).scalar()
        theirs = (_EVENT.case_id == message.case) & (_EVENT.origin == message.sender)
        have = connection.execute(select(func.max(_EVENT.seq)).where(theirs)).scalar() or 0
        same = select(tables.case_event).where(theirs, _EVENT.seq.between(message.first, message.last))
        here = [event_of(dict(row)) for row in connection.execute(same).mappings()]
        waits = select(_MESSAGE.body).where(of_case, _MESSAGE.state == "waiting")
        bodies = connection.execute(waits).scalars().all()
        others = [exchange_wire.read(body.encode(), message.sender, self._own) for body in bodies]
        waiting = [event for other in others for event in other.events if event.seq > have]
        seals = {event.seq: seal(event) for event in (*waiting, *here)}
        early = len(bodies) if sum(map(len, bodies)) < MOST_BYTES_WAITING else MOST_WAITING
        return Known(have, seals, tuple(waiting), had, early)

    # --- outbox ------------------------------------------------------------------------------------------------------

    async def due(self, desk: str, now: datetime) -> list[Outgoing]:
        """Of each case the message whose turn it is, the oldest first."""
        table = tables.exchange_message
        unsent = (_MESSAGE.direction == OUT) & (_MESSAGE.desk == desk) & _MESSAGE.state.in_(OPEN)
        heads = select(func.min(_MESSAGE.serial)).where(unsent).group_by(_MESSAGE.case_id)
        ready = (_MESSAGE.state == "pending") & (_MESSAGE.next_at.is_(None) | (_MESSAGE.next_at <= now))
        query = select(table).where(_MESSAGE.serial.in_(heads), ready).order_by(_MESSAGE.serial).limit(AT_ONCE)
        async with self._store.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        if rows:
            await self._store.durable()  # nobody else may know more of us than we do after a power cut
        return [
            Outgoing(row["id"], desk, row["case_id"], row["first_seq"], row["body"].encode(), row["tries"])
            for row in rows
        ]

    async def settled(
        self, sent: Outgoing, fate: Fate, status: int | None, answer: Mapping[str, Any], now: datetime
    ) -> None:
        """What became of one try. A desk that waits for events that it was told has lost them: it is told again."""
        tries = sent.tries + 1
        values: dict[str, Any] = {
            "state": fate.state,
            "tries": tries,
            "tried_at": now,
            "status": status,
            "answer": json.dumps(answer, ensure_ascii=False),
            "next_at": now + timedelta(seconds=pause("case", tries)) if fate.waits == "case" else None,
        }
        if fate.state == "delivered":
            values |= {"answered_at": now, "body": ""}
        row = (_MESSAGE.direction == OUT) & (_MESSAGE.desk == sent.desk) & (_MESSAGE.id == sent.id)
        statement = update(tables.exchange_message).where(row, _MESSAGE.state != "delivered").values(values)
        have = answer.get("have")
        lost = fate.state == "delivered" and isinstance(have, int) and 0 <= have < sent.first - 1

        def write(connection: Connection) -> None:
            if connection.execute(statement).rowcount and lost:
                self._tell_again(connection, sent, int(str(have)), now)

        await self._store.write(write)

    def _tell_again(self, connection: Connection, sent: Outgoing, have: int, now: datetime) -> None:
        log.warning("exchange.told_again", desk=sent.desk, case=sent.case, first=have + 1, last=sent.first - 1)
        case = fold(one.event for one in case_rows.load(connection, sent.case))
        gap = [entry.event for entry in case.history if entry.event.seq < sent.first]
        for message in packed(gap, have, self._own, sent.desk, now=now, new_id=lambda: str(uuid4())):
            row = _row(message, exchange_wire.written(message, case), now, "pending", direction=OUT)
            connection.execute(tables.exchange_message.insert().values(row))

    async def retry(self, id: str) -> int:
        """Send a refused message again, or one that pauses at once; `all`: every one of them. How many.

        Raises UnknownMessageError.
        """
        which = (_MESSAGE.direction == OUT) & _MESSAGE.state.in_(("pending", "refused"))
        if id != "all":
            which &= _MESSAGE.id == id
        statement = update(tables.exchange_message).where(which).values(state="pending", next_at=None)
        count = await self._store.write(lambda connection: connection.execute(statement).rowcount)
        if not count and id != "all":
            raise UnknownMessageError(id)
        return count

    async def backlog(self, desks: Iterable[str]) -> dict[str, Backlog]:
        """By desk."""
        oldest = func.min(_MESSAGE.made_at)
        query = (
            select(_MESSAGE.desk, _MESSAGE.state, func.count(), oldest)
            .where(_MESSAGE.direction == OUT, _MESSAGE.state.in_(OPEN))
            .group_by(_MESSAGE.desk, _MESSAGE.state)
        )
        async with self._store.reading() as connection:
            rows = (await connection.execute(query)).all()
        found: dict[str, Backlog] = {}
        for desk in desks:
            counts = {state: count for of, state, count, _ in rows if of == desk}
            since = next((_moment(at) for of, state, _, at in rows if (of, state) == (desk, "pending")), None)
            found[desk] = Backlog(desk, counts.get("pending", 0), counts.get("refused", 0), since)
        return found

    # --- trace -------------------------------------------------------------------------------------------------------

    async def trace(
        self,
        *,
        limit: int = 100,
        case: str | None = None,
        desk: str | None = None,
        state: str | None = None,
        direction: str | None = None,
        before: int | None = None,
    ) -> list[dict[str, Any]]:
        """Each message with its answer, the newest first; `before`: the `serial` of one already seen."""
        query: Select[Any] = select(tables.exchange_message).order_by(_MESSAGE.serial.desc()).limit(limit)
        wanted = (
            *((_MESSAGE.case_id, case), (_MESSAGE.desk, desk)),
            *((_MESSAGE.state, state), (_MESSAGE.direction, direction)),
        )
        for column, value in wanted:
            if value is not None:
                query = query.where(column == value)
        if before is not None:
            query = query.where(_MESSAGE.serial < before)
        async with self._store.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
            return [await self._told(connection, dict(row)) for row in rows]

    async def _told(self, connection: Any, row: dict[str, Any]) -> dict[str, Any]:
        origin = self._own if row["direction"] == OUT else row["desk"]
        of_message = (_EVENT.case_id == row["case_id"]) & (_EVENT.origin == origin)
        span = _EVENT.seq.between(row["first_seq"], row["last_seq"])
        kinds = await connection.execute(select(_EVENT.kind).where(of_message, span).order_by(_EVENT.seq))
        moments = {name: instant(row[name]) if row[name] else None for name in ("made_at", "tried_at", "answered_at")}
        return {
            **{name: row[name] for name in ("serial", "direction", "id", "desk", "state", "tries", "status", "digest")},
            "case": row["case_id"],
            "first": row["first_seq"],
            "last": row["last_seq"],
            "kinds": list(kinds.scalars()),
            **moments,
            "next_at": instant(row["next_at"]) if row["next_at"] else None,
            "answer": json.loads(row["answer"]) if row["answer"] else None,
        }


def event_of(row: Mapping[str, Any]) -> Event:
    """A row of `case_event`."""
    return Event(
        row["case_id"],
        row["origin"],
        row["seq"],
        row["clock"],
        row["at"],
        row["by"],
        row["kind"],
        json.loads(row["data"]),
    )


def _moment(value: datetime | None) -> datetime | None:
    return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)
