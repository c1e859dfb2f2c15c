"""Which skills an operator works with now. The site gives the skills (hotline.toml); a person may change today's.

Every operator is a dynamic member of the queues of his skills (`q-<skill>`): Asterisk makes him one at its start
(asterisk_conf/cli.conf.j2, from the site and `{var}/skills.json`), so a restart needs no controller; a change is
QueueAdd and QueueRemove, at once, and no running call notices. In `q-overflow` he is for good.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import structlog

from ivr.errors import HotlineError
from ivr.pbx.manager import AmiFailedError
from ivr.settings import Site

Change = tuple[tuple[str, ...], tuple[str, ...]]  # what the site gave when it was made, and what holds since

OVERFLOW = "q-overflow"
FILE = "skills.json"
LOOK_SECONDS = 1.0

log = structlog.get_logger(__name__)


class SkillsError(HotlineError):
    """A change that this operator or this site does not allow."""


class Manager(Protocol):
    """`ivr.pbx.link.Link`."""

    @property
    def state(self) -> str: ...
    @property
    def mark(self) -> str: ...
    async def action(self, headers: Mapping[str, str | Sequence[str]]) -> list[dict[str, str]]: ...


def in_force(site: Site, changed: Mapping[str, Change]) -> dict[str, tuple[str, ...]]:
    """Operator → skills now. A change holds until the site itself gives this operator other skills."""
    found: dict[str, tuple[str, ...]] = {}
    for number, operator in site.operators.items():
        given, now = changed.get(number, ((), ()))
        known = tuple(skill for skill in now if skill in site.skills)
        found[number] = known if known and given == tuple(operator.skills) else tuple(operator.skills)
    return found


def commands(site: Site, var: Path) -> list[str]:
    """Asterisk's console commands that make every operator a member of the queues of his skills."""
    return [
        f"queue add member PJSIP/{number} to q-{skill} penalty 0 as {number} state_interface PJSIP/{number}"
        for number, skills in in_force(site, _read(var)).items()
        for skill in skills
    ]


class Actions(Protocol):
    async def action(self, headers: Mapping[str, str | Sequence[str]]) -> list[dict[str, str]]: ...


async def make_so(asterisk: Actions, site: Site, var: Path) -> None:
    """Every operator of the site is in the queues of his skills and in no other, and nobody else is in any."""
    events = await asterisk.action({"Action": "QueueStatus"})
    there: dict[str, dict[str, dict[str, str]]] = {}
    for event in events:
        if event.get("Event") == "QueueMember":
            there.setdefault(event.get("Location", event.get("Interface", "")), {})[event["Queue"]] = event
    wanted = {f"PJSIP/{number}": skills for number, skills in in_force(site, _read(var)).items()}
    for interface in sorted({*there, *wanted}):
        await _place(asterisk, interface, there.get(interface, {}), wanted.get(interface, ()))


async def _place(
    asterisk: Actions, interface: str, there: Mapping[str, Mapping[str, str]], skills: Iterable[str]
) -> None:
    """He comes into the new queues before he leaves the old: at no moment is he in none."""
    wanted = {f"q-{skill}" for skill in skills}
    pause = next((event for event in there.values() if event.get("Paused") == "1"), {})
    paused = {"Paused": "true", "Reason": pause.get("PausedReason", "")} if pause else {"Paused": "false"}
    number = interface.partition("/")[2]
    for queue in sorted(wanted - there.keys()):
        member = {"Interface": interface, "MemberName": number, "StateInterface": interface, "Penalty": "0"}
        await _order(asterisk, {"Action": "QueueAdd", "Queue": queue, **member, **paused})
    for queue in sorted(there.keys() - wanted - {OVERFLOW}):
        await _order(asterisk, {"Action": "QueueRemove", "Queue": queue, "Interface": interface})


async def _order(asterisk: Actions, headers: Mapping[str, str]) -> None:
    with suppress(AmiFailedError):  # there already, or gone already
        await asterisk.action(headers)


class Skills:
    """`now`, `await change(…)`; `await keep_in_force()` for ever: what could not be told to Asterisk is told again."""

    def __init__(self, link: Manager, site: Site, var: Path) -> None:
        self._link, self._site, self._var = link, site, var
        self._changed = _read(var)
        self._now = in_force(site, self._changed)
        self._untold: set[str] = set()
        self._lock = asyncio.Lock()

    @property
    def now(self) -> Mapping[str, tuple[str, ...]]:
        return self._now

    async def change(self, number: str, skills: Iterable[str]) -> tuple[str, ...]:
        """From now on, and after every restart. Raises SkillsError, or AmiError: then it is told to Asterisk later."""
        wanted = self.allowed(number, skills)
        async with self._lock:
            self._changed = {**self._changed, number: (tuple(self._site.operators[number].skills), wanted)}
            self._now = {**self._now, number: wanted}
            self._untold.add(number)
            await asyncio.to_thread(_write, self._var, self._changed)
            await self._tell(number)
        return wanted

    def allowed(self, number: str, skills: Iterable[str]) -> tuple[str, ...]:
        """The skills in order and without doubles. Raises SkillsError."""
        if number not in self._site.operators:
            message = f"there is no operator {number}; hotline.toml names them under [[operators]]"
            raise SkillsError("unknown_operator", message, {"operator": number}, 404)
        wanted = tuple(sorted(set(skills)))
        for skill in wanted:
            if skill not in self._site.skills:
                known = ", ".join(self._site.skills)
                message = f"no queue is there for the skill {skill}; the site's skills are {known}"
                raise SkillsError("unknown_skill", message, {"skill": skill, "known": known}, 422)
        if not wanted:
            message = f"operator {number} needs at least one skill; to give him no calls, pause him"
            raise SkillsError("no_skill", message, {"operator": number}, 422)
        return wanted

    async def keep_in_force(self) -> None:
        """An Asterisk that started with the file of a moment before, or that did not answer, is told again."""
        mark = ""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._link.state != "up":
                continue
            async with self._lock:
                if self._link.mark != mark:
                    mark = self._link.mark
                    self._untold.update(self._changed.keys() & self._now.keys())
                try:
                    for number in sorted(self._untold):
                        await self._tell(number)
                except HotlineError as failure:
                    log.warning("skills.not_told", why=failure.message)

    async def _tell(self, number: str) -> None:
        interface = f"PJSIP/{number}"
        members = await self._link.action({"Action": "QueueStatus", "Member": interface})
        there = {event["Queue"]: event for event in members if event.get("Event") == "QueueMember"}
        await _place(self._link, interface, there, self._now[number])
        self._untold.discard(number)


def _read(var: Path) -> dict[str, Change]:
    try:
        told = json.loads((var / FILE).read_text(encoding="utf-8"))
        return {number: (tuple(one["given"]), tuple(one["now"])) for number, one in told.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as failure:
        log.warning("skills.unreadable", file=str(var / FILE), why=str(failure))
        return {}


def _write(var: Path, changed: Mapping[str, Change]) -> None:
    """Whole or not at all."""
    told = {number: {"given": given, "now": now} for number, (given, now) in changed.items()}
    draft = var / f".{FILE}.{os.getpid()}"
    draft.write_text(json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
    draft.replace(var / FILE)
