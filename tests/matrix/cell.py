"""One caller's call in one state: what its parties do, step by step, and what each of them is asked to hear."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tests.matrix.house import DIGITS, colleague_of, operator_of
from tests.phones import Phone
from tests.phones.events import PhoneError

if TYPE_CHECKING:
    from tests.matrix.run import Run

POLL = 0.2  # seconds; ten cells look at once
PATIENCE = 40.0  # seconds for anything that must come
LOOK = 1.0  # seconds that are listened to
HEARD = 0.7  # share of frames

T = TypeVar("T")


@dataclass(slots=True)
class Line:
    """One party's part in the call: a phone and the number of its call."""

    name: str
    phone: Phone
    call: int
    since: float  # from then on it must not be left in silence
    left: float | None = None  # when it hung up, or was released as the story has it

    @property
    def ended(self) -> float | None:
        event = self.phone.state_event("disconnected", self.call)
        return event.at if event else None


@dataclass(slots=True)
class Cell:
    run: Run
    place: int  # of the state: its queue, operator, colleague and key
    number: str
    lines: dict[str, Line] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)  # what went otherwise than told

    # — acts ——————————————————————————————————————————————————————————————————————————————————————————————————————————

    def call(self) -> None:
        """The citizen dials the hotline."""
        callers = self.run.callers_of(self.place)
        call = callers.call(self.run.hotline.uri, from_user=self.number)
        at = callers.wait_for("confirmed", timeout=PATIENCE, call=call).at
        self.lines["caller"] = Line("caller", callers, call, at)

    def choose(self) -> None:
        """The citizen presses his key as soon as he hears the greeting."""
        line = self.lines["caller"]
        self.until(lambda: line.phone.voice(line.since, call=line.call) > 0, "the greeting")
        line.phone.dtmf(DIGITS[self.place], call=line.call)

    def operator_comes(self, answers: bool = True) -> None:
        """His phone is switched on. Who waits already rings it at once, before it has been told what to do."""
        phone = self.run.operator(operator_of(self.place))
        phone.on_call("answer" if answers else "ring")
        for invite in phone.invites if answers else ():
            if phone.state_event("confirmed", invite.call) is None:
                phone.answer(invite.call)

    def operator_rings(self, colleague: bool = False, since: float = 0.0) -> None:
        number = (colleague_of if colleague else operator_of)(self.place)
        phone = self.run.operators[number]
        invite = self.until(lambda: next((one for one in phone.invites if one.at >= since), None), f"{number} to ring")
        self.lines["colleague" if colleague else "operator"] = Line(number, phone, invite.call, float("inf"))

    def talk(self, *names: str, timeout: float = PATIENCE) -> None:
        """All of these hear each other; from now on they must not be left alone."""
        lines = [self.lines[name] for name in names]
        for line in lines:
            line.phone.wait_for("confirmed", timeout=timeout, call=line.call)

        def together() -> bool:
            now = time.time()
            return all(
                listener.phone.heard(speaker.phone.tone, now - LOOK, now - 0.1, listener.call) > HEARD
                for listener in lines
                for speaker in lines
                if speaker is not listener
            )

        self.until(together, f"{', '.join(names)} to hear each other", timeout, self._ears(lines))
        for line in lines:
            line.since = min(line.since, time.time())

    def press(self, name: str, digits: str) -> None:
        line = self.lines[name]
        line.phone.dtmf(digits, call=line.call)

    def desk_rings(self, desk: Phone, name: str = "desk") -> None:
        """The desk's phone has the INVITE for this caller."""

        def mine() -> int | None:
            return next((one.call for one in desk.invites if one.from_user == self.number), None)

        self.lines[name] = Line(name, desk, self.until(mine, f"{desk.name} to be called"), float("inf"))

    def answer(self, name: str) -> None:
        line = self.lines[name]
        line.phone.answer(line.call)
        line.phone.wait_for("confirmed", call=line.call)

    def released(self, name: str = "operator") -> None:
        """The story lets this party go: its leg ends by Asterisk's BYE."""
        line = self.lines[name]
        line.left = line.phone.wait_for("disconnected", timeout=PATIENCE, call=line.call).at

    def leave(self, name: str) -> None:
        line = self.lines[name]
        line.left = time.time()
        line.phone.hangup(line.call)

    def hang_up(self) -> None:
        """The citizen ends his call; whoever was with him is let go."""
        line = self.lines["caller"]
        ended = line.ended
        if ended is not None:
            raise PhoneError(f"the caller was dropped {ended - self.run.struck:+.1f} s from the strike")
        now = time.time()
        for one in self.lines.values():
            one.left = min(one.left or now, now)
        line.phone.hangup(line.call)

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    # — waiting ———————————————————————————————————————————————————————————————————————————————————————————————————————

    def until(
        self,
        look: Callable[[], T | None],
        what: str,
        timeout: float = PATIENCE,
        complaint: Callable[[], str] | None = None,
    ) -> T:
        deadline = time.monotonic() + timeout
        while not (found := look()):
            if time.monotonic() > deadline:
                raise PhoneError(f"waited {timeout:g} s for {what}{'; ' + complaint() if complaint else ''}")
            time.sleep(POLL)
        return found

    @staticmethod
    def _ears(lines: Iterable[Line]) -> Callable[[], str]:
        def tell() -> str:
            now = time.time()
            return "; ".join(
                f"{line.name} ({'gone' if line.ended else 'there'}) hears {sorted(heard) or 'nobody'}"
                for line in lines
                if (heard := line.phone.who(now - LOOK, now, line.call)) is not None
            )

        return tell


class Moment:
    """A moment that the cells wait for."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.at = 0.0

    def comes(self) -> None:
        self.at = time.time()
        self._event.set()

    def wait(self, timeout: float) -> None:
        if not self._event.wait(timeout):
            raise PhoneError(f"a moment did not come within {timeout:g} s")

    @property
    def came(self) -> bool:
        return self._event.is_set()
