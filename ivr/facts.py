"""What an engineer wants to know of a running system beside the doctor's findings: its processes, versions, disks and
certificates, as plain figures. Nothing here judges; that is the doctor's.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import shutil
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ivr import machine, supervisor, system
from ivr.dialplan.versions import Versions
from ivr.errors import HotlineError
from ivr.pbx import fetch
from ivr.processes import birth
from ivr.settings import Site, tls

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def facts(site: Site, var: Path) -> dict[str, Any]:
    """Plain values for JSON; times in UTC (ISO 8601), sizes in bytes. Blocks, for some milliseconds."""
    pbx, controller = system.find_asterisk(var), system.find_controller(var)
    pids = {
        "asterisk": pbx.pid if pbx is not None else None,
        "controller": controller.pid if controller is not None else None,
        "supervisor": supervisor.keeper_of(var / "run"),
    }
    return {
        "processes": [_process(name, pid) for name, pid in pids.items()],
        "versions": _versions(var),
        "disks": [_disk(name, place, there) for name, place, there in machine.disks(site, var)],
        "certificates": [] if site.tls is None else _certificate(site.tls.certificate),
    }


def _process(name: str, pid: int | None) -> dict[str, Any]:
    """`since` and `memory` (what it holds in RAM) are None where it does not run, or ended this moment."""
    if pid is None:
        return {"name": name, "pid": None, "since": None, "memory": None}
    return {"name": name, "pid": pid, "since": _began(pid), "memory": _memory(pid)}


def _began(pid: int) -> str | None:
    ticks = birth(pid)
    boot = next(
        line for line in Path("/proc/stat").read_text(encoding="utf-8").splitlines() if line.startswith("btime")
    )
    if ticks is None:
        return None
    return _iso(int(boot.split()[1]) + int(ticks) / os.sysconf("SC_CLK_TCK"))


def _memory(pid: int) -> int | None:
    with contextlib.suppress(OSError, StopIteration, ValueError):
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) * 1024
    return None


def _versions(var: Path) -> dict[str, str | None]:
    from ivr.store import migrate  # noqa: PLC0415  slow to import, and only this needs it

    asterisk = None
    with contextlib.suppress(HotlineError):
        asterisk = ".".join(map(str, fetch.find(fetch=False).version))
    current = Versions(var).current
    return {
        "hotline": _own_version(),
        "asterisk": asterisk,
        "dialplans": None if current is None else str(current),
        "database": migrate.HEAD,
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _own_version() -> str | None:
    with contextlib.suppress(OSError):
        return str(tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"])
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version("hotline-ivr")
    return None


def _disk(name: str, place: Path, there: Path) -> dict[str, Any]:
    usage = shutil.disk_usage(there)
    return {"name": name, "path": str(place), "free": usage.free, "size": usage.total}


def _certificate(path: str) -> list[dict[str, Any]]:
    try:
        begins, ends = tls.validity_of(path)
    except (OSError, ValueError):
        return [{"path": path, "begins": None, "ends": None}]
    return [{"path": path, "begins": begins.isoformat(), "ends": ends.isoformat()}]


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
