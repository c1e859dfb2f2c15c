"""Calls in a terminal and as JSON: columns stand straight with Chinese in them, and a caller steers nothing."""

from __future__ import annotations

import json
from unicodedata import category

from ivr.calls.ladder_text import cells
from ivr.cli.text import table
from ivr.store.export import as_dict, as_json
from tests.unit.stories import HOSTILE, transferred


def steering(text: str) -> list[str]:
    """Characters that move a terminal's cursor or turn its text round."""
    return [
        char for char in text if char != "\n" and (category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in "\u202e\u2066")
    ]


def test_given_rows_with_chinese_when_tabled_then_columns_stand_straight() -> None:
    lines = table(("who", "seconds"), [("报警台", "1"), ("1001", "22")]).split("\n")
    assert lines == ["who     seconds", "报警台  1", "1001    22"]


def test_given_a_long_cell_when_tabled_then_it_is_cut_to_its_column() -> None:
    lines = table(("caller", "x"), [("長" * 100, "1")], longest=10).split("\n")
    assert lines[1] == "長長長長…   1"
    assert cells(lines[1]) == 13


def test_given_a_hostile_caller_when_tabled_then_no_control_character_is_left() -> None:
    text = table(("caller",), [(HOSTILE,), ("a\u202eb\x9b31m",)], longest=1000)
    assert steering(text) == []
    assert text.count("\n") == 2
    assert "${SHELL(rm)}" in text


def test_given_a_hostile_caller_when_told_as_json_then_it_reads_back_and_steers_nothing() -> None:
    call = transferred(caller=HOSTILE + "\x7f\u202e\u2028\x9b")
    text = as_json({"calls": [as_dict(call)]})
    assert steering(text) == []
    assert "张" in text
    assert json.loads(text)["calls"][0]["caller"] == call.caller


def test_given_a_call_when_told_as_json_then_times_are_utc_with_microseconds() -> None:
    told = as_dict(transferred())
    assert told["entered_at"] == "2026-11-22T08:00:00.123456Z"
    assert told["transfers"][0]["attempts"][0]["result"] == "busy"
    assert told["legs"][0]["ringing_at"] is None
    assert [step["step"] for step in told["steps"]] == ["greeting", "queue"]
