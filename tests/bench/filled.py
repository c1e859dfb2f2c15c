"""A database with as many cases as are wanted, as a year or two of a big city would make them: `await fill(store, n)`.

Each is made of its events as the product makes it (its row, its words, its handovers), only many at a time. Three in
ten went to 110: most were accepted, some refused or returned. All is drawn from a seed: two runs make the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select, text

from ivr.desks.case import Case, Event, fold
from ivr.settings import classes
from ivr.store import Store, case_rows, case_words, linkage, tables
from ivr.store.case_rows import Stored

SEED = 12345
START = datetime(2025, 1, 1, tzinfo=UTC)
BETWEEN = timedelta(seconds=45)  # two cases: a million in a year and a half
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

Said = tuple[str, str, int, dict[str, Any]]  # desk, kind, seconds after the case began, data


async def fill(store: Store, cases: int) -> None:
    """Add what is missing of so many; they have the serials 1, 2, …"""
    async with store.reading() as connection:
        there = (await connection.execute(select(func.max(tables.case.c.serial)))).scalar() or 0
    for first in range(there + 1, cases + 1, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, cases + 1))
        await store.write(lambda connection, numbers=numbers: put(connection, numbers))
    if there < cases and not store.url.startswith("sqlite"):
        async with store.transaction() as connection:
            await connection.execute(text("ANALYZE"))


def a_case(number: int) -> tuple[Case, list[Stored]]:
    chance = random.Random(SEED * 10_000_000 + number)
    id, at = str(UUID(int=number)), START + number * BETWEEN
    events, count = [], {"12345": 0, "110": 0}
    for clock, (desk, kind, after, data) in enumerate(_story(number, at, chance), 1):
        count[desk] += 1
        when, by = at + timedelta(seconds=after), "1001" if desk == "12345" else "2001"
        events.append(Stored(Event(id, desk, count[desk], clock, when, by, kind, data), clock, when))
    return fold(one.event for one in events), events


def _story(number: int, at: datetime, chance: random.Random) -> Iterator[Said]:
    yield "12345", "opened", 0, {"number": f"12345-{at:%Y%m%d}-{number:07}", "channel": "phone"}
    yield (
        "12345",
        "written",
        60,
        {
            "cause": chance.choice(MATTERS),
            "course": "，".join(chance.sample(COURSES, 2)) + f"，单号{number:07}",
            "place": f"{chance.choice(STREETS)}{chance.randint(1, 400)}号院{chance.randint(1, 30)}号楼",
            "name": chance.choice("王李张刘陈杨赵黄") + chance.choice(["女士", "先生"]),
            "caller": f"138{chance.randint(0, 99_999_999):08}",
            "class_code": chance.choice(CODES),
            "kind": chance.choice(["complaint", "help", "consultation"]),
        },
    )
    owner = "12345"
    if chance.random() < 0.3:
        answer, after = chance.choices(["accepted", "refused", "returned"], [80, 12, 8])[0], chance.randint(5, 900)
        yield "12345", "offered", 90, {"to": "110", "way": "online"}
        if answer == "refused":
            yield "110", "refused", 90 + after, {"reason": "不属于公安受理范围"}
        else:
            yield "110", "accepted", 90 + after, {}
            owner = "110"
        if answer == "returned":
            yield "110", "returned", 200 + after, {"reason": "现场无警情"}
            owner = "12345"
    if chance.random() < 0.9:
        yield owner, "handled", 7200, {"result": "solved", "words": "已办理"}
        yield owner, "closed", 7300, {}


def put(connection: Connection, numbers: range) -> None:
    made = [(serial, *a_case(serial)) for serial in numbers]
    connection.execute(tables.case_event.insert(), [case_rows._row(one) for _, _, stored in made for one in stored])
    rows = [
        {"serial": serial, **case_rows._summary(case, "12345", stored, stored[-1].stored_at)}
        for serial, case, stored in made
    ]
    connection.execute(tables.case.insert(), rows)
    moved = [linkage.rows_of(case) for _, case, _ in made if case.offers]
    for place, table in enumerate((tables.handover, tables.decision)):
        if of_table := [row for both in moved for row in both[place]]:
            connection.execute(table.insert(), of_table)
    if connection.dialect.name == "sqlite":
        order = text("INSERT INTO case_search (rowid, words) VALUES (:serial, :words)")
        words = [{"serial": serial, "words": " ".join(case_words.indexed(case))} for serial, case, _ in made]
    else:
        order = text("INSERT INTO case_search (serial, words) VALUES (:serial, CAST(:words AS tsvector))")
        words = [{"serial": serial, "words": _vector(case)} for serial, case, _ in made]
    connection.execute(order, words)


def _vector(case: Case) -> str:
    return " ".join(f"'{word}':{place}" for place, word in enumerate(case_words.indexed(case), 1))
