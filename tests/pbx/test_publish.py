"""Publishing on a real Asterisk: what runs is known, running calls keep their version, and nothing faulty stays."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ivr import credentials, settings
from ivr.dialplan import held, scratch
from ivr.dialplan.versions import ABANDONED, Versions
from ivr.pbx import drain
from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.publisher import STEPS
from tests.pbx.running import ROOT, eventually
from tests.phones import Phone

HOOKS = """\
[site-before-queue]
exten => s,1,Set(GLOBAL(BEGAN)={word})
 same => n,Set(TRY=0)
 same => n(wait),Wait(0.1)
 same => n,Set(TRY=$[${{TRY}} + 1])
 same => n,GotoIf($["${{GO}}"="" & ${{TRY}} < 900]?wait)
 same => n,Gosub(site-more,s,1({word}))
 same => n,Return()
[site-more]
exten => s,1,Set(GLOBAL(MORE)={word}-${{ARG1}})
 same => n,Return()
[site-after-call]
exten => s,1,Set(GLOBAL(AFTER)={word})
 same => n,Return()
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """The draft of the first hotline that `hotline_with` starts; the scratch Asterisk of its checks ends with it."""
    folder = tmp_path / "hotline0/dialplans/site"
    folder.mkdir(parents=True)
    yield folder
    asyncio.run(scratch.stop(tmp_path / "hotline0/var"))


def global_of(hotline: Hotline, name: str) -> str:
    said = hotline.asterisk("dialplan show globals").splitlines()
    return next((line.strip().partition("=")[2] for line in said if line.strip().startswith(f"{name}=")), "")


def test_given_a_call_in_a_hook_when_another_version_is_published_it_ends_on_the_one_it_began_with(
    own: Path, hotline_with: Hotlines
) -> None:
    (own / "hooks.conf").write_text(HOOKS.format(word="old"), encoding="utf-8")
    hotline = hotline_with(hooks={"before_queue": 120})
    versions, operator = Versions(hotline.var), hotline.operator()
    assert (versions.current, global_of(hotline, "SITE_VERSION")) == (1, "v1-")

    def calls(word: str, number: str) -> Phone:
        citizen = hotline.caller(number)
        citizen.call(hotline.uri, from_user=number)
        eventually(lambda: global_of(hotline, "BEGAN") == word, 30, lambda: f"{number} never was in the hook")
        return citizen

    def ends(word: str, citizen: Phone) -> None:
        """He comes to the operator and hangs up; each of his hooks was this version's."""
        citizen.wait_heard(operator.tone)
        assert global_of(hotline, "MORE") == f"{word}-{word}"
        citizen.hangup()
        eventually(lambda: global_of(hotline, "AFTER") == word, 30, lambda: f"{word} never was told of the end")
        citizen.close()

    first = calls("old", "13800138000")
    hotline.asterisk("dialplan set global DRAIN 1")
    text = "; a line more moves every line below it\n" + HOOKS.format(word="new")
    (own / "hooks.conf").write_text(text, encoding="utf-8")
    told = json.loads(hotline.cli("dialplan", "publish", "-m", "another word", "--by", "wang", "--json"))
    assert (told["version"]["number"], told["version"]["by"], versions.current) == (2, "wang", 2)
    assert global_of(hotline, "DRAIN") == "1", "a reload has taken a running drain back"
    hotline.asterisk("dialplan set global DRAIN 0")
    hotline.asterisk("dialplan set global GO 1")
    ends("old", first)
    ends("new", calls("new", "13800138001"))

    back = hotline.api("POST", "/api/v1/dialplans/rollback", {"why": "the old word was better", "by": "li"})
    assert (back.status, back.body["version"]["content_of"]) == (201, 1), back.body
    assert in_force(hotline) == 3
    states = [one["state"] for one in json.loads(hotline.cli("dialplan", "history", "--json"))["versions"]]
    assert states == ["in_force", "rolled_back", "was_in_force"]
    assert hotline.api("GET", "/healthz").body["dialplan"] == 3
    assert [one for one in audit(hotline) if not one[0].endswith("begins")] == [
        ("dialplan.start", "1"),
        ("dialplan.publish", "2"),
        ("dialplan.rollback", "3"),
    ]


def publisher(hotline: Hotline, last: str = "none") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.pbx.publisher", str(hotline.site_file), str(hotline.var), last]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def the_controller(hotline: Hotline) -> int:
    def runs() -> int | None:
        pid = hotline.controller_pid
        return pid if pid is not None and Path(f"/proc/{pid}/cmdline").exists() else None

    return eventually(runs, 30, lambda: "no controller came back")


def in_force(hotline: Hotline) -> int:
    """The version that Asterisk holds, whole: every step of it has been compared."""

    async def ask() -> int:
        site = settings.load(hotline.site_file, hotline.var)
        async with drain.manager(site, hotline.var, credentials.load(hotline.var)) as ami:
            number = await held.version(ami)
            assert number is not None
            await held.verify(ami, number, hotline.var / "etc/extensions.conf")
            return number

    return asyncio.run(ask())


def audit(hotline: Hotline) -> list[tuple[str, str]]:
    """What was done to which version, the oldest first."""
    entries = hotline.api("GET", "/api/v1/audit?limit=500").body["entries"]
    return [(entry["what"], entry["about"]) for entry in reversed(entries)]


def test_given_kill_9_of_a_publisher_after_each_step_when_it_is_over_one_version_runs_whole(
    own: Path, hotline_with: Hotlines
) -> None:
    hotline = hotline_with()
    versions = Versions(hotline.var)
    for n, step in enumerate(STEPS):
        old, name = versions.current, step.__name__
        (own / "greet.conf").write_text(f"[site-greet]\nexten => s,1,NoOp(edition {n})\n", encoding="utf-8")
        died = publisher(hotline, name)
        assert died.returncode == -signal.SIGKILL, f"{name}: {died.stdout}{died.stderr}"
        if name in {"switch", "reload"}:  # the controller with him; each time it is started again later
            os.kill(the_controller(hotline), signal.SIGKILL)
        eventually(lambda: versions.pending is None, 30, lambda: f"killed after {name}: it was never taken back")  # noqa: B023
        assert versions.current == in_force(hotline), name
        assert (versions.current == old) is (name != "finish"), name
    assert versions.is_whole(in_force(hotline))
    undone = [event.version for event in versions.events() if event.event == ABANDONED]
    eventually(
        lambda: {("dialplan.abandoned", str(number)) for number in undone} <= set(audit(hotline)),
        30,
        lambda: f"not on record: {audit(hotline)}",
    )
    assert len(undone) == len(["announce", "switch", "reload", "verify"])


FAULTS = {
    "greet": "[site-before-greeting]\nexten => s,1,Hangup()\n",  # a hook that gives nothing back
    "include": '#include "nowhere/at-all.conf"\n[site-greet]\nexten => s,1,NoOp()\n',  # Asterisk refuses all of it
}


def test_given_20_running_calls_when_faulty_versions_are_published_none_is_dropped_and_the_old_one_is_back(
    own: Path, hotline_with: Hotlines, record_property: Callable[[str, object], None]
) -> None:
    hotline = hotline_with()
    versions = Versions(hotline.var)
    citizens = [hotline.caller(f"1380000000{n}") for n in range(5)]
    running = [(citizen, citizen.call(hotline.uri, from_user=citizen.name)) for citizen in citizens for _ in range(4)]
    for citizen, call in running:
        citizen.wait_for("confirmed", call=call)

    (own / "fault.conf").write_text(FAULTS["include"], encoding="utf-8")
    began = time.monotonic()
    refused = publisher(hotline)
    record_property("back_after_refusal_s", round(time.monotonic() - began, 1))
    assert refused.returncode == 1, refused.stdout
    assert "rolled_back: version 2 did not come into force and version 1 is back" in refused.stderr
    assert (versions.current, in_force(hotline)) == (1, 1)

    (own / "fault.conf").write_text(FAULTS["greet"], encoding="utf-8")
    published = publisher(hotline)
    assert published.returncode == 0, published.stderr
    assert in_force(hotline) == 3
    unlucky = hotline.caller("13900000000")
    new = [unlucky.call(hotline.uri, from_user=unlucky.name) for _ in range(3)]
    for call in new:
        unlucky.wait_for("confirmed", call=call)
    began = time.monotonic()
    eventually(lambda: versions.current == 4 and versions.pending is None, 30, lambda: "the fault was never seen")
    record_property("back_after_third_failure_s", round(time.monotonic() - began, 1))
    assert in_force(hotline) == 4
    assert versions.files(4) == versions.files(1)
    done = audit(hotline)
    assert [one for one in done if one[0] in {"dialplan.failed", "dialplan.publish", "dialplan.rollback"}] == [
        ("dialplan.failed", "2"),
        ("dialplan.publish", "3"),
        ("dialplan.rollback", "4"),
    ]
    callers = [name for name in hotline.channels() if name.startswith("PJSIP/trunk-public")]
    assert len(callers) == len(running) + len(new)
