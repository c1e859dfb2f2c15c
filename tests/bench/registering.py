"""REGISTER for phones that SIPp plays (RFC 3261 10, digest by RFC 8760's MD5 and qop=auth)."""

from __future__ import annotations

import hashlib
import re
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

Server = tuple[str, int]


def register(server: str, secrets: Mapping[str, str], host: str, contact_port: int) -> None:
    """Every number of `secrets` is from now on at `host`:`contact_port`. Raises AssertionError where one is refused.

    The port must be free: a phone is where its REGISTER comes from, whatever its Contact says.
    """
    name, _, port = server.rpartition(":")
    at = (name, int(port))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((host, contact_port))
        wire.settimeout(3)
        for number, secret in secrets.items():
            refusal = _ask(wire, at, number, contact_port, "", 1)
            reply = _ask(wire, at, number, contact_port, _answer(refusal, number, secret, f"sip:{server}"), 2)
            assert reply.startswith("SIP/2.0 200"), f"operator {number} could not register: {reply.splitlines()[0]}"


def _answer(refusal: str, number: str, secret: str, uri: str) -> str:
    challenge = refusal.partition("WWW-Authenticate: Digest")[2].partition("\r\n")[0]
    given = dict(re.findall(r'(\w+)="?([^",\s]+)"?', challenge))
    ours, asked = _md5(f"{number}:{given['realm']}:{secret}"), _md5(f"REGISTER:{uri}")
    response = _md5(f"{ours}:{given['nonce']}:00000001:bench:auth:{asked}")
    fields = {
        "username": f'"{number}"',
        "realm": f'"{given["realm"]}"',
        "nonce": f'"{given["nonce"]}"',
        "uri": f'"{uri}"',
        "response": f'"{response}"',
        "algorithm": "MD5",
        "qop": "auth",
        "nc": "00000001",
        "cnonce": '"bench"',
    } | ({"opaque": f'"{given["opaque"]}"'} if "opaque" in given else {})
    return "Authorization: Digest " + ",".join(f"{name}={value}" for name, value in fields.items()) + "\r\n"


def _ask(wire: socket.socket, server: Server, number: str, contact_port: int, said: str, sequence: int) -> str:
    ip, port = wire.getsockname()
    call = f"r{number}.{contact_port}@{ip}"
    message = (
        f"REGISTER sip:{server[0]}:{server[1]} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {ip}:{port};branch=z9hG4bK{number}.{sequence}.{time.monotonic_ns()}\r\n"
        f"From: <sip:{number}@{server[0]}>;tag=t{number}\r\nTo: <sip:{number}@{server[0]}>\r\nCall-ID: {call}\r\n"
        f"CSeq: {sequence} REGISTER\r\nContact: <sip:{number}@{ip}:{contact_port}>\r\nExpires: 3600\r\n"
        f"Max-Forwards: 70\r\n{said}Content-Length: 0\r\n\r\n"
    )
    for _ in range(4):
        wire.sendto(message.encode(), server)
        with suppress(TimeoutError):
            while True:
                reply = wire.recv(65536).decode()
                if call in reply and f"{sequence} REGISTER" in reply and not reply.startswith("SIP/2.0 1"):
                    return reply
    raise AssertionError(f"no answer to REGISTER of {number}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
