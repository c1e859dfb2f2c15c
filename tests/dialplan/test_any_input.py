"""Whatever stands in a file: the check neither crashes nor hangs, and what it says can be shown."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.dialplan import source
from ivr.dialplan.check import check
from ivr.dialplan.checked import Checked
from ivr.dialplan.findings import Report
from ivr.dialplan.sarif import sarif
from ivr.pbx import render
from tests.dialplan import cases

CORE = sorted((render.DIALPLANS / "core").glob("*.conf"))
FILE = Path("/site/one.conf")
CORE_TEXTS = {path: path.read_text(encoding="utf-8") for path in CORE}
REAL = "\n".join([*CORE_TEXTS.values(), *(case.read_text("utf-8") for case in cases.cases("sound") if case.is_file())])
ALPHABET = 'exten same => n,s1()[]${}"?:;!_X.\\&^|=\n\t-#include<>é\0\r'


def judged(text: str, more: Mapping[Path, str] | None = None, *, with_core: bool = False) -> Report:
    texts = {FILE: text, **(more or {}), **(CORE_TEXTS if with_core else {})}
    read = source.read([*(CORE if with_core else ()), FILE], texts.get)
    site = cases.site() if with_core else None
    return check(Checked(read, site, core=frozenset(CORE) if with_core else frozenset(), prompts=cases.prompts()))


def shown(report: Report) -> None:
    """Every finding has its words, and a line that is there."""
    for language in ("zh", "en"):
        orjson.dumps(sarif(report, language, Path("/site")))
        assert all(one.message[language] and one.mend[language] and one.line >= 1 for one in report.findings)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=400))
def test_given_any_bytes_when_checked_then_it_answers(junk: bytes) -> None:
    shown(judged(junk.decode("utf-8", "replace")))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(ALPHABET, max_size=300))
def test_given_a_dialplans_letters_in_any_order_when_checked_then_it_answers(text: str) -> None:
    shown(judged(f"[site-before-greeting]\nexten => s,1,NoOp()\n{text}"))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_given_a_real_dialplan_that_was_mutilated_when_checked_then_it_answers(seed: int) -> None:
    shown(judged(mutilated(REAL, random.Random(seed)), with_core=seed % 2 == 0))


def mutilated(text: str, chance: random.Random) -> str:
    """Lines lost, doubled and swapped, letters lost and put in: forty times."""
    lines = text.splitlines()
    for _ in range(40):
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        line = lines[at]
        cut = chance.randrange(len(line) + 1)
        lines[at] = chance.choice(
            [
                line[:cut],
                line[cut:],
                line[:cut] + chance.choice(ALPHABET) + line[cut:],
                lines[other],
                line + lines[other],
            ]
        )
    return "\n".join(lines)


def calls_of(work: Callable[[], object]) -> int:
    """How many functions it calls: the same on a busy machine."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def grows_evenly(text_of: Callable[[int], str], small: int = 150) -> None:
    """Four times the text costs at most some six times the work: nothing is squared."""
    judged(text_of(2))  # what is made once
    few, many = (calls_of(lambda size=size: judged(text_of(size))) for size in (small, small * 4))
    assert many < few * 6


def test_given_ever_more_steps_in_one_extension_when_checked_then_the_work_grows_with_them() -> None:
    grows_evenly(lambda size: "[a]\nexten => s,1,NoOp()\n" + " same => n,GotoIf($[1]?no-such-label)\n" * size)


def test_given_ever_more_steps_that_are_not_reached_when_checked_then_the_work_grows_with_them() -> None:
    grows_evenly(
        lambda size: "[a]\n" + "".join(f"exten => {one},1,Goto(s,7)\n same => n,NoOp()\n" for one in range(size))
    )


def test_given_ever_more_contexts_when_checked_then_the_work_grows_with_them() -> None:
    grows_evenly(
        lambda size: "".join(
            f"[c{one}]\nexten => s,1,Gosub(c{one + 1}x,s,1)\ninclude => d{one}\n" for one in range(size)
        )
    )


def test_given_ever_more_faults_when_checked_then_the_work_grows_with_them() -> None:
    grows_evenly(lambda size: "[a]\n" + "exten => s,1,NoOp(\nexten => s,3,Nothing()\nrubbish\n" * size)


def test_given_an_expression_that_nests_ever_deeper_when_checked_then_the_work_has_an_end() -> None:
    line = "[a]\nexten => s,1,Set(A=" + "${B" * 2000 + "}" * 2000 + ")\n"
    assert calls_of(lambda: judged(line)) < 2_000_000


def test_given_a_goto_of_many_parts_when_checked_then_the_work_has_an_end() -> None:
    """A pattern of so many free parts is where careless matching takes for ever."""
    line = "[" + "ab" * 2000 + "]\nexten => s,1,Goto(" + "a${X}" * 700 + "c,s,1)\n"
    assert calls_of(lambda: judged(line)) < 2_000_000


def test_given_contexts_that_include_one_another_in_a_circle_when_checked_then_it_is_told() -> None:
    circle = "".join(f"[c{one}]\ninclude => c{(one + 1) % 300}\nexten => {one},1,NoOp()\n" for one in range(300))
    assert [one.code for one in judged(circle).findings] == ["include-loop"]


def test_given_files_that_include_one_another_in_a_circle_when_checked_then_it_is_told() -> None:
    files = {Path(f"/site/{one}.inc"): f'#include "{(one + 1) % 3}.inc"\n' for one in range(3)}
    assert "include-circular" in {one.code for one in judged('#include "0.inc"\n', files).findings}


def test_given_ten_megabytes_when_checked_then_it_answers() -> None:
    part = "exten => {0},1,NoOp(" + "x" * 8000 + ")\n same => n,Return()\n"
    text = "[site-much]\n" + "".join(part.format(one) for one in range(1250))
    assert len(text) > 10_000_000
    shown(judged(text))


def test_given_files_that_include_the_next_ten_times_each_when_checked_then_reading_has_an_end() -> None:
    files = {Path(f"/site/{one}.inc"): f'#include "{one + 1}.inc"\n' * 10 for one in range(8)}
    files[Path("/site/8.inc")] = "; the last\n"
    assert [one.code for one in judged('#include "0.inc"\n', files).findings] == ["include-many"]


def test_given_a_device_to_include_when_checked_then_it_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "one.conf"
    file.write_text('#include "/dev/zero"\n', encoding="utf-8")
    assert [one.code for one in check(Checked(source.read([file]))).findings] == ["no-such-file"]
