"""docs/security.md names a test for each promise: every one of them is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
FOLDERS = (ROOT / "tests/attacks", ROOT)


def named() -> list[tuple[str, str]]:
    """(file, words of a test's name) of every `file.py::…words…`; a bare `…words…` means the file named before it."""
    found, file = [], ""
    for quoted in re.findall(r"`([^`]+)`", "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))):
        path, _, words = quoted.rpartition("::")
        if quoted.endswith(".py"):
            path, words = quoted, ""
        if path:
            file = path
        if path or quoted.startswith("…"):
            found.append((file, words.strip("…")))
    return found


@pytest.mark.parametrize(("file", "words"), named())
def test_given_a_promise_then_its_test_is_there(file: str, words: str) -> None:
    path = next((folder / file for folder in FOLDERS if (folder / file).is_file()), None)
    assert path is not None, f"{file} is not there"
    tests = re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    pattern = ".*".join(re.escape(part) for part in words.split("…"))
    assert any(re.search(pattern, test) for test in tests), f"no test of {file} has {words} in its name"


def test_given_the_page_then_it_names_many_tests() -> None:
    assert len(named()) > 30
