"""Work orders in a database: found, counted, and told of when their moments come; on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from ivr.desks.case import Event
from ivr.desks.work_order import Lights
from ivr.store import Store, case_erasure, case_rows, shape
from ivr.store.cases import Cases
from ivr.store.work_orders import Count, UnknownOrderError, Wanted, WorkOrders
from tests.unit.clocks import START, Clock


@pytest.fixture
def cases(store: Store, clock: Clock) -> Cases:
    return Cases(store, "12345", clock=clock)


@pytest.fixture
def orders(store: Store) -> WorkOrders:
    return WorkOrders(store, "12345")


async def ordered(cases: Cases, id: str, department: str, cause: str, hours: float = 10, **data: Any) -> str:
    """The id of the case."""
    case = (await cases.open("1001", "web", {"cause": cause})).case.id
    due, sign_by = (START + timedelta(hours=n) for n in (hours, hours / 4))
    limits = {"due": due.isoformat(), "sign_by": sign_by.isoformat()}
    await cases.act(case, "1001", "ordered", {"order": id, "department": department, **limits, **data})
    return case


async def ids(orders: WorkOrders, now: datetime = START, **wanted: Any) -> list[str]:
    return [row["id"] for row in await orders.search(Wanted(**wanted), now)]


async def test_given_orders_when_looked_for_then_each_department_finds_its_own_and_what_it_joins(
    cases: Cases, orders: WorkOrders
) -> None:
    await ordered(cases, "lamp", "chengguan", "路灯不亮")
    await ordered(cases, "water", "shuiwu", "水管爆裂", joint=["chengguan"])
    await ordered(cases, "dog", "gongan", "路边有狗")
    assert await ids(orders) == ["dog", "water", "lamp"]  # the newest first
    assert await ids(orders, department="chengguan") == ["water", "lamp"]
    assert await ids(orders, department="shuiwu") == ["water"]
    assert await ids(orders, q="路灯") == ["lamp"]
    assert await ids(orders, q="水管", department="chengguan") == ["water"]
    assert await ids(orders, q="路灯", department="shuiwu") == []
    assert await ids(orders, q="12345-20261127-000003") == ["dog"]
    assert await ids(WorkOrders(orders._store, "110")) == []
    with pytest.raises(UnknownOrderError):
        await orders.get("cat")


async def test_given_an_order_when_it_goes_on_then_its_row_does_too(cases: Cases, orders: WorkOrders) -> None:
    case = await ordered(cases, "lamp", "chengguan", "路灯不亮")
    await cases.act(case, "1001", "written", {"place": "朝阳路", "confidential": True, "urgency": "urgent"})
    await cases.act(case, "chengguan/li", "order_signed", {"order": "lamp"})
    until = (START + timedelta(hours=20)).isoformat()
    await cases.act(case, "chengguan/li", "order_extension", {"order": "lamp", "until": until, "reason": "等配件"})
    row = await orders.get("lamp")
    assert (row["state"], row["place"], row["confidential"], row["extension"]) == ("signed", "朝阳路", True, "asked")
    assert await ids(orders, extension="asked", state="open") == ["lamp"]
    await cases.act(case, "2001", "order_extended", {"order": "lamp", "granted": True})
    assert (await orders.get("lamp"))["due"] == START + timedelta(hours=20)
    await cases.act(case, "chengguan/li", "order_done", {"order": "lamp", "result": "solved", "words": "已修"})
    assert await ids(orders, state="open") == []
    assert await ids(orders, state="done") == ["lamp"]
    assert (await orders.get("lamp"))["next_at"] is None


async def test_given_open_orders_then_the_nearest_end_comes_first_page_by_page_and_by_their_lights(
    cases: Cases, orders: WorkOrders
) -> None:
    for n, hours in enumerate((40, 10, 20, 10, 100)):
        await ordered(cases, f"o{n}", "chengguan", "占道", hours)
    found: list[str] = []
    before = None
    while page := await orders.search(Wanted(state="open", limit=2, before=before), START):
        found += [row["id"] for row in page]
        before = page[-1]["serial"]
    assert found == ["o1", "o3", "o2", "o0", "o4"]
    now = START + timedelta(hours=19.5)
    until = (START + timedelta(hours=200)).isoformat()
    for row in await orders.search(Wanted(), START):
        asked = {"order": row["id"], "until": until, "reason": "等配件"}
        await cases.act(row["case_id"], "chengguan/li", "order_extension", asked)
    assert await ids(orders, extension="asked") == found  # they are open: by their end
    lights = {light: await ids(orders, now, light=light) for light in ("green", "yellow", "red", "overdue")}
    assert lights == {"green": ["o0", "o4"], "yellow": [], "red": ["o2"], "overdue": ["o1", "o3"]}
    assert await ids(orders, START + timedelta(hours=33), light="yellow") == ["o0"]
    counted = await orders.counts(now)
    assert counted == {"chengguan": Count(open=5, unsigned=4, overdue=2, asked=5, oldest=START + timedelta(hours=10))}


async def test_given_words_that_many_orders_say_then_the_newest_come_page_by_page_each_once(
    cases: Cases, orders: WorkOrders
) -> None:
    for n in range(4):
        case = await ordered(cases, f"o{n}", "chengguan", f"朝阳路占道 {n}")
        limits = dict.fromkeys(("due", "sign_by"), (START + timedelta(hours=5)).isoformat())
        await cases.act(case, "1001", "ordered", {"order": f"p{n}", "department": "shuiwu", **limits})
    for q in ("朝阳路", None):
        found: list[str] = []
        before = None
        while page := await orders.search(Wanted(q=q, limit=3, before=before), START):
            found += [row["id"] for row in page]
            before = page[-1]["serial"]
        assert len(found) == len(set(found)) == 8
        assert [id[1] for id in found] == ["3", "3", "2", "2", "1", "1", "0", "0"]
    assert await ids(orders, q="朝阳路", before=999) == []


async def test_given_tables_that_were_taken_down_and_come_up_again_then_the_orders_are_made_of_their_events(
    store: Store, cases: Cases, orders: WorkOrders, ready_database_url: str
) -> None:
    await ordered(cases, "lamp", "chengguan", "路灯不亮", joint=["shuiwu"])
    before = await orders.get("lamp")
    await store.close()
    await shape.downgrade(ready_database_url, "0014")
    again = Store(ready_database_url)
    await again.open()
    found = WorkOrders(again, "12345")
    assert {**await found.get("lamp"), "changed_at": None} == {**before, "changed_at": None}
    assert await ids(found, department="shuiwu", q="路灯") == ["lamp"]
    await again.close()


async def test_given_another_desk_that_orders_in_a_shared_case_then_its_orders_are_none_of_ours(
    store: Store, cases: Cases, orders: WorkOrders
) -> None:
    case = await ordered(cases, "lamp", "chengguan", "路灯不亮")
    known = await cases.act(case, "1001", "offered", {"to": "110", "way": "online"})
    limits = dict.fromkeys(("due", "sign_by"), START.isoformat())
    theirs = {"order": "lamp", "department": "chengguan", **limits}  # of the same name
    event = Event(case, "110", 1, known.case.clock + 1, START, "9001", "ordered", theirs)
    await store.write(lambda connection: case_rows.append(connection, "12345", [event], START))
    assert [order.desk for order in (await cases.get(case)).case.orders] == ["12345", "110"]
    assert (await orders.get("lamp"))["desk"] == "12345"
    assert await ids(orders, department="chengguan") == ["lamp"]
    assert [one.what for one in await orders.passed(START + timedelta(hours=3))] == ["unsigned"]
    assert (await orders.counts(START + timedelta(hours=3)))["chengguan"].overdue == 0


async def test_given_moments_that_come_then_each_is_told_once_whatever_is_written_meanwhile(
    store: Store, cases: Cases, orders: WorkOrders, clock: Clock
) -> None:
    case = await ordered(cases, "lamp", "chengguan", "路灯不亮", 10)
    told: list[str] = []

    async def look(hours: float) -> None:
        told.extend(one.what for one in await orders.passed(START + timedelta(hours=hours)))

    assert await orders.next() == START + timedelta(hours=2.5)
    await look(2)
    assert told == []
    await look(2.6)
    await look(2.7)
    assert told == ["unsigned"]
    clock.now = START + timedelta(hours=9)
    await cases.act(case, "1001", "written", {"text": "来电人催办"})  # after the yellow moment, before it is told
    await look(9.1)
    assert told == ["unsigned", "yellow"]
    await look(50)
    await look(51)
    assert told == ["unsigned", "yellow", "red", "overdue"]
    assert await orders.next() is None
    later = (START + timedelta(hours=100)).isoformat()
    await cases.act(case, "1001", "order_extension", {"order": "lamp", "until": later, "reason": "雨"})
    await cases.act(case, "2001", "order_extended", {"order": "lamp", "granted": True})
    assert await orders.next() == START + timedelta(hours=80)

    def rebuilt(connection: Any) -> None:
        case_rows.project(connection, "12345", case_rows.hold(connection, case), clock.now)

    before = await orders.get("lamp")
    await store.write(rebuilt)
    assert {**await orders.get("lamp"), "changed_at": None} == {**before, "changed_at": None}


async def test_given_a_citys_own_lights_then_orders_made_before_and_after_have_them_and_nothing_is_told_twice(
    store: Store, cases: Cases, orders: WorkOrders, clock: Clock
) -> None:
    """An administrator wants to see earlier what gets late: it holds at once, whatever was ordered before."""
    old = await ordered(cases, "lamp", "chengguan", "路灯不亮", 10)
    assert [one.what for one in await orders.passed(START + timedelta(hours=8.1))] == ["unsigned", "yellow"]
    await ordered(cases, "dog", "gongan", "路边有狗", 100)
    lights = Lights(yellow=50, red=75)
    again, later = WorkOrders(store, "12345", lights), Cases(store, "12345", clock=clock, lights=lights)
    assert [await again.relit(), await again.relit()] == [2, 0]
    await ordered(later, "water", "shuiwu", "水管爆裂", 10)
    for hours, shown in ((5, ["lamp", "water"]), (8, []), (60, ["dog"])):
        assert sorted(await ids(again, START + timedelta(hours=hours), light="yellow")) == sorted(shown)
    assert sorted(await ids(again, START + timedelta(hours=8), light="red")) == ["lamp", "water"]
    told = [(one.what, one.row["id"]) for one in await again.passed(START + timedelta(hours=8.2))]
    assert sorted(told) == [("red", "water"), ("unsigned", "water"), ("yellow", "water")]  # nothing of the lamp again
    assert await again.next() == START + timedelta(hours=10)
    before = await again.get("lamp")
    await store.write(lambda connection: case_erasure.forget_case(connection, old, clock.now))
    assert (await again.get("lamp"))["red_at"] == before["red_at"]
    await later.act(old, "1001", "order_returned", {"order": "lamp", "reason": "派错"})
    assert (await again.get("lamp"))["yellow_at"] == START + timedelta(hours=5)


async def test_given_an_order_that_has_no_effect_where_it_stands_then_no_department_has_it(
    store: Store, cases: Cases, orders: WorkOrders
) -> None:
    """The other desk had merged the case before: its event comes later, and is earlier in the case's order."""
    case = (await cases.open("1001", "web", {"cause": "路灯不亮"})).case.id
    known = await cases.act(case, "1001", "offered", {"to": "110", "way": "online"})
    limits = {"due": (START + timedelta(hours=9)).isoformat(), "sign_by": (START + timedelta(hours=2)).isoformat()}
    await cases.act(case, "1001", "ordered", {"order": "lamp", "department": "chengguan", **limits})
    assert await ids(orders, department="chengguan") == ["lamp"]
    into = {"into": "0b1c2d3e-0000-4000-8000-000000000001"}
    merged = Event(case, "110", 1, known.case.clock + 1, START, "9001", "merged", into)
    await store.write(lambda connection: case_rows.append(connection, "12345", [merged], START))
    assert (await cases.get(case)).case.orders == ()
    assert await ids(orders) == await ids(orders, department="chengguan") == []
