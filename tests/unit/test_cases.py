"""Cases in a database: what is written is kept, found by what it says, and the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text

from ivr.desks.case import Case, Event, Refused
from ivr.desks.case_letters import Letter
from ivr.store import Store, case_erasure, case_rows, case_search, case_words
from ivr.store.case_search import Wanted
from ivr.store.cases import CaseChangedError, Cases, UnknownCaseError
from ivr.store.errors import CallRefusedError, DatabaseDownError
from tests.unit.clocks import START, Clock


@pytest.fixture
def cases(store: Store, clock: Clock) -> Cases:
    return Cases(store, "12345", clock=clock)


LAMP = {"cause": "路灯不亮", "place": "朝阳路 3号楼", "name": "王女士", "caller": "13800138000"}


async def found(cases: Cases, **wanted: Any) -> list[str]:
    return [row["line"] for row in await cases.search(Wanted(**wanted))]


async def test_given_a_call_when_two_open_its_case_at_once_then_there_is_one(cases: Cases) -> None:
    first, second = await asyncio.gather(
        cases.open("1001", "phone", LAMP, call="c1"), cases.open("system", "phone", call="c1")
    )
    assert first.case.id == second.case.id
    known = await cases.of_call("c1")
    assert known is not None
    assert (known.case.number, known.case.matter.cause) == ("12345-20261127-000001", "路灯不亮")
    assert known == await cases.get(known.case.id) == await cases.get("12345-20261127-000001")
    assert known.revision == len(known.case.history) == 3


async def test_given_new_cases_then_their_numbers_have_no_gap_and_begin_anew_each_day(
    cases: Cases, clock: Clock
) -> None:
    numbers = [(await cases.open("1001", "web")).case.number for _ in range(2)]
    clock.now += timedelta(days=1)
    numbers.append((await cases.open("1001", "web")).case.number)
    assert numbers == ["12345-20261127-000001", "12345-20261127-000002", "12345-20261128-000001"]


async def test_given_words_as_typed_then_only_what_changed_is_an_event_and_nobody_overwrites_another(
    cases: Cases,
) -> None:
    known = await cases.open("1001", "phone", LAMP, call="c1")
    id = known.case.id
    same = await cases.act(id, "1001", "written", LAMP, known.revision)
    assert same.revision == known.revision
    mine = await cases.act(id, "1001", "written", {**LAMP, "cause": "路灯不亮，已三天"}, known.revision)
    assert dict(mine.case.history[-1].event.data) == {"cause": "路灯不亮，已三天"}
    other = await cases.act(id, "1002", "written", {"place": "建国路"}, known.revision)  # another field: both stay
    assert (other.case.matter.cause, other.case.matter.place) == ("路灯不亮，已三天", "建国路")
    with pytest.raises(CaseChangedError) as changed:
        await cases.act(id, "1001", "written", {"place": "朝阳北路"}, mine.revision)
    assert changed.value.details["fields"] == {"place": "建国路"}
    await cases.act(id, "1001", "written", {"place": "朝阳北路"}, other.revision)


async def test_given_what_may_not_be_then_nothing_is_written(cases: Cases) -> None:
    known = await cases.open("1001", "phone", call="c1")
    with pytest.raises(Refused, match="result first"):
        await cases.act(known.case.id, "1001", "closed")
    with pytest.raises(UnknownCaseError):
        await cases.act("no-such-case", "1001", "closed")
    with pytest.raises(UnknownCaseError):
        await cases.get("12345-20260101-000001")
    assert await cases.of_call("c2") is None
    assert await cases.get(known.case.id) == known


async def test_given_another_desks_events_in_any_order_then_the_case_is_as_there(
    store: Store, cases: Cases, clock: Clock
) -> None:
    known = await cases.open("1001", "phone", LAMP, call="c1")
    known = await cases.act(known.case.id, "1001", "offered", {"to": "110", "way": "online"})
    id, seen = known.case.id, list[str]()

    def hook(connection: Connection, case: Case, new: Sequence[Event]) -> None:
        seen.extend(event.kind for event in new)

    theirs = [
        Event(id, "110", 1, known.case.clock + 1, START, "9001", "called", {"call": "p1"}),
        Event(id, "110", 2, known.case.clock + 2, START, "9001", "accepted", {}),
    ]
    for events in ([theirs[1]], theirs, theirs):
        held = await store.write(
            lambda connection, events=events: case_rows.append(connection, "12345", events, clock(), [hook])
        )
    assert (held.case.state, held.case.owner) == ("accepted", "110")
    assert seen == ["accepted", "called"]
    assert (await cases.get(id)).case == held.case
    assert await cases.of_call("p1") is None  # it is a call of the other desk's


async def test_given_a_hook_that_fails_then_the_event_is_not_there_either(
    store: Store, cases: Cases, clock: Clock
) -> None:
    known = await cases.open("1001", "phone")

    def hook(connection: Connection, case: Case, new: Sequence[Event]) -> None:
        raise RuntimeError("no room in the outbox")

    with pytest.raises(RuntimeError):
        await Cases(store, "12345", hooks=[hook], clock=clock).act(known.case.id, "1001", "written", {"text": "x"})
    assert await cases.get(known.case.id) == known


async def test_given_desks_that_negotiate_then_the_first_receiver_knows_whose_limit_is_over(
    cases: Cases, clock: Clock
) -> None:
    known = await cases.open("1001", "phone", call="c1")
    await cases.act(
        known.case.id, "1001", "offered", {"to": "110", "way": "voice", "mode": "conference", "transfer": "t1"}
    )
    assert await cases.undecided(START - timedelta(seconds=1)) == []
    assert await cases.undecided(START) == [known.case.id]
    await cases.act(known.case.id, "system", "decided", {"owner": "12345", "reason": "first_received"})
    assert await cases.undecided(START) == []


# --- finding ---------------------------------------------------------------------------------------------------------


async def test_given_cases_then_they_are_found_by_what_they_say(cases: Cases) -> None:
    await cases.open("1001", "phone", LAMP, call="c1")
    await cases.open("1001", "web", {"cause": "小区停水", "text": "Water is off in Building-7", "place": "路灯胡同"})
    for q, lines in (
        ("路灯不亮", ["路灯不亮"]),
        ("路灯", ["小区停水", "路灯不亮"]),  # the newest first; the second one by its place
        ("灯", ["小区停水", "路灯不亮"]),
        ("亮", ["路灯不亮"]),
        ("灯路", []),
        ("王女士 路灯", ["路灯不亮"]),
        ("王女士 停水", []),
        ("BUILD 7", ["小区停水"]),
        ("3号楼", ["路灯不亮"]),
        ("000002", ["小区停水"]),
        ("'\" * AND OR ( : & | !", []),
        ("", ["小区停水", "路灯不亮"]),
        ("，。", ["小区停水", "路灯不亮"]),
    ):
        assert await found(cases, q=q) == lines, q
    assert await found(cases, place="路灯") == ["小区停水"]
    assert await found(cases, number="12345-20261127-000001") == ["路灯不亮"]
    assert await found(cases, caller="13800138000") == ["路灯不亮"]
    assert await found(cases, caller="1380013800") == []


async def test_given_facts_and_times_then_cases_are_found_by_them_as_they_are_now(cases: Cases, clock: Clock) -> None:
    lamp = await cases.open("1001", "phone", {**LAMP, "class_code": "0301", "kind": "report", "region": "120101"})
    clock.now += timedelta(days=40)
    await cases.open("1001", "web", {"cause": "停水", "urgency": "very_urgent", "class_code": "0402"})
    assert await found(cases, class_code="03") == ["路灯不亮"]
    assert await found(cases, class_code="0") == []
    assert await found(cases, region="1201") == await found(cases, kind="report") == ["路灯不亮"]
    assert await found(cases, urgency="very_urgent") == ["停水"]
    assert await found(cases, since=START, until=START + timedelta(days=1)) == ["路灯不亮"]
    assert await found(cases, since=START + timedelta(seconds=1), q="路灯") == []
    assert await found(cases, since=START - timedelta(days=4000)) == ["停水", "路灯不亮"]
    assert await found(cases, state="open", owner="12345") == ["停水", "路灯不亮"]
    await cases.act(lamp.case.id, "1001", "handled", {"result": "solved", "words": "更换灯泡"})
    assert await found(cases, state="handled") == await found(cases, q="灯泡") == ["路灯不亮"]
    assert await found(cases, state="open") == ["停水"]


async def test_given_many_cases_when_paged_then_each_comes_once(cases: Cases) -> None:
    for number in range(7):
        await cases.open("1001", "web", {"cause": f"投诉{number}"})
    lines: list[str] = []
    before = None
    while rows := await cases.search(Wanted(q="投诉"), 3, before):
        lines += [row["line"] for row in rows]
        before = rows[-1]["serial"]
    assert lines == [f"投诉{number}" for number in range(6, -1, -1)]


async def test_given_a_case_that_was_merged_when_another_would_become_part_of_it_then_no_circle_is_made(
    cases: Cases,
) -> None:
    """Two that are parts of each other would both say: go on there."""
    one, two, three = [(await cases.open("1001", "web")).case.id for _ in range(3)]
    told: list[str] = []
    cases.listeners.append(lambda known: told.append(known.case.id))
    await cases.merge(one, "1001", two)
    assert sorted(told) == sorted((one, two))  # whoever looks at the other one sees it too
    await cases.merge(two, "1001", three)
    for into in (one, two):
        with pytest.raises(Refused, match="was merged"):
            await cases.merge(three, "1001", into)
    assert (await cases.get(three)).case.state == "open"
    told.clear()
    part = (await cases.split(three, "1001", {"text": "另一件"})).case.id
    assert told == [three, part]


async def test_given_an_emergency_of_a_case_that_was_merged_then_110_has_the_one_in_which_it_goes_on(
    cases: Cases, store: Store
) -> None:
    one, two, three = [(await cases.open("1001", "web")).case.id for _ in range(3)]
    await cases.merge(one, "1001", two)
    await cases.merge(two, "1001", three)
    told: list[str] = []
    cases.listeners.append(lambda known: told.append(known.case.id))
    known = await cases.act(one, "1001", "emergency", {"danger": "life", "words": "晕倒"})
    goal = (await cases.get(three)).case
    assert (known.case.id, goal.owner, goal.emergency and goal.emergency.words) == (one, "110", "晕倒")
    assert told == [three, one]
    await cases.act(two, "1001", "emergency", {"danger": "life"})
    assert len((await cases.get(three)).case.history) == len(goal.history)  # 110 has it already
    elsewhere = Event(three, "110", 1, goal.clock + 1, START, "9001", "merged", {"into": str(uuid4())})
    await store.write(lambda connection: case_rows.append(connection, "12345", [elsewhere], START))
    assert (await cases.act(two, "1001", "emergency", {"danger": "public"})).case.state == "merged"


async def test_given_a_desk_with_signs_in_its_name_then_its_cases_are_found_by_it(store: Store) -> None:
    cases = Cases(store, "Tj-12345_a")
    await cases.open("1001", "web", {"text": "路灯"})
    assert await found(cases, owner="Tj-12345_a") == await found(cases, first="Tj-12345_a") == ["路灯"]


async def test_given_letter_after_letter_then_the_newest_are_found_and_none_is_too_much_for_the_index(
    cases: Cases,
) -> None:
    """PostgreSQL keeps 1 MB of a case's words: what is refused there would be tried again for ever."""
    id = (await cases.open("1001", "email", {**LAMP, "text": "甲乙丙"})).case.id
    signs = random.Random(7)
    for letter in range(5):
        words = "".join(chr(signs.randint(0x10380, 0x1039D)) for _ in range(8000 - 100 * letter))
        await cases.act(id, "mail", "received", {"words": " ".join(words[at : at + 60] for at in range(0, 7000, 60))})
    for letter in range(3):
        words = "".join(chr(signs.randint(0x4E00, 0x9FFF)) for _ in range(7900))
        known = await cases.act(id, "mail", "received", {"words": f"{words} 第{letter}封信"})
    assert await found(cases, q="甲乙丙", state="open", caller=LAMP["caller"], place="朝阳路") == ["路灯不亮"]
    assert await found(cases, q="第2封信") == ["路灯不亮"]
    indexed = case_words.indexed(known.case)
    assert case_words.MOST_WORDS < len(indexed) < case_words.MOST_WORDS + 300


def test_given_words_of_many_bytes_then_the_index_takes_so_many_bytes() -> None:
    word = "\U00010380" * case_words.LONGEST
    letters = tuple(Letter("in", f"{word} " * 123, START, "12345/mail") for _ in range(40))
    indexed = case_words.indexed(Case("", letters=letters))
    assert case_words.MOST_BYTES - 300 < sum(len(one.encode()) for one in indexed) < case_words.MOST_BYTES + 300


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM case_event",
        "UPDATE case_event SET seq = seq + 1",
        'UPDATE case_event SET "at" = "at"',
    ],
)
async def test_given_events_when_somebody_would_change_or_remove_one_then_the_database_refuses(
    store: Store, cases: Cases, change: str
) -> None:
    known = await cases.open("1001", "phone", LAMP)
    with pytest.raises((CallRefusedError, DatabaseDownError), match="only added to"):
        await store.write(lambda connection: connection.execute(text(change)))
    assert await cases.get(known.case.id) == known


@pytest.mark.parametrize("wanted", [Wanted(caller="13800138000"), Wanted(q="单号0123456"), Wanted(q="路灯 12345")])
def test_given_what_only_few_cases_can_have_then_postgresql_is_told_to_ask_the_index_first(wanted: Wanted) -> None:
    """It takes every word for one that many rows have, and would read a million of them from the newest on."""
    for asked, rare in ((wanted, True), (Wanted(q="路灯"), False), (Wanted(place="1 号"), False)):
        query, _ = case_search._question("postgresql", asked, None)
        assert ("OFFSET 0" in query.text) == rare
        assert "OFFSET" not in case_search._question("sqlite", asked, None)[0].text


async def test_given_what_another_desk_said_in_a_shape_of_its_own_when_personal_data_is_erased_then_none_of_it_stays(
    store: Store, cases: Cases, clock: Clock
) -> None:
    """It is kept until it is understood, and names people where nobody here knows of it."""
    id = (await cases.open("1001", "phone", LAMP, call="c-1")).case.id
    known = await cases.act(id, "1001", "offered", {"to": "110", "way": "online"})
    odd: tuple[tuple[str, dict[str, Any]], ...] = (
        ("order_done", {"order": "o1", "result": "solved", "words": "x", "files": ["王女士.jpg"]}),
        ("accepted", {"seen_by": "王女士"}),
        ("refused", {"reason": {"said": "王女士"}}),
        ("sung", {"song": "王女士"}),
    )
    said = [
        Event(id, "110", seq, known.case.clock + seq, START, "9001", kind, data)
        for seq, (kind, data) in enumerate(odd, 1)
    ]
    await store.write(lambda connection: case_rows.append(connection, "12345", said, START))
    await store.write(lambda connection: case_erasure.forget(connection, ["c-1"], clock.now))
    async with store.reading() as connection:
        found = (await connection.execute(text("SELECT data FROM case_event"))).scalars().all()
    assert len(found) == known.revision + len(odd)
    assert [data for data in found if "王女士" in data] == []


async def test_given_personal_data_are_erased_then_the_case_s_way_and_each_of_its_decisions_stay(
    store: Store, cases: Cases, clock: Clock
) -> None:
    id = (await cases.open("1001", "phone", LAMP, call="c-1")).case.id
    for kind, data in (
        ("offered", {"to": "110", "way": "voice", "mode": "conference", "transfer": "t1"}),
        ("decided", {"owner": "12345", "reason": "first_received"}),
        ("guided", {"basis": "某条例第三条", "words": "王女士请到派出所办理"}),
        ("handled", {"result": "explained", "words": "王女士已知晓"}),
        ("closed", {}),
    ):
        await cases.act(id, "1001", kind, data)
    before = (await cases.get(id)).case
    await store.write(lambda connection: case_erasure.forget(connection, ["c-1"], clock.now))
    after = (await cases.get(id)).case
    assert [entry.void for entry in after.history] == [""] * len(before.history)
    assert (after.decision, after.state, after.owners) == (before.decision, "closed", ("12345",))
    assert (after.results["12345"].result, after.results["12345"].words) == ("explained", case_erasure.ERASED)
    assert after.matter.caller == after.matter.name == ""


async def test_given_a_matter_of_neither_desk_when_personal_data_are_erased_then_it_stays_closed(
    store: Store, cases: Cases, clock: Clock
) -> None:
    id = (await cases.open("1001", "phone", {**LAMP, "neither": True}, call="c-1")).case.id
    await cases.act(id, "1001", "guided", {"basis": "信访条例", "words": "请到信访局"})
    await cases.act(id, "1001", "closed")
    await store.write(lambda connection: case_erasure.forget(connection, ["c-1"], clock.now))
    after = (await cases.get(id)).case
    assert (after.state, after.matter.cause, after.matter.neither) == ("closed", "", True)
