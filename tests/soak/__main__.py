"""A seeded soak: hundreds of calls with random stories on the real Asterisk while things die; the log is judged by ear.

    make soak SEED=7 MINUTES=10
    .venv/bin/python -m tests.soak --seed 7 --minutes 10 --json > soak.json

The same seed plays the same stories and kills the same things at the same moments of the stories. Exit codes: 0 the log
told what the phones did and heard, 1 it differed, 2 the soak itself could not run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from tests.soak.plan import plan
from tests.soak.runner import Soak
from tests.soak.verdict import Outcome


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, help="what all chance is drawn from (1)")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long calls are placed (10)")
    parser.add_argument(
        "--callers", type=int, default=7, choices=range(1, 9), metavar="N", help="at once (7, at most 8)"
    )
    parser.add_argument("--operators", type=int, default=6, choices=range(1, 7), metavar="N", help="(6, at most 6)")
    parser.add_argument("--deaths", type=float, default=4.0, metavar="N", help="a minute (4); 0: nothing dies")
    parser.add_argument("--folder", type=Path, help="for what differed; kept then (a new one below /tmp)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON; progress goes to stderr")
    wanted = parser.parse_args()
    schedule = plan(wanted.seed, wanted.minutes, wanted.callers, wanted.operators, wanted.deaths)
    folder = wanted.folder or Path(tempfile.mkdtemp(prefix=f"soak-{wanted.seed}-"))
    say = _say(sys.stderr if wanted.json else sys.stdout)
    say(f"seed {wanted.seed}: {len(schedule.stories)} stories, {len(schedule.deaths)} deaths; in {folder}")
    try:
        outcome = Soak(schedule, folder, say).run()
    except KeyboardInterrupt:
        print("stopped; nothing was judged", file=sys.stderr)
        return 2
    except (AssertionError, OSError) as failure:
        print(f"the soak could not run: {failure}", file=sys.stderr)
        return 2
    print(json.dumps(as_json(outcome), ensure_ascii=False, indent=1) if wanted.json else summary(outcome))
    if not outcome.differences and wanted.folder is None:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if outcome.differences else 0


def _say(stream: TextIO) -> Callable[[str], None]:
    def say(words: str) -> None:
        print(f"{time.strftime('%H:%M:%S')}  {words}", file=stream, flush=True)

    return say


def summary(outcome: Outcome) -> str:
    lines = [
        f"seed {outcome.schedule.seed}: {outcome.calls} calls, {sum(outcome.deaths.values())} deaths "
        f"({outcome.unreached} more that never came), {len(outcome.differences)} with differences, "
        f"{outcome.seconds:.0f} s",
        "calls:  " + ", ".join(f"{count} {kind}" for kind, count in sorted(outcome.kinds.items())),
        "deaths: " + ", ".join(f"{count} {what}" for what, count in sorted(outcome.deaths.items())),
    ]
    if outcome.longest_silence:
        lines.append(f"longest silence of a caller: {outcome.longest_silence:.1f} s")
    if outcome.stalled:
        lines.append(f"the machine stood still for {outcome.stalled:.1f} s in all; what was late then is forgiven")
    if outcome.held_up:
        lines.append(f"phones were held up for {outcome.held_up:.1f} s in all; their voice missing then is forgiven")
    lines += (f"a phone ended by itself: {words}" for words in outcome.crashes)
    for first, last in outcome.lives:
        lines.append(
            f"controller {first.pid}: {last.at - first.at:.0f} s, {last.calls - first.calls} calls: "
            f"descriptors {first.descriptors} → {last.descriptors}, threads {first.threads} → {last.threads}, "
            f"memory {first.memory_mb:.0f} → {last.memory_mb:.0f} MB"
        )
    for whose, words in outcome.differences:
        lines.append(f"DIFFERS: {whose}")
        lines += [f"  - {word}" for word in words]
    if outcome.differences:
        lines.append(f"again: make soak SEED={outcome.schedule.seed} MINUTES={outcome.schedule.minutes:g}")
    return "\n".join(lines)


def as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "seed": outcome.schedule.seed,
        "minutes": outcome.schedule.minutes,
        "calls": outcome.calls,
        "kinds": outcome.kinds,
        "deaths": outcome.deaths,
        "unreached": outcome.unreached,
        "seconds": round(outcome.seconds, 1),
        "phones_crashed": outcome.crashes,
        "stalled": round(outcome.stalled, 1),
        "held_up": round(outcome.held_up, 1),
        "longest_silence": round(outcome.longest_silence, 2),
        "controllers": [{"first": asdict(first), "last": asdict(last)} for first, last in outcome.lives],
        "differences": [{"of": whose, "what": words} for whose, words in outcome.differences],
    }


if __name__ == "__main__":
    sys.exit(main())
