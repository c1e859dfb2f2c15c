"""Two desks, the network between them and their disks, in simulated time, drawn from a seed.

Each desk keeps what it must on its disk and loses all else when it is killed, which may be between any two steps. The
network loses, doubles, delays (a day at most) and alters; a thief sends again what he has recorded. One desk may be
older than the other, and be upgraded at the end. The decisions are the product's own (`ivr.desks.exchange`,
`.exchange_limits`); the seal stands for the signature, which has tests of its own.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import json
import random
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ivr.desks import case as cases
from ivr.desks import exchange, exchange_wire
from ivr.desks.case import KINDS, Refused, apply, fold
from ivr.desks.case_model import Event
from ivr.desks.exchange import AlteredError, Message, NotYetError
from ivr.desks.exchange_limits import admit, limit
from ivr.desks.signatures import CLOCKS, GOOD
from ivr.schema import InvalidRequestError

BEGAN = datetime(2026, 11, 27, tzinfo=UTC)
TIMEOUT = 10.0  # seconds that a sender waits for its answer
SECRETS = {"12345": b"one", "110": b"two"}


class Killed(Exception):  # noqa: N818
    """The process ended here."""


@dataclass
class Row:
    """A message of the outbox."""

    message: Message
    body: bytes
    state: str = "pending"
    tries: int = 0
    next_at: float = 0.0


@dataclass
class Disk:
    """What is still there after a kill. Each method of Desk changes it in one step, or not at all."""

    events: dict[tuple[str, str, int], Event] = field(default_factory=dict)
    outbox: list[Row] = field(default_factory=list)
    inbox: dict[str, tuple[str, Message]] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)

    def of(self, case: str) -> list[Event]:
        return [event for (id, _, _), event in self.events.items() if id == case]


@dataclass(frozen=True)
class Sealed:
    """A request as it is on the wire."""

    sender: str
    created: float  # by the sender's clock
    nonce: str
    body: bytes
    seal: str

    @staticmethod
    def of(sender: str, created: float, nonce: str, body: bytes, secret: bytes) -> Sealed:
        return Sealed(sender, created, nonce, body, Sealed.sum(sender, created, nonce, body, secret))

    @staticmethod
    def sum(sender: str, created: float, nonce: str, body: bytes, secret: bytes) -> str:
        return hashlib.sha256(repr((sender, created, nonce, body, secret)).encode()).hexdigest()

    @property
    def genuine(self) -> bool:
        return self.seal == self.sum(self.sender, self.created, self.nonce, self.body, SECRETS[self.sender])


class World:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = 0.0
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.desks = {name: Desk(self, name) for name in SECRETS}
        self.desks["12345"].clock = self.random.choice([0.0, 0.0, 300.0, -300.0])
        self.recorded: list[tuple[str, Sealed]] = []
        self.kills = self.random.choice([0.0, 0.02, 0.1])
        self.trouble = self.random.choice([0.0, 0.2, 0.6])  # share of what the network carries that it spoils
        self.eager = self.random.random() < 0.3  # partners that do not wait for one answer before they send the next
        self.shut: list[tuple[float, float]] = []  # no data passes
        self.forged: set[str] = set()  # bodies that nobody wrote
        self.happened: Counter[str] = Counter()  # what went wrong, and what was refused

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (self.now + seconds, next(self._order), act))

    def run(self, until: float) -> None:
        while self._queue and self._queue[0][0] <= until:
            self.now, _, act = heapq.heappop(self._queue)
            act()
        self.now = max(self.now, until)

    def calm(self) -> None:
        """From now on nothing goes wrong, and all are of the newest release."""
        self.kills = self.trouble = 0.0
        self.shut = []
        for desk in self.desks.values():
            desk.kinds = KINDS

    def may_die(self, where: str) -> None:
        if self.random.random() < self.kills:
            self.happened[f"killed {where}"] += 1
            raise Killed

    def carry(self, to: str, request: Sealed, answered: Callable[[int, dict[str, Any]], None]) -> None:
        """The request to the other desk, and its answer back."""
        if any(begin <= self.now < end for begin, end in self.shut):
            self.happened["shut"] += 1
            return
        self.recorded.append((to, request))
        times = [0.1]
        if self.random.random() < self.trouble:
            what = self.random.choice(["lost", "doubled", "late", "day", "altered", "answer lost"])
            self.happened[what] += 1
            if what == "lost":
                times = []
            elif what == "doubled":
                times = [0.1, self.random.uniform(0.1, 20)]
            elif what == "late":
                times = [self.random.uniform(1, 400)]
            elif what == "day":
                times = [86400.0]
            elif what == "altered":
                request = self.altered(request)
            elif what == "answer lost":
                answered = _nobody
        for seconds in times:
            self.at(seconds, lambda: self.desks[to].door(request, answered))

    def altered(self, request: Sealed) -> Sealed:
        body = request.body.replace(b'"by":"', b'"by":"x', 1)
        self.forged.add(hashlib.sha256(body).hexdigest())
        return replace(request, body=body)

    def steal(self) -> None:
        """Somebody sends again what he has recorded, as it was or changed."""
        if self.recorded:
            to, request = self.random.choice(self.recorded)
            spoilt = self.altered(request) if self.random.random() < 0.5 else request
            self.happened["stolen"] += 1
            self.desks[to].door(spoilt, _nobody)

    def forge(self) -> None:
        """A machine of the sender's own, with its key, changes what was taken already."""
        known = [(to, one) for to, one in self.recorded if _id(one.body) in self.desks[to].disk.inbox]
        if known:
            to, request = self.random.choice(known)
            body, created = self.altered(request).body, self.now + self.desks[request.sender].clock
            if self.random.random() < 0.5:  # the events in another message
                body = body.replace(_id(body).encode(), self.desks[to].new_id().encode())
                self.forged.add(hashlib.sha256(body).hexdigest())
            nonce = self.desks[to].new_id()
            forged = Sealed.of(request.sender, created, nonce, body, SECRETS[request.sender])
            self.desks[to].door(forged, _nobody)


def _id(body: bytes) -> str:
    return str(json.loads(body)["hotline"]["message"])


def _nobody(status: int, answer: dict[str, Any]) -> None:
    """Nobody hears it."""


class Desk:
    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.partner = next(other for other in SECRETS if other != name)
        self.disk = Disk()
        self.clock = 0.0  # seconds that its clock is wrong by
        self.kinds: Mapping[str, Any] = KINDS  # that it understands
        self.life = 0  # counts its starts: what an earlier life waited for is gone
        self._waits: set[str] = set()  # whose message is on its way
        self._partner_until, self._failed = 0.0, 0

    @property
    def time(self) -> datetime:
        return BEGAN + timedelta(seconds=self.world.now + self.clock)

    def alive(self, act: Callable[[], None]) -> None:
        cases.KINDS = self.kinds  # type: ignore[misc]  one desk at a time
        try:
            act()
        except Killed:
            self.life += 1
            self._waits, self._partner_until, self._failed = set(), 0.0, 0
            self.wake(self.world.random.uniform(0.5, 30))
        finally:
            cases.KINDS = KINDS  # type: ignore[misc]

    # ---- what its people do

    def do(self, case: str, kind: str, data: dict[str, Any]) -> None:
        """One event, if it may be: it and its messages are on the disk, or neither is."""
        self.alive(lambda: self._do(case, kind, data))
        self.wake()

    def _do(self, case: str, kind: str, data: dict[str, Any]) -> None:
        known = fold(self.disk.of(case))
        seq = 1 + max((event.seq for event in self.disk.of(case) if event.origin == self.name), default=0)
        event = Event(case, self.name, seq, known.clock + 1, self.time, "1001", kind, data)
        try:
            after = apply(known, event)
        except (Refused, InvalidRequestError):
            return
        rows = list(self.disk.outbox)
        for to in exchange.partners(after, self.name, [self.partner]):
            sent = max((row.message.last for row in rows if row.message.case == case), default=0)
            own = [entry.event for entry in after.history]
            for message in exchange.packed(own, sent, self.name, to, now=self.time, new_id=self.new_id):
                rows.append(Row(message, exchange_wire.written(message, after)))

        self.world.may_die("before an event is kept")
        self.disk.events[case, self.name, seq] = event
        self.disk.outbox = rows
        self.world.happened[f"did {kind}"] += 1
        self.world.may_die("after an event is kept")

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.world.random.getrandbits(128), version=4))

    # ---- sending

    def wake(self, seconds: float = 0.0) -> None:
        life = self.life
        self.world.at(seconds, lambda: self.look() if life == self.life else None)

    def look(self) -> None:
        """Send what is due: of each case its oldest message; who is eager sends them all."""
        life = self.life
        heads: dict[str, Row] = {}
        for row in self.disk.outbox:
            if row.state != "delivered":
                heads.setdefault(self.turn(row), row)
        for turn, row in heads.items():
            due = max(row.next_at, self._partner_until)
            if turn in self._waits or row.state != "pending":
                continue
            if due > self.world.now:
                self.wake(due - self.world.now)
                continue
            self._waits.add(turn)
            self.alive(lambda row=row: self.send(row))  # type: ignore[misc]
            if life != self.life:
                return

    def turn(self, row: Row) -> str:
        return row.message.id if self.world.eager else row.message.case

    def send(self, row: Row) -> None:
        life, nonce = self.life, self.new_id()
        created = self.world.now + self.clock
        request = Sealed.of(self.name, created, nonce, row.body, SECRETS[self.name])
        waits = [True]

        def answered(status: int | None, answer: dict[str, Any]) -> None:
            first, waits[:] = bool(waits), []
            if first and life == self.life:
                self.alive(lambda: self.settle(row, status, answer))

        self.world.may_die("before it sends")
        self.world.carry(self.partner, request, answered)
        self.world.at(TIMEOUT, lambda: answered(None, {}))
        self.world.may_die("after it sent")

    def settle(self, row: Row, status: int | None, answer: dict[str, Any]) -> None:
        fate = exchange.fate(status, answer.get("error", ""))
        self.world.may_die("before an answer is kept")
        row.state = fate.state
        row.tries += 1
        self._waits.discard(self.turn(row))
        if fate.waits == "case":
            row.next_at = self.world.now + exchange.pause("case", row.tries)
        self._failed = self._failed + 1 if fate.waits == "partner" else 0
        if fate.waits == "partner":
            self._partner_until = self.world.now + exchange.pause("partner", self._failed)
        self.world.may_die("after an answer is kept")
        self.wake()

    # ---- the door

    def door(self, request: Sealed, answered: Callable[[int, dict[str, Any]], None]) -> None:
        def take() -> None:
            self.world.may_die("before a message is kept")
            status, answer = self.stored(request)
            self.world.may_die("before it answers")
            self.world.at(0.1, lambda: answered(status, answer))

        self.alive(take)

    def stored(self, request: Sealed) -> tuple[int, dict[str, Any]]:
        """One transaction: all of it is on the disk before anybody is told, or nothing is."""
        here, slack = self.world.now + self.clock, CLOCKS.total_seconds()
        too_late = request.created + GOOD.total_seconds() < here - slack
        if not request.genuine or too_late or request.created > here + slack:
            self.world.happened["refused signature"] += 1
            return 401, {"error": "exchange_signature"}
        if request.nonce in self.disk.nonces:
            self.world.happened["refused replay"] += 1
            return 409, {"error": exchange.REPLAYED}
        message = exchange_wire.read(request.body, request.sender, self.name)
        digest = hashlib.sha256(request.body).hexdigest()
        known, case = self.known(message), fold(self.disk.of(message.case))
        try:
            found = exchange.receive(message, digest, known)
            admit(message, case, found, known)
            limit(message, case, known.have)
        except (AlteredError, NotYetError) as refusal:
            self.world.happened[refusal.id] += 1
            return refusal.status, {"error": refusal.id}
        self.world.happened[found.state] += 1
        self.disk.nonces.add(request.nonce)
        self.disk.inbox.setdefault(message.id, (digest, message))
        for event in found.take:
            place = (event.case, event.origin, event.seq)
            assert place not in self.disk.events, "an event is taken once"
            self.disk.events[place] = event
        return 200, found.answer(message.id)

    def known(self, message: Message) -> exchange.Known:
        here = {event.seq: event for event in self.disk.of(message.case) if event.origin == message.sender}
        others = [one for _, one in self.disk.inbox.values() if one.case == message.case]
        waiting = {event.seq: event for one in others for event in one.events if event.seq not in here}
        seals = {seq: exchange.seal(event) for seq, event in {**here, **waiting}.items()}
        digest = self.disk.inbox[message.id][0] if message.id in self.disk.inbox else None
        return exchange.Known(len(here), seals, tuple(waiting.values()), digest)
