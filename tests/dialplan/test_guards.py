"""Core that somebody changed is caught by what it does, beside the guard that it was changed at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ivr.dialplan import gather, source
from ivr.dialplan.check import LONGEST, check
from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import CODES
from ivr.pbx.render import DIALPLANS
from tests.dialplan import cases

CORE = DIALPLANS / "core"


def core(folder: Path, **changes: tuple[str, str]) -> Path:
    """A copy of core; `waiting=(old, new)` changes waiting.conf (`_` stands for `-`), each text where it is first."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in CORE.glob("*.conf")}
    for stem, (old, new) in changes.items():
        name = f"{stem.replace('_', '-')}.conf"
        assert old in texts[name], f"core has changed: {name} says {old} no more; change this test with it"
        texts[name] = texts[name].replace(old, new, 1)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def judged(folder: Path, *own: Path) -> Checked:
    return replace(gather.site_draft(cases.site(), cases.VAR, own, folder), prompts=cases.prompts())


def guards(checked: Checked) -> dict[str, set[str]]:
    """Guard → the steps, as text, at which it speaks; without that core was changed, which every case here says."""
    told: dict[str, set[str]] = {}
    texts = {str(step.at): f"{step.application}({step.arguments})" for step in checked.dialplan.steps()}
    for one in check(checked).findings:
        if CODES[one.code].guard and one.code != "guard-core-changed":
            told.setdefault(one.code, set()).add(texts.get(f"{one.file}:{one.line}", ""))
    return told


def test_given_core_as_it_came_when_checked_then_nothing_is_found(tmp_path: Path) -> None:
    assert cases.found(check(judged(core(tmp_path)))) == []


@pytest.mark.parametrize(
    ("changes", "code", "step"),
    [
        # every call reaches a human
        ({"waiting": ("Goto(wait)", "Hangup(16)")}, "guard-human", "Hangup(16)"),
        ({"greeting": ("Goto(waiting,s,1)", "Busy(3)")}, "guard-human", "Busy(3)"),
        ({"entry": ("Gosub(ask-route,s,1)", "ExecIf($[0${EPOCH} > 0]?Hangup(17))")}, "guard-human", "ExecIf("),
        ({"after_talk": ("Goto(refer-back,s,1)", "Busy(3)")}, "guard-human", "Busy("),
        # the emergency key, in every waiting state
        ({"waiting": ("},1,Goto(emergency,s,1)", "},1,Goto(waiting,s,1)")}, "guard-emergency-key", "Queue("),
        ({"notice": ('="${EMERGENCY_KEY}"]?emergency', '="9"]?emergency')}, "guard-emergency-key", "Read("),
        ({"waiting": ("exten => ${EMERGENCY_KEY},1,", "exten => 7,1,")}, "guard-emergency-key", "Queue("),
        ({"greeting": ('"${KEY}"!="${EMERGENCY_KEY}"]?menu', '"${KEY}"!="9"]?menu')}, "guard-emergency-key", "Read("),
        ({"screening": ('="${EMERGENCY_KEY}"]?emergency', '="9"]?emergency')}, "guard-emergency-key", "Read("),
        ({"hooks": ("Set(DYNAMIC_FEATURES=hook-emergency)", "NoOp()")}, "guard-emergency-key", "Dial("),
        # no emergency target is reached blindly
        ({"transfer": ('"${TARGET_${TARGET}_EMERGENCY}"="1"]?refuse', '"1"="0"]?refuse')}, "guard-blind", "ExecIf("),
        ({"transfer": ('GotoIf($["${REFUSED}"!=""]?transfer-refused,s,1)', "NoOp()")}, "guard-blind", "ExecIf("),
        ({"transfer": ("Gosub(transfer-guard,s,1)", "Set(REFUSED=)")}, "guard-blind", "ExecIf("),
        # a script's failure has a way out
        ({"entry": ("Set(TIMEOUT(absolute)=3)", "NoOp()")}, "guard-agi", "AGI("),
        ({"entry": ("AGIEXITONHANGUP=yes", "AGIEXITONHANGUP=no")}, "guard-agi", "AGI("),
        ({"entry": ("exten => T,1,Goto(s,check)", "exten => T,1,Hangup()")}, "guard-agi", "AGI("),
        ({"entry": ("exten => T,1,Goto(s,check)", "; nothing at T")}, "guard-agi", "AGI("),
        # the site's hooks are called
        ({"greeting": ("hook,s,1(before-greeting)", "hook,s,1(other)")}, "guard-hook", ""),
        ({"waiting": ("hook,s,1(while-waiting)", "hook,s,1(other)")}, "guard-hook", ""),
        ({"transfer": ("hook,s,1(before-transfer)", "hook,s,1(other)")}, "guard-hook", ""),
    ],
)  # fmt: skip
def test_given_core_changed_when_checked_then_its_guard_names_the_step(
    changes: dict[str, tuple[str, str]], code: str, step: str, tmp_path: Path
) -> None:
    told = guards(judged(core(tmp_path, **changes)))
    assert any(one.startswith(step) for one in told.get(code, set())), told


def test_given_a_line_changed_a_file_gone_and_one_too_many_when_checked_then_each_is_told(tmp_path: Path) -> None:
    folder = core(tmp_path, waiting=("WAITING", "waiting"))
    (folder / "emergency.conf").unlink()
    (folder / "more.conf").write_text("; nothing\n", encoding="utf-8")
    told = {(one.file.name, one.line) for one in check(judged(folder)).findings if one.code == "guard-core-changed"}
    assert told == {("waiting.conf", 1), ("emergency.conf", 1), ("more.conf", 1)}


def test_given_a_permission_for_a_guard_when_checked_then_the_guard_still_speaks(tmp_path: Path) -> None:
    folder = core(tmp_path, waiting=("Goto(wait)", "Hangup(16)  ;! allow guard-human: tonight only"))
    codes = {one.code for one in check(judged(folder)).findings}
    assert {"guard-human", "allow-guard"} <= codes


def test_given_more_steps_than_are_followed_when_checked_then_that_is_an_error_and_the_rest_is_judged() -> None:
    text = "[a]\nexten => s,1,NoOp()\n" + " same => n,NoOp()\n" * LONGEST + " same => n,Goto(nowhere,s,1)\n"
    file = Path("/site/much.conf")
    report = check(Checked(source.read([file], {file: text}.get)))
    assert cases.found(report) == [("much.conf", 1, "not-followed"), ("much.conf", LONGEST + 3, "no-such-place")]
    assert report.errors
