"""Two hotlines side by side on one machine, 12345's and 110's: joined by a SIP trunk and by the exchange of cases.

The data goes over a line that a test can cut (`Line`); voice and data are down or up by themselves.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ivr.desks import signatures
from tests.pbx import sites
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually

POLICE = f"{sites.NET}.110"  # where 110's hotline is


class Line:
    """TCP from `port` to `to`, as long as it is not cut."""

    def __init__(self, to: tuple[str, int]) -> None:
        self._to = to
        self._cut = threading.Event()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        self._cut.set()
        for one in list(self._open):
            self._end(one)

    def mend(self) -> None:
        self._cut.clear()

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                came, _ = self._listener.accept()
            except OSError:
                return
            if self._cut.is_set():
                came.close()
                continue
            try:
                there = socket.create_connection(self._to, 5)
            except OSError:
                came.close()
                continue
            self._open |= {came, there}
            for one, other in ((came, there), (there, came)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := one.recv(65536):
                other.sendall(piece)
        self._end(one)
        self._end(other)

    def _end(self, one: socket.socket) -> None:
        self._open.discard(one)
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            one.close()


@dataclass
class TwoSites:
    city: Hotline  # 12345
    police: Hotline  # 110
    lines: tuple[Line, Line]  # to the city, to the police

    @classmethod
    def started(cls, folder: Path, more: Mapping[str, sites.Table] | None = None) -> Self:
        """Both, started at the same time; `more`: tables by desk that are laid over its site's."""
        keys = {desk: signatures.new_private() for desk in ("12345", "110")}
        sip = {"12345": sites.SERVER, "110": POLICE}
        doors = {desk: f"{ip}:{sites.free_port(socket.SOCK_DGRAM, ip)}" for desk, ip in sip.items()}
        webs = {desk: ("127.0.0.1", sites.free_port(socket.SOCK_STREAM, "127.0.0.1")) for desk in sip}
        lines = {desk: Line(web) for desk, web in webs.items()}
        made = {}
        for desk, other in (("12345", "110"), ("110", "12345")):
            partner = {"url": lines[other].url, "key": signatures.public_text(keys[other]), "targets": [other]}
            changes = _changes(desk, other, doors[other], sip[other])
            changes["listen"] = {"sip": doors[desk], "web": f"{webs[desk][0]}:{webs[desk][1]}"}
            changes["exchange"] = {other: partner}
            changes["desk"] = {"decide_seconds": 300}  # a busy machine must not decide for want of an agreement
            made[desk] = Hotline(folder / desk, sites.laid_over(changes, (more or {}).get(desk, {})))
            made[desk].var.mkdir(mode=0o700)
            secrets = made[desk].var / "credentials.toml"
            secrets.touch(0o600)
            secrets.write_text(f'[exchange]\nkey = "{keys[desk]}"\n', encoding="utf-8")
        both = cls(made["12345"], made["110"], (lines["12345"], lines["110"]))
        try:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(Hotline.start, made.values()))
        except BaseException:
            both.stop()
            raise
        return both

    def stop(self) -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(Hotline.stop, (self.city, self.police)))
        for line in self.lines:
            line.close()

    def cut(self) -> None:
        for line in self.lines:
            line.cut()

    def mend(self) -> None:
        for line in self.lines:
            line.mend()

    def wait_equal(self, case: str, holds: Callable[[dict[str, Any]], bool] = bool, timeout: float = 60.0) -> Any:
        """Wait until both hold the same events of a case, of which `holds` is true; the case."""

        def equal() -> Any:
            one, other = case_of(self.city, case), case_of(self.police, case)
            same = one is not None and other is not None and _events(one) == _events(other)
            return one if same and holds(one) else None

        return eventually(equal, timeout, lambda: f"{case_of(self.city, case)}\n≠\n{case_of(self.police, case)}")


def _changes(desk: str, other: str, route: str, address: str) -> dict[str, Any]:
    """What makes the test site the one of `desk`."""
    words = {"12345": ("12345政务服务便民热线", "12345 Hotline"), "110": ("110报警服务台", "110 Police")}
    zh, en = words[other]
    target = {
        "name": {"zh": zh, "en": en},
        "routes": [f"sip:{other}@{route}"],
        "match": [address],
        "ring": 20,
        "stay": 2,
        "emergency": other == "110",
        "keys": {"transfer": "*1", "conference": "*3"},
        "desk_keys": {"hand_back": "*9"},
    }
    if desk == "12345":
        return {"targets": {"110": target}}
    hotline = {"number": desk, "name": dict(zip(("zh", "en"), words[desk], strict=True)), "emergency_target": "119"}
    return {"hotline": hotline, "targets": {"110": None, other: target}}


def case_of(hotline: Hotline, case: str) -> Any:
    """A case as this desk has it; None where it has not, or cannot be asked now."""
    with contextlib.suppress(OSError):
        answer = hotline.api("GET", f"/api/v1/cases/{case}")
        return answer.body["case"] if answer.status == 200 else None
    return None


def _events(case: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(one["origin"], one["seq"], one["clock"], one["kind"], str(one["data"])) for one in case["history"]]


def act(hotline: Hotline, path: str, kind: str, **data: Any) -> Any:
    """One event of this desk: `path` is `cases/<id>/events` or `calls/<id>/case`."""
    answer = hotline.api("POST", f"/api/v1/{path}", {"kind": kind, "data": data})
    assert answer.status < 300, answer.body
    return answer.body["case"]
