"""A call as rows and rows as a call. Columns are the fields of `ivr.calls.model`, plus `ordinal` and the owner's id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from sqlalchemy import Table

from ivr.calls.model import Attempt, Call, Leg, Step, Talk, Transfer
from ivr.store import tables

Key = tuple[Any, ...]  # in the order of the primary key
Values = tuple[Any, ...]  # in the order of the table's columns
Rows = dict[Table, dict[Key, Values]]  # table → primary key → row

NESTED = frozenset({"legs", "talks", "transfers", "steps", "attempts"})


_COLUMNS: dict[type, tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(kind) if field.name not in NESTED)
    for kind in (Call, Leg, Talk, Transfer, Attempt, Step)
}


def columns(kind: type) -> tuple[str, ...]:
    """The fields of one of the model's dataclasses that are columns of its table."""
    return _COLUMNS[kind]


def _values(kind: type) -> Callable[[Any], Values]:
    """A quick way to a dataclass's columns."""
    return attrgetter(*columns(kind))


_CALL, _LEG, _TALK, _TRANSFER, _ATTEMPT, _STEP = map(_values, (Call, Leg, Talk, Transfer, Attempt, Step))


def to_rows(call: Call) -> Rows:
    """Every row of one call, by table and primary key."""
    id = call.id
    return {
        tables.call: {(id,): _CALL(call)},
        tables.leg: {(leg.id,): (at, *_LEG(leg)) for at, leg in enumerate(call.legs)},
        tables.talk: {(id, at): (at, *_TALK(talk)) for at, talk in enumerate(call.talks)},
        tables.transfer: {(one.id,): (at, *_TRANSFER(one)) for at, one in enumerate(call.transfers)},
        tables.transfer_attempt: {
            (one.id, at): (at, one.id, id, *_ATTEMPT(attempt))
            for one in call.transfers
            for at, attempt in enumerate(one.attempts)
        },
        tables.ivr_step: {(id, at): (at, *_STEP(step)) for at, step in enumerate(call.steps)},
    }


def to_calls(rows: Mapping[Table, Sequence[Mapping[str, Any]]]) -> list[Call]:
    """Calls in the order of their own rows; children must come ordered by `ordinal`."""
    owned: dict[tuple[Table, str], list[Mapping[str, Any]]] = defaultdict(list)
    for table in tables.CHILDREN:
        owner = "transfer_id" if table is tables.transfer_attempt else "call_id"
        for row in rows[table]:
            owned[table, row[owner]].append(row)

    def built(kind: Any, table: Table, owner: str) -> tuple[Any, ...]:
        return tuple(_plain(kind, row) for row in owned.get((table, owner), ()))

    def transfers(owner: str) -> tuple[Transfer, ...]:
        found = owned.get((tables.transfer, owner), ())
        return tuple(
            _plain(Transfer, row, attempts=built(Attempt, tables.transfer_attempt, row["id"])) for row in found
        )

    return [
        _plain(
            Call,
            row,
            legs=built(Leg, tables.leg, row["id"]),
            talks=built(Talk, tables.talk, row["id"]),
            transfers=transfers(row["id"]),
            steps=built(Step, tables.ivr_step, row["id"]),
        )
        for row in rows[tables.call]
    ]


def _plain(kind: Any, row: Mapping[str, Any], **nested: Any) -> Any:
    return kind(**{name: row[name] for name in columns(kind)}, **nested)
