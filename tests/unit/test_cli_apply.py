"""`ivr apply` says so where the controller that was to follow does not come."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr import system
from ivr.apply import Applied
from ivr.cli import apply
from ivr.cli.context import Context
from ivr.processes import Process

SITE = Path(__file__).parents[2] / "hotline.toml"


@pytest.mark.parametrize(("pid", "back"), [(2, True), (1, False)])
def test_given_the_supervisor_was_told_then_another_controller_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pid: int, back: bool
) -> None:
    monkeypatch.setattr(apply, "BACK_SECONDS", 20 if back else 0.1)
    monkeypatch.setattr(apply, "LOOK", 0.01)
    monkeypatch.setattr(system, "find_controller", lambda _: Process(pid))
    monkeypatch.setattr(system, "health", lambda _: "ok")
    assert apply._wait_back(Context(SITE, tmp_path), Process(1)) is back


def test_given_no_other_controller_came_then_the_log_that_tells_why_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "language", lambda: "en")
    report = apply.Report("applied", Applied(renewed=True))
    assert len(apply._lines(report)) == 1
    assert "log/supervisor.log tells why" in apply._lines(report, Path("log/supervisor.log"))[-1]
