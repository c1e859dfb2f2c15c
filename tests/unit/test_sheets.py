"""What people wrote stands in a sheet as they wrote it, and is never a formula there."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.store.sheets import opened


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝HYPERLINK(A1)", "＋1", "－1", "＠SUM(A1)"])
def test_given_what_a_spreadsheet_takes_for_a_formula_then_a_csv_keeps_it_as_words(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "sheet.csv"
    with opened(str(path), "csv", 1) as put:
        put([cell])
        put(["路灯=不亮"])
    first, second = path.read_text(encoding="utf-8-sig").splitlines()
    assert first[0] == "'"
    assert second == "路灯=不亮"
