"""The systemd unit: what our rules need of it, that systemd understands all of it, and how much it leaves open."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr import cli, processes, supervisor
from tests import tools

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd/hotline@.service"


def options() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name].append(value)
    return found


def seconds(name: str) -> float:
    return float(options()[name][-1])


def analyze(folder: Path, *words: str, more: str = "") -> subprocess.CompletedProcess[str]:
    """As installed, but with the program where it stands here."""
    judge = tools.systemd_analyze()
    unit = folder / "hotline@city.service"
    program = folder / "ivr"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = UNIT.read_text(encoding="utf-8").replace("/opt/hotline/.venv/bin/ivr", str(program))
    unit.write_text(text.replace("/opt/hotline", str(folder)) + more)
    environment = {**os.environ, **judge.environment}
    command = [judge.path, *words, str(unit)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)


def test_asterisk_and_the_controller_outlive_ivr_up_and_each_other() -> None:
    found = options()
    assert found["KillMode"] == ["process"], "or a killed `ivr up` would take every call with it"
    assert found["OOMPolicy"] == ["continue"], "or a controller without memory would take Asterisk with it"
    assert found["Restart"] == ["on-failure"], "so that an emptied hotline stays stopped"
    assert found["StartLimitIntervalSec"] == ["0"], "so that it never gives up"


def test_systemd_waits_longer_than_we_need() -> None:
    assert options()["Type"] == ["notify"]
    assert seconds("TimeoutStopSec") > 2 * (processes.GRACE + processes.GRACE), "two services, SIGTERM then SIGKILL"
    assert seconds("WatchdogSec") > 2 * supervisor.TURNING
    assert int(options()["LimitNOFILE"][0]) >= supervisor.DESCRIPTORS


@pytest.mark.parametrize("line", re.findall(r"(?m)^#?Exec(?:Start|Stop)=(.+)$", UNIT.read_text(encoding="utf-8")))
def test_what_it_starts_is_a_command_of_ours(line: str) -> None:
    words = shlex.split(line.replace("%i", "city"))
    assert words[0] == "/opt/hotline/.venv/bin/ivr"
    asked = CliRunner().invoke(cli.app, [*words[1:], "--help"])
    assert asked.exit_code == 0, asked.output
    assert "Example:" in asked.output


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    good = analyze(tmp_path, "verify", "--man=no")
    assert (good.returncode, good.stderr) == (0, "")
    bad = analyze(tmp_path, "verify", "--man=no", more="\n[Service]\nWatchDog=30\n")
    assert "WatchDog" in bad.stderr


def test_it_leaves_little_open(tmp_path: Path) -> None:
    """systemd's own scale: 0 nothing, 10 everything; a unit without hardening has 9.6."""
    done = analyze(tmp_path, "security", "--offline=yes", "--no-pager", "--threshold=20")
    assert done.returncode == 0, done.stdout[-2000:]
    assert re.search(r"exposure level .*: [01]\.\d", done.stdout)
