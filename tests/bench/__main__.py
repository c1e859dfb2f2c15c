"""`python -m tests.bench`: how fast is it? Real Asterisk, SIPp and phones on loopback; see docs/performance.md."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench import page
from tests.bench.figures import Results
from tests.bench.parts import PARTS
from tests.bench.stage import Stage, said
from tests.pbx.running import ROOT

PAGE = ROOT / "docs/performance.md"


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what was started is stopped
    results = run(asked.parts or list(PARTS), quick=asked.quick, keep=asked.keep)
    if asked.json:
        sys.stdout.write(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(page.table(results) + "\n")
    if asked.page:
        whole = results if set(PARTS) <= results.keys() else _earlier(asked.page) | results
        page.write(whole, asked.page)
        said(f"wrote {asked.page} and {asked.page.with_suffix('')}/")
    return 0


def run(parts: Sequence[str], *, quick: bool = False, keep: bool = False) -> Results:
    """The figures of the parts, by their names, and `about`."""
    results: Results = {"about": about()}
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    with Stage(folder, quick) as stage:
        for name, part in PARTS.items():
            if name in parts:
                began = time.monotonic()
                results[name] = part(stage)
                said(f"{name}: {time.monotonic() - began:.0f} s")
    if keep:
        said(f"kept {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return results


def about() -> dict[str, Any]:
    """When, where and what."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    cpus = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    commit = subprocess.run(["git", "log", "-1", "--format=%h"], cwd=ROOT, capture_output=True, text=True, check=False)
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": f"{len(cpus)} × {cpus[0] if cpus else platform.machine()}, "
        f"{int(memory.split()[1]) // 1024 // 1024} GB, Linux {platform.release()}",
        "commit": f"commit {commit.stdout.strip() or 'unknown'}, Python {platform.python_version()}",
        "load": Path("/proc/loadavg").read_text().split()[0],
    }


def _earlier(path: Path) -> Results:
    """Figures of parts that do not run now stay as they were."""
    known = path.with_suffix("") / "figures.json"
    found: Results = json.loads(known.read_text(encoding="utf-8")) if known.exists() else {}
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measure set-up rate, processor time, lags, keys, transfers and growth, beside the design's goals.",
        epilog="example: python -m tests.bench rate cpu --json    parts: " + ", ".join(PARTS),
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help="only these (default: all)")
    parser.add_argument("--json", action="store_true", help="print every figure as JSON instead of the goals' table")
    parser.add_argument("--page", type=Path, help="also write the figures into this page and its pictures beside it")
    parser.add_argument("--quick", action="store_true", help="a smoke run: all of it happens, nothing is measured well")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs of what ran")
    return parser


if __name__ == "__main__":
    sys.exit(main())
