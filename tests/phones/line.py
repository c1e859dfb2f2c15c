"""The line to a phone's process: orders and answers, and the events as they come."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tests.phones.events import Event, PhoneError

WORKER = Path(__file__).with_name("worker")
MEMORY = Path("/dev/shm")  # what is heard is written by the thread that sends: it must never wait for a disk
PATIENCE = 30.0  # seconds that only bound a failure: a busy machine may need them

T = TypeVar("T")


class Line:
    """Starts the process; its files (what was heard, its log) lie in `folder`."""

    def __init__(self, name: str, config: Mapping[str, Any]) -> None:
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"phone-{name}-", dir=MEMORY if MEMORY.is_dir() else None))
        self.events: list[Event] = []
        self._changed = threading.Condition()
        self._answers: dict[int, dict[str, Any]] = {}
        self._ids = itertools.count(1)
        with (self.folder / "phone.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(WORKER), json.dumps({"name": name, "folder": str(self.folder), **config})],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        threading.Thread(target=self._listen, name=f"phone {name}", daemon=True).start()
        ready = self.until(lambda: self.find("ready"), PATIENCE, "to start")
        self.port = int(ready.what["port"])

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def order(self, do: str, **args: Any) -> Any:
        """Have something done; returns what the worker returns. Raises PhoneError."""
        number, stdin = next(self._ids), self.process.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps({"id": number, "do": do, "args": args}).encode() + b"\n")
            stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise PhoneError(f"{self.name} is dead and cannot {do}") from error
        answer = self.until(lambda: self._answers.pop(number, None), PATIENCE, f"to {do}")
        if "error" in answer:
            raise PhoneError(f"{self.name} could not {answer['error']}")
        return answer["ok"]

    def find(self, name: str, matches: Callable[[Event], bool] | None = None) -> Event | None:
        return next((e for e in list(self.events) if e.name == name and (matches is None or matches(e))), None)

    def until(self, look: Callable[[], T | None], timeout: float, what: str) -> T:
        """Look at every event until something is seen. Raises PhoneError when the time is over or the process dead."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while (found := look()) is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise PhoneError(f"{self.name} waited {timeout:g} s {what}; {self._story()}")
                if not self.alive and not self._changed.wait(0.2):
                    raise PhoneError(f"{self.name} is dead and waited {what}; {self._story()}\n{self.last_words()}")
                self._changed.wait(min(left, 0.5))
        return found

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self, keep: bool = False) -> None:
        if self.alive:
            try:
                self.order("quit")
                self.process.wait(PATIENCE)
            except (PhoneError, subprocess.TimeoutExpired):
                self.kill()
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _listen(self) -> None:
        stdout = self.process.stdout
        assert stdout is not None
        with stdout:
            for line in stdout:
                what = json.loads(line)
                with self._changed:
                    if "event" in what:
                        self.events.append(Event(what.pop("event"), what.pop("at"), what.pop("call", None), what))
                    else:
                        self._answers[what["id"]] = what
                    self._changed.notify_all()

    def _story(self) -> str:
        seen = [f"{e.call or ''} {e.what.get('state', e.name)} {e.what.get('code', '')}".strip() for e in self.events]
        return f"it saw: {', '.join(seen[-12:]) or 'nothing'}"

    def last_words(self) -> str:
        path = self.folder / "phone.log"
        return path.read_text(errors="replace")[-2000:].strip() if path.exists() else ""
