"""Text in a terminal: columns stand straight with Chinese in them, and a caller cannot steer the terminal."""

from __future__ import annotations

import json

import pytest

from ivr.cli.text import clean, fit, table, width
from ivr.store.export import UNSHOWABLE, as_dict, as_json
from tests.unit.stories import HOSTILE, transferred


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("报警", 4), ("ｱ", 1), ("１", 2), ("😀", 2), ("e\u0301", 1), ("a\u200bb", 2), ("", 0)],
)
def test_given_letters_of_many_kinds_then_their_columns_are_known(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(("columns", "fitted"), [(6, "报警台"), (5, "报警…"), (4, "报… "), (8, "报警台  "), (1, "…")])
def test_given_chinese_when_fitted_then_it_takes_exactly_the_columns(columns: int, fitted: str) -> None:
    assert fit("报警台", columns) == fitted
    assert width(fitted) == columns


def test_given_rows_with_chinese_when_tabled_then_columns_stand_straight() -> None:
    lines = table(("who", "seconds"), [("报警台", "1"), ("1001", "22")]).split("\n")
    assert lines == ["who     seconds", "报警台  1", "1001    22"]


def test_given_a_hostile_caller_when_shown_then_no_control_character_is_left() -> None:
    shown = table(("caller",), [(HOSTILE,), ("a\u202eb\x9b31m",)])
    assert UNSHOWABLE.findall(shown.replace("\n", "")) == []
    assert shown.count("\n") == 2
    assert clean("\x1b[31m\r\n\u202e") == "\\x1b[31m\\r\\n\\u202e"


def test_given_a_hostile_caller_when_told_as_json_then_it_reads_back_and_steers_nothing() -> None:
    call = transferred(caller=HOSTILE + "\x7f\u202e\u2028\x9b")
    text = as_json({"calls": [as_dict(call)]})
    assert UNSHOWABLE.findall(text.replace("\n", "")) == []
    assert "张" in text
    assert json.loads(text)["calls"][0]["caller"] == call.caller


def test_given_a_call_when_told_as_json_then_times_are_utc_with_microseconds() -> None:
    told = as_dict(transferred())
    assert told["entered_at"] == "2026-11-22T08:00:00.123456Z"
    assert told["transfers"][0]["attempts"][0]["result"] == "busy"
    assert told["legs"][0]["ringing_at"] is None
    assert [step["step"] for step in told["steps"]] == ["greeting", "queue"]
