"""What goes on in the stories now: who is in which call, which moments have come. Fed with the phones' events."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.phones import Event, Phone
from tests.phones.tones import Heard
from tests.soak.cast import ALL_TONES, Player
from tests.soak.evidence import Ask, Done, Ear, Evidence, silences, tones_of
from tests.soak.script import Story
from tests.soak.spans import Span

WHISPER = 2.5  # seconds that a target hears "call from 12345" before it is in
LEAST_SILENCE = 3.0  # seconds that are worth telling


@dataclass(slots=True)
class Line:
    """One SIP call of one phone, as it goes on."""

    role: str  # in this call: a desk that hands a caller over is its caller
    player: Player
    phone: Phone
    call: int
    incoming: bool
    began: float
    answered: float | None = None
    ended: float | None = None
    code: int = 0
    refused: str | None = None
    left: float | None = None
    died: float | None = None
    mute: list[tuple[float, float]] = field(default_factory=list)
    held: float | None = None

    @property
    def alive(self) -> bool:
        return self.ended is None and self.died is None

    @property
    def talking(self) -> bool:
        return self.alive and self.answered is not None

    def ear(self, party: str, tones: Iterable[int], wants_silence: bool) -> Ear:
        heard = self._audio()
        over = min((m for m in (self.ended, self.died) if m is not None), default=heard.end)
        held = ((self.held, over),) if self.held is not None else ()
        silent: tuple[tuple[float, float], ...] = ()
        if wants_silence and self.answered is not None and self.died is None:
            silent = silences(heard, tones, self.answered, over, LEAST_SILENCE)
        return Ear(
            role=self.role,
            party=party,
            tone=self.player.tone,
            incoming=self.incoming,
            began=self.began,
            answered=self.answered,
            ended=self.ended,
            refused=self.refused,
            left=self.left,
            died=self.died,
            heard=tones_of(heard, tones),
            silent=silent,
            uri=self.phone.uri if self.role in ("desk", "department") else "",
            mute=(*self.mute, *held),
            deaf=held,
            held_up=tuple((start, start + seconds) for start, seconds in heard.held_up),
        )

    def _audio(self) -> Heard:
        return self.phone.audio(call=self.call)


@dataclass(slots=True)
class Scene:
    """A story that is being played."""

    story: Story
    lines: list[Line] = field(default_factory=list)  # the caller's first
    asks: list[Ask] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    reached: dict[str, float] = field(default_factory=dict)  # moment → when it came
    asked_at: float | None = None
    acted_at: float = 0.0
    over_at: float | None = None  # everything has been played
    notes: list[str] = field(default_factory=list)
    evidence: Evidence | None = None
    known: tuple[Any, ...] = ()
    differs: bool = False  # as far as it has been judged

    @property
    def caller(self) -> Line | None:
        return self.lines[0] if self.lines else None

    def of(self, *roles: str, since: float = 0.0) -> list[Line]:
        return [line for line in list(self.lines) if line.role in roles and line.began >= since]

    @property
    def operator(self) -> Line | None:
        """Who has the caller: the newest operator whose phone is in the talk."""
        return next((line for line in reversed(self.of("operator")) if line.incoming and line.talking), None)

    @property
    def desk(self) -> Line | None:
        there = self.of("desk", "department", since=self.asked_at or 0.0)
        return next((line for line in reversed(there) if line.talking), None)

    def has_come(self, moment: str) -> bool:
        """Whether the story is at that moment now."""
        caller, desk = self.caller, self.desk
        if moment == "over":
            return caller is not None and not caller.alive
        if caller is None or not caller.talking:
            return False
        in_talk = desk is not None and desk.answered is not None and time.time() >= desk.answered + WHISPER
        if moment == "answered":
            return True
        if moment == "operator_rings":
            return any(line.incoming for line in self.of("operator"))
        if moment == "talking":
            return self.operator is not None
        if moment == "asked":
            return self.asked_at is not None
        if moment == "target_rings":
            return self.asked_at is not None and bool(self.of("desk", "department", since=self.asked_at))
        if moment == "joined":
            return in_talk
        if moment == "released":
            return in_talk and self.operator is None
        if moment == "back":
            return any(line.incoming and line.talking for line in self.of("operator", since=self.acted_at))
        raise ValueError(moment)

    def testify(self) -> Evidence:
        """What the phones of this story did and heard until now; once told it is told again only if there is more."""
        known = tuple((id(line), line.answered, line.ended, line.left, line.died) for line in self.lines)
        if self.evidence is None or known != self.known:
            ears = tuple(
                line.ear(self.story.number if n == 0 else line.player.party, ALL_TONES, wants_silence=n == 0)
                for n, line in enumerate(self.lines)
            )
            self.evidence = Evidence(self.story.number, ears, tuple(self.asks), tuple(self.done))
            self.known = known
        return self.evidence


class Stage:
    """All scenes and all lines; takes each phone's events in their order."""

    def __init__(self) -> None:
        self.scenes: dict[str, Scene] = {}  # the caller's number → its story
        self.strangers: list[str] = []  # calls that came to a phone and belong to no story
        self.full: dict[str, list[Span]] = {}  # "desk 110" → when its phone refused one call more than it has lines
        self._lines: dict[tuple[int, int], Line] = {}  # phone, its call → line
        self._early: dict[tuple[int, int], list[Event]] = {}  # events of an own call that are here before its number
        self._lock = threading.RLock()

    def open(self, story: Story) -> Scene:
        scene = Scene(story)
        self.scenes[story.number] = scene
        return scene

    def add(self, scene: Scene, player: Player, phone: Phone, call: int, incoming: bool, began: float) -> Line:
        with self._lock:
            role = player.role if scene.lines else "caller"
            line = Line(role, player, phone, call, incoming, began)
            scene.lines.append(line)
            self._lines[id(phone), call] = line
            for event in self._early.pop((id(phone), call), ()):
                _apply(line, event)
            return line

    def early(self, number: str) -> bool:
        """Whether an INVITE for this caller came before his story knows its own call: it will in a moment."""
        scene = self.scenes.get(number)
        return scene is not None and not scene.lines and scene.over_at is None

    def invited(self, player: Player, phone: Phone, event: Event, number: str) -> tuple[Scene, Line] | None:
        scene = self.scenes.get(number)
        if scene is None or not scene.lines:
            self.strangers.append(f"{player.name} was called at {event.at:.3f} for {number!r}, who calls nobody")
            return None
        return scene, self.add(scene, player, phone, event.call or 0, True, event.at)

    def changed(self, phone: Phone, event: Event) -> None:
        if event.name != "state" or event.call is None:
            return
        with self._lock:
            line = self._lines.get((id(phone), event.call))
            if line is None:
                self._early.setdefault((id(phone), event.call), []).append(event)
            else:
                _apply(line, event)

    def died(self, phone: Phone, at: float) -> None:
        for line in self.lines():
            if line.phone is phone and line.ended is None:
                line.died = at

    def lines(self) -> list[Line]:
        with self._lock:
            return list(self._lines.values())


def _apply(line: Line, event: Event) -> None:
    state = event.what["state"]
    if state == "confirmed" and line.answered is None:
        line.answered = event.at
    if state == "disconnected" and line.ended is None:
        line.ended, line.code = event.at, int(event.what["code"])
