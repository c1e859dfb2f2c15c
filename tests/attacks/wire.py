"""A caller over TLS who keeps what came on the wire: SRTP as it was sent, and what its key makes of it.

Python's own `ssl` speaks to the door, so a test may show any certificate, any TLS version, any offer. RFC 4568 (keys in
SDP), RFC 3711 (SRTP with AES-CM and HMAC-SHA1-80).
"""

from __future__ import annotations

import base64
import re
import secrets
import socket
import ssl
import time
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.phones import Heard, alaw

SUITE = "AES_CM_128_HMAC_SHA1_80"
TAG = 10  # bytes of HMAC-SHA1-80 behind each packet
RTP_HEADER = 12


def client_context(ca: Path, certificate: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca))
    if certificate:
        context.load_cert_chain(*certificate)
    return context


class SecureCaller:
    """One call. `offer` replaces the media line's profile; the caller is silent and only listens."""

    def __init__(self, ip: str, context: ssl.SSLContext) -> None:
        self.ip, self._context = ip, context
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp.bind((ip, 0))
        self._rtp.setblocking(False)
        self._sip: ssl.SSLSocket | None = None
        self._rest = b""
        self.packets: list[bytes] = []
        self.answer = b""  # the server's SDP

    def connect(self, server: str, timeout: float = 10.0) -> ssl.SSLSocket:
        host, _, port = server.rpartition(":")
        plain = socket.create_connection((host, int(port)), timeout, (self.ip, 0))
        self._sip = self._context.wrap_socket(plain, server_hostname=host)
        return self._sip

    def call(self, server: str, number: str, srtp: bool = True) -> int:
        """The final status of an INVITE; 200 is acknowledged."""
        sip = self._sip or self.connect(server)
        host, port = sip.getsockname()[:2]
        me = f"{host}:{port}"
        key = base64.b64encode(secrets.token_bytes(30)).decode()
        crypto = f"a=crypto:1 {SUITE} inline:{key}\r\n" if srtp else ""
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 {self.ip}\r\ns=-\r\nc=IN IP4 {self.ip}\r\nt=0 0\r\n"
            f"m=audio {self._rtp.getsockname()[1]} RTP/{'SAVP' if srtp else 'AVP'} 8\r\n"
            f"{crypto}a=rtpmap:8 PCMA/8000\r\n"
        )
        self._dialog = {
            "From": f"<sip:13800138000@{self.ip}>;tag={secrets.token_hex(4)}",
            "To": f"<sip:{number}@{server}>",
            "Call-ID": secrets.token_hex(8),
            "Contact": f"<sip:wire@{me};transport=tls>",
        }
        self._target, self._me = f"sip:{number}@{server};transport=tls", me
        self._send("INVITE", 1, sdp)
        while (status := self._response("INVITE")) < 200:
            continue
        self._send("ACK", 1)
        return status

    def hangup(self) -> None:
        self._send("BYE", 2)
        while self._response("BYE") < 200:
            continue

    def close(self) -> None:
        for one in (self._sip, self._rtp):
            if one is not None:
                one.close()

    def listen(self, seconds: float) -> None:
        """Keep what comes on the wire."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self.packets.append(self._rtp.recv(2048))
            except BlockingIOError:
                time.sleep(0.005)

    def on_the_wire(self) -> Heard:
        """What a wire-tapper hears who takes the packets' payload for the A-law that SDP says it is."""
        return _heard([packet[RTP_HEADER : RTP_HEADER + 160] for packet in self._media()])

    def with_the_key(self) -> Heard:
        """The same packets, decrypted by the key of the server's answer."""
        found = re.search(rb"a=crypto:\d+ " + SUITE.encode() + rb" inline:([A-Za-z0-9+/=]+)", self.answer)
        assert found is not None, self.answer
        master = base64.b64decode(found[1])
        return _heard([decrypted(packet, master[:16], master[16:])[:160] for packet in self._media()])

    def _media(self) -> list[bytes]:
        return [packet for packet in self.packets if packet[1] & 0x7F == 8]

    # — SIP ———————————————————————————————————————————————————————————————————————————————————————————————————————————

    def _send(self, method: str, number: int, body: str = "") -> None:
        assert self._sip is not None
        lines = [
            f"{method} {self._target} SIP/2.0",
            f"Via: SIP/2.0/TLS {self._me};branch=z9hG4bK{secrets.token_hex(8)}",
            "Max-Forwards: 70",
            *(f"{name}: {value}" for name, value in self._dialog.items()),
            f"CSeq: {number} {method}",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._sip.sendall(("\r\n".join(lines) + f"\r\n\r\n{body}").encode())

    def _response(self, method: str) -> int:
        """The next response to `method`; requests of the server are passed over."""
        while True:
            message = self._message()
            status = re.match(rb"SIP/2.0 (\d{3})", message)
            if status is None or not re.search(rb"(?im)^CSeq:\s*\d+ " + method.encode(), message):
                continue
            if to := re.search(rb"(?im)^To:\s*(.*?)\r$", message):
                self._dialog["To"] = to[1].decode()
            if method == "INVITE" and status[1] == b"200":
                self.answer = message.partition(b"\r\n\r\n")[2]
                contact = re.search(rb"(?im)^Contact:\s*<(.*?)>", message)
                assert contact is not None
                self._target = contact[1].decode()
            return int(status[1])

    def _message(self) -> bytes:
        assert self._sip is not None
        while b"\r\n\r\n" not in self._rest:
            self._more()
        head, _, rest = self._rest.partition(b"\r\n\r\n")
        length = re.search(rb"(?im)^(?:Content-Length|l):\s*(\d+)", head)
        size = int(length[1]) if length else 0
        while len(rest) < size:
            self._more()
            rest = self._rest.partition(b"\r\n\r\n")[2]
        self._rest = rest[size:]
        return head + b"\r\n\r\n" + rest[:size]

    def _more(self) -> None:
        assert self._sip is not None
        data = self._sip.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._rest += data


def _heard(payloads: list[bytes]) -> Heard:
    return Heard.of(alaw.decode(b"".join(payloads)))


def decrypted(packet: bytes, key: bytes, salt: bytes) -> bytes:
    """The payload of one SRTP packet (RFC 3711 4.1.1, 4.3.1), of a stream whose numbers have not rolled over yet."""
    session_key, session_salt = _derived(key, salt, 0, 16), _derived(key, salt, 2, 14)
    number, ssrc = int.from_bytes(packet[2:4]), int.from_bytes(packet[8:12])
    start = int.from_bytes(session_salt) << 16 ^ ssrc << 64 ^ number << 16
    return _counter_mode(session_key, start, packet[RTP_HEADER:-TAG])


def _derived(key: bytes, salt: bytes, label: int, size: int) -> bytes:
    return _counter_mode(key, (int.from_bytes(salt) ^ label << 48) << 16, bytes(size))


def _counter_mode(key: bytes, start: int, data: bytes) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.CTR(start.to_bytes(16))).encryptor()
    return cipher.update(data) + cipher.finalize()
