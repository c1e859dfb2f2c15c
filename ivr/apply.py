"""Settings that were changed come into force under a running Asterisk: calls go on, nothing is restarted but Python.

Its files are rendered anew and those that changed are read again by the part of Asterisk that they belong to; then the
supervisor begins anew with the new settings (SIGUSR1), which replaces the controller. What Asterisk reads at its start
alone stays as it was and is named: it waits for the next start (`ivr.settings.held`).
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import structlog

from ivr import credentials, supervisor, system
from ivr.dialplan import held as dialplans
from ivr.dialplan.targets_named import left_alone
from ivr.dialplan.versions import Versions
from ivr.errors import HotlineError
from ivr.pbx import fetch, prompts, render, skills, state
from ivr.settings import Site, held

# In this order: a party before the dialplan that names it. Never `manager reload`: on 22.10.1 it breaks live calls.
RELOADS: Mapping[str, str] = {
    "http.conf": "module reload http",
    "pjsip.conf": "module reload res_pjsip.so",
    "musiconhold.conf": "moh reload",
    "features.conf": "module reload features",
    "queues.conf": "queue reload all",
    "extensions.conf": "dialplan reload",
}
AT_NO_TIME = ("cli.conf",)  # read at a start, made from what `skills` does now
OF_BROWSERS = ("modules.conf", "rtp.conf", "sorcery.conf")  # other than before where the first browser waits
RELOAD_SECONDS = 20.0
KNOWN_SECONDS = 10.0  # until a party that was added is known
LOOK = 0.1
ANSWER_SECONDS = 0.3  # for the answer to leave before the controller is replaced

log = structlog.get_logger(__name__)


class Manager(Protocol):
    """`ivr.pbx.link.Link`, `ivr.pbx.ami.Ami`."""

    async def action(
        self,
        headers: Mapping[str, str | Sequence[str]],
        timeout: float = ...,  # noqa: ASYNC109
    ) -> list[dict[str, str]]: ...


class ApplyError(HotlineError):
    """Nothing has changed, or what had changed was put back."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done: Asterisk's files that changed, keys that wait for its next start, and whether Python follows."""

    files: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    asterisk: bool = True  # one runs
    renewed: bool = False  # the supervisor begins anew

    def as_dict(self) -> dict[str, Any]:
        return {"files": list(self.files), "waiting": list(self.waiting), "renewed": self.renewed}


class Applying:
    """For the pages: what is written into the file, and brought into force, by one at a time."""

    def __init__(self, var: Path, link: Manager) -> None:
        self.writing, self.known = asyncio.Lock(), dict[str, str]()
        self._var, self._link = var, link

    def pending(self, site: Site) -> tuple[bool, tuple[str, ...]]:
        return pending(site, self._var)

    async def apply(self, site: Site) -> Applied:
        """The supervisor is told a moment later: it replaces this process, which has an answer to give before."""
        runs = await asyncio.to_thread(system.find_asterisk, self._var) is not None
        done = await apply(site, self._var, self._link if runs else None)
        supervised = supervisor.keeper_of(self._var / "run") is not None
        if supervised:
            asyncio.get_running_loop().call_later(ANSWER_SECONDS, renew, self._var)
        return replace(done, renewed=supervised)


def pending(site: Site, var: Path) -> tuple[bool, tuple[str, ...]]:
    """Is this (the file's) site in force, and which of its keys wait for Asterisk's next start? None runs: it is."""
    try:
        now = state.read(var)
    except HotlineError:
        return True, ()
    started = system.started_with(site, var)
    return now.site_hash == system.site_hash(site), () if started is None else held.waiting(site, started)


async def apply(site: Site, var: Path, asterisk: Manager | None) -> Applied:
    """Bring the file's `site` into force. Raises ApplyError, AmiError, BusyError (a publish is under way).

    The supervisor is not told yet: `renew` does that. `asterisk`: None where none runs; its next start reads the file.
    """
    if asterisk is None:
        return Applied(asterisk=False)
    started = system.started_with(site, var)
    if started is not None:
        _refuse(held.faults(site, started), held.waiting(site, started))
    merged = system.in_force(site, var)
    secrets, _ = await asyncio.to_thread(credentials.ensure, var, merged)
    await asyncio.to_thread(prompts.ensure, merged, var, lambda words: log.info("settings.prompts", words=words))
    versions = Versions(var)
    with versions.alone():
        _refuse_a_named_target(merged, var, versions)
        wanted = await asyncio.to_thread(_texts, merged, var, secrets, versions)
        files = await _bring_in(wanted, var, asterisk, merged, versions)
    await skills.make_so(asterisk, merged, var)
    state.write(var, replace(state.read(var), site_hash=system.site_hash(site)))
    waiting = () if started is None else held.waiting(site, started)
    known = {*RELOADS, *AT_NO_TIME, *(OF_BROWSERS if held.FIRST_BROWSER in waiting else ())}
    late = tuple(sorted(name for name in files if name not in known))  # another release has other templates
    log.info("settings.applied", files=files, waiting=waiting)
    return Applied(tuple(name for name in files if name in RELOADS), (*waiting, *late))


def renew(var: Path) -> bool:
    """The supervisor begins anew with the settings as they are, and the controller with it. False: there is none."""
    keeper = supervisor.keeper_of(var / "run")
    if keeper is None:
        return False
    os.kill(keeper, signal.SIGUSR1)
    return True


def _refuse(faults: Sequence[str], waiting: Sequence[str]) -> None:
    if faults:
        keys = ", ".join(waiting)
        message = f"these settings need another start of the hotline, because {keys} cannot change before: {faults[0]}"
        raise ApplyError("needs_restart", message, {"waiting": keys, "why": "; ".join(faults)}, 409)


def _refuse_a_named_target(site: Site, var: Path, versions: Versions) -> None:
    """A caller whom the dialplan sends to a target that is gone would fall back into the queue, and nobody knew why."""
    if versions.current is None:
        return
    before = re.findall(
        r"^TARGET_(\w+) *= *\S", (var / "etc/extensions.conf").read_text(encoding="utf-8"), re.MULTILINE
    )
    left = ", ".join(left_alone(versions.files(versions.current), before, site.targets))
    if left:
        message = (
            f"the site's dialplan sends callers to targets that are taken out: {left}; publish it without them first"
        )
        raise ApplyError("target_in_use", message, {"targets": left}, 409)


def _texts(site: Site, var: Path, secrets: credentials.Credentials, versions: Versions) -> dict[str, str]:
    now = state.read(var)
    return render.texts(
        site,
        var.absolute(),
        fetch.find(fetch=False),
        secrets,
        now.mark,
        now.ari_port,
        Path(now.run_dir),
        dialplans=[versions.load_file] if versions.load_file.exists() else [],
    )


async def _bring_in(
    wanted: Mapping[str, str], var: Path, asterisk: Manager, site: Site, versions: Versions
) -> tuple[str, ...]:
    """Write what changed and have it read; if Asterisk does not take it, all is put back. The names that changed."""
    etc = var / "etc"
    old = {name: (etc / name).read_text(encoding="utf-8") for name in wanted}
    new = dict(wanted)
    new["extensions.conf"] = with_the_gone(old["extensions.conf"], new["extensions.conf"])
    changed = tuple(name for name in new if new[name] != old[name])
    written = [name for name in (*RELOADS, *AT_NO_TIME) if name in changed]
    try:
        await _read_again({name: new[name] for name in written}, etc, asterisk)
        await _known(asterisk, site)
        if "extensions.conf" in written and versions.current is not None:
            await dialplans.verify(asterisk, versions.current, etc / "extensions.conf")
    except HotlineError as failure:
        log.error("settings.not_taken", alarm=True, why=failure.message)  # noqa: TRY400
        await _put_back({name: old[name] for name in written}, var, asterisk)
        message = f"Asterisk does not take these settings, and those before are back: {failure.message}"
        raise ApplyError("not_applied", message, {"why": failure.message}, 502) from failure
    return changed


async def _put_back(texts: Mapping[str, str], var: Path, asterisk: Manager) -> None:
    """If Asterisk does not hear that either, nobody knows what it has read: no settings are in force until it is told
    again. Raises ApplyError.
    """
    try:
        await _read_again(texts, var / "etc", asterisk)
    except HotlineError as failure:
        state.write(var, replace(state.read(var), site_hash=""))
        message = (
            f"the files are as before, and Asterisk could not be told to read them again: {failure.message}. "
            "Run `ivr apply` once it answers"
        )
        raise ApplyError("not_put_back", message, {"why": failure.message}, 502) from failure


async def _read_again(texts: Mapping[str, str], etc: Path, asterisk: Manager) -> None:
    for name, text in texts.items():
        await asyncio.to_thread(render.write, etc / name, text)
    for name in texts:
        if name in RELOADS:
            said = await asterisk.action({"Action": "Command", "Command": RELOADS[name]}, RELOAD_SECONDS)
            words = said[0].get("Output", "")
            if "no such" in words.lower() or "fail" in words.lower():
                raise ApplyError("not_applied", f"{RELOADS[name]}: {words.strip()}", {"why": words.strip()}, 502)


async def _known(asterisk: Manager, site: Site) -> None:
    """Asterisk reads parties in a thread of its own: wait until it knows each. Raises ApplyError."""
    wanted = parties(site)
    missing = wanted
    for _ in range(int(KNOWN_SECONDS / LOOK)):
        events = await asterisk.action({"Action": "PJSIPShowEndpoints"}, RELOAD_SECONDS)
        missing = wanted - {one.get("ObjectName", "") for one in events if one.get("Event") == "EndpointList"}
        if not missing:
            return
        await asyncio.sleep(LOOK)
    names = ", ".join(sorted(missing))
    raise ApplyError("not_applied", f"Asterisk does not know {names}", {"why": names}, 502)


def parties(site: Site) -> set[str]:
    """Every endpoint that Asterisk has for this site."""
    found = {*site.operators, *(one.endpoint for one in site.supervisors.values())}
    found |= {trunk.endpoint for trunk in site.trunks.values()}
    return found | {target.endpoint for target in site.targets.values() if target.routes}


def with_the_gone(old: str, new: str) -> str:
    """Globals outlive a reload (extensions.conf, clearglobalvars): one that is gone is said to be empty."""
    gone = [name for name in dict.fromkeys(_globals(old)) if name not in set(_globals(new))]
    head, mark, rest = new.partition("[globals]\n")
    return head + mark + "".join(f"{name} =\n" for name in gone) + rest


def _globals(text: str) -> Iterator[str]:
    section = text.partition("[globals]\n")[2].partition("\n[")[0]
    return (found[1] for found in re.finditer(r"^([A-Za-z_]\w*) *=", section, re.MULTILINE))
