"""What was written without a call is erased in its time too: who wrote, about what, and by which address (R65)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import insert, select, update

from ivr.channels.incoming import Incoming, arrival
from ivr.settings.channels import Channel
from ivr.store import erasure, tables
from ivr.store.cases import Cases
from ivr.store.channels import Arrivals
from ivr.store.erasure import PERSONAL
from tests.unit.erasing import KEPT, House, house
from tests.unit.stories import EIGHT, transferred

__all__ = ["house"]  # a fixture

MAILBOX = Channel("mail", "email")
LAMP = Incoming(
    "m1", "王女士家门口路灯不亮", EIGHT, sender="wang@example.com", name="王女士", phone="13800138000",
    place="朝阳路 3 号", subject="王女士的路灯", thread="<1@x>",
)  # fmt: skip
PERSON = ("王女士", "wang@example.com", "13800138000", "朝阳路")


async def written(house: House) -> str:
    """Everything that the database says, but for the index of words."""
    said = []
    async with house.store.reading() as connection:
        for table in (tables.case, tables.case_event, tables.channel_message):
            said += [str(row) for row in await connection.execute(select(table))]
    return "\n".join(said)


async def test_given_a_matter_by_mail_when_its_months_are_over_then_who_wrote_it_is_gone_and_that_it_was_stays(
    house: House,
) -> None:
    cases = Cases(house.store, "12345", clock=house.clock)
    arrivals = Arrivals(house.store, cases)
    numbers = [
        (await arrivals.take(arrival(replace(LAMP, id=f"m{n}", thread=f"<{n}@x>"), MAILBOX), now=EIGHT)).number
        for n in range(12)
    ]
    await arrivals.take(arrival(replace(LAMP, id="out", automatic="reply"), MAILBOX), now=EIGHT)
    more = replace(LAMP, id="more", words="王女士又写")
    assert (await arrivals.take(arrival(replace(more, thread="<0@x>"), MAILBOX), now=EIGHT)).opened is False
    assert await house.erased() == {}
    house.clock.months_later(24)
    dry = await house.run(dry_run=True)
    assert dry.kinds[PERSONAL].count == 13
    said = await written(house)
    assert [word for word in PERSON if word not in said] == []
    assert await house.erased() == {PERSONAL: 13}
    said = await written(house)
    assert [word for word in PERSON if word in said] == []
    known = await cases.get(numbers[0])
    assert (known.case.state, known.case.channel, known.case.opened_at is not None) == ("open", "email", True)
    assert await house.erased() == {}
    assert await erasure.broken(house.store) == []
    assert (await arrivals.take(arrival(replace(LAMP, id="m1", thread="<1@x>"), MAILBOX))).again


async def test_given_a_case_that_went_over_or_has_a_call_then_its_own_time_holds(house: House) -> None:
    cases = Cases(house.store, "12345", clock=house.clock)
    arrivals = Arrivals(house.store, cases)
    kept = replace(KEPT, handovers=30)
    over = await arrivals.take(arrival(LAMP, MAILBOX), now=EIGHT)
    await cases.act(over.case or "", "1001", "offered", {"to": "110", "way": "online"})
    called = await arrivals.take(arrival(replace(LAMP, id="m2", thread="<2@x>"), MAILBOX), now=EIGHT)
    async with house.store.alone() as connection:
        await connection.execute(insert(tables.case_call).values(case_id=called.case, call_id="c-9"))
    house.clock.months_later(24)
    assert await house.erased(kept) == {}
    house.clock.months_later(30)
    assert await house.erased(kept) == {PERSONAL: 1}
    async with house.store.reading() as connection:
        rows = await connection.execute(select(tables.case.c.id, tables.case.c.caller))
        callers = {row.id: row.caller for row in rows}
    assert callers == {over.case: "", called.case: "13800138000"}


async def test_given_a_case_that_shows_who_wrote_it_again_then_its_proof_does_not_hold(house: House) -> None:
    taken = await Arrivals(house.store, Cases(house.store, "12345")).take(arrival(LAMP, MAILBOX), now=EIGHT)
    house.clock.now = EIGHT + timedelta(days=800)
    assert await house.erased() == {PERSONAL: 1}
    async with house.store.alone() as connection:
        await connection.execute(update(tables.case).values(caller="13800138000"))
    assert await erasure.broken(house.store) == [f"proof 1: case {taken.number} shows who wrote it"]


async def test_given_a_case_of_two_calls_one_without_a_number_then_it_is_erased_with_the_later_one(
    house: House,
) -> None:
    """A withheld number shows nothing, and has its time all the same."""
    cases = Cases(house.store, "12345", clock=house.clock)
    month = 31 * 24 * 3600
    await house.save(transferred("hidden", caller=""), transferred("known", caller="13800138000", start=month))
    case = (await cases.open("1001", "phone", {"caller": "13800138000"}, call="hidden")).case.id
    await cases.act(case, "1001", "called", {"call": "known"})
    house.clock.months_later(24)
    await house.run()
    assert (await cases.get(case)).case.matter.caller == "13800138000"
    house.clock.months_later(25)
    await house.run()
    assert (await cases.get(case)).case.matter.caller == ""
