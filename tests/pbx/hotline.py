"""A whole hotline for a test: a running system, real phones around it, and nothing left open afterwards."""

from __future__ import annotations

import contextlib
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ivr.calls.model import Call
from tests.pbx import sites
from tests.pbx.running import LOG_SECONDS, PATIENCE, Running, eventually
from tests.phones import Phone, RawCaller, Registration
from tests.phones.tones import Tone

STAMPS_APART = 2.1  # seconds; a hundred frames is what PJSIP's jitter buffer takes for late
OPERATOR_TONES = ("operator", "operator2", "operator3")


class Hotline(Running):
    """One running hotline and its phones; `changes` are laid over the test site's tables (sites.py)."""

    def __init__(self, folder: Path, changes: sites.Table | None = None) -> None:
        super().__init__(folder, changes)
        self.phones: list[Phone] = []
        self.raw_callers: list[RawCaller] = []
        self._forgiven: set[str] = set()  # calls that a failed test left without an end

    def stop(self) -> None:
        self.switch_off_phones()
        super().stop()

    # — phones ————————————————————————————————————————————————————————————————————————————————————————————————————————

    def caller(self, number: str = "13800138000", tone: Tone = "caller", **options: Any) -> Phone:
        """A citizen's phone behind the public trunk; `phone.call(hotline.uri)` calls the hotline."""
        return self.keep(Phone(number, **{"ip": sites.CALLERS, "tone": tone, **options}))

    def raw_caller(self, **options: Any) -> RawCaller:
        raw = RawCaller(ip=sites.CALLERS, **options)
        self.raw_callers.append(raw)
        return raw

    def operator(self, number: str = "1001", answers: bool = True, tone: Tone | None = None, **options: Any) -> Phone:
        """An operator's registered phone; it takes calls at once, or only rings."""
        numbers = [operator["number"] for operator in self.tables["operators"]]
        registration = Registration(self.server, number, self.credentials["operators"][number])
        chosen = OPERATOR_TONES[numbers.index(number)] if tone is None else tone
        phone = self.keep(Phone(number, ip=sites.OPERATORS, tone=chosen, register=registration, **options))
        if answers:
            phone.on_call("answer")
        self.wait_contact(number, phone.uri, new=True)
        return phone

    def desk(self, key: str = "110", route: int = 1, answers: bool = True, **options: Any) -> Phone:
        """A target's phone at its n-th route; it takes calls at once, or only rings. It calls in by `hotline.uri`."""
        uri = self.tables["targets"][key]["routes"][route - 1]
        ip, _, port = uri.partition("@")[2].rpartition(":")
        phone = self.keep(Phone(key, ip=ip, port=int(port), **{"tone": key, **options}))
        if answers:
            phone.on_call("answer")
        self.wait_contact(f"{self.tables['targets'][key].get('role', 'desk')}-{key}", uri)
        return phone

    def keep(self, phone: Phone) -> Phone:
        self.phones.append(phone)
        return phone

    def switch_off_phones(self) -> None:
        for raw in self.raw_callers:
            raw.close()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(Phone.close, self.phones))
        self.phones.clear()
        self.raw_callers.clear()

    def bury_dead_operators(self) -> None:
        """A phone that died is still registered: wait until Asterisk knows, or the next call would ring it."""
        for phone in self.phones:
            if phone.registration is not None and not phone.alive:
                self.wait_contact(phone.registration.user, phone.uri, there=False)

    def talk(self, citizen: Phone, operator: Phone) -> float:
        """The citizen calls and the operator, the only one who is free, has him: for two seconds they talk.

        Returns the moment from which both heard each other. PJSIP's phones stamp their RTP from 0 on, and Asterisk
        passes stamps on: who comes in within 2 s of another would look late to a third one's jitter buffer when the
        other leaves.
        """
        asked = time.time()
        call = citizen.call(self.uri, from_user=citizen.name)
        invite = operator.wait_invite(since=asked)
        operator.wait_for("confirmed", call=invite.call)
        began = max(
            citizen.wait_heard(operator.tone, call=call, since=invite.at),
            operator.wait_heard(citizen.tone, call=invite.call),
        )
        time.sleep(STAMPS_APART)
        return began

    def wait_waiting(self, callers: int = 1, queue: str = "q-general") -> None:
        """Until so many wait in a queue: an answered caller is not there yet, and a key of his would come too early."""

        def shown() -> str:
            return self.asterisk(f"queue show {queue}")

        eventually(lambda: len(re.findall(r"^ +\d+\. PJSIP/", shown(), re.MULTILINE)) == callers, PATIENCE, shown)

    def wait_attempt(self, caller: str, word: str) -> None:
        """Until the newest attempt to bring a target into the caller's talk is in this state, or has ended so."""

        def now() -> list[tuple[str, str | None]]:
            calls = self.api("GET", "/api/v1/live").body["calls"]
            attempts = [one for call in calls if call["caller"] == caller for one in call["transfers"][-1:]]
            return [(one["state"], one["result"]) for one in attempts]

        eventually(lambda: any(word in one for one in now()), 2 * PATIENCE, lambda: f"{word} was to be, and is {now()}")

    def began(self, caller: str) -> float:
        return max((phone.called_at.get(caller, 0.0) for phone in self.phones), default=0.0)

    # — afterwards ————————————————————————————————————————————————————————————————————————————————————————————————————

    def assert_clean(self, timeout: float = LOG_SECONDS) -> None:
        """Nothing is left over: no channel, no bridge in Asterisk, nothing without an end in the log."""
        left: list[str] = []

        def clean() -> bool:
            left[:] = self.left_open()
            return not left

        eventually(clean, timeout, lambda: "left open:\n" + "\n".join(left))

    def left_open(self) -> list[str]:
        asterisk = [f"channel {name}" for name in self.channels()] + [f"bridge {name}" for name in self.bridges()]
        calls = [call for call in self.calls() if call.id not in self._forgiven]
        return asterisk + [line for call in calls for line in open_ends(call)]

    def sweep(self) -> None:
        """After a failed test: end what is left, so that the next test is judged by itself."""
        self.asterisk("channel request hangup all")
        with contextlib.suppress(AssertionError):
            self.assert_clean()
        self._forgiven |= {call.id for call in self.calls() if open_ends(call)}


def open_ends(call: Call) -> list[str]:
    """What of a call has no end in the log."""
    found = ["call"] if call.ended_at is None or call.outcome is None else []
    found += [f"leg {leg.role} {leg.party}" for leg in call.legs if leg.ended_at is None]
    found += [f"talk {talk.leg_a} {talk.leg_b}" for talk in call.talks if talk.ended_at is None]
    for transfer in call.transfers:
        if transfer.ended_at is None or transfer.result is None:
            found.append(f"transfer to {transfer.target}")
        found += [f"attempt {attempt.route}" for attempt in transfer.attempts if attempt.result is None]
    return [f"{what} of call {call.id} from {call.caller}" for what in found]
