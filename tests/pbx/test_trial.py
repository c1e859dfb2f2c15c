"""A trial tells the truth: each story of the tests, played as a trial and as a real call, takes the same way.

The trial has phones of its own; the real call has a running hotline and real phones. Compared is what the journals of
both have of the caller's leg, and what the call log makes of the call.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from ivr import settings
from ivr.calls.model import Call, Row
from ivr.calls.rows import parse, split_records
from ivr.dialplan import story as stories
from ivr.dialplan.load import load
from ivr.dialplan.scratch import scratch, stop
from ivr.dialplan.scratch_run import folders
from ivr.dialplan.stories import ahead, failures, run_stories
from ivr.dialplan.story import Story
from ivr.dialplan.trial import trial
from ivr.dialplan.trial_model import Trial, Wish
from ivr.pbx import render
from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.running import eventually
from tests.phones import Phone

CORE, OWN = render.DIALPLANS / "core", render.DIALPLANS / "site"
SECONDS = 25.0  # for a real call to come where its trial came
LISTENING = ("Read", "Background", "WaitExten", "Queue")


def play(hotline: Hotline, story: Story) -> Trial:
    site = settings.load(hotline.site_file, hotline.var)

    async def played() -> Trial:
        async with scratch(site, hotline.var, ahead(story.wish.at)) as one:
            core, own = sorted(CORE.glob("*.conf")), sorted(OWN.glob("*.conf"))
            await one.load(core, own)
            return await trial(one, load(one.site, one.var, CORE, own), story.wish)

    return asyncio.run(played())


def way(rows: Sequence[Row]) -> list[str]:
    """What a journal has of the caller's leg, without what differs from call to call: ids, files, times."""
    caller = next((row.uniqueid for row in rows if row.user_event == "CALL"), "")
    told = []
    for row in rows:
        if row.uniqueid != caller or row.user_event == "RECORDING" or row.event == "LINKEDID_END":
            continue
        facts = [
            row.extra[key] for key in ("number", "handed_over_by", "language", "step", "value") if key in row.extra
        ]
        told.append(" ".join([row.event, row.context, row.user_event, *(facts if row.user_event else [])]))
    return told


def parties(call: Call) -> list[tuple[str, str]]:
    """Who was in it; which of the free operators took it is nobody's promise."""
    legs = [leg for leg in call.legs if leg.answered_at is not None]
    return sorted((leg.role, "" if leg.role == "operator" else leg.party) for leg in legs)


def transfers(call: Call) -> list[tuple[object, ...]]:
    return [
        (one.target, one.mode, one.trigger, one.result, *(attempt.result for attempt in one.attempts))
        for one in call.transfers
    ]


class RealCall:
    """The same call on a running hotline, by real phones."""

    def __init__(self, hotline: Hotline, wish: Wish) -> None:
        self.hotline, self.wish = hotline, wish
        self.phones: dict[str, Phone] = {}

    def play(self, expected: list[str], stands: str) -> None:
        """Call, press what the wish presses, and hang up where the trial stood."""
        hotline, wish = self.hotline, self.wish
        caller = self.phones[wish.origin or "caller"]
        call = caller.call(hotline.uri, from_user=wish.caller)
        self._press(caller, wish.press, call=call)
        if wish.operator_press:
            operator = eventually(self._talking, SECONDS, lambda: "no operator has the caller")
            time.sleep(0.5)
            self._press(operator, wish.operator_press, listen=False)
        ending = ("HANGUP", "CHAN_END", "BRIDGE_EXIT")
        there = [line for line in expected if not line.startswith(ending)]

        def arrived() -> bool:
            found = [line for line in way(self.rows()) if not line.startswith(ending)]
            return found[: len(there)] == there and (not stands.startswith(("operator", "desk")) or self._alone(stands))

        with contextlib.suppress(AssertionError):  # where it came instead is told by the comparison
            eventually(arrived, SECONDS, lambda: "")
        caller.hangup(call=call)

    def _alone(self, stands: str) -> bool:
        """Those who talk with the caller have a leg, and nobody else."""
        parties = stands.split(" + ")
        channels = self.hotline.channels()
        desks = [f"PJSIP/{party.replace(' ', '-')}-" for party in parties if not party.startswith("operator")]
        there = all(any(channel.startswith(desk) for channel in channels) for desk in desks)
        return there and len(channels) == 1 + len(parties)

    def rows(self) -> list[Row]:
        """The journal's rows of this caller's newest call."""
        data = b"".join(
            path.read_bytes().rstrip(b"\0") for path in sorted(self.hotline.var.glob("journal/journal*.csv"))
        )
        records, _ = split_records(data)
        rows = [parse(record.fields, "hotline") for record in records if len(record.fields) > 1]
        mine = [row for row in rows if row.user_event == "CALL" and row.extra.get("caller") == self.wish.caller]
        return [row for row in rows if mine and row.linkedid == mine[-1].linkedid]

    def _press(self, phone: Phone, keys: str, *, listen: bool = True, **call: int) -> None:
        for group in keys.split():
            if group.startswith("w"):
                time.sleep(float(group[1:]))
                continue
            if listen:
                eventually(self._is_asked, SECONDS, lambda: "the call asked for no key")
                time.sleep(0.2)
            phone.dtmf(group, **call)

    def _is_asked(self) -> bool:
        lines = self.hotline.asterisk("core show channels concise").splitlines()
        return any(line.split("!")[5] in LISTENING for line in lines if line.count("!") > 6)

    def _talking(self) -> Phone | None:
        def up(phone: Phone) -> bool:
            return "confirmed" in phone.states().values()

        return next((phone for name, phone in self.phones.items() if name.startswith("1") and up(phone)), None)


@contextlib.contextmanager
def controller(hotline: Hotline, state: str) -> Iterator[None]:
    """Down: it stands still, and the dialplan has been told long ago that it lived."""
    if state == "up":
        yield
        return
    pid = hotline.controller_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    hotline.asterisk("dialplan set global CONTROLLER_BEAT 0")
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
        eventually(lambda: beats(hotline), 30, lambda: "the controller does not beat again")


def beats(hotline: Hotline) -> bool:
    lines = hotline.asterisk("dialplan show globals").splitlines()
    return any(line.strip().startswith("CONTROLLER_BEAT=") and not line.strip().endswith("=0") for line in lines)


def test_given_every_story_of_the_site_when_it_is_played_as_a_real_call_too_then_both_take_the_same_way(
    hotline_with: Hotlines,
) -> None:
    hotline = hotline_with(hotline={"greeting": True})
    site = settings.load(hotline.site_file, hotline.var)
    told = [one for path in stories.files(OWN) for one in stories.read(path, site, datetime.now(UTC))]
    assert told
    told = [
        dataclasses.replace(one, wish=dataclasses.replace(one.wish, caller=f"1380013{n:04}"))
        for n, one in enumerate(told)
        if one.wish.at is None  # a running hotline has no other clock
    ]
    phones = {number: hotline.operator(number) for number in ("1001", "1002", "1003")}
    phones |= {"110": hotline.desk("110"), "110-2": hotline.desk("110", route=2), "caller": hotline.caller()}
    differences = []
    with ThreadPoolExecutor(2) as pool:  # trials run beside the real calls
        trials: list[Future[Trial]] = [pool.submit(play, hotline, one) for one in told]
        try:
            for one, future in zip(told, trials, strict=True):
                tried = future.result()
                real = RealCall(hotline, one.wish)
                real.phones = phones
                arrange(phones, one.wish)
                with controller(hotline, one.wish.controller):
                    real.play(way(tried.rows), tried.stands)
                call = hotline.call_of(one.wish.caller)
                assert tried.call is not None
                differences += compare(one.name, "way", way(tried.rows), way(real.rows()))
                differences += compare(one.name, "parties", parties(tried.call), parties(call))
                differences += compare(one.name, "transfers", transfers(tried.call), transfers(call))
                differences += compare(one.name, "outcome", tried.call.outcome, call.outcome)
                differences += [f"{one.name}: {failure['en']}" for failure in failures(tried, one.must)]
        finally:
            for future in trials:
                future.cancel()
    asyncio.run(stop(hotline.var))
    assert not differences, "\n".join(differences)


def arrange(phones: dict[str, Phone], wish: Wish) -> None:
    manner = {"free": "answer", "busy": "busy", "silent": "ring"}[wish.operator]
    for number in ("1001", "1002", "1003"):
        phones[number].on_call(manner)
    for desk in ("110", "110-2"):
        phones[desk].on_call(wish.desks.get("110", "answer"))


def compare(name: str, what: str, tried: object, real: object) -> list[str]:
    return [] if tried == real else [f"{name}: {what}\n  trial {tried}\n  real  {real}"]


def test_given_right_and_wrong_stories_when_they_are_played_then_the_wrong_one_alone_says_what_did_not_come(
    session_hotline: Hotline, tmp_path: Path
) -> None:
    silent = settings.load(session_hotline.site_file, session_hotline.var)
    site = dataclasses.replace(silent, hotline=dataclasses.replace(silent.hotline, greeting=True))
    (tmp_path / "tests").mkdir()
    (tmp_path / "hook.conf").write_text(HOOK, encoding="utf-8")
    (tmp_path / "tests/some.toml").write_text(STORIES, encoding="utf-8")
    try:
        wrong, *right = asyncio.run(run_stories(site, session_hotline.var, CORE, tmp_path))
    finally:
        asyncio.run(stop(session_hotline.var))
    assert [failure["en"].split(";")[0] for failure in wrong.failures] == [
        "does not reach desk 110",
        "does not hear survey",
        "hears greeting",
        "does not pass flow-survey",
        "QUEUE never was q-x",
    ]
    assert [failure["en"] for story in right for failure in story.failures] == []


def test_given_a_trial_that_is_killed_in_mid_call_when_the_next_is_played_then_nothing_of_it_is_left(
    session_hotline: Hotline,
) -> None:
    var, site_file = session_hotline.var, session_hotline.site_file
    command = [sys.executable, "-m", "ivr", "--site", str(site_file), "--var", str(var), "dialplan", "try"]
    log = folders(var)[0] / "log/asterisk/messages.log"
    with subprocess.Popen([*command, "--operator", "silent"], stdout=subprocess.DEVNULL) as first:
        eventually(
            lambda: log.exists() and "is ringing" in log.read_text(errors="replace"),
            40,
            lambda: "the trial rang no operator",
        )
        first.kill()
    second = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True, timeout=90)
    asyncio.run(stop(var))
    told = json.loads(second.stdout)
    assert told["outcome"] == "answered"
    assert {one["leg"] for one in told["story"] if one["kind"] == "talk"} == {"caller"}
    assert told["stands"].startswith("operator ")
    steps = [one for one in told["story"] if one["kind"] == "step"]
    assert steps
    assert all(Path(one["file"]).is_file() and one["line"] > 0 for one in steps)


HOOK = """
[site-before-greeting]
exten => s,1,GotoIfTime(22:00-23:59,*,*,*,Asia/Shanghai?night)
 same => n,Playback(please-wait)
 same => n,Return()
 same => n(night),Set(LANGUAGE=en)
 same => n,Return()
"""
STORIES = """
[[story]]
name = "wrong in everything"
press = "5"
seconds = 4

[story.must]
reaches = "desk 110"
hears = "survey"
passes = "flow-survey"
sets = {QUEUE = "q-x"}
never_hears = "greeting"

[[story]]
name = "a number that the trunk does not have"
to = "99999"
must = {stands = "refused 404"}

[[story]]
name = "by day the site's hook speaks, in the caller's language"
hour = 12
press = "w1.5 5"
must = {reaches = ["step hook before-greeting:ok", "operator"], hears = ["zh/please-wait", "zh/greeting"]}

[[story]]
name = "at night it chooses English"
hour = 23
press = "5"
must = {reaches = ["step language en", "operator"], hears = "en/greeting", never_hears = "please-wait"}
"""
