"""The phones of a trial: SIP by UDP on loopback, without voice. They call, answer as told, press keys and hang up.

Loopback loses nothing, so requests are sent once; a request that comes again gets the same answer again.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from ivr.dialplan import trial_sip as sip
from ivr.dialplan.trial_sip import Dialog, Message
from ivr.settings import Address

Manner = Literal["answer", "busy", "reject", "ring", "silent"]
MANNERS: tuple[Manner, ...] = ("answer", "busy", "reject", "ring", "silent")
STATUS = {"busy": "486 Busy Here", "reject": "603 Decline"}
VOICE = 5  # packets of silence: Asterisk's Answer waits half a second for the first
RINGING = 0.25  # seconds that a phone rings before it answers
USER = "+*#-_.!~()"  # RFC 3261 25.1; `#` as phones send it
REGISTER_SECONDS = 5.0


@dataclass(slots=True)
class Talk:
    """One call of a phone."""

    dialog: Dialog
    invite: Message
    state: str = "calling"  # calling, ringing, up, over
    status: int = 0  # what our call was refused with
    up: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Phone(asyncio.DatagramProtocol):
    """At one address; a new call is treated in its manner."""

    def __init__(self, name: str, address: Address, server: Address, manner: Manner) -> None:
        self.name, self.address, self.server, self.manner = name, address, server, manner
        self.talks: dict[str, Talk] = {}
        self._answers: dict[str, bytes] = {}  # branch and method → our answer, for one that comes again
        self._waiting: dict[str, asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._via = f"{address.host}:{address.port}"
        self._contact = f"sip:{name}@{self._via}"
        self._voice = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # what comes is never read
        self._voice.setblocking(False)
        self._wire: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        """Raises OSError where somebody else has taken the address."""
        self._voice.bind((self.address.host, 0))
        loop = asyncio.get_running_loop()
        self._wire, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(self.address.host, self.address.port)
        )

    async def close(self) -> None:
        """Hang up whatever is up."""
        for talk in self.talks.values():
            self.hang_up(talk)
        for task in self._tasks:
            task.cancel()
        await asyncio.sleep(0)
        if self._wire is not None:
            self._wire.close()
        self._voice.close()

    async def register(self, password: str, seconds: int = 300) -> None:
        """Be known to Asterisk as this user; 0 seconds: be known no more. Raises TimeoutError or OSError."""
        registrar = f"sip:{self._at_server}"
        me = f"<sip:{self.name}@{self._at_server}>"
        dialog = Dialog(me, me, self._contact, registrar)
        credentials = ""
        for _ in range(2):
            request = dialog.request("REGISTER", self._via)
            request.headers.append(("expires", str(seconds)))
            if credentials:
                request.headers.append(("authorization", credentials))
            reply = await self._ask(request)
            if reply.status != 401:
                break
            credentials = sip.authorization(reply, self.name, password, registrar)
        if reply.status != 200:
            raise OSError(f"Asterisk refused to register {self.name}: {reply.first}")

    def call(self, number: str, caller: str) -> Talk:
        """Dial `number`; the From shows `caller`. Whatever stands in them is their text and nothing else."""
        target = f"sip:{quote(number, safe=USER)}@{self._at_server}"
        dialog = Dialog(f"<sip:{quote(caller, safe=USER)}@{self.address.host}>", f"<{target}>", self._contact, target)
        invite = dialog.request("INVITE", self._via, self._sdp)
        talk = self.talks[dialog.call_id] = Talk(dialog, invite)
        self._send(invite)
        return talk

    def press(self, talk: Talk, key: str) -> None:
        """One key, by SIP INFO."""
        if talk.state == "up":
            self._send(
                talk.dialog.request("INFO", self._via, f"Signal={key}\r\nDuration=160\r\n", "application/dtmf-relay")
            )

    def hang_up(self, talk: Talk) -> None:
        if talk.state == "up":
            self._send(talk.dialog.request("BYE", self._via))
        elif talk.state == "calling":
            cancel = Message(f"CANCEL {talk.dialog.target} SIP/2.0", list(talk.invite.headers))
            cancel.headers = [(n, v.replace("INVITE", "CANCEL") if n == "cseq" else v) for n, v in cancel.headers]
            cancel.headers = [(n, v) for n, v in cancel.headers if n != "content-type"]
            self._send(cancel)
        talk.state = "over"
        talk.over.set()

    @property
    def ringing(self) -> bool:
        return any(talk.state == "ringing" for talk in self.talks.values())

    # — the wire ——————————————————————————————————————————————————————————————————————————————————————————————————————

    @property
    def _at_server(self) -> str:
        return f"{self.server.host}:{self.server.port}"

    @property
    def _sdp(self) -> str:
        return sip.sdp(self.address.host, self._voice.getsockname()[1])

    def _send(self, message: Message) -> None:
        if self._wire is not None and not self._wire.is_closing():
            self._wire.sendto(message.encode(), (self.server.host, self.server.port))

    async def _ask(self, request: Message) -> Message:
        key = f"{request.get('call-id')} {request.get('cseq')}"
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[key] = future
        self._send(request)
        async with asyncio.timeout(REGISTER_SECONDS):
            return await future

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        message = sip.parse(data)
        if message is None:
            return
        if message.status:
            self._response(message)
            return
        branch = f"{message.get('via')} {message.method}"
        if (again := self._answers.get(branch)) is not None and self._wire is not None:
            self._wire.sendto(again, (self.server.host, self.server.port))
            return
        self._request(message)

    def _reply(self, request: Message, status: str, tag: str = "trial", body: str = "") -> None:
        reply = sip.answer(request, status, self._contact, tag, body)
        if not status.startswith("1"):
            self._answers[f"{request.get('via')} {request.method}"] = reply.encode()
        self._send(reply)

    def _response(self, response: Message) -> None:
        waiting = self._waiting.pop(f"{response.get('call-id')} {response.get('cseq')}", None)
        if waiting is not None and not waiting.done():
            waiting.set_result(response)
        talk = self.talks.get(response.get("call-id"))
        if talk is None or response.method != "INVITE" or response.status < 200:
            return
        if response.status < 300:
            talk.dialog.remote_tag = response.tag("to")
            talk.dialog.target = sip.uri_of(response.get("contact"))
            self._send(talk.dialog.request("ACK", self._via))
            if talk.state == "over":  # we have hung up meanwhile
                self._send(talk.dialog.request("BYE", self._via))
                return
            talk.state = "up"
            talk.up.set()
            self._later(self._speak(response.body))
            return
        acknowledge = Message(f"ACK {talk.dialog.target} SIP/2.0", list(talk.invite.headers))
        acknowledge.headers = [
            (n, v.replace("INVITE", "ACK") if n == "cseq" else response.get("to") if n == "to" else v)
            for n, v in acknowledge.headers
            if n != "content-type"
        ]
        self._send(acknowledge)
        talk.state, talk.status = "over", response.status
        talk.over.set()

    def _request(self, request: Message) -> None:
        talk = self.talks.get(request.get("call-id"))
        if request.method == "INVITE" and talk is None:
            self._incoming(request)
        elif request.method == "ACK":
            return
        elif request.method == "CANCEL" and talk is not None:
            self._reply(request, "200 OK", talk.dialog.tag)
            if talk.state == "ringing":
                self._reply(talk.invite, "487 Request Terminated", talk.dialog.tag)
            talk.state = "over"
            talk.over.set()
        elif request.method == "BYE":
            self._reply(request, "200 OK")
            if talk is not None and talk.state != "over":
                talk.state = "over"
                talk.over.set()
        elif request.method in {"INVITE", "UPDATE"} and talk is not None:
            self._reply(request, "200 OK", talk.dialog.tag, self._sdp if request.body else "")
        else:
            self._reply(request, "200 OK")

    def _incoming(self, invite: Message) -> None:
        talk = self.talks[invite.get("call-id")] = Talk(Dialog.of_invite(invite, self._contact), invite, "ringing")
        if self.manner == "silent":
            return
        self._reply(invite, "100 Trying", talk.dialog.tag)
        if (refusal := STATUS.get(self.manner)) is not None:
            talk.state = "over"
            self._reply(invite, refusal, talk.dialog.tag)
            return
        self._reply(invite, "180 Ringing", talk.dialog.tag)
        if self.manner == "answer":
            self._later(self._answer(talk))

    def _later(self, what: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, talk: Talk) -> None:
        await asyncio.sleep(RINGING)
        if talk.state == "ringing":
            talk.state = "up"
            self._reply(talk.invite, "200 OK", talk.dialog.tag, self._sdp)
            talk.up.set()
            await self._speak(talk.invite.body)

    async def _speak(self, description: str) -> None:
        """Some silence to where their SDP says (RTP, PCMA)."""
        if (far := sip.voice_of(description)) is None:
            return
        for n in range(VOICE):
            with contextlib.suppress(OSError):
                self._voice.sendto(struct.pack("!BBHII", 0x80, 8, n, n * 160, 1) + b"\xd5" * 160, far)
            await asyncio.sleep(0.02)
