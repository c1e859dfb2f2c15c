"""How long finding cases takes: `python -m tests.bench.cases [--cases 100000] [--url …]` fills a database and asks it.

Each question is asked again and again with other words; told is the 95th of a hundred, in milliseconds, as the store
answers it. Places, classes and matters are drawn from a seed, so that two runs ask the same.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from ivr.desks.case import Case, Event, fold
from ivr.settings import classes
from ivr.store import Store, case_rows, case_words, tables
from ivr.store.case_rows import Stored
from ivr.store.case_search import Wanted
from ivr.store.cases import Cases

START = datetime(2025, 1, 1, tzinfo=UTC)
GOAL = 300.0  # ms
STREETS = [f"{a}{b}{c}" for a in "朝建人中解新光和长东" for b in "阳国民山放华明平安风" for c in ("路", "大街", "胡同")]
MATTERS = ["路灯不亮", "自来水管漏水", "夜间施工噪声扰民", "井盖缺失有人险些跌落", "物业乱收费", "拖欠工资三个月",
           "垃圾无人清运异味严重", "占道经营影响通行", "暖气不热室温十四度", "小区停电已两小时", "咨询医保报销比例",
           "公交车久候不来"]  # fmt: skip
COURSES = [
    "已向物业反映两次，没有答复",
    "昨晚八点开始，至今未处理",
    "邻居也多次投诉",
    "请尽快派人查看并回电",
    "来电人情绪激动",
]
CODES = [one.code for one in classes.read(classes.SAMPLE)]
AT_ONCE = 5000


def a_case(number: int, chance: random.Random) -> tuple[Case, list[Stored]]:
    id, at = str(UUID(int=number)), START + timedelta(minutes=number * 0.7)
    said = {
        "cause": chance.choice(MATTERS),
        "course": "，".join(chance.sample(COURSES, 2)) + f"，单号{number:07}",
        "place": f"{chance.choice(STREETS)}{chance.randint(1, 400)}号院{chance.randint(1, 30)}号楼",
        "name": chance.choice("王李张刘陈杨赵黄") + chance.choice(["女士", "先生"]),
        "caller": f"138{chance.randint(0, 99_999_999):08}",
        "class_code": chance.choice(CODES),
        "kind": chance.choice(["complaint", "help", "consultation"]),
    }
    opened = {"number": f"12345-{at:%Y%m%d}-{number:06}", "channel": "phone"}
    events = [("opened", opened), ("written", said)]
    if chance.random() < 0.9:
        events += [("handled", {"result": "solved", "words": "已办理"}), ("closed", {})]
    stored = [
        Stored(Event(id, "12345", place, place, at, "1001", kind, data), place, at)
        for place, (kind, data) in enumerate(events, 1)
    ]
    return fold(one.event for one in stored), stored


def put(connection: Connection, first: int, count: int, chance: random.Random) -> None:
    made = [(serial, *a_case(serial, chance)) for serial in range(first, first + count)]
    connection.execute(tables.case_event.insert(), [case_rows._row(one) for _, _, stored in made for one in stored])
    rows = [
        {"serial": serial, **case_rows._summary(case, "12345", stored, stored[-1].stored_at)}
        for serial, case, stored in made
    ]
    connection.execute(tables.case.insert(), rows)
    if connection.dialect.name == "sqlite":
        order = text("INSERT INTO case_search (rowid, words) VALUES (:serial, :words)")
        words = [{"serial": serial, "words": " ".join(case_words.indexed(case))} for serial, case, _ in made]
    else:
        order = text("INSERT INTO case_search (serial, words) VALUES (:serial, CAST(:words AS tsvector))")
        words = [{"serial": serial, "words": _vector(case)} for serial, case, _ in made]
    connection.execute(order, words)


def _vector(case: Case) -> str:
    return " ".join(f"'{word}':{place}" for place, word in enumerate(case_words.indexed(case), 1))


def questions(cases: int, chance: random.Random) -> Iterator[tuple[str, Callable[[], Wanted]]]:
    def month() -> dict[str, Any]:
        since = START + timedelta(days=chance.randint(0, 300))
        return {"since": since, "until": since + timedelta(days=30)}

    yield "the newest", Wanted
    yield "two characters that many have", lambda: Wanted(q=chance.choice(["路灯", "漏水", "噪声", "工资"]))
    yield "one character", lambda: Wanted(q=chance.choice("灯水电暖"))
    yield "a number said in the text", lambda: Wanted(q=f"单号{chance.randint(1, cases):07}")
    yield "street and matter", lambda: Wanted(q="井盖", place=chance.choice(STREETS))
    yield "a place", lambda: Wanted(place=f"{chance.choice(STREETS)}{chance.randint(1, 400)}号院")
    yield "class and month", lambda: Wanted(class_code=chance.choice(CODES), **month())
    yield "words, class, state, month", lambda: Wanted(q="物业", class_code="01", state="open", **month())
    yield "what nobody said", lambda: Wanted(q="不存在的词语")
    yield "case number", lambda: Wanted(number=f"12345-20250301-{chance.randint(1, cases):06}")
    yield "caller", lambda: Wanted(caller=f"138{chance.randint(0, 99_999_999):08}")


async def measured(url: str, cases: int, times: int) -> list[tuple[str, float]]:
    store, chance = Store(url), random.Random(12345)
    await store.open()
    began = time.monotonic()
    for first in range(1, cases + 1, AT_ONCE):
        count = min(AT_ONCE, cases + 1 - first)
        await store.write(lambda connection, first=first, count=count: put(connection, first, count, chance))
    if not url.startswith("sqlite"):
        async with store.transaction() as connection:
            await connection.execute(text("ANALYZE"))
    print(f"{cases} cases in {time.monotonic() - began:.0f} s")
    asked, found = Cases(store, "12345"), []
    for name, wanted in questions(cases, chance):
        took = []
        for _ in range(times):
            began = time.perf_counter()
            await asked.search(wanted())
            took.append((time.perf_counter() - began) * 1000)
        found.append((name, sorted(took)[int(len(took) * 0.95) - 1]))
        print(f"{found[-1][1]:8.1f} ms  {name}")
    await store.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--url", help="an empty database; without it, a SQLite file that is thrown away")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.url or f"sqlite+aiosqlite:///{Path(folder)}/ivr.db"
        found = asyncio.run(measured(url, given.cases, given.times))
    slow = [name for name, took in found if took > GOAL]
    print(f"above {GOAL:.0f} ms: {', '.join(slow) or 'none'}")


if __name__ == "__main__":
    main()
