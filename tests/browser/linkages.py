"""A month in which cases went between 12345 and 110, for pages to show: `await keep(store)`. Drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Update, insert, update

from ivr.desks.case_model import Event
from ivr.store import Store, case_rows, tables
from ivr.store.exchange import Messages

OWN, OTHER = "12345", "110"
SAID = (
    ("0601", "夜间施工噪声扰民", "朝阳路 12 号"),
    ("010301", "楼上住户高空抛物", "滨河小区 3 号楼"),
    ("0301", "公交站台被占，行人走上车道", "人民广场东侧"),
    ("0501", "被拖欠工资，工友情绪激动", "解放路 88 号工地"),
    ("0802", "邻里因停车位争执", "光明胡同 5 号"),
)
WAITING = 1  # case, the last one, of which the other desk does not know yet
A_DAY = timedelta(days=1)  # nothing happens later than now
Step = tuple[str, str, float, dict[str, Any]]  # desk, kind, seconds after the case began, data


async def keep(store: Store, cases: int = 90) -> list[str]:
    """Their ids, the newest first."""
    chance, now = random.Random(110), datetime.now(UTC)
    ids = [str(UUID(int=110_000 + number)) for number in range(cases)]
    told = Messages(store, OWN, (OTHER,))
    moments = sorted(_moment(now, chance) for _ in ids)

    def write(connection: Connection) -> None:
        for number, id in enumerate(ids):
            at = moments[number]
            mine = chance.random() < 0.7
            for event in _events(id, at, _story(number, at, mine, chance)):
                hooks = (told.hook,) if event.origin == OWN else ()
                case_rows.append(connection, OWN, [event], event.at, hooks)
                if event.origin == OTHER and event.kind != "written":
                    connection.execute(insert(tables.exchange_message), _came(event))
            if number < cases - WAITING:
                connection.execute(_went(id, at))

    await store.write(write)
    return ids[::-1]


def _moment(now: datetime, chance: random.Random) -> datetime:
    """Some day of the month before, most of them by day and in the evening."""
    back = timedelta(days=chance.randrange(30), hours=1)
    local = (now - back).astimezone(ZoneInfo("Asia/Shanghai"))
    return local.replace(hour=round(chance.triangular(0, 23, 13)), minute=chance.randrange(60)) - A_DAY


def _story(number: int, at: datetime, mine: bool, chance: random.Random) -> Iterator[Step]:
    first, other = (OWN, OTHER) if mine else (OTHER, OWN)
    code, cause, place = chance.choice(SAID)
    yield first, "opened", 0, {"number": f"{first}-{at:%Y%m%d}-9{number:05}", "channel": "phone"}
    yield first, "written", 5, {"class_code": code, "cause": cause, "place": place, "caller": "13800138000"}
    luck, wait = chance.random(), chance.uniform(15, 400)
    if luck < 0.3:
        yield first, "offered", 20, {"to": other, "way": "voice", "transfer": "t1", "mode": "conference"}
        yield first, "proposed", 40, {"whose": "yours" if luck < 0.2 else "ours"}
        yield other, "proposed", 50, {"whose": "ours" if luck < 0.2 else "yours"}
        return
    if luck < 0.36 and mine:
        yield first, "emergency", 20, {"danger": "life"}
    else:
        yield first, "offered", 20, {"to": other, "way": "voice" if luck < 0.6 else "online"}
    if luck < 0.75:
        yield other, "accepted", 20 + wait, {}
        if luck > 0.6 and mine:
            yield from _called_back(number, at)
    elif luck < 0.83:
        yield other, "refused", 20 + wait, {"reason": "不属于本平台职责"}
    elif luck < 0.9:
        yield other, "accepted", 900 + wait, {}
        yield other, "returned", 1200 + wait, {"reason": "现场已处置，后续由部门跟进"}


def _called_back(number: int, at: datetime) -> Iterator[Step]:
    """A department worked on it too, and its caller was asked."""
    grade, department = ("yes", "yes", "partly", "no")[number % 4], ("jiedao", "sifa")[number % 2]
    limits = dict.fromkeys(("due", "sign_by"), (at + timedelta(days=7)).isoformat())
    yield OWN, "ordered", 500, {"order": f"back-{number}", "department": department, **limits}
    yield OWN, "order_done", 9000, {"order": f"back-{number}", "result": "solved", "words": "已办理"}
    yield OWN, "called_back", 9600, {"reached": True, "satisfied": grade} if number % 5 else {"reached": False}


def _events(id: str, at: datetime, steps: Iterator[Step]) -> Iterator[Event]:
    count = {OWN: 0, OTHER: 0}
    for clock, (desk, kind, after, data) in enumerate(steps, 1):
        count[desk] += 1
        by = "1001" if desk == OWN else "2001"
        yield Event(id, desk, count[desk], clock, at + timedelta(seconds=after), by, kind, data)


def _came(event: Event) -> dict[str, Any]:
    """The message that brought it."""
    span = {"first_seq": event.seq, "last_seq": event.seq, "body": "", "digest": "-", "tries": 0}
    moments = {"made_at": event.at, "answered_at": event.at}
    id = str(UUID(int=UUID(event.case).int * 100 + event.seq))
    return {"direction": "in", "id": id, "desk": OTHER, "case_id": event.case, "state": "taken", **span, **moments}


async def keep_returned(store: Store) -> None:
    """One more case, of now, that came back twice: the desks have to consult about it."""
    at = datetime.now(UTC) - timedelta(minutes=40)

    def story() -> Iterator[Step]:
        yield OWN, "opened", 0, {"number": f"{OWN}-{at:%Y%m%d}-800001", "channel": "phone"}
        words = {"class_code": "0802", "cause": "邻里遛狗不拴绳争执，多次报警", "place": "光明胡同 5 号"}
        yield OWN, "written", 5, words
        yield OWN, "offered", 120, {"to": OTHER, "way": "online"}
        yield OTHER, "refused", 210, {"reason": "未达到治安处罚标准"}
        yield OWN, "offered", 1200, {"to": OTHER, "way": "voice", "transfer": "t1", "mode": "conference"}
        yield OTHER, "refused", 1290, {"reason": "已现场告知，养犬管理属城管部门"}

    def write(connection: Connection) -> None:
        for event in _events(str(UUID(int=119_000)), at, story()):
            case_rows.append(connection, OWN, [event], event.at)

    await store.write(write)


def _went(case: str, at: datetime) -> Update:
    """The other desk took what it was told, a moment after it happened."""
    sent = tables.exchange_message.c
    done = {"made_at": at + timedelta(seconds=20), "state": "delivered", "answered_at": at + timedelta(seconds=21)}
    return update(tables.exchange_message).where(sent.case_id == case, sent.direction == "out").values(body="", **done)
