"""`GET /api/v1/health/findings`: what `ivr doctor` says, and the figures beside it, for the page of the administrator.

The doctor is a process of its own at a low priority: he reads every prompt, asks Asterisk's console and follows
the audit log's whole chain, and no call's order waits for that. However many ask, he looks once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import structlog
from aiohttp import web

from ivr.settings import Site
from ivr.store.export import instant
from ivr.web.context import SERVICES, Asked, Services

GOOD = 5.0  # seconds that a look is good for; and at least as long as REST times what it took
REST = 2
PATIENCE = 60.0  # seconds for a look
NICE = 5  # of nice(2): calls come first
NO_FACTS: dict[str, Any] = {"processes": [], "versions": {}, "disks": [], "certificates": []}

log = structlog.get_logger(__name__)


class Checkup:
    """`await look()`: the newest look, or one that is young enough."""

    def __init__(self, site: Site, var: Path, ivr: Sequence[str]) -> None:
        self._command = (*ivr, "--site", site.path, "--var", str(var), "doctor", "--json")
        self._lock = asyncio.Lock()
        self._known: dict[str, Any] | None = None
        self._until = 0.0
        self._process: asyncio.subprocess.Process | None = None

    async def look(self) -> dict[str, Any]:
        async with self._lock:  # many who ask at once cost one look
            if self._known is None or time.monotonic() >= self._until:
                began = time.monotonic()
                told = await self._examine()
                took = time.monotonic() - began
                self._known = {"at": instant(datetime.now(UTC)), "seconds": round(took, 1), **told}
                self._until = time.monotonic() + max(GOOD, REST * took)
            return self._known

    async def _examine(self) -> dict[str, Any]:
        """A doctor who cannot say anything is a finding too."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*self._command, stdout=pipe, stderr=pipe)
        self._process = process
        try:
            with contextlib.suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
            async with asyncio.timeout(PATIENCE):
                out, complaint = await process.communicate()
            told = orjson.loads(out)
            return {"findings": told["findings"], **NO_FACTS, **told["facts"]}
        except TimeoutError:
            why = f"{PATIENCE:g} s"
        except (orjson.JSONDecodeError, KeyError, TypeError):
            why = complaint.decode("utf-8", "replace").strip()[-500:] or f"exit code {process.returncode}"
        finally:
            await self._end(process)
        log.error("web.no_checkup", why=why)
        return {"findings": [_silent(why)], **NO_FACTS}

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def close(self) -> None:
        if self._process is not None:
            await self._end(self._process)


def _silent(why: str) -> dict[str, Any]:
    return {
        "id": "doctor",
        "level": "problem",
        "words": {"zh": f"检查程序没有给出结果：{why}", "en": f"the doctor said nothing: {why}"},
        "mend": {"zh": "在服务器上运行 ivr doctor", "en": "run `ivr doctor` on the machine itself"},
    }


CHECKUP: web.AppKey[Checkup] = web.AppKey("checkup", Checkup)


async def kept(app: web.Application) -> AsyncIterator[None]:
    """aiohttp's `cleanup_ctx`: no doctor looks on for a server that has ended."""
    services = app[SERVICES]
    checkup = app[CHECKUP] = Checkup(services.site, services.var, services.ivr)
    yield
    await checkup.close()


async def shown(asked: Asked) -> dict[str, Any]:
    looked = await asked.request.app[CHECKUP].look()
    return {"checkup": {**looked, **_now(asked.services)}}


def _now(services: Services) -> dict[str, Any]:
    """Of this moment: what the controller knows by itself."""
    live, site = services.live.snapshot(), services.site
    return {
        "connected": live.connected,
        "journal": {"lag_seconds": round(services.health.lag_seconds, 2), "refused": services.health.refused},
        "trunks": [{"key": trunk.key, "match": list(trunk.match)} for trunk in site.trunks.values()],
        "targets": [
            {
                "key": target.key,
                "name": dict(target.name),
                "emergency": target.emergency,
                "reachable": live.targets[target.key].reachable if target.key in live.targets else None,
                "routes": dict(live.targets[target.key].routes) if target.key in live.targets else {},
            }
            for target in site.targets.values()
        ],
    }
