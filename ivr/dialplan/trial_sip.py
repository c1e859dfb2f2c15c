"""As much SIP as a trial's phones speak (RFC 3261): messages as text, dialogs, digest. Pure."""

from __future__ import annotations

import hashlib
import itertools
import re
import secrets
from dataclasses import dataclass, field

_serial = itertools.count(1)
SHORT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type"}


@dataclass(slots=True)
class Message:
    """A request or a response. Header names are in lower case, in the order in which they came."""

    first: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    @property
    def status(self) -> int:
        """0 for a request."""
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        """Of a response, that of its request."""
        return self.get("cseq").split()[-1] if self.status else self.first.split()[0]

    @property
    def number(self) -> int:
        return int(self.get("cseq").split()[0])

    def get(self, name: str) -> str:
        """The first of that name, or nothing."""
        return next((value for header, value in self.headers if header == name), "")

    def all(self, name: str) -> list[str]:
        return [value for header, value in self.headers if header == name]

    def tag(self, name: str) -> str:
        found = re.search(r";tag=([^;>\s]+)", self.get(name))
        return found[1] if found else ""

    def encode(self) -> bytes:
        lines = [self.first, *(f"{name}: {value}" for name, value in self.headers)]
        body = self.body.encode()
        return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


def parse(data: bytes) -> Message | None:
    """None where it is no SIP message (a keep-alive)."""
    head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    if "SIP/2.0" not in first:
        return None
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        name = SHORT.get(name.strip().lower(), name.strip().lower())
        if colon and name != "content-length":
            headers.append((name, value.strip()))
    return Message(first, headers, body)


def answer(request: Message, status: str, contact: str, tag: str, body: str = "") -> Message:
    """The response `status` ("200 OK") to a request."""
    headers = [(name, value) for name, value in request.headers if name in {"via", "from", "call-id", "cseq"}]
    to = request.get("to")
    headers.append(("to", to if ";tag=" in to or status.startswith("100") else f"{to};tag={tag}"))
    headers += [("record-route", value) for value in request.all("record-route")]
    headers.append(("contact", f"<{contact}>"))
    headers.append(("allow", "INVITE, ACK, CANCEL, BYE, INFO, OPTIONS, UPDATE"))
    if body:
        headers.append(("content-type", "application/sdp"))
    return Message(f"SIP/2.0 {status}", headers, body)


@dataclass(slots=True)
class Dialog:
    """Our side of one call, or of one registration."""

    local: str  # our URI, with a name where there is one: the From of what we send
    remote: str  # theirs
    contact: str  # where we are reached
    target: str  # where requests go
    call_id: str = field(default_factory=lambda: secrets.token_hex(12))
    tag: str = field(default_factory=lambda: secrets.token_hex(6))
    remote_tag: str = ""
    number: int = 0  # of our last request

    @classmethod
    def of_invite(cls, invite: Message, contact: str) -> Dialog:
        """Their call to us."""
        return cls(
            local=invite.get("to").partition(";tag=")[0],
            remote=invite.get("from").partition(";tag=")[0],
            contact=contact,
            target=uri_of(invite.get("contact")),
            call_id=invite.get("call-id"),
            remote_tag=invite.tag("from"),
        )

    def request(self, method: str, via: str, body: str = "", kind: str = "application/sdp") -> Message:
        """The next request. ACK to a 2xx and CANCEL keep their INVITE's number."""
        if method not in {"ACK", "CANCEL"}:
            self.number += 1
        branch = f"z9hG4bK{secrets.token_hex(8)}{next(_serial)}"
        to = f"{self.remote};tag={self.remote_tag}" if self.remote_tag else self.remote
        headers = [
            ("via", f"SIP/2.0/UDP {via};branch={branch}"),
            ("max-forwards", "70"),
            ("from", f"{self.local};tag={self.tag}"),
            ("to", to),
            ("call-id", self.call_id),
            ("cseq", f"{self.number} {method}"),
            ("contact", f"<{self.contact}>"),
            ("user-agent", "hotline trial"),
        ]
        if body:
            headers.append(("content-type", kind))
        return Message(f"{method} {self.target} SIP/2.0", headers, body)


def uri_of(header: str) -> str:
    """`"Name" <sip:a@b>;x` → `sip:a@b`."""
    found = re.search(r"<([^>]+)>", header)
    return found[1] if found else header.partition(";")[0].strip()


def sdp(host: str, port: int) -> str:
    """PCMA and nothing else: without telephone-event Asterisk takes keys by INFO."""
    return (
        f"v=0\r\no=- {next(_serial)} 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"
    )


def voice_of(description: str) -> tuple[str, int] | None:
    """Where an SDP wants its sound."""
    host, port = re.search(r"^c=IN IP4 (\S+)", description, re.M), re.search(r"^m=audio (\d+)", description, re.M)
    return (host[1], int(port[1])) if host and port else None


def authorization(challenge: Message, user: str, password: str, uri: str) -> str:
    """Digest with MD5 (RFC 2617), with qop=auth where it is offered."""
    asked = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.get("www-authenticate")))
    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    whose, what = md5(f"{user}:{realm}:{password}"), md5(f"{challenge.method}:{uri}")
    fields = f'username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm=MD5'
    if "auth" in asked.get("qop", ""):
        cnonce = secrets.token_hex(8)
        response = md5(f"{whose}:{nonce}:00000001:{cnonce}:auth:{what}")
        fields += f', qop=auth, nc=00000001, cnonce="{cnonce}"'
    else:
        response = md5(f"{whose}:{nonce}:{what}")
    opaque = f', opaque="{asked["opaque"]}"' if "opaque" in asked else ""
    return f'Digest {fields}, response="{response}"{opaque}'
