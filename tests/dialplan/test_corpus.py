"""Every fault of the corpus is found at its line, under its code, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.dialplan import source
from ivr.dialplan.check import check
from ivr.dialplan.checked import Checked
from ivr.dialplan.codes import CODES
from tests.dialplan import cases


@pytest.mark.parametrize("case", cases.cases("broken"), ids=lambda case: case.stem)
def test_given_a_broken_dialplan_when_checked_then_its_fault_alone_is_found(case: Path, tmp_path: Path) -> None:
    expected = sorted(cases.expected(case))
    assert expected
    assert cases.found(cases.judged(case, tmp_path)) == expected


@pytest.mark.parametrize("case", cases.cases("sound"), ids=lambda case: case.stem)
def test_given_a_sound_dialplan_when_checked_then_nothing_is_found(case: Path, tmp_path: Path) -> None:
    assert cases.found(cases.judged(case, tmp_path)) == []


def test_given_the_corpus_when_counted_then_it_is_as_large_as_promised() -> None:
    assert len(cases.cases("broken")) >= 60
    assert len(cases.cases("sound")) >= 20


def test_given_the_table_of_codes_when_read_then_each_is_met_by_a_case() -> None:
    met = {code for case in cases.cases("broken") for _, _, code in cases.expected(case)}
    assert not CODES.keys() - met - OUTSIDE


# No file of the corpus shows what Asterisk says, guards of core (test_guards does), no core at all, or far too much.
_OUTSIDE = """
asterisk-says asterisk-refuses asterisk-not-asked guard-emergency-key guard-agi guard-hook
outside include-many not-followed
"""
OUTSIDE = frozenset(_OUTSIDE.split())


def test_given_a_dialplan_of_others_whose_first_line_has_no_heading_when_checked_then_it_is_told() -> None:
    read = source.read([Path("/a.conf")], {Path("/a.conf"): "exten => s,1,Answer()\n"}.get)
    assert [(one.line, one.code) for one in check(Checked(read)).findings] == [(1, "outside")]


def test_given_what_others_write_and_mean_when_checked_then_no_alarm_is_raised() -> None:
    """Each was a false alarm once: seen in Asterisk's samples and in public dialplans."""
    text = """[general]
[office]
include => town
exten => _NXXNXXXXXX,1,Dial(PJSIP/${FILTER(0-9,${EXTEN})}@${CARRIER})
[town]
exten => _256NXXXXXX,1,Goto(office,1${EXTEN},1)
exten => _1NXXNXXXXXX,1,Verbose(long distance)
 same => n,Hangup()
exten => _*X.,1,Goto(${EXTEN:1},1)
exten => *98,1,VoiceMailMain()
[lookup]
exten => s,1,Goto(${ARG1},1)
switch => DUNDi/e164
"""
    read = source.read([Path("/a.conf")], {Path("/a.conf"): text}.get)
    assert [(one.line, one.code) for one in check(Checked(read)).findings] == []
