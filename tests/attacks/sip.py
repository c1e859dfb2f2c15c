"""SIP as an attacker writes it: requests of any shape over UDP, from any loopback address, and what came back.

`Attacker` owns one socket; `message` writes a request that is right in every part which is not given otherwise. SIPp
plays what wants a rate.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from tests.tools import sipp

SDP = (
    "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
)
PACE = 0.002  # seconds between two messages of a burst: bounded, and below what a socket's buffer holds


class Attacker:
    """One UDP socket at `ip`. Everything that came is in `heard` once `listen` has been called."""

    def __init__(self, ip: str, server: str, port: int = 0) -> None:
        host, _, server_port = server.rpartition(":")
        self.ip, self.server, self._to = ip, server, (host, int(server_port))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((ip, port))
        self._socket.setblocking(False)
        self.port = int(self._socket.getsockname()[1])
        self.heard: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, message: str | bytes) -> None:
        self._socket.sendto(message if isinstance(message, bytes) else message.encode(), self._to)

    def burst(self, messages: Iterable[str | bytes]) -> int:
        """Send them one after the other, and read what comes meanwhile; returns how many were sent."""
        sent = 0
        for message in messages:
            self.send(message)
            time.sleep(PACE)
            self._read()
            sent += 1
        return sent

    def listen(self, seconds: float = 1.0) -> list[int]:
        """Wait, then return every status that has come so far."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._read()
            time.sleep(0.01)
        return self.statuses()

    def ask(self, message: str | bytes, timeout: float = 15.0) -> int:
        """The final status of one request; 0 where none came."""
        before = len(self.heard)
        self.send(message)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            self._read()
            for answer in self.heard[before:]:
                if (status := status_of(answer)) >= 200:
                    return status
            time.sleep(0.01)
        return 0

    def statuses(self) -> list[int]:
        return [status for answer in self.heard if (status := status_of(answer))]

    def requests(self) -> list[bytes]:
        """What the server asked of us: calls that it placed, among others."""
        return [message for message in self.heard if not status_of(message)]

    def _read(self) -> None:
        while True:
            try:
                self.heard.append(self._socket.recv(65536))
            except (BlockingIOError, ConnectionRefusedError):
                return

    def message(
        self,
        method: str,
        user: str = "12345",
        *,
        sender: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: str = "",
        uri: str | None = None,
        to: str | None = None,
        call_id: str | None = None,
        number: int = 1,
        tag: str | None = None,
    ) -> str:
        """One request; `headers` replaces those of the same name and adds the others, `sender` is From's value less its
        tag. An INVITE without a body has an offer.
        """
        body = body or (SDP.format(ip=self.ip) if method == "INVITE" else "")
        lines = {
            "Via": f"SIP/2.0/UDP {self.ip}:{self.port};rport;branch=z9hG4bK{secrets.token_hex(8)}",
            "Max-Forwards": "70",
            "From": f"{sender or f'<sip:13800138000@{self.ip}>'};tag={tag or secrets.token_hex(4)}",
            "To": to or f"<sip:{user}@{self.server}>",
            "Call-ID": call_id or secrets.token_hex(8),
            "CSeq": f"{number} {method}",
            "Contact": f"<sip:attacker@{self.ip}:{self.port}>",
            **({"Content-Type": "application/sdp"} if body else {}),
            **(headers or {}),
            "Content-Length": str(len(body.encode())),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{method} {uri or f'sip:{user}@{self.server}'} SIP/2.0\r\n{head}\r\n{body}"


def status_of(message: bytes) -> int:
    found = re.match(rb"SIP/2.0 (\d{3}) ", message)
    return int(found[1]) if found else 0


def header(message: bytes, name: str) -> str:
    found = re.search(rb"(?im)^" + name.encode() + rb"\s*:\s*(.*?)\r$", message)
    return found[1].decode("utf-8", "replace") if found else ""


def play(scenario: Path, server: str, ip: str, *, calls: int, rate: int, seconds: float) -> str:
    """Run SIPp: `calls` calls at `rate` a second from `ip`, at the lowest priority, for at most `seconds`."""
    program = sipp()
    command = [
        "nice", "-n", "19", str(program.path), server, "-sf", str(scenario), "-i", ip, "-m", str(calls),
        "-r", str(rate), "-nostdin", "-timeout", f"{seconds:g}s", "-recv_timeout", "4000", "-trace_screen",
    ]  # fmt: skip
    done = subprocess.run(
        command,
        env={**os.environ, **program.environment, "TERM": "dumb"},
        cwd=scenario.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 30,
    )
    return done.stdout + done.stderr


class Answering:
    """A thread that answers whatever comes to `ip:port`: 200 to OPTIONS, `invite` to INVITE (a whole status line) with
    `headers`; what it was asked is in `asked`.
    """

    def __init__(self, ip: str, server: str, port: int, invite: str = "486 Busy Here", headers: str = "") -> None:
        self._attacker = Attacker(ip, server, port)
        self._invite, self._headers = invite, headers
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.asked: list[bytes] = []
        self.port = self._attacker.port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(5)
        self._attacker.__exit__()

    def invites(self) -> list[bytes]:
        return [message for message in self.asked if message.startswith(b"INVITE ")]

    def register(self, number: str, password: str, contact: str | None = None, by: str | None = None) -> int:
        """REGISTER `number` with the digest of `by` (itself unless another is given); the final status."""
        by, mine = by or number, self._attacker
        host, _, _ = mine.server.rpartition(":")
        uri, me = f"sip:{mine.server}", f"<sip:{by}@{host}>"
        here = f"<sip:{number}@{mine.ip}:{self.port}>"
        headers = {"Contact": contact or here, "Expires": "0" if contact == "*" else "120"}
        plain: Any = {"sender": me, "to": f"<sip:{number}@{host}>", "uri": uri}
        challenge = self._answer_to(mine.message("REGISTER", headers=headers, **plain))
        nonce = re.search(r'nonce="([^"]+)"', header(challenge, "WWW-Authenticate"))
        assert nonce is not None, challenge
        headers["Authorization"] = digest(by, password, "REGISTER", uri, nonce[1])
        return status_of(self._answer_to(mine.message("REGISTER", headers=headers, number=2, **plain)))

    def _answer_to(self, message: str, timeout: float = 30.0) -> bytes:
        """The final answer, which the thread reads; from this very socket, for that is where a phone is called back."""
        call = header(message.encode(), "Call-ID")
        self._attacker.send(message)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            for one in list(self._attacker.heard):
                if status_of(one) >= 200 and header(one, "Call-ID") == call:
                    return one
            time.sleep(0.01)
        raise AssertionError(f"no answer to {message}")

    def _run(self) -> None:
        while not self._over.wait(0.01):
            self._attacker.listen(0.01)
            for request in self._attacker.requests()[len(self.asked) :]:
                self.asked.append(request)
                if request.startswith(b"OPTIONS "):
                    self._attacker.send(reply(request, "200 OK"))
                elif request.startswith(b"INVITE "):
                    self._attacker.send(reply(request, self._invite, self._headers))


def reply(request: bytes, status: str, headers: str = "") -> str:
    """The response to a request, to whoever sent it."""
    kept = [f"{name}: {header(request, name)}\r\n" for name in ("Via", "From", "To", "Call-ID", "CSeq")]
    tagged = [line if not line.startswith("To:") else line.rstrip("\r\n") + ";tag=attack\r\n" for line in kept]
    return f"SIP/2.0 {status}\r\n{''.join(tagged)}{headers}Content-Length: 0\r\n\r\n"


def digest(user: str, password: str, method: str, uri: str, nonce: str, realm: str = "asterisk") -> str:
    """An Authorization header (RFC 2617, MD5 with qop=auth)."""

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    secret, question = md5(f"{user}:{realm}:{password}"), md5(f"{method}:{uri}")
    response = md5(f"{secret}:{nonce}:00000001:x:auth:{question}")
    return (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}", '
        'algorithm=MD5, cnonce="x", qop=auth, nc=00000001'
    )
