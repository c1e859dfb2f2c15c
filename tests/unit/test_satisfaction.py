"""What callers say of what was done, counted: in all and by department, on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from ivr.store import Store, shape, tables
from ivr.store.cases import Cases
from ivr.store.satisfaction import Grades, Satisfaction, counted, project

START = datetime(2026, 11, 27, 8, tzinfo=UTC)
DAY = timedelta(days=1)
Said = tuple[bool, str]  # reached, satisfied


class Desk:
    """`hours` after START."""

    def __init__(self, store: Store, name: str = "12345") -> None:
        self.store, self.hours = store, 0.0
        self.cases = Cases(store, name, clock=lambda: START + timedelta(hours=self.hours))

    async def asked(self, *said: Said, departments: tuple[str, ...] = ()) -> str:
        """A case that these departments work on, whose caller says all that; its id."""
        case = (await self.cases.open("1001", "web", {"cause": "路灯不亮"})).case.id
        for department in departments:
            await self.order(case, department)
        for reached, satisfied in said:
            await self.said(case, reached, satisfied)
        return case

    async def order(self, case: str, department: str) -> str:
        limits = dict.fromkeys(("due", "sign_by"), (START + 9 * DAY).isoformat())
        id = f"{case}-{department}-{self.hours}"
        await self.cases.act(case, "1001", "ordered", {"order": id, "department": department, **limits})
        return id

    async def said(self, case: str, reached: bool, satisfied: str = "") -> None:
        more = {"satisfied": satisfied} if satisfied else {}
        await self.cases.act(case, "1001", "called_back", {"reached": reached, **more})

    async def found(self, since: datetime = START, until: datetime = START + DAY) -> Satisfaction:
        async with self.store.reading() as connection:
            return await connection.run_sync(counted, since, until)


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def test_given_nobody_who_says_anything_then_there_is_no_share() -> None:
    assert Grades(asked=3, reached=1).share is None
    assert Grades(asked=4, reached=4, yes=1, partly=1, no=2).share == 0.25


async def test_given_call_backs_when_counted_then_each_counts_for_each_department_of_its_case(desk: Desk) -> None:
    await desk.asked((True, "yes"), departments=("chengguan", "shuiwu"))
    await desk.asked((False, ""), (True, "no"), departments=("chengguan",))
    await desk.asked((True, "partly"), (True, ""))
    found = await desk.found()
    assert found.total == Grades(asked=5, reached=4, yes=1, partly=1, no=1)
    assert list(found.of("12345").items()) == [
        ("chengguan", Grades(asked=3, reached=2, yes=1, no=1)),
        ("shuiwu", Grades(asked=1, reached=1, yes=1)),
    ]


async def test_given_call_backs_of_another_time_then_they_are_not_counted(desk: Desk) -> None:
    case = await desk.asked((True, "no"), departments=("chengguan",))
    desk.hours = 24
    await desk.said(case, True, "yes")
    assert (await desk.found()).total == Grades(asked=1, reached=1, no=1)
    assert (await desk.found(START + DAY, START + 2 * DAY)).of("12345") == {
        "chengguan": Grades(asked=1, reached=1, yes=1)
    }


async def test_given_orders_that_were_returned_made_twice_or_later_then_nobody_is_graded_for_what_he_did_not_do(
    desk: Desk,
) -> None:
    """A wrong department gave it back; the right one had it done, did it again, and another came in afterwards."""
    case = await desk.asked()
    wrong, right = await desk.order(case, "shuiwu"), await desk.order(case, "chengguan")
    await desk.cases.act(case, "shuiwu/wang", "order_returned", {"order": wrong, "reason": "不属本单位"})
    done = {"result": "solved", "words": "已修复"}
    await desk.cases.act(case, "chengguan/li", "order_done", {"order": right, **done})
    desk.hours = 1
    again = await desk.order(case, "chengguan")
    await desk.cases.act(case, "chengguan/li", "order_done", {"order": again, **done})
    await desk.said(case, True, "no")
    desk.hours = 2
    due = (START + 9 * DAY).isoformat()
    await desk.cases.act(case, "1001", "order_reopened", {"order": again, "reason": "来电人不满意", "due": due})
    await desk.order(case, "gongan")
    assert (await desk.found()).of("12345") == {"chengguan": Grades(asked=1, reached=1, no=1)}


async def test_given_a_department_that_another_desk_calls_alike_then_nobody_is_graded_for_the_other(desk: Desk) -> None:
    await desk.asked((True, "yes"), departments=("chengguan",))
    other = Desk(desk.store, "110")
    await other.asked((True, "no"), departments=("chengguan",))
    found = await desk.found()
    assert found.total == Grades(asked=2, reached=2, yes=1, no=1)
    assert found.of("12345") == {"chengguan": Grades(asked=1, reached=1, yes=1)}
    assert found.of("110") == {"chengguan": Grades(asked=1, reached=1, no=1)}


async def test_given_a_call_back_that_lost_its_effect_then_it_counts_no_more(desk: Desk) -> None:
    case = (await desk.cases.get(await desk.asked((True, "yes")))).case

    def without(connection: Connection) -> None:
        serial = connection.execute(select(tables.case.c.serial).where(tables.case.c.id == case.id)).scalar_one()
        project(connection, serial, replace(case, call_backs=()))

    await desk.store.write(without)
    assert (await desk.found()).total == Grades()


async def test_given_a_database_of_before_when_it_comes_up_then_what_was_said_is_counted(
    desk: Desk, ready_database_url: str
) -> None:
    await desk.asked((True, "yes"), (True, "no"), departments=("chengguan",))
    await desk.asked(departments=("shuiwu",))
    before = await desk.found()
    await desk.store.close()
    await shape.downgrade(ready_database_url, "0020")
    again = Desk(Store(ready_database_url))
    await again.store.open()
    assert await again.found() == before
    assert before.total == Grades(asked=2, reached=2, yes=1, no=1)
    await again.store.close()
