"""AMI's events and the log of a scratch Asterisk → a trial's story. Pure: it is told everything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote

from ivr.dialplan import match
from ivr.dialplan.model import Dialplan, Step
from ivr.dialplan.trial_model import CALLER, Happening, Kind

_PLAYING = re.compile(r"\[([\d-]+ [\d:.]+)\] VERBOSE\[.*?<(\S+?)> Playing '(.*)\.\w+' \(language '(\w+)'\)")
_WARNING = re.compile(r"\[([\d-]+ [\d:.]+)\] (WARNING|ERROR)\[\d+\](?:\[[^\]]*\])? [\w.]+: (.*)")
_LISTENS = re.compile(r"\b(Read|Background|WaitExten|Queue)\b", re.IGNORECASE)
_LOCAL = re.compile(r"Local/(.+)-[0-9a-f]{8};\d")
_PARTY = re.compile(r"PJSIP/(?:(desk|department|interpreter|trunk)-)?([\w-]+)-[0-9a-f]{8}")
# Asterisk's own housekeeping: no dialplan reads it.
_NOISE = re.compile(
    r"~HASH~|BRIDGEPEER|BRIDGEPVTCALLID|GOSUB_RETVAL|RTPAUDIOQOS\w*|PLAYBACKSTATUS|SIPDOMAIN|DIALEDPEER\w+"
)

LATE = 0.1  # seconds that AMI may be behind the log

Words = Callable[[str, str], str]  # (language, prompt) → its text


class Watch:
    """What has happened so far, and how it stands now. `origin` is the endpoint that the caller comes from."""

    def __init__(self, dialplan: Dialplan, words: Words, origin: str) -> None:
        self._dialplan, self._words, self._origin = dialplan, words, origin
        self.story: list[Happening] = []
        self.began: float | None = None  # Asterisk's clock, seconds since the epoch
        self.ahead = 0.0  # Asterisk's clock before ours
        self.caller: str | None = None  # channel
        self.caller_id = ""  # its unique id
        self.over = False  # the caller's leg has ended
        self.live: dict[str, str] = {}  # channel → what it runs: `Queue(q-general,…)`
        self.steps = 0  # how many there were
        self._bridges: dict[str, set[str]] = {}
        self._company: tuple[str, ...] = ()
        self._values: dict[tuple[str, str], str] = {}

    # — how it stands —————————————————————————————————————————————————————————————————————————————————————————————————

    @property
    def company(self) -> tuple[str, ...]:
        """Who talks with the caller now, helpers left out."""
        return self._company

    @property
    def listens(self) -> bool:
        """Would a key be heard: the caller's leg, or a helper that stands in for it, asks for one."""
        return any(
            _LISTENS.search(run) for channel, run in self.live.items() if channel == self.caller or ";2" in channel
        )

    @property
    def waits_in(self) -> str:
        """The queue in which the caller stands, or nothing."""
        found = re.match(r"Queue\(([^,)]*)", self.live.get(self.caller or "", ""))
        return found[1] if found and not self._company else ""

    @property
    def calm(self) -> bool:
        """Nobody but the caller and those who talk with him has a leg."""
        bridge = self._bridge()
        return all(channel == self.caller or channel in bridge for channel in self.live)

    def now(self, clock: float) -> float:
        """Our clock → seconds since the call came."""
        return clock + self.ahead - self.began if self.began is not None else 0.0

    # — what happens ——————————————————————————————————————————————————————————————————————————————————————————————————

    def hear(self, event: Mapping[str, str], clock: float) -> None:
        """One AMI event; `clock` is ours, when it came."""
        stamp = float(event.get("Timestamp", "0") or 0)
        self.ahead = max(self.ahead, stamp - clock) if self.ahead else stamp - clock
        handler = getattr(self, f"_on_{event.get('Event', '').lower()}", None)
        if handler is not None:
            handler(event, stamp)

    def note(self, kind: Kind, leg: str, what: str, clock: float, **more: str) -> None:
        """Something that we know ourselves, by our clock."""
        self.story.append(Happening(round(self.now(clock), 3), leg, kind, what, more))

    def read_log(self, lines: Iterable[str]) -> None:
        """Prompts that were played, and what Asterisk complained about, from the log."""
        for line in lines:
            if (played := _PLAYING.search(line)) is not None:
                words = self._words(played[4], played[3])
                self._add(_stamp(played[1]), played[2], "hears", played[3], language=played[4], words=words)
            elif (said := _WARNING.match(line)) is not None:
                self._add(_stamp(said[1]), "", "says", said[3], severity=said[2].lower())

    def in_order(self) -> tuple[Happening, ...]:
        return tuple(sorted(map(self._after_its_step, self.story), key=lambda one: one.at))

    def _after_its_step(self, one: Happening) -> Happening:
        """AMI stamps a step a moment after it began; what it plays stands behind it all the same."""
        if one.kind != "hears":
            return one
        steps = (
            step.at
            for step in self.story
            if step.kind == "step" and step.leg == one.leg and one.at < step.at < one.at + LATE
            if one.what in step.more["arguments"]
        )
        return replace(one, at=next(steps, one.at))

    def reached(self) -> Iterator[tuple[float, str]]:
        """The places to which the caller came, in order."""
        for one in self.in_order():
            if one.leg != CALLER:
                continue
            if one.kind == "step" and one.more["application"].lower() == "queue":
                yield one.at, f"queue {one.more['arguments'].partition(',')[0]}"
            elif one.kind == "noted":
                yield one.at, f"step {one.what}"
            elif one.kind == "talk":
                for party in one.what.split(" + "):
                    yield one.at, party
            elif one.kind == "end" and one.more.get("by") == "hotline":
                yield one.at, f"hangup {one.what}"

    def hung_up_by_hotline(self) -> None:
        """The caller's leg ended, and not because he hung up."""
        for n, one in enumerate(self.story):
            if one.kind == "end" and one.leg == CALLER:
                self.story[n] = replace(one, more={**one.more, "by": "hotline"})

    def stands(self) -> str:
        """Where the caller is now."""
        if self.over:
            end = next((one for one in reversed(self.story) if one.kind == "end" and one.leg == CALLER), None)
            return f"hangup {end.what}" if end is not None and end.more.get("by") == "hotline" else "gone"
        if self._company:
            return " + ".join(self._company)
        if self.waits_in:
            return f"queue {self.waits_in}"
        last = next((one for one in reversed(self.story) if one.kind == "step" and one.leg == CALLER), None)
        return f"step {last.what}" if last is not None else "nowhere"

    def _add(self, stamp: float, channel: str, kind: Kind, what: str, **more: str) -> None:
        if self.began is None:
            return
        self.story.append(Happening(round(stamp - self.began, 6), self.leg(channel), kind, what, more))

    def leg(self, channel: str) -> str:
        """Whose it is, in words."""
        if channel == self.caller:
            return CALLER
        if (local := _LOCAL.match(channel)) is not None:
            return local[1]
        if (party := _PARTY.match(channel)) is not None:
            return f"{party[1] or 'operator'} {party[2]}"
        return channel or "asterisk"

    def _on_newchannel(self, event: Mapping[str, str], stamp: float) -> None:
        channel = event["Channel"]
        if self.caller is None and channel.startswith(f"PJSIP/{self._origin}-"):
            self.caller, self.caller_id, self.began = channel, event["Uniqueid"], stamp
        self.live[channel] = ""
        if not channel.startswith("Local/") and channel != self.caller:
            self._add(stamp, channel, "leg", "called")

    def _on_newstate(self, event: Mapping[str, str], stamp: float) -> None:
        word = {"Ringing": "rings", "Up": "answers"}.get(event.get("ChannelStateDesc", ""))
        if word and event["Channel"].startswith("PJSIP/") and event["Channel"] != self.caller:
            self._add(stamp, event["Channel"], "leg", word)
        elif word == "answers" and event["Channel"] == self.caller:
            self._add(stamp, event["Channel"], "leg", "answered")

    def _on_newexten(self, event: Mapping[str, str], stamp: float) -> None:
        channel, context, extension = event["Channel"], event["Context"], event["Extension"]
        application, arguments = event["Application"], event["AppData"]
        priority = int(event.get("Priority", "0") or 0)
        step = match.find(self._dialplan, context, extension, priority)
        if self.began is None or _is_passage(step, application, priority):
            return
        self.steps += 1
        self.live[channel] = f"{application}({arguments})"
        more = {"application": application, "arguments": arguments}
        self.story.append(
            Happening(
                round(stamp - self.began, 6),
                self.leg(channel),
                "step",
                f"{context},{extension},{priority}",
                more,
                step.at if step is not None else None,
            )
        )

    def _on_varset(self, event: Mapping[str, str], stamp: float) -> None:
        name, value, channel = event["Variable"], event["Value"], event.get("Channel", "")
        before = self._values.get((channel, name))
        self._values[channel, name] = value
        if before == value or (before is None and not value) or _NOISE.fullmatch(name):
            return
        more = {"value": value} | ({"before": before} if before is not None else {})
        self._add(stamp, channel if channel != "none" else "", "set", name, **more)

    def _on_cel(self, event: Mapping[str, str], stamp: float) -> None:
        """A step that the call log will have, whoever wrote it: the dialplan, or an AGI script."""
        if event.get("UserDefType") != "STEP":
            return
        told = re.search(r"&step=([\w-]+)(?:&value=([^&\"]*))?", event.get("Extra", ""))
        if told is not None:
            self._add(stamp, event["Channel"], "noted", f"{told[1]} {unquote(told[2] or '')}".strip())

    def _on_musiconholdstart(self, event: Mapping[str, str], stamp: float) -> None:
        self._add(stamp, event["Channel"], "music", event.get("Class", ""))

    def _on_bridgeenter(self, event: Mapping[str, str], stamp: float) -> None:
        self._bridges.setdefault(event["BridgeUniqueid"], set()).add(event["Channel"])
        self._meet(stamp)

    def _on_bridgeleave(self, event: Mapping[str, str], stamp: float) -> None:
        self._bridges.get(event["BridgeUniqueid"], set()).discard(event["Channel"])
        self._meet(stamp)

    def _on_hangup(self, event: Mapping[str, str], stamp: float) -> None:
        channel = event["Channel"]
        self.live.pop(channel, None)
        for members in self._bridges.values():
            members.discard(channel)
        if not channel.startswith("Local/"):
            self._add(stamp, channel, "end", event.get("Cause", ""), text=event.get("Cause-txt", ""))
        if channel == self.caller:
            self.over = True
        else:
            self._meet(stamp)

    def _bridge(self) -> set[str]:
        return next((members for members in self._bridges.values() if self.caller in members), set())

    def _meet(self, stamp: float) -> None:
        company = tuple(
            sorted(self.leg(one) for one in self._bridge() if one.startswith("PJSIP/") and one != self.caller)
        )
        if company != self._company:
            self._company = company
            if company:
                self._add(stamp, self.caller or "", "talk", " + ".join(company))
            elif not self.over:
                self._add(stamp, self.caller or "", "alone", "")


def _is_passage(step: Step | None, application: str, priority: int) -> bool:
    """No step of its own: Gosub on its way to a place, Return on its way back, the leg that Dial or Queue calls."""
    if step is None:
        return priority == 0 or application in {"AppDial", "AppDial2", "AppQueue", "Return"}
    return priority == 0 or step.application.lower() != application.lower()


def _stamp(text: str) -> float:
    """`2026-11-27 02:24:58.115565` is UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
