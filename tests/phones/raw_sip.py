"""A caller without manners: any bytes as its name, number and headers, any RTP sequence numbers.

PJSIP refuses to send what is no SIP; a forger does not. One thread speaks just enough SIP (RFC 3261) over UDP for a
call to a server: INVITE, ACK, CANCEL, BYE, and a polite 200 to whatever the server asks. RTP is A-law, 20 ms, a tone or
silence. A server that understands nothing answers nothing: also an outcome (`responses` stays empty).
"""

from __future__ import annotations

import contextlib
import re
import secrets
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import numpy as np

from tests.phones import alaw
from tests.phones.events import PhoneError
from tests.phones.line import PATIENCE
from tests.phones.tones import FRAME, FRAME_SECONDS, RECORD, Heard, Tone, hertz, sine

GOODBYE_SECONDS = 5.0  # a server that never let us in may say nothing to it


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")


@dataclass(slots=True)
class _Dialog:
    """What one call needs to be remembered for."""

    server: tuple[str, int]
    target: bytes
    sender: bytes  # the whole From without its tag
    extra: bytes
    id: bytes = field(default_factory=lambda: secrets.token_hex(8).encode())
    tag: bytes = field(default_factory=lambda: secrets.token_hex(4).encode())
    branch: bytes = field(default_factory=lambda: b"z9hG4bK" + secrets.token_hex(8).encode())
    to: bytes = b""
    contact: bytes = b""
    media: tuple[str, int] | None = None


class RawCaller:
    """Makes one call at a time. `responses` is what came, as (time, status); times are seconds since the epoch."""

    def __init__(self, ip: str = "127.0.0.11", port: int = 0, tone: Tone | None = 450, sequence: int = 0) -> None:
        self.ip = ip
        self._sip, self._rtp = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self._sip.bind((ip, port))
        self._rtp.bind((ip, 0))
        self.port = int(self._sip.getsockname()[1])
        self.responses: list[tuple[float, int]] = []
        self.requests: list[bytes] = []
        self.sequence = sequence  # of the next RTP packet we send
        self.sequences: list[int] = []  # of the RTP packets that came
        self.ended = threading.Event()
        self._frame = alaw.encode(sine(hertz(tone), FRAME_SECONDS) if tone else np.zeros(FRAME, np.int16))
        self._received: list[tuple[float, bytes]] = []
        self._dialog: _Dialog | None = None
        self._next_send = float("inf")
        self._ssrc, self._stamp = secrets.randbits(32), 0
        self._changed = threading.Condition()
        self._running = True
        self._thread = threading.Thread(target=self._run, name=f"raw caller {ip}", daemon=True)
        self._thread.start()

    # — what it does ——————————————————————————————————————————————————————————————————————————————————————————————————

    def call(
        self,
        server: str,
        number: str | bytes,
        from_user: str | bytes = b"13800138000",
        from_name: str | bytes | None = None,
        headers: str | bytes = b"",
        sender: str | bytes | None = None,
    ) -> None:
        """Send an INVITE for `number` to `server` (host:port).

        `from_user` and `from_name` go out as they are (the name inside quotes, nothing escaped); `headers` are whole
        lines, each with its CR LF; `sender` replaces the whole value of From.
        """
        host, _, port = server.rpartition(":")
        name = b"" if from_name is None else b'"%b" ' % _bytes(from_name)
        value = _bytes(sender) if sender is not None else b"%b<sip:%b@%b>" % (name, _bytes(from_user), _bytes(self.ip))
        self.responses.clear()
        self.ended.clear()
        target = b"sip:%b@%b" % (_bytes(number), _bytes(server))
        self._dialog = _Dialog((host, int(port)), target, value, _bytes(headers), to=b"<%b>" % target)
        self._send(b"INVITE", 1, self._sdp())

    def wait_for(self, status: int, timeout: float = PATIENCE) -> float:
        """Wait for a response; a final one of another kind raises PhoneError at once. Returns when it came."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for at, code in self.responses:
                    if code == status:
                        return at
                    if code >= 200:
                        raise PhoneError(f"waited for {status}, got {code}")
                if not self._changed.wait(deadline - time.monotonic()):
                    raise PhoneError(f"waited {timeout:g} s for {status}, got {[code for _, code in self.responses]}")

    def hangup(self, timeout: float = PATIENCE) -> None:
        """BYE, or CANCEL before the answer; returns when the server has agreed."""
        if self._dialog is None or self.ended.is_set():
            return
        if self._dialog.contact:
            self._send(b"BYE", 2, b"")
        else:
            self._send(b"CANCEL", 1, b"")
        if not self.ended.wait(timeout):
            raise PhoneError(f"the server said nothing to our goodbye for {timeout:g} s")

    def audio(self, since: float | None = None, until: float | None = None) -> Heard:
        """What was received, packet by packet as it came: no jitter buffer."""
        received = list(self._received)
        records = np.zeros(len(received), RECORD)
        for record, (at, payload) in zip(records, received, strict=True):
            record["at"], record["pcm"] = at, alaw.decode(payload)
        return Heard.from_records(records).window(since, until)

    def heard(self, tone: Tone, since: float | None = None, until: float | None = None) -> float:
        return self.audio(since, until).share(tone)

    def close(self) -> None:
        if self.responses:
            with contextlib.suppress(PhoneError):
                self.hangup(GOODBYE_SECONDS)
        self._running = False
        self._thread.join()
        self._sip.close()
        self._rtp.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # — SIP ———————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _send(self, method: bytes, number: int, body: bytes, branch: bytes | None = None) -> None:
        dialog = self._dialog
        assert dialog is not None
        lines = [
            b"%b %b SIP/2.0"
            % (method, dialog.contact if method in {b"BYE", b"ACK"} and dialog.contact else dialog.target),
            b"Via: SIP/2.0/UDP %b:%d;rport;branch=%b"
            % (_bytes(self.ip), self.port, branch or (dialog.branch if number == 1 else dialog.branch + b"b")),
            b"Max-Forwards: 70",
            b"From: %b;tag=%b" % (dialog.sender, dialog.tag),
            b"To: " + dialog.to,
            b"Call-ID: " + dialog.id,
            b"CSeq: %d %b" % (number, method),
            b"Contact: <sip:raw@%b:%d>" % (_bytes(self.ip), self.port),
        ]
        head = b"\r\n".join(lines) + b"\r\n" + (dialog.extra if method == b"INVITE" else b"")
        kind = b"Content-Type: application/sdp\r\n" if body else b""
        self._sip.sendto(head + kind + b"Content-Length: %d\r\n\r\n" % len(body) + body, dialog.server)

    def _sdp(self) -> bytes:
        ip = _bytes(self.ip)
        return (
            b"v=0\r\no=- 1 1 IN IP4 %b\r\ns=-\r\nc=IN IP4 %b\r\nt=0 0\r\nm=audio %d RTP/AVP 8 101\r\n"
            b"a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n"
        ) % (ip, ip, self._rtp.getsockname()[1])

    def _take(self, message: bytes, source: tuple[str, int]) -> None:
        first, _, _ = message.partition(b"\r\n")
        if first.startswith(b"SIP/2.0 "):
            self._take_response(int(first[8:11]), message)
        else:
            self._take_request(first.split(b" ", 1)[0], message, source)

    def _take_response(self, status: int, message: bytes) -> None:
        dialog = self._dialog
        if dialog is None or _header(message, b"Call-ID") != dialog.id:
            return
        method = (_header(message, b"CSeq") or b" ").split()[-1]
        if method == b"BYE" and status >= 200:
            self.ended.set()
        if method != b"INVITE":
            return
        if status >= 200:
            dialog.to = _header(message, b"To") or dialog.to
            if status < 300:
                dialog.contact = (_header(message, b"Contact") or b"").partition(b"<")[2].partition(b">")[0]
                self._start_media(message)
                self._send(b"ACK", 1, b"", dialog.branch + b"a")
            else:
                self._send(b"ACK", 1, b"")
                self.ended.set()
        elif status > 100 and b"application/sdp" in message:
            self._start_media(message)
        with self._changed:
            self.responses.append((time.time(), status))
            self._changed.notify_all()

    def _take_request(self, method: bytes, message: bytes, source: tuple[str, int]) -> None:
        self.requests.append(message)
        if method == b"ACK":
            return
        kept = [line for line in message.split(b"\r\n\r\n")[0].split(b"\r\n")[1:] if line.lower().startswith(_ECHOED)]
        body = self._sdp() if method in {b"INVITE", b"UPDATE"} else b""
        kind = b"Content-Type: application/sdp\r\n" if body else b""
        contact = b"Contact: <sip:raw@%b:%d>\r\n" % (_bytes(self.ip), self.port)
        head = b"SIP/2.0 200 OK\r\n" + b"\r\n".join(kept) + b"\r\n" + contact + kind
        self._sip.sendto(head + b"Content-Length: %d\r\n\r\n" % len(body) + body, source)
        if method == b"BYE":
            self.ended.set()

    # — RTP ———————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _start_media(self, message: bytes) -> None:
        ip, port = re.search(rb"c=IN IP4 (\S+)", message), re.search(rb"m=audio (\d+)", message)
        if ip and port and self._dialog is not None:
            self._dialog.media = (ip[1].decode(), int(port[1]))
            self._next_send = min(self._next_send, time.monotonic())

    def _send_frame(self) -> None:
        dialog = self._dialog
        if dialog is None or dialog.media is None or self.ended.is_set():
            self._next_send = float("inf")
            return
        header = struct.pack("!BBHII", 0x80, 8, self.sequence & 0xFFFF, self._stamp & 0xFFFFFFFF, self._ssrc)
        self._rtp.sendto(header + self._frame, dialog.media)
        self.sequence += 1
        self._stamp += FRAME
        self._next_send += FRAME_SECONDS

    def _take_frame(self, packet: bytes) -> None:
        if len(packet) == 12 + FRAME and packet[1] & 0x7F == 8:
            self.sequences.append(struct.unpack_from("!H", packet, 2)[0])
            self._received.append((time.time(), packet[12:]))

    def _run(self) -> None:
        while self._running:
            wait = max(0.0, min(0.1, self._next_send - time.monotonic()))
            for ready in select.select([self._sip, self._rtp], [], [], wait)[0]:
                try:
                    data, source = ready.recvfrom(65536)
                except ConnectionRefusedError:  # an ICMP answer to what we sent
                    continue
                if ready is self._rtp:
                    self._take_frame(data)
                else:
                    self._take(data, source)
            if time.monotonic() >= self._next_send:
                self._send_frame()


_ECHOED = (b"via:", b"from:", b"to:", b"call-id:", b"cseq:")  # what a response repeats of its request


def _header(message: bytes, name: bytes) -> bytes | None:
    found = re.search(rb"(?im)^" + name + rb"\s*:\s*(.*?)\r$", message)
    return found[1] if found else None
