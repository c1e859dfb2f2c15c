"""A call as rows and rows as a call. Columns are the fields of `ivr.calls.model`, plus `ordinal` and the owner's id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Table

from ivr.calls.model import Attempt, Call, Leg, Step, Talk, Transfer
from ivr.store import tables

Fields = dict[str, Any]
Key = tuple[Any, ...]
Rows = dict[Table, dict[Key, Fields]]  # table → primary key → columns

NESTED = frozenset({"legs", "talks", "transfers", "steps", "attempts"})


def columns(kind: type) -> tuple[str, ...]:
    """The fields of one of the model's dataclasses that are columns of its table."""
    return tuple(field.name for field in fields(kind) if field.name not in NESTED)


_CALL, _LEG, _TALK, _TRANSFER, _ATTEMPT, _STEP = map(columns, (Call, Leg, Talk, Transfer, Attempt, Step))


def _plain(item: object, names: Iterable[str]) -> Fields:
    return {name: getattr(item, name) for name in names}


def to_rows(call: Call) -> Rows:
    """Every row of one call, by table and primary key."""
    attempts: dict[Key, Fields] = {}
    for transfer in call.transfers:
        for ordinal, attempt in enumerate(transfer.attempts):
            owner = {"transfer_id": transfer.id, "ordinal": ordinal, "call_id": call.id}
            attempts[transfer.id, ordinal] = owner | _plain(attempt, _ATTEMPT)
    return {
        tables.call: {(call.id,): _plain(call, _CALL)},
        tables.leg: {(leg.id,): _plain(leg, _LEG) | {"ordinal": at} for at, leg in enumerate(call.legs)},
        tables.talk: {(call.id, at): _plain(talk, _TALK) | {"ordinal": at} for at, talk in enumerate(call.talks)},
        tables.transfer: {
            (transfer.id,): _plain(transfer, _TRANSFER) | {"ordinal": at} for at, transfer in enumerate(call.transfers)
        },
        tables.transfer_attempt: attempts,
        tables.ivr_step: {(call.id, at): _plain(step, _STEP) | {"ordinal": at} for at, step in enumerate(call.steps)},
    }


def to_calls(rows: Mapping[Table, Sequence[Mapping[str, Any]]]) -> list[Call]:
    """Calls in the order of their own rows; children must come ordered by `ordinal`."""
    children: dict[Table, dict[str, list[Mapping[str, Any]]]] = {}
    for table in tables.CHILDREN:
        owned: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in rows[table]:
            owned[row["transfer_id" if table is tables.transfer_attempt else "call_id"]].append(row)
        children[table] = owned

    def built(kind: Any, names: tuple[str, ...], table: Table, owner: str) -> tuple[Any, ...]:
        return tuple(kind(**{name: row[name] for name in names}) for row in children[table].get(owner, ()))

    def transfers(owner: str) -> tuple[Transfer, ...]:
        return tuple(
            Transfer(
                **{name: row[name] for name in _TRANSFER},
                attempts=built(Attempt, _ATTEMPT, tables.transfer_attempt, row["id"]),
            )
            for row in children[tables.transfer].get(owner, ())
        )

    return [
        Call(
            **{name: row[name] for name in _CALL},
            legs=built(Leg, _LEG, tables.leg, row["id"]),
            talks=built(Talk, _TALK, tables.talk, row["id"]),
            transfers=transfers(row["id"]),
            steps=built(Step, _STEP, tables.ivr_step, row["id"]),
        )
        for row in rows[tables.call]
    ]
