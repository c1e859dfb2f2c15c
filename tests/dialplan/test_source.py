"""Dialplans are read as Asterisk reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.dialplan import match, source
from ivr.dialplan.model import Dialplan, Step

FILE = Path("/site/one.conf")


def read(text: str, **others: str) -> Dialplan:
    texts = {FILE: text, **{FILE.parent / f"{name}.conf": more for name, more in others.items()}}
    return source.read([FILE], texts.get)


def told(step: Step) -> tuple[str, int, str | None, str, str, int]:
    return step.extension, step.priority, step.label, step.application, step.arguments, step.at.line


def test_given_labels_and_counted_priorities_when_read_then_each_step_knows_its_place_and_line() -> None:
    plan = read(
        "[greet]\n"
        "exten => s,1,Answer()\n"
        " same => n(tell),Playback(hello,noanswer)\n"
        "\n"
        " same = n+2,NoOp(a\\;b)  ; the end\n"
        "exten => _1[2-4]X.,10(in),Goto(other,s,1)\n"
    )
    assert [told(step) for step in plan.contexts["greet"].steps] == [
        ("s", 1, None, "Answer", "", 2),
        ("s", 2, "tell", "Playback", "hello,noanswer", 3),
        ("s", 5, None, "NoOp", "a;b", 5),  # Asterisk counts n+2 as two more than n
        ("_1[2-4]X.", 10, "in", "Goto", "other,s,1", 6),
    ]
    assert [(comment.at.line, comment.text) for comment in plan.comments] == [(5, "the end")]
    assert not plan.faults


def test_given_globals_when_an_extension_names_one_then_it_stands_for_its_value() -> None:
    plan = read("[globals]\nHOTLINE = 12345\n[in]\nexten => ${HOTLINE},1,NoOp(${HOTLINE})\n")
    (step,) = plan.contexts["in"].steps
    assert (step.extension, step.arguments) == ("12345", "${HOTLINE}")


def test_given_block_comments_when_read_then_what_is_in_them_is_not_there() -> None:
    plan = read(
        "[a]\n;-- exten => s,1,Hangup()\nexten => s,1,Wait(1) ;-- inner --; --;\nexten => s,1,Answer()\n;--- a rule\n"
    )
    assert [told(step) for step in plan.contexts["a"].steps] == [("s", 1, None, "Answer", "", 4)]
    assert not plan.faults


def test_given_a_template_when_a_context_takes_it_then_its_steps_are_there_under_the_new_name() -> None:
    plan = read("[base](!)\nexten => i,1,Return()\n[own](base)\nexten => s,1,Wait(1)\n[own](+)\nexten => t,1,Wait(2)\n")
    own = plan.contexts["own"]
    assert [step.place for step in own.steps] == ["own,i,1", "own,s,1", "own,t,1"]
    assert [section.adds for section in own.sections] == [False, True]


def test_given_included_files_when_read_then_their_lines_keep_their_own_file_and_number() -> None:
    plan = read('[a]\n#include "two.conf"\nexten => s,2,NoOp()\n', two="exten => s,1,Answer()\n")
    assert [str(step.at) for step in plan.contexts["a"].steps] == ["/site/two.conf:1", "/site/one.conf:3"]


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("exten => s,1,Answer()\n", "outside", 1),
        ("[a]\nexten s\n", "no-assignment", 2),
        ("[a]\nexten => s\n", "exten", 2),
        ("[a]\nexten => s,first,Answer()\n", "priority", 2),
        ("[a]\nexten => s,n,Answer()\n", "no-first-priority", 2),
        ("[a]\nexten => s,1,\n", "no-application", 2),
        ("[a]\nexten => s,1,Playback(hello\n", "bracket-open", 2),
        ("[a]\n same => n,Answer()\n", "same-without-exten", 2),
        ("[a]\nextn => s,1,Answer()\n", "unknown-word", 2),
        ("[a\nexten => s,1,Answer()\n", "heading", 1),
        ("[a](none)\n", "no-such-template", 1),
        ("[a]\n#include none.conf\n", "no-such-file", 2),
        ("[a]\n#include one.conf\n", "include-circular", 2),
        ("[a]\n#exec /bin/date\n", "exec", 2),
        ("[a]\n;-- never closed\nexten => s,1,Answer()\n", "comment-open", 2),
        ("[a]\nexten => s,1,NoOp(\0)\n", "not-text", 2),
        ("[a]\nexten => s,1,NoOp(" + "x" * 9000 + ")\n", "line-too-long", 2),
    ],
)
def test_given_a_line_that_cannot_be_taken_when_read_then_the_fault_names_it(text: str, kind: str, line: int) -> None:
    assert (kind, line) in [(fault.kind, fault.at.line) for fault in read(text).faults]


@pytest.mark.parametrize(
    ("pattern", "taken", "left"),
    [
        ("_1[2-4]X", ("125", "149"), ("155", "12", "1299")),
        ("_NXZ", ("201",), ("101", "200")),
        ("_+86.", ("+8613",), ("+86", "0861")),
        ("_*1!", ("*1", "*123"), ("*2",)),
        ("_1-2-3", ("123",), ("1-2-3",)),
        ("110", ("110",), ("1100",)),
    ],
)
def test_given_a_pattern_when_numbers_come_then_it_takes_those_that_asterisk_takes(
    pattern: str, taken: tuple[str, ...], left: tuple[str, ...]
) -> None:
    assert all(match.matches(pattern, number) for number in taken)
    assert not any(match.matches(pattern, number) for number in left)


def test_given_several_patterns_when_a_number_fits_all_then_the_plain_then_the_narrowest_takes_it() -> None:
    plan = read("".join(f"[a]\nexten => {one},1,NoOp()\n" for one in ("_.", "_X!", "_1XX", "_11X", "110")))
    chosen = [step.extension for n in ("110", "119", "120", "9", "a") if (step := match.find(plan, "a", n))]
    assert chosen == ["110", "_11X", "_1XX", "_X!", "_."]


def test_given_circular_includes_when_a_place_is_looked_for_then_the_search_ends() -> None:
    plan = read("[a]\ninclude => b\n[b]\ninclude => a\nexten => s,1(in),NoOp()\n")
    found = match.find(plan, "a", "s", "in")
    assert found is not None and found.place == "b,s,1"
    assert match.find(plan, "a", "s", 2) is None


def test_given_exten_lines_with_n_when_read_then_the_priority_counts_on_within_the_context() -> None:
    plan = read("[a]\nexten => s,1,Answer()\nexten => s,n,NoOp()\nexten => 5,n,NoOp()\n[b]\nexten => s,n,NoOp()\n")
    assert [step.place for step in plan.steps()] == ["a,s,1", "a,s,2", "a,5,3"]  # pbx_config.c: lastpri is a context's
    assert [(fault.at.line, fault.kind) for fault in plan.faults] == [(6, "no-first-priority")]


def test_given_a_byte_order_mark_and_lines_of_windows_when_read_then_they_make_no_difference() -> None:
    plan = read("\ufeff[a]\r\nexten => s,1,Answer()\r\n")
    assert [step.place for step in plan.steps()] == ["a,s,1"]
    assert not plan.faults
