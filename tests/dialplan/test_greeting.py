"""How long a caller listens before anybody takes the call, by prompts of known length."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ivr.dialplan import gather
from ivr.dialplan.rules import greeting
from tests.dialplan import cases


def found(own: list[Path], **lengths: float) -> list[tuple[str, str]]:
    """The file and the words of each finding; `screened_rate=9` gives the prompt screened-rate 9 s."""
    prompts = {"zh": {name.replace("_", "-"): seconds for name, seconds in lengths.items()}}
    checked = replace(gather.site_draft(cases.site(), cases.VAR, own), prompts=prompts)
    return [(one.file.name, one.message["en"]) for one in greeting.too_long(checked)]


def test_given_a_greeting_of_five_seconds_when_checked_then_it_is_short_enough() -> None:
    assert found([], greeting=5.0, screened_rate=9.0, screened_blocked=9.0, please_hold=9.0) == []


def test_given_a_longer_greeting_when_checked_then_its_seconds_are_told() -> None:
    ((file, words),) = found([], greeting=5.3)
    assert file == "greeting.conf"
    assert "5.3 s" in words


@pytest.mark.parametrize(("seconds", "expected"), [(2.4, []), (2.6, ["notice.conf"])])
def test_given_a_hook_that_speaks_twice_when_checked_then_its_prompts_count_together(
    seconds: float, expected: list[str], tmp_path: Path
) -> None:
    own = tmp_path / "notice.conf"
    own.write_text(
        "[site-before-greeting]\nexten => s,1,Playback(one)\n same => n,Playback(two)\n same => n,Return()\n"
    )
    assert [file for file, _ in found([own], one=seconds, two=seconds)] == expected
