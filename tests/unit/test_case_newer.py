"""A desk that does not understand all that a newer one says: it takes and keeps it, and after its upgrade it is the
same case at both (docs/exchange.md)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, select

from ivr.desks import case as cases
from ivr.desks import exchange_wire
from ivr.desks.case import KINDS, MISSHAPEN, UNKNOWN, Event, fold, strange
from ivr.desks.exchange import Message, seal
from ivr.desks.signatures import Signed
from ivr.store import Store, case_rows, tables
from ivr.store.cases import Cases
from ivr.store.exchange import Messages
from tests.unit.test_case import DATA

ID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
FIRST: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("opened", {"number": "110-20261127-000001", "channel": "phone"}),
    ("written", {"cause": "路灯不亮"}),
    ("offered", {"to": "12345", "way": "online"}),
)
NEWER = sorted(set(DATA) - {"opened", "offered", "written"})


def said(*events: tuple[str, Mapping[str, Any]]) -> list[Event]:
    """By 110, one after another."""
    return [
        Event(ID, "110", seq, seq, NOW + timedelta(seconds=seq), "2001", kind, data)
        for seq, (kind, data) in enumerate(events, 1)
    ]


def without(monkeypatch: pytest.MonkeyPatch, *kinds: str) -> None:
    """This program is older: it knows all but these."""
    monkeypatch.setattr(cases, "KINDS", {kind: shape for kind, shape in KINDS.items() if kind not in kinds})
    monkeypatch.setattr(case_rows, "LANGUAGE", f"without {' '.join(kinds)}")


@pytest.mark.parametrize("kind", NEWER)
def test_given_a_kind_that_a_desk_does_not_know_then_it_stands_there_without_effect_until_the_upgrade(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = said(*FIRST, (kind, DATA[kind][0]), ("written", {"place": "和平路"}))
    new = fold(history)
    with monkeypatch.context() as older:
        without(older, kind)
        old = fold(history)
    assert [entry.void for entry in old.history] == ["", "", "", UNKNOWN, ""]
    assert (old.matter.place, old.clock) == ("和平路", 5)
    assert {seal(entry.event) for entry in old.history} == {seal(entry.event) for entry in new.history}
    assert (strange(old), strange(new)) == ({kind}, set())


def test_given_a_known_kind_with_more_than_is_known_of_it_then_it_is_kept_and_waits_to_be_understood() -> None:
    case = fold(said(*FIRST, ("written", {"cause": "又不亮", "mood": "angry"}), ("accepted", {"shift": 3})))
    assert [entry.void for entry in case.history[3:]] == [MISSHAPEN, MISSHAPEN]
    assert (strange(case), case.matter.cause) == ({"written", "accepted"}, "路灯不亮")


def test_given_a_message_of_a_newer_minor_version_then_it_is_read() -> None:
    message = Message(str(uuid4()), "110", "12345", ID, NOW, tuple(said(*FIRST, ("sung", {"song": ["la", {"a": 1}]}))))
    body = exchange_wire.written(message, fold(message.events))
    newer = body.replace(b'"version":"1.0"', b'"version":"1.7","mood":{"a":[1]}')
    assert newer != body
    assert exchange_wire.read(newer, "110", "12345") == message


async def test_given_what_an_older_program_did_not_understand_when_it_is_upgraded_then_the_case_is_read_again_once(
    ready_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, told = Store(ready_database_url), []
    await store.open()

    def hook(connection: Connection, case: Any, new: Any) -> None:
        told.append([event.kind for event in new])

    desk, messages = Cases(store, "12345", hooks=(hook,), clock=lambda: NOW), Messages(store, "12345", ["110"])
    events = tuple(said(*FIRST, ("handled", {"result": "solved"}), ("sung", {"song": "la"})))
    message = Message(str(uuid4()), "110", "12345", ID, NOW, events)
    with monkeypatch.context() as older:
        without(older, "handled")
        answer = await messages.take(Signed("110", "n1", NOW), exchange_wire.written(message, fold(events)), NOW)
        assert answer["state"] == "taken"
        assert (await desk.get(ID)).case.state == "offered"
    assert await desk.read_again() == 1
    assert told == [["handled"]]
    async with store.reading() as connection:
        row = (await connection.execute(select(tables.case))).mappings().one()
        strangers = (await connection.execute(select(tables.case_strange.c.kinds))).scalars().all()
    assert (row["state"], row["owners"]) == ("handled", "110")
    assert list(strangers) == ["sung"]
    assert await desk.read_again() == 0
    await store.close()
