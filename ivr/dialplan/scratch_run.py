"""How a scratch Asterisk is started and found again. `ivr.dialplan.scratch` uses it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
import sys
import time
from pathlib import Path

from ivr import credentials, ports, processes
from ivr.dialplan.scratch_site import Plan, scratch_site
from ivr.errors import HotlineError
from ivr.pbx import debian, fetch, programs, prompts, render, routing, state
from ivr.processes import Process
from ivr.settings import Site

IDLE = 600.0  # seconds without use, then it ends
START_SECONDS = 40.0
LANES = 3  # 60 MB each while they are warm


class ScratchError(HotlineError):
    """No scratch Asterisk: it cannot be started, or others use it."""


def folders(var: Path) -> list[Path]:
    """Where the scratch Asterisks stand: so many can be used at once."""
    found = [var.absolute() / "scratch" / str(n + 1) for n in range(LANES)]
    for here in found:
        here.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


def cheapest(found: list[Path], site: Site, clock: float, asterisk: fetch.Installation) -> list[Path]:
    """Those first that run as they are wanted, then those that do not run."""

    def cost(here: Path) -> int:
        return 0 if running(site, here, clock, asterisk) else 1 if keeper(here) is None else 2

    return sorted(found, key=cost)


def running(site: Site, here: Path, clock: float, asterisk: fetch.Installation) -> Plan | None:
    """The plan of the one that runs, if it is what this site needs now."""
    try:
        wanted, shown = (here / "made").read_text(encoding="utf-8").split("\n", 1)
        plan = Plan.from_json((here / "plan.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    alive = keeper(here) is not None and _asterisk(here) is not None
    fits = wanted == _fingerprint(site, asterisk) and abs(float(shown) - clock) < 30
    return plan if alive and fits else None


def keeper(here: Path) -> Process | None:
    return processes.left_running(here / "keeper.pid", str(here), "ivr.dialplan.keeper")


def _asterisk(here: Path) -> Process | None:
    with contextlib.suppress(state.StateError):
        run = Path(state.read(here).run_dir)
        return processes.left_running(run / "asterisk.pid", "-C", str(here / "etc/asterisk.conf"))
    return None


def _fingerprint(site: Site, asterisk: fetch.Installation) -> str:
    """Of all that the scratch Asterisk's files are made from, dialplans left out."""
    sources = [*sorted(render.TEMPLATES.glob("*.j2")), Path(render.__file__)]
    templates = b"".join(path.read_bytes() for path in sources)
    return hashlib.sha256(f"{site}{asterisk.version}{sys.executable}".encode() + templates).hexdigest()


async def start(site: Site, var: Path, here: Path, clock: float, asterisk: fetch.Installation) -> Plan:
    """Start it anew, whatever is left of an earlier one. Raises ScratchError."""
    left = [process for process in (keeper(here), _asterisk(here)) if process is not None]
    for process in left:
        await process.end(2.0)
    for stale in ("log", "journal", "recordings", "lib", "spool", "etc"):
        shutil.rmtree(here / stale, ignore_errors=True)
    plan = Plan.free(site, here)
    made = scratch_site(site, plan)
    run = state.run_dir(here)
    for old in ("asterisk.ctl", "asterisk.pid"):
        (run / old).unlink(missing_ok=True)
    now = state.State(state.new_mark(), ports.any_free(), str(run), "")
    secrets, _ = credentials.ensure(here, made)
    for shared in ("prompts", "moh"):
        (here.parent / shared).mkdir(mode=0o700, exist_ok=True)
        link = here / shared
        if not link.is_symlink():
            link.symlink_to(Path("..") / shared)
    conf = render.render(made, here, asterisk, secrets, now.mark, now.ari_port, run, scratch=True)
    state.write(here, now)
    routing.publish(made, here)
    (here / "plan.json").write_text(plan.as_json(), encoding="utf-8")
    (here / "made").write_text(f"{_fingerprint(site, asterisk)}\n{clock}", encoding="utf-8")
    command = [*_with_clock(clock), *_ends_with_us(), *asterisk.command, "-C", str(conf), "-f"]
    kept = processes.launch(
        [sys.executable, "-m", "ivr.dialplan.keeper", str(here), str(IDLE), *command], here / "console.log", here
    )
    (here / "keeper.pid").write_text(str(kept.pid), encoding="utf-8")
    until = time.monotonic() + START_SECONDS
    while ports.is_free(made.listen.ami, ports.TCP) or _asterisk(here) is None:
        if not kept.alive or time.monotonic() > until:
            said = tail(here / "console.log", 0)[-600:] + tail(here / "log/asterisk/messages.log", 0)[-600:]
            raise ScratchError("scratch", f"the scratch Asterisk did not start:\n{said}")
        await asyncio.sleep(0.02)
    return plan


def speak(site: Site, var: Path) -> int:
    """Make the draft's prompts, which are copied from the running hotline's to begin with; how many were made anew."""
    root = var.absolute() / "scratch"
    if not (root / "prompts/manifest.json").is_file() and (var / "prompts/manifest.json").is_file():
        shutil.copytree(var / "prompts", root / "prompts", dirs_exist_ok=True)
    with debian.one_at_a_time(root / "prompts"):
        return prompts.ensure(site, root, lambda _: None)


def _with_clock(clock: float) -> list[str]:
    if not clock:
        return []
    return ["env", f"LD_PRELOAD={programs.faketime()}", f"FAKETIME={clock:+.0f}s", "FAKETIME_DONT_FAKE_MONOTONIC=1"]


def _ends_with_us() -> list[str]:
    """The kernel ends Asterisk when its keeper is killed (prctl(2), PR_SET_PDEATHSIG)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def tail(path: Path, read_from: int) -> str:
    try:
        with path.open("rb") as file:
            file.seek(read_from)
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
