"""`python -m tests.matrix`: plays every death against every state and writes the table.

    python -m tests.matrix                                  # all, 20 minutes; table and ladders under build/matrix
    python -m tests.matrix "desk dead" "AMI cut" --quick    # these, each as short as in `make test`

Exit code 0: every cell is as docs/matrix.md has it; 1: a cell is not met; 2: a run could not be made.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.matrix.deaths import DEATHS, UNMET, Death, can_mount
from tests.matrix.run import Verdict, run
from tests.matrix.table import page, word, write_ladders
from tests.pbx.running import ROOT, Running

BUILD = ROOT / "build/matrix"
PROMPTS = BUILD / "prompts"  # spoken once


def play(death: Death, quick: bool) -> list[Verdict]:
    """One death in a process of its own, with disks of its own where it needs them.

    Leaves the ladders and, for the table, the verdicts under build/matrix. Raises RuntimeError.
    """
    unshare = can_mount() if death.mounts else ""
    if unshare is None:
        raise RuntimeError(f"{death.name} needs disks of its own, and this machine lets nobody mount (unshare -rm)")
    with tempfile.NamedTemporaryFile("r", suffix=".json") as result:
        command = [*unshare.split(), sys.executable, "-m", "tests.matrix", "--one", death.name, "--into", result.name]
        done = subprocess.run([*command, *(["--quick"] if quick else [])], cwd=ROOT, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{death.name} could not be played (exit code {done.returncode}); what it said is above")
        found = json.load(result)
    verdicts = _verdicts(found)
    write_ladders(BUILD, verdicts)
    _kept(death, quick).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    return verdicts


def _verdicts(found: list[dict[str, Any]]) -> list[Verdict]:
    return [Verdict(**{**one, "faults": tuple(one["faults"])}) for one in found]


def _kept(death: Death, quick: bool) -> Path:
    """The death's verdicts when it was played last."""
    return BUILD / f"{word(death.name)}{'-quick' if quick else ''}.json"


def _one(name: str, quick: bool, into: Path) -> None:
    (death,) = (one for one in DEATHS if one.name == name)
    if PROMPTS.is_dir():
        Running.spoken = PROMPTS
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        verdicts = run(death, Path(folder), quick, say=lambda text: print(text, file=sys.stderr, flush=True))
        if not PROMPTS.exists() and not death.mounts:
            _keep_prompts(Path(folder) / "var/prompts")
    into.write_text(json.dumps([asdict(verdict) for verdict in verdicts], ensure_ascii=False), encoding="utf-8")


def _keep_prompts(spoken: Path) -> None:
    draft = Path(tempfile.mkdtemp(dir=BUILD))
    shutil.copytree(spoken, draft / "prompts", symlinks=True)
    with contextlib.suppress(OSError):  # another run was quicker
        (draft / "prompts").rename(PROMPTS)
    shutil.rmtree(draft)


def unforeseen(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """What is not met, and what is met though `UNMET` says that it cannot be."""
    return [one for one in verdicts if bool(one.faults) != ((one.death, one.state) in UNMET)]


def write_page(quick: bool) -> Path:
    """The table of all deaths as they were played last; into docs/matrix.md where each was played whole."""
    played = [death for death in DEATHS if _kept(death, quick).exists()]
    verdicts = [one for death in played for one in _verdicts(json.loads(_kept(death, quick).read_text("utf-8")))]
    note = f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}."
    path = BUILD / "table.md"
    path.write_text(page(verdicts, note), encoding="utf-8")
    if len(played) == len(DEATHS) and not quick:
        shutil.copyfile(path, ROOT / "docs/matrix.md")
    return path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__.partition("\n")[0])
    parser.add_argument("deaths", nargs="*", help="names of deaths; all, if none is named")
    parser.add_argument("--quick", action="store_true", help="each death as short as in `make test`")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    if arguments.one:
        _one(arguments.one, arguments.quick, arguments.into)
        return 0
    unknown = set(arguments.deaths) - {death.name for death in DEATHS}
    if unknown:
        parser.error(f"no such death: {', '.join(sorted(unknown))}; there are: {', '.join(d.name for d in DEATHS)}")
    verdicts: list[Verdict] = []
    for death in DEATHS:
        if arguments.deaths and death.name not in arguments.deaths:
            continue
        try:
            played = play(death, arguments.quick)
        except RuntimeError as failure:
            print(failure, file=sys.stderr)
            return 2
        for verdict in played:
            print(f"{verdict.death:24}{verdict.state:20}{'; '.join(verdict.faults) or 'met'}", flush=True)
        verdicts += played
    print(f"{write_page(arguments.quick)} has the table, a file beside it each cell's ladder")
    return 1 if unforeseen(verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
