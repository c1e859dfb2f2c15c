"""Blocks and reviews in the database, the number behind its many ways of writing, and Asterisk's copy (R53)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from ivr import screening
from ivr.calls import numbers
from ivr.pbx import blocks as copy
from ivr.pbx.link import Link
from ivr.settings import Screening
from ivr.store import Store
from ivr.store.blocks import AlreadyBlockedError, BlockRefusedError, Blocks, NotBlockedError
from ivr.store.reviews import NotInReviewError, Reviews
from tests.unit.stories import transferred

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULES = Screening(review_calls=3, review_minutes=60, block_hours=48)


@pytest.fixture
def blocks(store: Store) -> Blocks:
    return Blocks(store, RULES)


@pytest.fixture
def reviews(store: Store) -> Reviews:
    return Reviews(store, RULES)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13800138000", "13800138000"),
        ("+8613800138000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("013800138000", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("01012345678", "1012345678"),
        ("+861012345678", "1012345678"),
        ("+442071234567", "+442071234567"),
        ("00442071234567", "+442071234567"),
        ("anonymous", ""),
        ("+", ""),
        ("", ""),
    ],
)
def test_given_a_number_in_its_many_ways_then_it_is_one(written: str, number: str) -> None:
    assert numbers.normal(written, "86") == number


@given(st.text("0123456789+", max_size=20))
def test_given_any_number_when_written_with_the_countrys_code_then_it_is_the_same_telephone(written: str) -> None:
    digits = written.replace("+", "").lstrip("0")
    if digits:
        ways = (f"+86{digits}", f"0086{digits}", f"0{digits}")
        assert {numbers.normal(way, "86") for way in ways} == {digits}


async def test_given_a_decision_when_blocked_and_lifted_then_the_record_says_who_why_and_until_when_for_ever(
    blocks: Blocks, store: Store
) -> None:
    made = await blocks.block("+8613800138000", " 王芳 ", "辱骂话务员", NOW + HOUR, NOW)
    assert (made.number, made.by, made.holds(NOW)) == ("13800138000", "王芳", True)
    assert await blocks.in_force(NOW) == {"13800138000": NOW + HOUR}
    lifted = await blocks.lift("013800138000", "李强", NOW + HOUR / 2)
    assert (lifted.id, lifted.lifted_by, lifted.lifted_at) == (made.id, "李强", NOW + HOUR / 2)
    assert await blocks.in_force(NOW + HOUR / 2) == {}
    again = await blocks.block("13800138000", "王芳", "again", NOW + 2 * HOUR, NOW + HOUR)
    listed = await blocks.listed(now=NOW + HOUR, number="13800138000")
    assert [block.id for block in listed] == [again.id, made.id], "nothing is deleted"
    async with store.transaction() as connection:
        rows = (await connection.execute(text("SELECT * FROM block"))).mappings().all()
    assert set(rows[0]) == {"id", "number", "by", "reason", "from", "until", "lifted_at", "lifted_by"}
    assert len(rows) == 2


async def test_given_a_block_when_its_time_is_over_then_it_holds_no_more_and_cannot_be_lifted(blocks: Blocks) -> None:
    await blocks.block("13800138000", "王芳", "x", NOW + HOUR, NOW)
    later = NOW + HOUR
    assert await blocks.in_force(later) == {}
    assert await blocks.listed(now=later, holding=True) == []
    with pytest.raises(NotBlockedError):
        await blocks.lift("13800138000", "王芳", later)
    await blocks.block("13800138000", "王芳", "x", later + HOUR, later)


async def test_given_a_blocked_number_when_blocked_again_then_the_first_decision_stands(blocks: Blocks) -> None:
    await blocks.block("13800138000", "王芳", "x", NOW + HOUR, NOW)
    with pytest.raises(AlreadyBlockedError) as refused:
        await blocks.block("+8613800138000", "李强", "y", NOW + 2 * HOUR, NOW)
    assert refused.value.details["by"] == "王芳"


@pytest.mark.parametrize(
    ("changed", "id"),
    [
        ({"until": None}, "bad_block_end"),
        ({"until": NOW}, "bad_block_end"),
        ({"until": NOW - HOUR}, "bad_block_end"),
        ({"until": NOW + 50 * HOUR}, "bad_block_end"),
        ({"by": ""}, "nobody_named"),
        ({"by": "  "}, "nobody_named"),
        ({"by": "1001"}, "nobody_named"),
        ({"by": "x" * 65}, "nobody_named"),
        ({"by": "王\x1b[31m芳"}, "nobody_named"),
        ({"reason": " "}, "no_reason"),
        ({"reason": "a\nb"}, "no_reason"),
        ({"number": "anonymous"}, "bad_number"),
        ({"number": "1"}, "bad_number"),
        ({"number": "138001380001380013800"}, "bad_number"),
        ({"number": "138' OR 1=1"}, "bad_number"),
    ],
)
async def test_given_a_block_nobody_can_answer_for_then_it_is_refused(
    blocks: Blocks, changed: dict[str, Any], id: str
) -> None:
    asked = {"number": "13800138000", "by": "王芳", "reason": "辱骂", "until": NOW + HOUR} | changed
    with pytest.raises(BlockRefusedError) as refused:
        await blocks.block(**asked, now=NOW)
    assert refused.value.id == id
    assert await blocks.listed(now=NOW) == []


async def test_given_a_number_that_calls_very_often_then_it_stands_for_review_until_a_person_has_looked(
    store: Store, reviews: Reviews
) -> None:
    called = [
        replace(transferred(f"c-{n}", caller=caller), entered_at=NOW - timedelta(minutes=n))
        for n, caller in enumerate(["13800138000", "+8613800138000", "013800138000", "13800138000", "13900139000"])
    ]
    withheld = [replace(transferred(f"w-{n}", caller="anonymous"), entered_at=NOW) for n in range(9)]
    desk = [replace(transferred(f"d-{n}", caller="110"), entered_at=NOW, handed_over_by="110") for n in range(9)]
    await store.save([*called, *withheld, *desk])
    (flag,) = await reviews.look(NOW)
    assert (flag.number, flag.calls) == ("13800138000", 4)
    assert await reviews.look(NOW) == [], "once"
    assert [one.number for one in await reviews.listed()] == ["13800138000"]
    await reviews.done("+8613800138000", "李强", NOW)
    assert await reviews.listed() == []
    assert [one.reviewed_by for one in await reviews.listed(all=True)] == ["李强"]
    assert await reviews.look(NOW + timedelta(minutes=10)) == [], "left alone for a window"
    with pytest.raises(NotInReviewError):
        await reviews.done("13800138000", "李强", NOW)


async def test_given_calls_that_are_long_ago_then_nobody_stands_for_review(store: Store, reviews: Reviews) -> None:
    await store.save([replace(transferred(f"c-{n}"), entered_at=NOW - timedelta(minutes=20 * n)) for n in range(9)])
    assert await reviews.look(NOW) == []


class Asterisk:
    """Its database, as AMI shows it."""

    def __init__(self, **entries: str) -> None:
        self.entries = {key.removeprefix("n"): value for key, value in entries.items()}
        self.asked: list[str] = []

    async def action(self, headers: Mapping[str, str | Sequence[str]]) -> list[dict[str, str]]:
        order = {name: str(value) for name, value in headers.items()}
        self.asked.append(order["Action"])
        if order["Action"] == "DBPut":
            self.entries[order["Key"]] = order["Val"]
        elif order["Action"] == "DBDel":
            del self.entries[order["Key"]]
        return [{"Response": "Success"}]


async def test_given_asterisks_copy_when_published_then_it_is_the_tables_and_what_is_equal_is_not_asked() -> None:
    asterisk = Asterisk(n1380="5", n1390="7", n1370="9")
    wanted = {"1390": datetime.fromtimestamp(7, UTC), "1380": datetime.fromtimestamp(6, UTC), "+44": NOW}
    there = await copy.publish(asterisk, wanted, dict(asterisk.entries))
    assert asterisk.entries == there == {"1390": "7", "1380": "6", "+44": str(int(NOW.timestamp()))}
    assert sorted(asterisk.asked) == ["DBDel", "DBPut", "DBPut"]


class Replaced(Asterisk):
    """Dies with its answer to `DBGetTree`; the next one, with a mark of its own, has lost what it was told last."""

    state, mark = "up", "m1"

    async def action(self, headers: Mapping[str, str | Sequence[str]]) -> list[dict[str, str]]:
        if headers["Action"] != "DBGetTree":
            return await super().action(headers)
        event = {"Event": "DBGetTreeResponse"}
        shown = [{**event, "Key": f"/block/{key}", "Val": end} for key, end in self.entries.items()]
        if self.mark == "m1":
            self.mark, self.entries = "m2", {}
        return shown


async def test_given_an_asterisk_that_is_replaced_while_its_copy_is_read_then_the_new_one_gets_every_block(
    blocks: Blocks, reviews: Reviews, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "PUBLISH_SECONDS", 0.01)
    end = datetime.now(UTC) + HOUR
    await blocks.block("13800138000", "王芳", "x", end, end - HOUR)
    asterisk = Replaced(n13800138000=str(int(end.timestamp())))
    keeping = asyncio.create_task(screening.Screening(cast(Link, asterisk), blocks, reviews).keep_published())
    try:
        async with asyncio.timeout(60):
            while "DBPut" not in asterisk.asked:  # noqa: ASYNC110  the loop tells nobody
                await asyncio.sleep(0.01)
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])
    assert asterisk.entries == {"13800138000": str(int(end.timestamp()))}
