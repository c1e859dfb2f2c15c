"""A SIP phone for tests and for the demo: one process a phone, driven synchronously.

    with Phone("citizen", ip="127.0.0.11", tone="caller") as citizen:
        citizen.call("sip:12345@127.0.0.1:5060")
        citizen.wait_for("confirmed")
        assert citizen.heard("operator") > 0.9

All times are seconds since the epoch, as `time.time()` gives them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from tests.phones.events import Event, Invite, PhoneError, Registration, Secure
from tests.phones.line import PATIENCE, Line
from tests.phones.tones import AMPLITUDE, RECORD, Gap, Heard, Tone, hertz, save_wav


class Phone:
    """A phone that is switched on while the object lives. Most methods mean the newest call unless one is named."""

    def __init__(
        self,
        name: str,
        ip: str = "127.0.0.11",
        port: int = 0,
        tone: Tone = 450,
        register: Registration | None = None,
        codec: str = "alaw",
        *,
        sequence: int | None = None,  # of the first RTP packet of every stream, 1 … 32767; None: by chance
        peak: int = AMPLITUDE,
        jitter_ms: int = 40,
        log_level: int = 0,
        secure: Secure | None = None,
        obeys: bool = False,  # answers, holds and resumes when it is told to by NOTIFY
    ) -> None:
        self.name, self.ip, self.registration = name, ip, register
        self.tone = hertz(tone)
        self.called_at: dict[str, float] = {}  # by the number that it told: when it last began to call
        self._line = Line(
            name,
            {
                "ip": ip,
                "port": port,
                "tone": self.tone,
                "peak": peak,
                "sequence": sequence,
                "codec": codec,
                "jitter_ms": jitter_ms,
                "log_level": log_level,
                "registration": asdict(register) if register else None,
                "secure": asdict(secure) if secure else None,
                "obeys": obeys,
            },
        )
        self.port, self.folder, self.events = self._line.port, self._line.folder, self._line.events
        self.uri = f"sip:{register.user if register else name}@{ip}:{self.port}{';transport=tls' if secure else ''}"
        if register:
            self.wait_registered()

    # — making and ending calls ———————————————————————————————————————————————————————————————————————————————————————

    def call(
        self,
        uri: str,
        headers: Mapping[str, str] | None = None,
        from_user: str | None = None,
        from_name: str | None = None,
    ) -> int:
        """Send an INVITE; returns the call's id, at once. `from_user` goes out as it is given, `from_name` quoted."""
        local = ""
        if from_user is not None or from_name is not None:
            address = f"<sip:{self.name if from_user is None else from_user}@{self.ip}:{self.port}>"
            escaped = (from_name or "").replace("\\", "\\\\").replace('"', '\\"')
            local = f'"{escaped}" {address}' if from_name is not None else address
        self.called_at[self.name if from_user is None else from_user] = time.time()
        return int(self._line.order("call", uri=uri, headers=dict(headers or {}), local_uri=local))

    def on_call(
        self, mode: str | tuple[str, int] = "answer", after: float = 0.0, drop_after: float | None = None
    ) -> Self:
        """What to do with calls that come in, from now on.

        mode: `answer` (after `after` seconds of ringing), `ring`, `busy` (486), `reject` (603), `("status", 503)`,
        `answer_then_drop` (hang up `drop_after` seconds after the answer, 1.0 if not given), `ignore` (100 Trying).
        """
        word, code = (mode, 0) if isinstance(mode, str) else mode
        known = {"busy": ("status", 486), "reject": ("status", 603), "answer_then_drop": ("answer", 0)}
        if word == "answer_then_drop" and drop_after is None:
            drop_after = 1.0
        word, code = known.get(word, (word, code))
        if word not in {"answer", "ring", "status", "ignore"}:
            raise ValueError(f"unknown answer mode: {mode}")
        self._line.order("on_call", mode=word, code=code, after=after, drop_after=drop_after)
        return self

    def answer(self, call: int | None = None, code: int = 200) -> None:
        self._line.order("answer", call=self._call(call), code=code)

    def hangup(self, call: int | None = None, code: int = 0, wait: bool = True) -> None:
        """BYE, CANCEL or a refusal (603, or `code`), whichever fits the call's state."""
        number = self._call(call)
        self._line.order("hangup", call=number, code=code)
        if wait:
            self.wait_for("disconnected", call=number)

    def dtmf(self, digits: str, method: str = "rfc4733", call: int | None = None, ms: int = 100) -> None:
        """Press keys; `method`: `rfc4733` or `info`. Returns at once; each digit takes `ms` milliseconds.

        By RFC 4733 the digit is sent in place of sound, so the others hear nothing of us meanwhile.
        """
        self._line.order("dtmf", call=self._call(call), digits=digits, method=method, ms=ms)

    def refer(self, uri: str, call: int | None = None) -> None:
        """The phone's Transfer key, blind."""
        self._line.order("refer", call=self._call(call), uri=uri)

    def attended(self, other: int, call: int | None = None) -> None:
        """The phone's Transfer key, attended: the other side of `call` is to replace us in our call `other`."""
        self._line.order("attended", call=self._call(call), other=other)

    def hold(self, call: int | None = None) -> None:
        self._line.order("hold", call=self._call(call))

    def unhold(self, call: int | None = None) -> None:
        self._line.order("unhold", call=self._call(call))

    def register(self) -> None:
        """Register anew, and wait for the answer."""
        since = time.time()
        self._line.order("register", on=True)
        self.wait_registered(since=since)

    def unregister(self) -> None:
        since = time.time()
        self._line.order("register", on=False)
        self.wait_event("registration", lambda event: not event.what["active"], since=since)

    def die(self) -> None:
        """The phone is dead: no BYE, no RTP, no answer to anything."""
        self._line.kill()

    def close(self, keep: bool = False) -> None:
        """Hang up, unregister, switch off; what was heard is deleted unless `keep`."""
        self._line.close(keep)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # — what happened —————————————————————————————————————————————————————————————————————————————————————————————————

    @property
    def alive(self) -> bool:
        return self._line.alive

    def last_words(self) -> str:
        """The end of what its process printed."""
        return self._line.last_words()

    @property
    def pid(self) -> int:
        return self._line.process.pid

    @property
    def invites(self) -> list[Invite]:
        """Every INVITE that came in, oldest first."""
        return [
            Invite(event.call or 0, event.at, event.what["source"], event.what["message"])
            for event in list(self.events)
            if event.name == "invite"
        ]

    @property
    def last_invite(self) -> Invite:
        found = self.invites
        if not found:
            raise PhoneError(f"{self.name}: no call has come in")
        return found[-1]

    @property
    def current(self) -> int | None:
        """The newest call that is not over, or the newest of all, or None."""
        states = self.states()
        running = [call for call, state in states.items() if state != "disconnected"]
        return max(running or states, default=None)

    def states(self) -> dict[int, str]:
        """Each call's state now: calling, incoming, early, connecting, confirmed, disconnected."""
        found: dict[int, str] = {}
        for event in list(self.events):
            if event.call is not None:
                found.setdefault(event.call, "incoming" if event.name == "invite" else "calling")
                if event.name == "state":
                    found[event.call] = event.what["state"]
        return found

    def state_event(self, state: str, call: int | None = None) -> Event | None:
        """When and how the call came into a state; its `what` has `code` and `reason`."""
        number = self._call(call)
        return self._line.find("state", lambda event: event.call == number and event.what["state"] == state)

    def wait_for(self, state: str, timeout: float = PATIENCE, call: int | None = None) -> Event:
        """Wait until the call was in a state, and tell when that was. `ringing` is another word for `early`.

        A call that ends before it came there raises PhoneError at once, with its code.
        """
        state = "early" if state == "ringing" else state

        def arrived() -> Event | None:
            number = self.current if call is None else call
            if number is None:
                return None
            event = self.state_event(state, number)
            end = self.state_event("disconnected", number)
            if event is None and end is not None:
                raise PhoneError(
                    f"{self.name}: call {number} ended ({end.what['code']} {end.what['reason']}) and never was {state}"
                )
            return event

        return self._line.until(arrived, timeout, f"to be {state}")

    def wait_invite(self, timeout: float = PATIENCE, count: int = 1, since: float = 0.0) -> Invite:
        """Wait for the n-th incoming call (of those since a moment, where one is given)."""

        def arrived() -> Invite | None:
            found = [invite for invite in self.invites if invite.at >= since]
            return found[count - 1] if len(found) >= count else None

        return self._line.until(arrived, timeout, f"to be called ({count})")

    def wait_event(
        self,
        name: str,
        matches: Callable[[Event], bool] | None = None,
        timeout: float = PATIENCE,
        since: float = 0.0,
    ) -> Event:
        return self._line.until(
            lambda: self._line.find(name, lambda event: event.at >= since and (matches is None or matches(event))),
            timeout,
            f"to see {name}",
        )

    def wait_registered(self, timeout: float = PATIENCE, since: float = 0.0) -> Event:
        return self.wait_event("registration", lambda event: bool(event.what["active"]), timeout, since)

    def digits(self, call: int | None = None) -> str:
        """The keys that the other side pressed."""
        number = self._call(call)
        return "".join(
            event.what["digit"] for event in list(self.events) if event.name == "dtmf" and event.call == number
        )

    def statistics(self, call: int | None = None) -> str:
        """PJSIP's own account of a call (codec, packets, losses), for a person to read."""
        return str(self._line.order("statistics", call=self._call(call)))

    # — what was heard ————————————————————————————————————————————————————————————————————————————————————————————————

    def audio(self, since: float | None = None, until: float | None = None, call: int | None = None) -> Heard:
        """What a call's other side sent, so far; also after its end, and after the phone's death."""
        path = self.folder / f"{self._call(call)}.frames"
        size = path.stat().st_size // RECORD.itemsize if path.exists() else 0
        records = np.fromfile(path, dtype=RECORD, count=size) if size else np.zeros(0, RECORD)
        return Heard.from_records(records).window(since, until)

    def heard(
        self, tone: Tone, since: float | None = None, until: float | None = None, call: int | None = None
    ) -> float:
        """Share of 20 ms frames, 0 … 1, in which a party's tone was heard."""
        return self.audio(since, until, call).share(tone)

    def who(self, since: float | None = None, until: float | None = None, call: int | None = None) -> set[str]:
        """Names of the parties that were heard; one that was heard only for a part of the time with a `?`."""
        return self.audio(since, until, call).who()

    def voice(self, since: float | None = None, until: float | None = None, call: int | None = None) -> float:
        """Share of 20 ms frames, 0 … 1, with something else than parties' tones: a prompt, music, ringing."""
        return self.audio(since, until, call).voice()

    def gaps(
        self,
        tones: Tone | Iterable[Tone],
        since: float | None = None,
        until: float | None = None,
        call: int | None = None,
    ) -> list[Gap]:
        """Stretches, (start, seconds), in which none of the tones was heard. Shorter than 10 ms is not seen."""
        return self.audio(since, until, call).gaps(tones)

    def wait_heard(
        self, tone: Tone, timeout: float = PATIENCE, call: int | None = None, since: float | None = None
    ) -> float:
        """Wait until a tone has been heard for 0.1 s; returns when that began."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            number = self.current if call is None else call
            began = None if number is None else self.audio(since, call=number).first(tone)
            if began is not None:
                return began
            time.sleep(0.02)
        raise PhoneError(f"{self.name} waited {timeout:g} s to hear {tone}")

    def wait_who(
        self,
        tones: Iterable[Tone],
        seconds: float = 0.4,
        timeout: float = PATIENCE,
        since: float | None = None,
        call: int | None = None,
    ) -> float:
        """Wait for a stretch of so many seconds in which exactly these parties are heard; returns when it began.

        Who is heard right after a change depends on how busy the machine is; that it comes to be so does not.
        """
        wanted, deadline = tuple(tones), time.monotonic() + timeout
        while time.monotonic() < deadline:
            number = self.current if call is None else call
            began = None if number is None else self.audio(since, call=number).stretch(wanted, seconds)
            if began is not None:
                return began
            time.sleep(0.05)
        last = self.audio(since, call=call)
        heard = " ".join(sorted(last.window(last.end - seconds).who())) or "nobody"
        names = " ".join(str(tone) for tone in wanted) or "nobody"
        raise PhoneError(f"{self.name} waited {timeout:g} s to hear {names} for {seconds:g} s, and last heard {heard}")

    def save_wav(self, path: str | Path, call: int | None = None) -> None:
        save_wav(path, self.audio(call=call))

    def _call(self, call: int | None) -> int:
        number = self.current if call is None else call
        if number is None:
            raise PhoneError(f"{self.name} has no call")
        return number
