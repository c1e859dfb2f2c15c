"""How long finding cases takes: `python -m tests.bench.cases [--cases 100000] [--postgresql] [--folder DIR]`.

It fills a database and asks it; a folder that is named is kept, so that the next run only asks. Each question is asked
again and again with other words; told is the 95th of a hundred, in milliseconds, as the store answers it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from ivr.store import Store
from ivr.store.case_search import Wanted
from ivr.store.cases import Cases
from tests.bench.filled import BETWEEN, CODES, START, STREETS, fill
from tests.unit.databases import USER, PostgresServer

GOAL = 300.0  # ms


def questions(cases: int, chance: random.Random) -> Iterator[tuple[str, Callable[[], Wanted]]]:
    days = max(1, (cases * BETWEEN).days)

    def month() -> dict[str, Any]:
        since = START + timedelta(days=chance.randint(0, days))
        return {"since": since, "until": since + timedelta(days=30)}

    def number() -> str:
        serial = chance.randint(1, cases)
        return f"12345-{START + serial * BETWEEN:%Y%m%d}-{serial:07}"

    yield "the newest", Wanted
    yield "two characters that many have", lambda: Wanted(q=chance.choice(["路灯", "漏水", "噪声", "工资"]))
    yield "one character", lambda: Wanted(q=chance.choice("灯水电暖"))
    yield "a number said in the text", lambda: Wanted(q=f"单号{chance.randint(1, cases):07}")
    yield "street and matter", lambda: Wanted(q="井盖", place=chance.choice(STREETS))
    yield "a place", lambda: Wanted(place=f"{chance.choice(STREETS)}{chance.randint(1, 400)}号院")
    yield "class and month", lambda: Wanted(class_code=chance.choice(CODES), **month())
    yield "words, class, state, month", lambda: Wanted(q="物业", class_code="01", state="open", **month())
    yield "cases of the other desk, month", lambda: Wanted(owner="110", **month())
    yield "what nobody said", lambda: Wanted(q="不存在的词语")
    yield "case number", lambda: Wanted(number=number())
    yield "caller", lambda: Wanted(caller=f"138{chance.randint(0, 99_999_999):08}")


async def measured(url: str, cases: int, times: int) -> list[tuple[str, float]]:
    store, chance = Store(url), random.Random(12345)
    await store.open()
    began = time.monotonic()
    await fill(store, cases)
    print(f"{cases} cases in {time.monotonic() - began:.0f} s", flush=True)
    asked, found = Cases(store, "12345"), []
    for name, wanted in questions(cases, chance) if times else ():
        took = []
        for _ in range(times):
            began = time.perf_counter()
            await asked.search(wanted())
            took.append((time.perf_counter() - began) * 1000)
        found.append((name, sorted(took)[max(0, int(len(took) * 0.95) - 1)]))
        print(f"{found[-1][1]:8.1f} ms  {name}", flush=True)
    await store.close()
    return found


@contextlib.contextmanager
def database(folder: Path, postgresql: bool) -> Iterator[str]:
    """Its URL; what the folder has already is used."""
    folder.mkdir(parents=True, exist_ok=True)
    if not postgresql:
        yield f"sqlite+aiosqlite:///{folder}/ivr.db"
        return
    server, fresh = PostgresServer(folder), not (folder / "data").exists()
    if fresh:
        server.create()
    server.start()
    try:
        yield server.new_database() if fresh else f"postgresql+asyncpg://{USER}@/ivr_1?host={folder}"
    finally:
        server.stop("fast")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=100, help="0: only fill")
    parser.add_argument("--postgresql", action="store_true", help="a server of its own; without it SQLite")
    parser.add_argument("--folder", type=Path, help="kept; without it all is thrown away")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as thrown_away,
        database(given.folder or Path(thrown_away) / "db", given.postgresql) as url,
    ):
        found = asyncio.run(measured(url, given.cases, given.times))
    slow = [name for name, took in found if took > GOAL]
    print(f"above {GOAL:.0f} ms: {', '.join(slow) or 'none'}")


if __name__ == "__main__":
    main()
