"""Secrets stay secret: a whole story is played, with failures and wrong passwords, and then every place is searched."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pbx import sites
from tests.pbx.conftest import finish
from tests.pbx.hotline import Hotline
from tests.pbx.outside import content, paths, run
from tests.pbx.running import eventually
from tests.phones import Phone, PhoneError, Registration

WHERE_THEY_BELONG = ("credentials.toml", "etc/pjsip.conf", "etc/manager.conf", "etc/ari.conf")
DATABASE_PASSWORD = "the-password-of-the-database"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    hotline = Hotline(tmp_path_factory.mktemp("secrets"))
    try:
        yield hotline.start()
    finally:
        hotline.stop()


@pytest.fixture
def hotline(running: Hotline, request: pytest.FixtureRequest) -> Iterator[Hotline]:
    yield running
    finish(running, request.node)


def secrets_of(hotline: Hotline) -> dict[str, bytes]:
    """Every secret by its name; the mark of this run is one too."""
    tables: dict[str, Any] = hotline.credentials
    return {
        f"{table}.{key}": value.encode()
        for table, row in tables.items()
        for key, value in row.items()
        if (table, key) != ("admin", "user")
    }


def mark_of(hotline: Hotline) -> bytes:
    text = (hotline.var / "etc/asterisk.conf").read_text(encoding="utf-8")
    return text.partition("systemname = ")[2].split()[0].encode()


def leaks(data: bytes, secrets: dict[str, bytes], place: str) -> list[str]:
    return [f"{name} in {place}" for name, secret in secrets.items() if secret in data]


def told(hotline: Hotline) -> dict[str, bytes]:
    """What the system says to whoever asks: HTTP answers, with a token and without, and commands."""
    said: dict[str, bytes] = {}
    for path in ("/", "/healthz", "/metrics", "/api/v1/openapi.json", "/api/v1/live", "/api/v1/calls", "/nothing",
                 "/api/v1/operators", "/api/v1/targets", "/api/v1/calls/x", "/api/v1/phone/wrong/ready"):  # fmt: skip
        said[f"GET {path}"] = repr(hotline.api("GET", path)).encode()
        said[f"GET {path} by nobody"] = repr(hotline.api("GET", path, token="")).encode()
        said[f"GET {path} by another"] = repr(hotline.api("GET", path, token="not-the-token")).encode()
    for words in (["doctor"], ["doctor", "--json"], ["calls"], ["calls", "--json"], ["calls", "rebuild"], ["--help"]):
        done = run(hotline, *words)
        said[f"ivr {' '.join(words)}"] = f"{done.stdout}{done.stderr}".encode()
    return said


def processes() -> dict[str, bytes]:
    """Command lines and environments of every process that we may see, tests' own phones left out."""
    found: dict[str, bytes] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes()
            if b"tests/phones/worker" not in command:
                found[f"{folder.name} {command[:60]!r}"] = command + (folder / "environ").read_bytes()
    return found


def play(hotline: Hotline) -> None:
    """Calls and transfers, wrong passwords at every door, a killed controller, bytes that are no requests."""
    citizen, operator, desk = hotline.caller(), hotline.operator(), hotline.desk("110")
    hotline.talk(citizen, operator)
    key = hotline.credentials["phone_keys"]["1001"]
    hotline.api("GET", f"/api/v1/phone/{key}/conference/110")
    citizen.wait_heard("110")
    for path in (f"/api/v1/phone/{key}/nothing", f"/api/v1/phone/{key}/transfer/999", f"/api/v1/phone/{key}/pause/x"):
        hotline.api("GET", path)
    hotline.api("GET", f"/api/v1/phone/{key}/ready")
    hotline.api("POST", "/api/v1/calls/none/transfers", {"target": "110", "mode": "transfer"})
    citizen.hangup()
    desk.wait_for("disconnected")
    token = hotline.credentials["api"]["token"]
    host, _, port = hotline.tables["listen"]["web"].rpartition(":")
    for raw in (
        f"get /api/v1/phone/{key}/ready HTTP/1.1\r\n\r\n",
        f"GET / HTTP/1.1\r\nAuthorization: Bearer {token}\x01\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), 10) as link:
            link.sendall(raw.encode())
            link.recv(4096)
    host, _, port = hotline.tables["listen"]["ami"].rpartition(":")
    with socket.create_connection((host, int(port)), 10) as link:
        link.sendall(b"Action: Login\r\nUsername: hotline\r\nSecret: wrong\r\n\r\n")
        time.sleep(0.3)
    with pytest.raises(PhoneError):
        Phone("1001", ip=sites.OPERATORS, register=Registration(hotline.server, "1001", "wrong")).close()
    pid = hotline.controller_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: hotline.controller_pid not in (None, pid), 30, hotline.last_words)
    hotline.wait_healthy()


def test_given_a_whole_story_then_no_secret_stands_anywhere_but_where_it_belongs(hotline: Hotline) -> None:
    secrets = secrets_of(hotline)
    assert len(secrets) >= 9
    play(hotline)
    everything = secrets | {"the mark": mark_of(hotline)}
    found: list[str] = []
    for place, data in told(hotline).items():
        found += leaks(data, everything, place)
    for place, data in processes().items():
        found += leaks(data, everything, f"process {place}")
    for file, status in paths(hotline.var):
        name = str(file.relative_to(hotline.var))
        if stat.S_ISREG(status.st_mode) and name not in WHERE_THEY_BELONG:
            found += leaks(content(file), secrets, name)
    found += leaks(hotline.log.read_bytes(), secrets, "the terminal of `ivr up`")
    first_logins = {f"{secret} in the terminal of `ivr up`" for secret in ("admin.password", "passwords.1001")}
    shown_once = [leak for leak in found if leak in first_logins]
    assert sorted(shown_once) == sorted(first_logins)  # told to who started it, once
    assert sorted(set(found) - set(shown_once)) == []


def test_given_a_running_system_then_nobody_else_can_read_its_files(hotline: Hotline) -> None:
    """Mode 0700 for each folder and 0600 for each file, so that one moved or copied with its mode stays private."""
    open_to_others = [
        f"{stat.filemode(found.st_mode)} {path.relative_to(hotline.var)}"
        for path, found in paths(hotline.var)
        if found.st_mode & 0o077
    ]
    assert open_to_others == []


def test_given_a_database_that_refuses_then_its_password_is_not_told(tmp_path: Path) -> None:
    url = f"postgresql+asyncpg://hotline:{DATABASE_PASSWORD}@127.0.0.1:1/none"
    planned = Hotline(tmp_path, {"database": {"url": url}})
    done = run(planned, "doctor")
    assert "cannot be reached" in done.stdout + done.stderr
    done_json = run(planned, "doctor", "--json")
    listed = run(planned, "calls")
    for said in (done, done_json, listed):
        assert DATABASE_PASSWORD not in said.stdout + said.stderr
