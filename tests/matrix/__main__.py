"""`python -m tests.matrix`: plays every death against every state and writes the table.

    python -m tests.matrix                                  # all, 20 minutes; table and ladders under build/matrix
    python -m tests.matrix "desk dead" "AMI cut" --quick    # these, each as short as in `make test`

Exit code 0: every cell is as docs/matrix.md has it; 1: a cell is not met; 2: a run could not be made.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.matrix.deaths import DEATHS, UNMET, Death, can_mount
from tests.matrix.run import Verdict, run
from tests.matrix.table import page, write_ladders
from tests.pbx.running import ROOT, Running

BUILD = ROOT / "build/matrix"
PROMPTS = BUILD / "prompts"  # spoken once


def play(death: Death, quick: bool) -> list[Verdict]:
    """One death in a process of its own, with disks of its own where it needs them. Raises RuntimeError."""
    unshare = can_mount() if death.mounts else ""
    if unshare is None:
        raise RuntimeError(f"{death.name} needs disks of its own, and this machine lets nobody mount (unshare -rm)")
    with tempfile.NamedTemporaryFile("r", suffix=".json") as result:
        command = [*unshare.split(), sys.executable, "-m", "tests.matrix", "--one", death.name, "--into", result.name]
        done = subprocess.run([*command, *(["--quick"] if quick else [])], cwd=ROOT, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{death.name} could not be played (exit code {done.returncode}); what it said is above")
        return [Verdict(**{**one, "faults": tuple(one["faults"])}) for one in json.load(result)]


def _one(name: str, quick: bool, into: Path) -> None:
    (death,) = (one for one in DEATHS if one.name == name)
    if PROMPTS.is_dir():
        Running.spoken = PROMPTS
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        verdicts = run(death, Path(folder), quick, say=lambda text: print(text, file=sys.stderr, flush=True))
        if not PROMPTS.exists() and not death.mounts:
            shutil.copytree(Path(folder) / "var/prompts", PROMPTS)
    into.write_text(json.dumps([asdict(verdict) for verdict in verdicts], ensure_ascii=False), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__.partition("\n")[0])
    parser.add_argument("deaths", nargs="*", help="names of deaths; all, if none is named")
    parser.add_argument("--quick", action="store_true", help="each death as short as in `make test`")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        _one(arguments.one, arguments.quick, arguments.into)
        return 0
    unknown = set(arguments.deaths) - {death.name for death in DEATHS}
    if unknown:
        parser.error(f"no such death: {', '.join(sorted(unknown))}; there are: {', '.join(d.name for d in DEATHS)}")
    chosen = [death for death in DEATHS if not arguments.deaths or death.name in arguments.deaths]
    verdicts: list[Verdict] = []
    for death in chosen:
        played = play(death, arguments.quick)
        write_ladders(BUILD, played)
        for verdict in played:
            print(f"{verdict.death:24}{verdict.state:20}{'; '.join(verdict.faults) or 'met'}", flush=True)
        verdicts += played
    note = f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}."
    (BUILD / "table.md").write_text(page(verdicts, note), encoding="utf-8")
    print(f"{BUILD / 'table.md'} has the table, a file beside it each cell's ladder")
    if len(chosen) == len(DEATHS) and not arguments.quick:
        shutil.copyfile(BUILD / "table.md", ROOT / "docs/matrix.md")
    unforeseen = [one for one in verdicts if bool(one.faults) != ((one.death, one.state) in UNMET)]
    return 1 if unforeseen else 0


if __name__ == "__main__":
    sys.exit(main())
