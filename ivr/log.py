"""Structured logs: one JSON object a line into `var/log/controller.log`, warnings and worse on the console too.

A line that concerns a call has `call`; a task or request binds it once (`structlog.contextvars`). Writing is a
thread's work: a slow disk never stops a call. What other libraries log comes in the same shape, and no token gets in.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import re
import sys
import threading
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, TextIO

import orjson
import structlog

ROTATE_AT = 50 * 1024 * 1024  # bytes
KEPT = 5  # rotated files: controller.log.1 is the youngest
WAITING = 20_000  # lines that may wait for the disk; more are counted and dropped

_SECRETS = (
    (re.compile(r"(/phone/)[^/\s\"'?#]+"), r"\1…"),
    (re.compile(r"(?i)(bearer\s+)[^\s\"']+"), r"\1…"),
)
_LOUD = frozenset({"warning", "error", "critical"})


@contextlib.contextmanager
def kept_in(path: Path, console: TextIO = sys.stderr) -> Iterator[None]:
    """Log into `path` while the block lasts; at its end everything is written."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    writer = _Writer(path, console)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.ExceptionRenderer(),
            hide_secrets,
            writer.take,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    foreign = _Foreign()
    root = logging.getLogger()
    root.addHandler(foreign)
    root.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.removeHandler(foreign)
        structlog.reset_defaults()
        writer.close()


def hide_secrets(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Tokens in URLs and headers become `…`, wherever a library put them."""
    for key, value in event.items():
        if isinstance(value, str) and ("/phone/" in value or "earer" in value):
            for secret, hidden in _SECRETS:
                value = secret.sub(hidden, value)  # noqa: PLW2901
            event[key] = value
    return event


class _Writer:
    """A bounded queue and the thread that empties it."""

    def __init__(self, path: Path, console: TextIO) -> None:
        self._path, self._console = path, console
        self._lines: queue.Queue[tuple[bytes, bool] | None] = queue.Queue(WAITING)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def take(self, _: object, __: str, event: MutableMapping[str, Any]) -> str:
        """The last of structlog's processors."""
        if self._dropped:
            event["dropped_before"] = self._dropped
        line = orjson.dumps(event, default=repr, option=orjson.OPT_APPEND_NEWLINE)
        try:
            self._lines.put_nowait((line, event["level"] in _LOUD))
            self._dropped = 0
        except queue.Full:
            self._dropped += 1
        return ""

    def close(self) -> None:
        self._lines.put(None)
        self._thread.join()

    def _write(self) -> None:
        while True:
            try:
                if self._write_until_full():
                    return
            except OSError as failure:
                self._tell(f"the log cannot be written: {failure}\n")
                if self._lines.get() is None:  # this line is lost, the next is tried again
                    return

    def _write_until_full(self) -> bool:
        """True when everything has been written and no more will come."""
        with self._path.open("ab") as file:
            while file.tell() < ROTATE_AT:
                entry = self._lines.get()
                if entry is None:
                    return True
                line, loud = entry
                file.write(line)
                if loud:
                    self._tell(line.decode())
                if self._lines.empty():
                    file.flush()
        self._rotate()
        return False

    def _tell(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._console.write(text)
            self._console.flush()

    def _rotate(self) -> None:
        for number in range(KEPT, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{number}")
            younger = self._path.with_name(f"{self._path.name}.{number - 1}") if number > 1 else self._path
            if younger.exists():
                younger.replace(older)


class _Foreign(logging.Handler):
    """What libraries log by `logging`, in our shape."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            words = record.getMessage()
        except (TypeError, ValueError):
            words = str(record.msg)
        event: dict[str, Any] = {"logger": record.name, "words": words}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        structlog.get_logger().log(record.levelno, "library", **event)
