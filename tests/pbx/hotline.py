"""A whole hotline for a test: started as a user starts it, driven by real phones, asked what it remembers."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ivr.calls.model import Call
from ivr.pbx import fetch
from ivr.store import Store
from tests.pbx import sites
from tests.phones import Phone, RawCaller, Registration
from tests.phones.tones import Tone

ROOT = Path(__file__).parents[2]
START_SECONDS = 90.0  # the first start speaks every prompt
STOP_SECONDS = 20.0
CLEAN_SECONDS = 8.0  # rtp_timeout and the journal's way into the database lie within
OPERATOR_TONES = ("operator", "operator2", "operator3")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any  # decoded JSON, or text where it is none
    headers: Mapping[str, str]


class Hotline:
    """One running hotline; `changes` are laid over the test site's tables (sites.py)."""

    def __init__(self, folder: Path, changes: sites.Table | None = None) -> None:
        self.tables = sites.site(changes)
        self.var, self.site_file = folder / "var", folder / "hotline.toml"
        folder.mkdir(parents=True, exist_ok=True)
        self.site_file.write_text(sites.to_toml(self.tables), encoding="utf-8")
        self.number: str = self.tables["hotline"]["number"]
        self.server: str = self.tables["listen"]["sip"]
        self.web = f"http://{self.tables['listen']['web']}"
        self.uri = f"sip:{self.number}@{self.server}"
        self.phones: list[Phone] = []
        self.raw_callers: list[RawCaller] = []
        self.log = folder / "up.log"
        self._forgiven: set[str] = set()  # calls that a failed test left without an end
        self._up: subprocess.Popen[bytes] | None = None

    # — running ———————————————————————————————————————————————————————————————————————————————————————————————————————

    def start(self) -> Hotline:
        with self.log.open("ab") as log:
            self._up = subprocess.Popen(
                [sys.executable, "-m", "ivr", "--site", str(self.site_file), "--var", str(self.var), "up"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.wait_healthy(START_SECONDS)
        except BaseException:
            self.stop()
            raise
        return self

    def wait_healthy(self, timeout: float = 20.0) -> None:
        def healthy() -> bool:
            if self._up is None or self._up.poll() is not None:
                raise AssertionError(f"`ivr up` ended:\n{self.last_words()}")
            with contextlib.suppress(OSError):
                return self.api("GET", "/healthz").status == 200
            return False

        eventually(healthy, timeout, lambda: f"{self.web}/healthz never was 200:\n{self.last_words()}")

    def stop(self) -> None:
        """End it as Ctrl-C does; what does not end by itself is killed, and that is an error."""
        self.switch_off_phones()
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
        with contextlib.suppress(OSError, ValueError, KeyError):
            folder = Path(json.loads((self.var / "run/state.json").read_text())["run_dir"])
            for place in (folder / name, self.var / "run" / name):
                if place.exists():
                    return int(re.findall(r"\d+", place.read_text())[0])
        return None

    def last_words(self) -> str:
        """The ends of the logs, for the message of a failed test."""
        logs = [self.log, self.var / "log/controller.out", self.var / "log/asterisk/console.log"]
        return "\n".join(f"— {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in logs if log.exists())

    # — phones ————————————————————————————————————————————————————————————————————————————————————————————————————————

    def caller(self, number: str = "13800138000", tone: Tone = "caller", **options: Any) -> Phone:
        """A citizen's phone behind the public trunk; `phone.call(hotline.uri)` calls the hotline."""
        return self._keep(Phone(number, ip=sites.CALLERS, tone=tone, **options))

    def raw_caller(self, **options: Any) -> RawCaller:
        raw = RawCaller(ip=sites.CALLERS, **options)
        self.raw_callers.append(raw)
        return raw

    def operator(self, number: str = "1001", answers: bool = True, tone: Tone | None = None, **options: Any) -> Phone:
        """An operator's registered phone; it takes calls at once, or only rings."""
        numbers = [operator["number"] for operator in self.tables["operators"]]
        registration = Registration(self.server, number, self.credentials["operators"][number])
        chosen = OPERATOR_TONES[numbers.index(number)] if tone is None else tone
        phone = self._keep(Phone(number, ip=sites.OPERATORS, tone=chosen, register=registration, **options))
        if answers:
            phone.on_call("answer")
        self.wait_contact(number, phone.uri)
        return phone

    def desk(self, key: str = "110", route: int = 1, answers: bool = True, **options: Any) -> Phone:
        """A target's phone at its n-th route; it takes calls at once, or only rings. It calls in by `hotline.uri`."""
        uri = self.tables["targets"][key]["routes"][route - 1]
        ip, _, port = uri.partition("@")[2].rpartition(":")
        phone = self._keep(Phone(key, ip=ip, port=int(port), **{"tone": key, **options}))
        if answers:
            phone.on_call("answer")
        self.wait_contact(f"{self.tables['targets'][key].get('role', 'desk')}-{key}", uri)
        return phone

    def wait_contact(self, endpoint: str, uri: str, there: bool = True) -> None:
        """Wait until Asterisk knows that a contact answers its OPTIONS, or that it does not; it is asked to look now.

        By itself it looks every 5 s, so a phone that has just been switched on or died is known a while as it was.
        """
        digest = hashlib.md5(uri.encode(), usedforsecurity=False).hexdigest()[:10]  # as the console shows a contact
        wanted = "Avail" if there else "Unavail"

        def known() -> bool:
            self.asterisk(f"pjsip qualify {endpoint}")
            lines = [line.split() for line in self.asterisk("pjsip show contacts").splitlines() if digest in line]
            return any(wanted in line for line in lines)

        eventually(known, 10, lambda: f"{uri} never was {wanted}:\n{self.asterisk('pjsip show contacts')}")

    def _keep(self, phone: Phone) -> Phone:
        self.phones.append(phone)
        return phone

    def switch_off_phones(self) -> None:
        for raw in self.raw_callers:
            raw.close()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(Phone.close, self.phones))
        self.phones.clear()
        self.raw_callers.clear()

    def talk(self, citizen: Phone, operator: Phone) -> float:
        """The citizen calls and the operator has him: returns the moment from which both hear each other."""
        asked = time.time()
        call = citizen.call(self.uri, from_user=citizen.name)
        invite = operator.wait_invite(20, since=asked)
        operator.wait_for("confirmed", call=invite.call)
        return max(
            citizen.wait_heard(operator.tone, call=call, since=invite.at),
            operator.wait_heard(citizen.tone, call=invite.call),
        )

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
            with urllib.request.urlopen(request, timeout=10) as response:
                return _answer(response.status, response.read(), response.headers)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return _answer(refusal.code, refusal.read(), refusal.headers)

    def cli(self, *arguments: str, check: bool = True) -> str:
        """What `ivr …` prints for this hotline."""
        command = [sys.executable, "-m", "ivr", "--site", str(self.site_file), "--var", str(self.var), *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
        assert not check or done.returncode == 0, f"ivr {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def asterisk(self, command: str) -> str:
        """What Asterisk's own console answers."""
        conf = str(self.var / "etc/asterisk.conf")
        arguments = [*fetch.find(fetch=False).command, "-C", conf, "-rx", command]
        return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=20).stdout

    def channels(self) -> list[str]:
        """Names of the channels that Asterisk has now."""
        lines = self.asterisk("core show channels concise").splitlines()
        return [line.partition("!")[0] for line in lines if "!" in line]

    def bridges(self) -> list[str]:
        return [line.split()[0] for line in self.asterisk("bridge show all").splitlines()[1:] if line.strip()]

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

    def call_of(self, caller: str, ended: bool = True, timeout: float = CLEAN_SECONDS) -> Call:
        """A caller's newest call in the log; with `ended`, once it is over there."""

        def found() -> Call | None:
            newest = next(iter(self.calls(1, caller=caller)), None)
            return newest if newest is not None and (not ended or newest.ended_at is not None) else None

        return eventually(found, timeout, lambda: f"no {'ended ' if ended else ''}call of {caller} came into the log")

    # — afterwards ————————————————————————————————————————————————————————————————————————————————————————————————————

    def assert_clean(self, timeout: float = CLEAN_SECONDS) -> None:
        """Nothing is left over: no channel, no bridge in Asterisk, nothing without an end in the log."""
        left: list[str] = []

        def clean() -> bool:
            left[:] = self.left_open()
            return not left

        eventually(clean, timeout, lambda: "left open:\n" + "\n".join(left))

    def left_open(self) -> list[str]:
        asterisk = [f"channel {name}" for name in self.channels()] + [f"bridge {name}" for name in self.bridges()]
        calls = [call for call in self.calls() if call.id not in self._forgiven]
        return asterisk + [line for call in calls for line in open_ends(call)]

    def sweep(self) -> None:
        """After a failed test: end what is left, so that the next test is judged by itself."""
        self.asterisk("channel request hangup all")
        with contextlib.suppress(AssertionError):
            self.assert_clean()
        self._forgiven |= {call.id for call in self.calls() if open_ends(call)}


def open_ends(call: Call) -> list[str]:
    """What of a call has no end in the log."""
    found = ["call"] if call.ended_at is None or call.outcome is None else []
    found += [f"leg {leg.role} {leg.party}" for leg in call.legs if leg.ended_at is None]
    found += [f"talk {talk.leg_a} {talk.leg_b}" for talk in call.talks if talk.ended_at is None]
    for transfer in call.transfers:
        if transfer.ended_at is None or transfer.result is None:
            found.append(f"transfer to {transfer.target}")
        found += [f"attempt {attempt.route}" for attempt in transfer.attempts if attempt.result is None]
    return [f"{what} of call {call.id} from {call.caller}" for what in found]


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
