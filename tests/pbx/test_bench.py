"""The benchmark works, and its numbers have a sane shape. What they are is not tested: machines are busy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.bench import page
from tests.bench.figures import goals, percentile
from tests.pbx.running import ROOT

PLACE = f"# Before\n\n{page.BEGIN}\nold\n{page.END}\nafter\n"


def test_given_a_smoke_run_then_calls_are_placed_and_logged_and_the_goals_are_told(tmp_path: Path) -> None:
    shown = tmp_path / "performance.md"
    shown.write_text(PLACE, encoding="utf-8")
    command = [sys.executable, "-m", "tests.bench", "rate", "lag", "--quick", "--json", "--page", str(shown)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads(done.stdout)
    for name in ("hotline", "bare"):
        measured = results["rate"][name]["100"]
        assert (measured["calls"], measured["failed"], measured["setup_ms"]["n"]) == (50, 0, 50)
        assert 0 <= measured["setup_ms"]["p50"] <= measured["setup_ms"]["p99"] <= measured["setup_ms"]["max"]
    assert results["lag"]["journal_ms"]["n"] > 0
    assert results["lag"]["live_ms"]["n"] == 10
    told = {row["what"]: row["met"] for row in goals(results)}
    assert set(told.values()) >= {None}, "what was not measured says so"
    text = shown.read_text(encoding="utf-8")
    assert text.startswith("# Before") and text.endswith("after\n") and "old" not in text
    assert "not measured" in text
    assert "<svg" in (tmp_path / "performance/rate.svg").read_text(encoding="utf-8")


def test_given_values_then_a_percentile_is_one_of_them() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile(range(100), 0.99) == 99
    assert percentile([], 0.99) == 0
