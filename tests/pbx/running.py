"""A running hotline for a test: started and ended as a user does it, and everything that can be asked of it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from ivr.calls.model import Call
from ivr.pbx import fetch
from ivr.pbx.prompts.measured import measured
from ivr.store import Store
from tests.pbx import sites

ROOT = Path(__file__).parents[2]
START_SECONDS = 180.0  # the first start speaks every prompt
STOP_SECONDS = 60.0
PATIENCE = 30.0  # seconds that only bound a failure: a busy machine may need them
LOG_SECONDS = 30.0  # rtp_timeout and the journal's way into the database lie within

QUALIFY_SECONDS = 1.8  # a little more than qualify_timeout
LATE_SECONDS = 0.7  # qualify_timeout less the last of the question's repetitions

T = TypeVar("T")


NO_ETHERNET = "No ethernet interface found"  # the console's first words in a network that has loopback alone


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any  # decoded JSON, or text where it is none
    headers: Mapping[str, str]


class Running:
    """One running hotline; `changes` are laid over the test site's tables (sites.py)."""

    def __init__(self, folder: Path, changes: sites.Table | None = None) -> None:
        self.tables = sites.site(changes)
        self.var, self.site_file = folder / "var", folder / "hotline.toml"
        folder.mkdir(parents=True, exist_ok=True)
        self.site_file.write_text(sites.to_toml(self.tables), encoding="utf-8")
        self.number: str = self.tables["hotline"]["number"]
        self.server: str = self.tables["listen"]["sip"]
        secure = self.tables.get("tls", {})
        self.web = f"http{'s' if secure.get('web') else ''}://{self.tables['listen']['web']}"
        self._trust = ssl.create_default_context(cafile=secure.get("ca"))
        self.uri = f"sip:{self.number}@{self.server}"
        self.log = folder / "up.log"
        self.program = ["-m", "ivr"]  # arguments of Python
        self.environment: dict[str, str] = {}  # of the processes, beside our own
        self._up: subprocess.Popen[bytes] | None = None

    # — running ———————————————————————————————————————————————————————————————————————————————————————————————————————

    spoken: ClassVar[Path | None] = None  # prompts of the first that ran: speaking takes seconds, a copy does not

    def start(self) -> Self:
        if Running.spoken is not None and Running.spoken.is_dir() and not (self.var / "prompts").exists():
            self.var.mkdir(mode=0o700, exist_ok=True)
            shutil.copytree(Running.spoken, self.var / "prompts", symlinks=True, dirs_exist_ok=True)
        with self.log.open("ab") as log:
            self._up = subprocess.Popen(
                [sys.executable, *self.program, "--site", str(self.site_file), "--var", str(self.var), "up"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # Unbuffered: what it says must be in the log when a test fails.
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self.environment},
            )
        try:
            self.wait_healthy(START_SECONDS)
        except BaseException:
            self.stop()
            raise
        self._keep_prompts()
        return self

    def _keep_prompts(self) -> None:
        """For those that start later, in other processes too where `spoken` names a place that they share."""
        if Running.spoken is None:
            Running.spoken = self.var / "prompts"
        elif not Running.spoken.exists():
            with contextlib.suppress(FileExistsError):  # another keeps them
                (Running.spoken.parent / "keeping").mkdir()
                draft = Path(tempfile.mkdtemp(dir=Running.spoken.parent)) / "prompts"
                shutil.copytree(self.var / "prompts", draft, symlinks=True)
                measured(draft.parent, sorted(draft.glob("*/*.wav")))  # or each doctor would, with 178 processes
                draft.rename(Running.spoken)

    def wait_healthy(self, timeout: float = 2 * PATIENCE) -> None:
        def healthy() -> bool:
            if self._up is None or self._up.poll() is not None:
                raise AssertionError(f"`ivr up` ended:\n{self.last_words()}")
            with contextlib.suppress(OSError):
                return self.api("GET", "/healthz").status == 200
            return False

        eventually(healthy, timeout, lambda: f"{self.web}/healthz never was 200:\n{self.last_words()}")

    def stop(self) -> None:
        """End it as Ctrl-C does; what does not end by itself is killed, and that is an error."""
        if self._up is None:
            return
        left = [pid for pid in (self.asterisk_pid, self.controller_pid) if pid]
        with contextlib.suppress(ProcessLookupError):
            self._up.send_signal(signal.SIGINT)
        try:
            self._up.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._up.kill()
            self._up.wait()
        self._up = None
        alive = [pid for pid in left if _runs_from(pid, self.var)]
        for pid in alive:
            os.kill(pid, signal.SIGKILL)
        assert not alive, f"`ivr up` ended and left processes {alive}:\n{self.last_words()}"

    @property
    def asterisk_pid(self) -> int | None:
        return self._pid("asterisk.pid")

    @property
    def controller_pid(self) -> int | None:
        return self._pid("controller.pid")

    def _pid(self, name: str) -> int | None:
        with contextlib.suppress(OSError, ValueError, LookupError):  # a pid file is empty for a moment
            folder = Path(json.loads((self.var / "run/state.json").read_text())["run_dir"])
            for place in (folder / name, self.var / "run" / name):
                if place.exists():
                    return int(re.findall(r"\d+", place.read_text())[0])
        return None

    def last_words(self) -> str:
        """The ends of the logs, for the message of a failed test."""
        logs = [self.log, self.var / "log/controller.out", self.var / "log/asterisk/console.log"]
        return "\n".join(f"— {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in logs if log.exists())

    def calls_in_asterisk(self) -> str:
        """Each channel and bridge, and how many RTP packets came and went, for the message of a failed test."""
        with contextlib.suppress(AssertionError, OSError, subprocess.SubprocessError):
            said = [self.asterisk(f"bridge show {bridge}") for bridge in self.bridges()]
            said += [self.asterisk(f"core show channel {channel}") for channel in self.channels()]
            return "\n".join([self.asterisk("pjsip show channelstats"), *said])
        return "Asterisk does not answer"

    # — asking ————————————————————————————————————————————————————————————————————————————————————————————————————————

    @property
    def credentials(self) -> dict[str, Any]:
        return tomllib.loads((self.var / "credentials.toml").read_text(encoding="utf-8"))

    def api(
        self,
        method: str,
        path: str,
        json_body: Any = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> Answer:
        """An HTTP request; `/api/…` carries the system administrator's token unless another is given ("" for none)."""
        if token is None and path.startswith("/api/"):
            token = self.credentials["api"]["token"]
        request = urllib.request.Request(self.web + path, method=method, headers=dict(headers or {}))
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if json_body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(json_body).encode()
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE, context=self._trust) as response:
                return _answer(response.status, response.read(), response.headers)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return _answer(refusal.code, refusal.read(), refusal.headers)

    def cli(self, *arguments: str, check: bool = True) -> str:
        """What `ivr …` prints for this hotline."""
        command = [sys.executable, "-m", "ivr", "--site", str(self.site_file), "--var", str(self.var), *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=4 * PATIENCE)
        assert not check or done.returncode == 0, f"ivr {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def asterisk(self, command: str) -> str:
        """What Asterisk's own console answers."""
        conf = str(self.var / "etc/asterisk.conf")
        arguments = [*fetch.find(fetch=False).command, "-C", conf, "-rx", command]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=2 * PATIENCE)
        assert done.returncode == 0, f"Asterisk did not answer `{command}`: {done.stdout}{done.stderr}"
        lines = done.stdout.splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith(NO_ETHERNET))

    def channels(self) -> list[str]:
        """Names of the channels that Asterisk has now."""
        lines = self.asterisk("core show channels concise").splitlines()
        return [line.partition("!")[0] for line in lines if "!" in line]

    def bridges(self) -> list[str]:
        return [line.split()[0] for line in self.asterisk("bridge show all").splitlines()[1:] if line.strip()]

    def wait_contact(self, endpoint: str, uri: str, there: bool = True, *, new: bool = False) -> None:
        """Wait until Asterisk knows that a contact answers its OPTIONS, or that it does not; it is asked to look now.

        By itself it looks every 5 s, so a phone that has just been switched on or died is known a while as it was.
        A contact that is registered no more is not there either: its phone was switched off and said goodbye.
        `new`: Asterisk knows of it from its phone alone, so it has asked nothing before the phone was there.
        """
        digest = hashlib.md5(uri.encode(), usedforsecurity=False).hexdigest()[:10]  # as the console shows a contact
        wanted = "Avail" if there else "Unavail"
        asked = 0.0

        def known() -> bool:
            # Not more often than OPTIONS time out: a late time-out of an old question would hide the new answer.
            nonlocal asked
            if time.monotonic() - asked > QUALIFY_SECONDS:
                self.asterisk(f"pjsip qualify {endpoint}")
                asked = time.monotonic()
            lines = [line.split() for line in self.asterisk("pjsip show contacts").splitlines() if digest in line]
            return any(wanted in line for line in lines) or not (there or lines)

        def complaint() -> str:
            return f"{uri} never was {wanted}:\n{self.asterisk('pjsip show contacts')}"

        eventually(known, PATIENCE, complaint)
        if there and not new:
            # An OPTIONS that left before the phone was there may still time out, and be believed for five seconds.
            time.sleep(LATE_SECONDS)
            eventually(known, PATIENCE, complaint)

    def calls(self, limit: int = 50, **filters: Any) -> list[Call]:
        """The call log, newest first, as the database has it (`ivr.store.Store.calls`)."""

        async def read() -> list[Call]:
            store = Store(self.tables["database"]["url"].replace("{var}", str(self.var)))
            await store.open()
            try:
                return await store.calls(limit, **filters)
            finally:
                await store.close()

        with ThreadPoolExecutor(1) as pool:  # the caller may stand in an event loop of its own
            return pool.submit(asyncio.run, read()).result()

    def began(self, caller: str) -> float:
        """When the caller's newest call began, as far as that is known: the log may not have it yet."""
        return 0.0

    def call_of(self, caller: str, ended: bool = True, timeout: float = LOG_SECONDS) -> Call:
        """A caller's newest call in the log; with `ended`, once it is over there."""
        since = self.began(caller)

        def found() -> Call | None:
            newest = next(iter(self.calls(1, caller=caller)), None)
            if newest is None or newest.entered_at.timestamp() < since:
                return None
            return newest if not ended or newest.ended_at is not None else None

        return eventually(found, timeout, lambda: f"no {'ended ' if ended else ''}call of {caller} came into the log")


def eventually(look: Callable[[], T | None], timeout: float, complaint: Callable[[], str]) -> T:
    """Look again until something true is seen; the complaint is the failure's message."""
    deadline = time.monotonic() + timeout
    while not (found := look()):
        assert time.monotonic() < deadline, complaint()
        time.sleep(0.05)
    return found


def _answer(status: int, body: bytes, headers: Any) -> Answer:
    try:
        decoded = json.loads(body)
    except ValueError:
        decoded = body.decode(errors="replace")
    return Answer(status, decoded, dict(headers.items()))


def _runs_from(pid: int, var: Path) -> bool:
    """Whether the process still lives and is ours: its command line names our var folder."""
    with contextlib.suppress(OSError):
        return os.fsencode(var) in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False
