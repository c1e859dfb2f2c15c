"""The outbox of what citizens and a city's own systems are told of cases, written in the transaction of the events.

A row names an event; what is sent is made of the case when it is sent. A receiver hears of a case one after another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, case, delete, func, select, update

from ivr.calls.numbers import normal, shapes
from ivr.desks.case import fold
from ivr.desks.case_letters import ANSWER
from ivr.desks.case_model import Case, Event
from ivr.desks.progress import step_of
from ivr.errors import HotlineError
from ivr.settings import Site
from ivr.settings.channels import MAIL, answered
from ivr.settings.telling import EVERY, SMS, by_name
from ivr.store import case_rows, correspondence, tables
from ivr.store.correspondence import Written
from ivr.store.store import Store

AT_ONCE = 20  # messages that are sent to one receiver at the same time, each of another case
KEPT = case_rows.NEWS  # what is settled is remembered so long: nobody hears of it twice
FORGOTTEN_AT_ONCE = 500
SENT, OPEN = "delivered", ("pending", "dead")

_TELLING, _CASE, _CALL = tables.telling.c, tables.case.c, tables.call.c


class UnknownTellingError(HotlineError):
    def __init__(self, id: str) -> None:
        message = f"no message {id} waits to be sent or was given up; `ivr webhooks status` counts them"
        super().__init__("unknown_message", message, {"message": id}, 404)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message that is due: about which event, of which case."""

    id: str
    name: str
    step: str
    tries: int
    made_at: datetime
    event: Event
    then: Case  # as it was with this event
    now: Case
    language: str  # of the case's last call here; "" where there was none
    ended_at: datetime | None  # of the case's last call here
    running: bool  # one of its calls here goes on, or is not in the log yet
    followed: bool  # the same receiver is to hear something newer of this case


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a receiver has not been told."""

    name: str
    pending: int = 0
    dead: int = 0
    oldest: datetime | None = None  # of those pending
    asked: datetime | None = None  # when somebody last asked for a message that was not tried since (`retry`)


class Tellings:
    """Each method raises DatabaseDownError."""

    def __init__(self, store: Store, site: Site, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._store, self._own, self._hooks, self._sms = store, site.hotline.desk, site.webhooks, site.sms
        self._channels = {one.key: one for one in answered(site.channels).values()}
        self._mailboxes = {one.key: name for name, one in answered(site.channels).items()}
        self._names, self._country = (*by_name(site), *self._mailboxes.values()), site.screening.country

    def hook(self, connection: Connection, case: Case, new: Sequence[Event]) -> None:
        """For `ivr.store.case_rows.append`: who has to hear of what is new; and what was told is no longer due."""
        if not self._names:
            return
        now = self._clock()
        rows = []
        for event in new:
            if event.kind == "told" and event.origin == self._own:
                self._settle_step(connection, event, now)
            for hook in self._hooks.values():
                wanted = EVERY in hook.events or event.kind in hook.events
                if wanted and not _was_named(connection, hook.name, event):
                    rows.append(_row(hook.name, event, "", now))
            # The desk that first received it tells its citizen: nobody hears the same from two desks.
            step = step_of(case, event) if self._sms and case.first == self._own else ""
            if self._sms and step in self._sms.steps and not _was_told(connection, case.id, step):
                rows.append(_row(SMS, event, step, now))
            for name, step in self._mails(connection, case, event):
                if not _was_named(connection, name, event):
                    rows.append(_row(name, event, step, now))
        if rows:
            connection.execute(tables.telling.insert(), rows)

    def _mails(self, connection: Connection, case: Case, event: Event) -> Iterator[tuple[str, str]]:
        """By which mailbox, and what: an answer of any desk goes back the way the matter came to this one."""
        if event.kind == "opened" and event.origin == self._own and event.by in self._mailboxes:
            yield self._mailboxes[event.by], "received"
        elif event.kind == ANSWER and self._mailboxes and not _is_void(case, event):
            for key in sorted(correspondence.channels_of(connection, event.case) & set(self._mailboxes)):
                yield self._mailboxes[key], ANSWER

    def _settle_step(self, connection: Connection, told: Event, now: datetime) -> None:
        """The first of those that wait: it is the one that was sent."""
        way, step = told.data["way"], told.data["step"]
        by = _TELLING.name.startswith(MAIL) if way == "email" else _TELLING.name == way
        row = by & (_TELLING.case_id == told.case) & (_TELLING.step == step) & (_TELLING.state == "pending")
        first = connection.execute(select(func.min(_TELLING.serial)).where(row)).scalar()
        # An address that takes no acknowledgement is the writer's mistake: nobody here can mend it.
        failed = "dropped" if (way, step) == ("email", "received") else "dead"
        state = SENT if told.data.get("state") == "sent" else failed
        values = {"state": state, "tries": _TELLING.tries + 1, "tried_at": now, "next_at": None}
        connection.execute(update(tables.telling).where(_TELLING.serial == first).values(values))

    async def due(self, name: str, now: datetime) -> list[Letter]:
        """Of each case the message whose turn it is, the oldest first."""
        unsent = (_TELLING.name == name) & (_TELLING.state == "pending")
        heads = select(func.min(_TELLING.serial)).where(unsent).group_by(_TELLING.case_id)
        ready = _TELLING.next_at.is_(None) | (_TELLING.next_at <= now)
        query = select(tables.telling).where(_TELLING.serial.in_(heads), ready).order_by(_TELLING.serial).limit(AT_ONCE)

        def read(connection: Connection) -> list[Letter]:
            return [_letter(connection, dict(row)) for row in connection.execute(query).mappings().all()]

        async with self._store.reading() as connection:
            found = await connection.run_sync(read)
        if found:
            await self._store.durable()  # nobody else may know more of us than we do after a power cut
        return found

    async def settled(
        self, letter: Letter, state: str, now: datetime, *, status: int | None = None, why: str = "", after: float = 0.0
    ) -> None:
        """What became of a try; `after`: seconds until the next one, of a message that stays pending."""
        values = {
            "state": state,
            "tries": letter.tries + 1,
            "tried_at": now,
            "next_at": now + timedelta(seconds=after) if state == "pending" and after else None,
            "status": status,
            "why": why,
        }
        row = (_TELLING.id == letter.id) & (_TELLING.state == "pending")
        await self._store.write(
            lambda connection: connection.execute(update(tables.telling).where(row).values(values)).rowcount
        )

    async def postponed(self, letter: Letter, until: datetime, why: str) -> None:
        """It was not tried: its time has not come."""
        row = (_TELLING.id == letter.id) & (_TELLING.state == "pending")
        values = {"next_at": until, "why": why}
        await self._store.write(
            lambda connection: connection.execute(update(tables.telling).where(row).values(values)).rowcount
        )

    async def texts_to(self, number: str, since: datetime) -> int:
        """How many were sent to this number since then, however it is written and whatever they were about."""
        same = {number, *shapes(normal(number, self._country), self._country)}
        both = tables.telling.join(tables.case, _CASE.id == _TELLING.case_id)
        sent = (_TELLING.name == SMS) & (_TELLING.state == SENT) & (_TELLING.tried_at >= since)
        query = select(func.count()).select_from(both).where(_CASE.caller.in_(same), sent)
        async with self._store.reading() as connection:
            return (await connection.execute(query)).scalar() or 0

    async def written(self, case_id: str, channel: str) -> Sequence[Written]:
        """What came of the case by this mailbox."""
        async with self._store.reading() as connection:
            return await connection.run_sync(correspondence.of_case, case_id, channel)

    async def answer_to(self, case_id: str) -> str:
        """The address that an answer goes to by mail; "": none does."""
        for key, channel in self._channels.items():
            found = await self.written(case_id, key)
            if found and channel.can_write_to(found[-1].sender):
                return found[-1].sender
        return ""

    async def acknowledged(self, name: str, channel: str, address: str, since: datetime) -> int:
        """Acknowledgements that went to this address since then."""
        async with self._store.reading() as connection:
            return await connection.run_sync(correspondence.acknowledged, name, channel, address, since)

    async def retry(self, which: str) -> int:
        """Send what was given up again, and what pauses at once: a message by its id, all of a receiver's, or `all`.

        `waiting` tells it to whoever sends, who may be another process. Raises UnknownTellingError.
        """
        open_ones = _TELLING.state.in_(OPEN)
        rows = open_ones if which == "all" else open_ones & ((_TELLING.id == which) | (_TELLING.name == which))
        now = self._clock()
        values = {"state": "pending", "next_at": now, "made_at": now}
        statement = update(tables.telling).where(rows).values(values)
        count = await self._store.write(lambda connection: connection.execute(statement).rowcount)
        if not count and which not in {"all", *self._names}:
            raise UnknownTellingError(which)
        return count

    async def waiting(self) -> dict[str, Waiting]:
        """By name; also whom the settings do not name any more, where something waits for him."""
        asked = func.max(case((_TELLING.next_at == _TELLING.made_at, _TELLING.made_at)))
        query = (
            select(_TELLING.name, _TELLING.state, func.count(), func.min(_TELLING.made_at), asked)
            .where(_TELLING.state.in_(OPEN))
            .group_by(_TELLING.name, _TELLING.state)
        )
        async with self._store.reading() as connection:
            rows = (await connection.execute(query)).all()
        counts: Mapping[tuple[str, str], Sequence[Any]] = {(who, state): rest for who, state, *rest in rows}
        names = dict.fromkeys((*self._names, *(row[0] for row in rows)))
        return {
            name: Waiting(
                name,
                counts.get((name, "pending"), (0,))[0],
                counts.get((name, "dead"), (0,))[0],
                *(_moment(at) for at in counts.get((name, "pending"), (0, None, None))[1:]),
            )
            for name in names
        }

    async def forget(self, now: datetime) -> None:
        """What was settled long ago, the oldest first, some at a time: nobody else waits for it."""
        settled = select(_TELLING.serial, _TELLING.made_at).where(_TELLING.state != "pending")
        async with self._store.reading() as connection:
            oldest = (await connection.execute(settled.order_by(_TELLING.serial).limit(FORGOTTEN_AT_ONCE))).all()
        old = [one.serial for one in oldest if one.made_at < now - KEPT]
        if old:
            statement = delete(tables.telling).where(_TELLING.serial.in_(old))
            await self._store.write(lambda connection: connection.execute(statement).rowcount)


def _is_void(case: Case, event: Event) -> bool:
    return any(entry.void for entry in case.history if entry.event == event)


def _row(name: str, event: Event, step: str, now: datetime) -> dict[str, Any]:
    return {
        "id": f"msg_{uuid4().hex}",
        "name": name,
        "case_id": event.case,
        "origin": event.origin,
        "seq": event.seq,
        "step": step,
        "made_at": now,
        "state": "pending",
        "tries": 0,
        "why": "",
    }


def _was_named(connection: Connection, name: str, event: Event) -> bool:
    """An event that was not understood when it came is read again after an upgrade: it was told then."""
    row = (_TELLING.case_id == event.case) & (_TELLING.name == name)
    row &= (_TELLING.origin == event.origin) & (_TELLING.seq == event.seq)
    return connection.execute(select(_TELLING.serial).where(row).limit(1)).first() is not None


def _was_told(connection: Connection, case_id: str, step: str) -> bool:
    """One text a step."""
    row = (_TELLING.case_id == case_id) & (_TELLING.name == SMS) & (_TELLING.step == step)
    return connection.execute(select(_TELLING.serial).where(row).limit(1)).first() is not None


def _letter(connection: Connection, row: Mapping[str, Any]) -> Letter:
    stored = case_rows.load(connection, row["case_id"])
    place = next(one.place for one in stored if (one.event.origin, one.event.seq) == (row["origin"], row["seq"]))
    event = next(one.event for one in stored if one.place == place)
    calls = case_rows.calls_of(connection, row["case_id"])
    query = select(_CALL.language, _CALL.ended_at).where(_CALL.id.in_(calls)).order_by(_CALL.entered_at)
    known = connection.execute(query).all()
    same = (_TELLING.name == row["name"]) & (_TELLING.case_id == row["case_id"]) & (_TELLING.state == "pending")
    newer = select(_TELLING.serial).where(same, _TELLING.serial > row["serial"])
    ends = [_moment(one.ended_at) for one in known]
    return Letter(
        row["id"],
        row["name"],
        row["step"],
        row["tries"],
        _moment(row["made_at"]),
        event,
        fold(one.event for one in stored if one.place <= place),
        fold(one.event for one in stored),
        (known[-1].language or "") if known else "",
        max((end for end in ends if end), default=None),
        len(known) < len(calls) or None in ends,
        connection.execute(newer.limit(1)).first() is not None,
    )


def _moment(value: datetime | None) -> Any:
    return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)
