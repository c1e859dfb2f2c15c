"""The phones of a soak: callers, operators and desks, each with a tone of its own; one that died comes back as new."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.pbx.hotline import Hotline
from tests.pbx.sites import ROUTES
from tests.phones import Phone, PhoneError
from tests.soak.script import Schedule

# Multiples of 50 Hz, none within 5 Hz of a note of the scale (music on hold), none of ringing (450) or the beep (1000).
CALLER_TONES = (1450, 1550, 1600, 1700, 1850, 1900, 2000, 2050)
OPERATOR_TONES = (600, 750, 800, 850, 900, 950)
DESK_TONES: Mapping[tuple[str, int], int] = {
    ("110", 1): 1300,
    ("110", 2): 1350,
    ("119", 1): 1750,
    ("120", 1): 2200,
    ("gas", 1): 2500,
}
HANDING_OVER = 2300  # the phone at 110 that calls the hotline
ALL_TONES = (*CALLER_TONES, *OPERATOR_TONES, *DESK_TONES.values(), HANDING_OVER)
AGAIN_SECONDS = 30.0  # for a phone to come back; Asterisk itself may be away


def settings(operators: int) -> dict[str, Any]:
    """What a soak's site has beyond the test site: the greeting, more operators, short rings."""
    numbers = [str(1001 + n) for n in range(operators)]
    skills = ["general", "en"]
    return {
        "hotline": {"greeting": True, "consult_seconds": 15},
        "queue": {"ring": 4},
        "operators": [{"number": number, "name": f"{number}号坐席", "skills": skills} for number in numbers],
    }


class SoakHotline(Hotline):
    def kill_up(self) -> None:
        """`ivr up` itself dies; Asterisk and the controller live on."""
        if self._up is not None:
            self._up.kill()
            self._up.wait()

    def left_in_asterisk(self) -> list[str]:
        return [f"channel {name} is left" for name in self.channels()] + [
            f"bridge {name} is left" for name in self.bridges()
        ]


@dataclass(slots=True)
class Player:
    """A person's place: the phone that stands there now, and the times when none did."""

    role: str
    party: str
    tone: int
    switch_on: Callable[[], Phone]
    phone: Phone | None = None
    seen: int = 0  # events that the stage has looked at
    absent: list[tuple[float, float]] = field(default_factory=list)
    dying: bool = False  # it is known that its phone is dead, and a new one will come

    @property
    def name(self) -> str:
        return f"{self.role} {self.party}"


class Cast:
    def __init__(self, hotline: SoakHotline, schedule: Schedule) -> None:
        def caller(n: int) -> Callable[[], Phone]:
            return lambda: hotline.caller(f"citizen{n}", tone=CALLER_TONES[n])

        def operator(n: int) -> Callable[[], Phone]:
            return lambda: hotline.operator(str(1001 + n), answers=False, tone=OPERATOR_TONES[n])

        def desk(key: str, route: int, tone: int) -> Callable[[], Phone]:
            return lambda: hotline.desk(key, route, answers=False, tone=tone)

        self.callers = [Player("caller", str(n), CALLER_TONES[n], caller(n)) for n in range(schedule.callers)]
        self.operators = [
            Player("operator", str(1001 + n), OPERATOR_TONES[n], operator(n)) for n in range(schedule.operators)
        ]
        self.desks = [
            Player("department" if key == "gas" else "desk", key, tone, desk(key, route, tone))
            for (key, route), tone in DESK_TONES.items()
        ]
        self.handing_over = Player(
            *("desk", "110", HANDING_OVER),
            lambda: hotline.caller("110", tone=HANDING_OVER, ip=ROUTES["110"][0]),
        )
        self._hotline = hotline

    @property
    def all(self) -> list[Player]:
        return [*self.callers, *self.operators, *self.desks, self.handing_over]

    def switch_on(self) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._switch_on, self.all))

    def _switch_on(self, player: Player) -> None:
        player.phone, player.seen = player.switch_on(), 0

    def die(self, player: Player, seconds: float) -> float:
        """Its phone is dead at once; when it died. A new one is there `seconds` later, or as soon as it can."""
        phone = player.phone
        died = time.time()
        if phone is None:
            return died
        player.dying = True
        phone.die()
        player.absent.append((died, float("inf")))
        time.sleep(seconds)
        deadline = time.monotonic() + AGAIN_SECONDS
        while True:
            with contextlib.suppress(PhoneError, AssertionError):
                self._switch_on(player)
                break
            self._throw_away(player)
            if time.monotonic() > deadline:
                raise PhoneError(f"{player.name} did not come back within {AGAIN_SECONDS:g} s")
            time.sleep(1.0)
        player.absent[-1], player.dying = (died, time.time()), False
        return died

    def _throw_away(self, player: Player) -> None:
        """A phone that was switched on while Asterisk died is in nobody's hands, and would go on registering itself."""
        ours = [one.phone for one in self.all]
        for phone in list(self._hotline.phones):
            if phone.alive and phone not in ours and phone.tone == player.tone:
                phone.die()
