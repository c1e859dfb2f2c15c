"""What desks consulted about becomes the rule (R46): the same at both, in versions, proposed for the next matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, text

from ivr.desks import norms
from ivr.desks.case import Event
from ivr.desks.norms import Norm
from ivr.desks.scope import Index, Named
from ivr.desks.suggest import OfClass, suggest
from ivr.settings import scope
from ivr.store import Store, case_rows, migrate, shape
from ivr.store.cases import Cases
from ivr.store.norms import Norms
from tests.unit.clocks import START, Clock

DAY = timedelta(days=1)
NOISE = Norm("2026-03", "1", "0601", ("110",), START - DAY, None, START - DAY, "c1", "12345", 5)
LISTS = Index(scope.read(scope.SAMPLE))
THEFT = LISTS.find("12345-110/2026-01/A0103")
CARD = LISTS.find("110-12345/2026-01/B0102")


@pytest.mark.parametrize(
    ("norm", "others", "state"),
    [
        (NOISE, (), "valid"),
        (replace(NOISE, since=START + DAY), (), "future"),
        (replace(NOISE, until=START), (), "expired"),
        (replace(NOISE, until=START + DAY), (), "valid"),
        (NOISE, (replace(NOISE, version="2", since=START),), "replaced"),
        (NOISE, (replace(NOISE, version="2", since=START + DAY),), "valid"),
        (
            NOISE,
            (replace(NOISE, version="2", since=START - 2 * DAY, at=START),),
            "valid",
        ),  # began earlier
        (NOISE, (replace(NOISE, id="other", since=START),), "valid"),
        (NOISE, (replace(NOISE, version="2", since=START - DAY / 2, until=START - DAY / 4),), "replaced"),
    ],
)
def test_given_versions_of_a_norm_then_the_one_that_began_last_counts(
    norm: Norm, others: tuple[Norm, ...], state: str
) -> None:
    for every in ((norm, *others), (*others, norm)):
        assert norms.state(norm, every, START) == state


def test_given_norms_of_a_class_and_of_the_one_above_then_the_most_special_counts() -> None:
    above, below = replace(NOISE, class_code="06", id="a"), replace(NOISE, class_code="060101", id="b")
    every = (NOISE, above, below)
    found = {code: norms.best(every, code, START) for code in ("060101", "0601", "0602", "07", "")}
    assert found == {"060101": below, "0601": NOISE, "0602": above, "07": None, "": None}
    assert norms.best((replace(NOISE, class_code=""),), "0601", START) is None  # of no class: a rule for nothing
    assert norms.best((NOISE, replace(NOISE, id="newer", since=START)), "0601", START).id == "newer"  # type: ignore[union-attr]


POLICE, CITY = OfClass("0802", "刑事", "Crime", "110"), OfClass("0801", "户籍", "Registration", "12345")
COURT = OfClass("9001", "诉讼", "Litigation", basis="…")


@pytest.mark.parametrize(
    ("more", "owners", "by"),
    [
        ({"of_class": CITY, "chosen": CARD, "known": [NOISE]}, ("110",), "norm"),
        ({"of_class": COURT, "known": [NOISE]}, ("110",), "norm"),
        ({"of_class": CITY, "chosen": THEFT}, ("110",), "scope"),  # somebody chose it
        ({"of_class": POLICE, "named": CARD}, ("110",), "class"),  # words are a guess
        ({"named": CARD}, ("12345",), "scope"),
        ({"of_class": COURT, "chosen": THEFT}, None, None),  # of neither desk: guided
        ({}, None, None),
    ],
)
def test_given_what_is_known_of_a_case_then_the_desk_is_proposed_with_its_reason(
    more: dict[str, Any], owners: tuple[str, ...] | None, by: str | None
) -> None:
    known = more.pop("known", [])
    if "named" in more:
        more["named"] = Named(more["named"], "身份证")
    found = suggest("0601", known, START, **more)
    assert (found.owners, found.by) == (owners, by) if found else owners is None
    if found is not None:
        assert all(found.reason[language] for language in ("zh", "en"))
        assert found.by != "norm" or "2026-03" in found.reason["zh"]


def test_given_a_norm_when_proposed_then_its_days_are_those_of_the_hotline() -> None:
    """From midnight in China, which is the day before in UTC; its last day is the one before it ends."""
    zone = timezone(timedelta(hours=8))
    begins, ends = datetime(2026, 11, 27, tzinfo=zone), datetime(2027, 1, 1, tzinfo=zone)
    norm = replace(NOISE, since=begins.astimezone(UTC), until=ends.astimezone(UTC))
    found = suggest("0601", [norm], begins)
    assert found is not None
    assert found.reason["zh"] == "会商规范 2026-03（1 版，2026-11-27 起，2026-12-31 止）"
    assert found.reason["en"] == "norm 2026-03, version 1, from 2026-11-27 until 2026-12-31"


# --- in the database ------------------------------------------------------------------------------------------------


MINUTES = {"participants": ["周立群", "孙洁"], "minutes": "夜间噪声扰民由 110 先行到场"}
RULE = {"id": "2026-03", "version": "1", "class_code": "0601", "from": "2026-11-27T08:00:00+08:00"}


async def consulted(cases: Cases, norm: dict[str, str] | None = None) -> str:
    case = (await cases.open("1001", "phone", {"class_code": "0601", "cause": "楼上噪音"})).case
    more = {"norm": norm} if norm else {}
    await cases.act(case.id, "2001", "consultation", {**MINUTES, "owners": ["110"], **more})
    return case.id


async def test_given_a_consultation_with_a_norm_then_both_are_kept_and_found_by_the_class_and_those_below(
    store: Store,
) -> None:
    cases, kept = Cases(store, "12345", clock=Clock()), Norms(store)
    without, with_norm = await consulted(cases), await consulted(cases, RULE)
    (norm,) = await kept.all()
    assert (norm.id, norm.owners, norm.since, norm.case) == (
        "2026-03",
        ("110",),
        datetime(2026, 11, 27, tzinfo=UTC),
        with_norm,
    )
    assert [one.id for one in await kept.near("060101")] == ["2026-03"]
    assert await kept.near("0602") == await kept.near("") == []
    held = await kept.consultations(10)
    assert {one["case_id"] for one in held} == {without, with_norm}
    assert {one["data"]["minutes"] for one in held} == {MINUTES["minutes"]}
    assert len(await kept.consultations(1, 1)) == 1


async def test_given_a_later_version_for_another_class_then_it_is_read_with_the_one_that_it_replaces(
    store: Store,
) -> None:
    cases, kept = Cases(store, "12345", clock=Clock()), Norms(store)
    await consulted(cases, RULE)
    await consulted(cases, {**RULE, "version": "2", "class_code": "0602", "from": "2026-11-27T00:30:00Z"})
    near = await kept.near("0601")
    assert {one.version for one in near} == {"1", "2"}
    assert norms.best(near, "0601", START) is None
    assert norms.best(near, "0602", START) is not None


async def test_given_the_events_of_a_case_when_taken_in_at_the_other_desk_or_again_then_its_norms_are_the_same(
    store: Store,
) -> None:
    cases, kept = Cases(store, "12345", clock=Clock()), Norms(store)
    id = await consulted(cases, RULE)
    before = await kept.all()

    def anew(connection: Connection) -> None:
        connection.execute(text("DELETE FROM norm"))
        connection.execute(text("DELETE FROM consultation"))
        for _ in range(2):
            case_rows.project(connection, "110", case_rows.hold(connection, id), START)

    await store.write(anew)
    assert await kept.all() == before
    assert len(await kept.consultations(10)) == 1


async def test_given_a_consultation_that_has_no_effect_where_it_stands_then_it_makes_no_norm(store: Store) -> None:
    """The other desk had merged the case before: its event comes later, and is earlier in the case's order."""
    cases, kept = Cases(store, "12345", clock=Clock()), Norms(store)
    id = await consulted(cases, RULE)
    merged = Event(id, "110", 1, 2, START, "4001", "merged", {"into": "0b1c2d3e-0000-4000-8000-000000000001"})
    await store.write(lambda connection: case_rows.append(connection, "12345", [merged], START))
    assert (await cases.get(id)).case.state == "merged"
    assert await kept.all() == [] == list(await kept.consultations(10))


async def test_given_consultations_from_before_there_were_norms_when_the_tables_are_upgraded_then_they_are_there(
    ready_database_url: str,
) -> None:
    store = Store(ready_database_url)
    await store.open()
    await consulted(Cases(store, "12345", clock=Clock()), RULE)
    before = await Norms(store).all()
    void = await consulted(Cases(store, "12345", clock=Clock()), {**RULE, "id": "of-a-merged-case"})
    into = {"into": "0b1c2d3e-0000-4000-8000-000000000001"}
    odd = ("consultation", {"owners": ["110"], "norm": {}})  # of a newer desk, in a shape of its own
    late = [
        Event(void, "110", seq, 1 + seq, START, "4001", kind, data)
        for seq, (kind, data) in enumerate((("merged", into), odd), 1)
    ]
    await store.write(lambda connection: case_rows.append(connection, "12345", late, START))
    await store.close()
    await shape.downgrade(ready_database_url, "0015")
    await shape.upgrade(ready_database_url, migrate.HEAD)
    store = Store(ready_database_url)
    await store.open()
    assert await Norms(store).all() == before != []
    assert len(await Norms(store).consultations(10)) == 1
    await store.close()
