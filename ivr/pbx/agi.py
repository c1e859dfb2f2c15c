"""FastAGI: the dialplan asks, a script of `agi_scripts/` answers, one round trip sets the variables.

panoramisk's server with its faults cured. `AGI_DONE=1` is set last and only on success: everything else, AGISTATUS
included, looks like success to the dialplan even after the controller was killed.
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import pkgutil
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import structlog
from panoramisk.fast_agi import Application, Request

import agi_scripts
from ivr.pbx.agi_lines import AgiError, assignments, read_environment
from ivr.settings import Address, Site

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 1.5  # for the whole conversation; the dialplan gives up at 3
LATE_SECONDS = 1.0  # how long a wish may run on after nobody waits for it
ENVIRONMENT_LIMIT = 1 << 16  # bytes

T = TypeVar("T")


class Answer(Protocol):
    """A frozen dataclass of what the script decided."""

    @property
    def variables(self) -> Mapping[str, str]: ...  # channel variables to set


class Services(Protocol):
    """What the scripts may ask of the rest of the house."""

    async def last_language(self, caller: str) -> str | None: ...
    async def progress(self, call: str, caller: str, digits: str) -> str: ...  # a step, none, wait or late


@dataclass(frozen=True, slots=True)
class Question:
    """`AGI(agi://…/<script>,${CALL_ID},<caller's number>,<number dialled>,<origin>,<Accept-Language>,…)`."""

    site: Site
    services: Services
    call_id: str = ""
    caller: str = ""
    dialled: str = ""
    origin: str = ""
    hint: str = ""
    more: tuple[str, ...] = ()  # further arguments
    variables: Mapping[str, str] = field(default_factory=dict)  # agi_channel, agi_uniqueid, …


Script = Callable[[Question], Awaitable[Answer | None]]


async def within(seconds: float, wish: Awaitable[T]) -> T | None:
    """What is wished for if it comes in time, else None. A failure is logged and is None too: callers do not wait.

    What is late may still end in peace for a second: a database connection that is cut off in mid-query is lost.
    """
    task = asyncio.ensure_future(wish)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be left to look
    try:
        await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not task.done():
        asyncio.get_running_loop().call_later(LATE_SECONDS, task.cancel)
        return None
    if (failure := task.exception()) is not None:
        log.error("agi.wish_failed", exc_info=failure)
        return None
    return task.result()


def scripts() -> dict[str, Script]:
    """Every module of `agi_scripts` with an `answer`, by its name."""
    names = [module.name for module in pkgutil.iter_modules(agi_scripts.__path__)]
    modules = {name: importlib.import_module(f"{agi_scripts.__name__}.{name}") for name in names}
    return {name: module.answer for name, module in modules.items() if hasattr(module, "answer")}


class Conversation(Request):  # type: ignore[misc]  # panoramisk is untyped
    """Reads replies as res_agi writes them; panoramisk takes HANGUP for a reply and loses count."""

    async def send_command(self, command: str) -> dict[str, Any]:
        if any(sign in command for sign in "\r\n\0"):
            raise AgiError("bad_value", "FastAGI: a command holds a line break or NUL")
        reply: dict[str, Any] = await super().send_command(command)
        return reply

    async def _read_result(self) -> dict[str, Any]:
        text = await self._line()
        while text == "HANGUP":  # out of band, whenever the caller hangs up
            text = await self._line()
        if text.startswith("520-"):  # a usage, up to its own end line
            while not (await self._line()).startswith("520 "):
                pass
        code, _, rest = text.partition(" ")
        found = re.match(r"result=(\S*)(?: \((.*)\))?", rest)
        return {
            "status_code": int(code[:3]) if code[:3].isdigit() else 0,
            "result": (found[1], found[2] or "") if found else ("", ""),
            "msg": text,
        }

    async def _line(self) -> str:
        try:
            line: bytes = await self.reader.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            raise AgiError("gone", "FastAGI: Asterisk closed the connection before its reply") from None
        return line.decode("utf-8", "replace").rstrip("\r\n")


class FastAgi(Application):  # type: ignore[misc]
    """The server. Make it where the event loop runs.

    `mark` gives Asterisk's own word: who does not begin its unique id with it is not our Asterisk, and gets nothing.
    `counters` count (script, outcome): answered, late, failed (its own error), bad_value, unknown (no such script),
    refused (by Asterisk), gone, and what is no question of ours: forged, stranger, noise.
    """

    def __init__(
        self,
        address: Address,
        site: Site,
        services: Services,
        mark: Callable[[], str],
        *,
        routes: Mapping[str, Script] | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self.address, self.site, self.services, self.mark, self.seconds = address, site, services, mark, seconds
        self.counters: Counter[tuple[str, str]] = Counter()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[Any]] = set()
        for name, script in (scripts() if routes is None else routes).items():
            self.add_route(name, script)

    async def start(self) -> None:
        """Raises OSError if the port is taken."""
        host, port = self.address.host, self.address.port
        self._server = await asyncio.start_server(self.handler, host, port, limit=ENVIRONMENT_LIMIT, backlog=1024)

    @property
    def port(self) -> int:
        """Where it listens, once started (`address.port` 0: any free one)."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server is not None else 0

    @property
    def conversations(self) -> int:
        """How many run now."""
        return len(self._open)

    async def stop(self) -> None:
        """Close the door and end the conversations that are left."""
        if self._server is None:
            return
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def handler(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation. Nothing that a peer does gets further than this."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        talk = _Talk()
        try:
            async with asyncio.timeout(self.seconds):
                await self._converse(reader, writer, talk)
            outcome = "answered"
        except AgiError as error:
            outcome = error.id
            log.warning("agi.no_answer", script=talk.script, call=talk.call_id, why=error.message)
        except TimeoutError:
            outcome = "late"
            log.warning("agi.no_answer", script=talk.script, call=talk.call_id, why=f"not within {self.seconds:g} s")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            outcome = "gone" if talk.script else "noise"
        finally:
            self._open.discard(task)
            writer.close()
        self.counters[talk.script, outcome] += 1
        with suppress(OSError):
            await writer.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, talk: _Talk) -> None:
        variables = read_environment((await reader.readuntil(b"\n\n"))[:-1])
        if not variables.get("agi_uniqueid", "").startswith(f"{self.mark()}-"):
            raise AgiError("stranger", "FastAGI: the caller is not our Asterisk")
        name = variables.get("agi_network_script", "").partition("?")[0]
        script: Script | None = self._route.get(name)
        if script is None:
            raise AgiError("unknown", f"FastAGI: there is no script {name!r} in agi_scripts")
        talk.script = name
        keys = itertools.takewhile(variables.__contains__, (f"agi_arg_{n}" for n in itertools.count(1)))
        given = [variables[key] for key in keys]
        call_id, caller, dialled, origin, hint = (given + [""] * 5)[:5]
        talk.call_id, more = call_id, tuple(given[5:])
        question = Question(self.site, self.services, call_id, caller, dialled, origin, hint, more, variables)
        try:
            answer = await script(question)
        except Exception as failure:
            log.exception("agi.script_failed", script=name, call=call_id)
            raise AgiError("failed", f"FastAGI: {name} failed: {type(failure).__name__}") from failure
        values = assignments(answer.variables if answer is not None else {})
        reply = await Conversation(self, variables, reader, writer).send_command(f'EXEC MSet "{values}"')
        if reply["status_code"] != 200:
            raise AgiError("refused", f"FastAGI: Asterisk refused MSet: {reply['msg']}")


@dataclass(slots=True)
class _Talk:
    """What is known of a conversation when it ends early."""

    script: str = ""
    call_id: str = ""
