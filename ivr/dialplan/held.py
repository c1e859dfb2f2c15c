"""What Asterisk really holds, against what was published: every context, every step, and the version's own mark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from ivr.dialplan import naming, source
from ivr.dialplan.model import Dialplan
from ivr.errors import HotlineError

REGISTRAR = "pbx_config"  # who has put it there; other modules have contexts of their own
SHOWN = 5  # differences that a message names
SHOW_SECONDS = 10.0
RELOAD_SECONDS = 20.0

Held = Mapping[tuple[str, str, int], tuple[str, str]]
"""(context, extension, priority) → (application, arguments)."""


class Manager(Protocol):
    async def action(self, headers: Mapping[str, str], timeout: float = ...) -> list[dict[str, str]]: ...  # noqa: ASYNC109


class NotHeldError(HotlineError):
    """Asterisk holds something else than was published."""

    def __init__(self, what: str, **details: object) -> None:
        super().__init__("not_in_force", what, details, 502)


async def reload(asterisk: Manager) -> None:
    """Have it read its dialplans again. Raises NotHeldError where it does not take them, AmiError."""
    said = await asterisk.action({"Action": "Command", "Command": "dialplan reload"}, RELOAD_SECONDS)
    words = said[0].get("Output", "")
    if "reloaded" not in words.lower():
        raise NotHeldError(f"Asterisk does not take the dialplans: {words.strip() or 'it says nothing'}", said=words)


async def version(asterisk: Manager) -> int | None:
    """The version that new calls run on now, as Asterisk itself has it; None where it was started without any."""
    said = await asterisk.action({"Action": "Getvar", "Variable": naming.VARIABLE})
    word = said[0].get("Value", "").removeprefix("v").removesuffix("-")
    return int(word) if word.isdecimal() else None


async def held(asterisk: Manager) -> Held:
    frames = await asterisk.action({"Action": "ShowDialPlan"}, SHOW_SECONDS)
    return dict(_steps(frames))


def _steps(frames: Iterable[Mapping[str, str]]) -> Iterator[tuple[tuple[str, str, int], tuple[str, str]]]:
    for frame in frames:
        if frame.get("Event") == "ListDialplan" and frame.get("Registrar") == REGISTRAR and "Priority" in frame:
            priority = frame["Priority"]
            if priority.isdecimal():  # else a hint
                place = (frame.get("Context", ""), frame.get("Extension", ""), int(priority))
                yield place, (frame.get("Application", ""), frame.get("AppData", ""))


def wanted(dialplan: Dialplan) -> Held:
    """What Asterisk makes of these files: of two steps at one place it keeps the first."""
    steps: dict[tuple[str, str, int], tuple[str, str]] = {}
    for step in dialplan.steps():
        extension = step.extension if step.caller is None else f"{step.extension}/{step.caller}"
        steps.setdefault((step.context, extension, step.priority), (step.application, step.arguments))
    return steps


def differences(found: Held, right: Held) -> Iterator[str]:
    """Each place that is not as it should be, in words. Pure."""
    for place in sorted({*found, *right}):
        if found.get(place) != right.get(place):
            yield f"{','.join(map(str, place))}: {_told(found.get(place))} instead of {_told(right.get(place))}"


def _told(step: tuple[str, str] | None) -> str:
    return f"{step[0]}({step[1]})" if step is not None else "nothing"


async def verify(asterisk: Manager, number: int, extensions_conf: Path) -> None:
    """Raises NotHeldError, AmiError."""
    running = await version(asterisk)
    if running != number:
        raise NotHeldError(f"Asterisk runs version {running or 'none'}, not {number}", running=running, wanted=number)
    wrong = list(differences(await held(asterisk), wanted(source.read([extensions_conf]))))
    if wrong:
        more = f", and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        message = f"Asterisk holds other steps than were published: {'; '.join(wrong[:SHOWN])}{more}"
        raise NotHeldError(message, differences=wrong[:100])
