"""What saving writes, as plain functions of one connection; insert-or-update statements, compiled once.

The log writes few kinds of rows, and very many of them: SQLAlchemy's own executemany spends more on each row's
parameters than the database does on the row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Delete, Engine, Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from ivr.store import mapping, tables
from ivr.store.mapping import Values

T = TypeVar("T")

AT_ONCE = 400  # calls that one query names


class Upsert:
    """Puts rows into a table, over those of the same primary key."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        flavour: Any = sqlite if dialect.name == "sqlite" else postgresql
        insert = flavour.insert(table)
        values = {column.name: insert.excluded[column.name] for column in table.c if not column.primary_key}
        statement = insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=values)
        self._sql = str(statement.compile(dialect=dialect))
        self._binders = [column.type.bind_processor(dialect) or _as_it_is for column in table.c]

    def run(self, connection: Connection, rows: Iterable[Values]) -> None:
        """`rows` have the table's columns in their order."""
        bound = [tuple([bind(value) for bind, value in zip(self._binders, row, strict=True)]) for row in rows]
        if bound:
            connection.exec_driver_sql(self._sql, bound)


def _as_it_is(value: object) -> object:
    return value


def in_transaction(pen: Engine, act: Callable[[Connection], T]) -> T:
    """All of it, or nothing."""
    with pen.begin() as connection:
        return act(connection)


def clear(connection: Connection, strangers: Sequence[str]) -> None:
    """Take away what another process may have written of these calls."""
    for start in range(0, len(strangers), AT_ONCE):
        part = strangers[start : start + AT_ONCE]
        found = connection.execute(select(tables.call.c.id).where(tables.call.c.id.in_(part)))
        if old := list(found.scalars()):
            for table in reversed(tables.CHILDREN):
                connection.execute(delete(table).where(table.c.call_id.in_(old)))


def delete_vanished(
    connection: Connection, rows: Mapping[str, mapping.Rows], known: Mapping[str, mapping.Rows]
) -> None:
    """Take away the rows of `known` calls that their newer state has no longer."""
    for table in reversed(tables.CHILDREN):
        gone = [
            {"of_call": id} | {f"key_{n}": part for n, part in enumerate(key)}
            for id, before in known.items()
            for key in before[table].keys() - rows[id][table].keys()
        ]
        if gone:
            connection.execute(_delete_one(table), gone)


def changed(
    table: Table, rows: Mapping[str, mapping.Rows], known: Mapping[str, mapping.Rows]
) -> Iterator[mapping.Values]:
    """The rows that are not yet in the database as they are now."""
    for id, now in rows.items():
        before = known[id][table] if id in known else {}
        yield from (row for key, row in now[table].items() if before.get(key) != row)


def _delete_one(table: Table) -> Delete:
    keys = [column == bindparam(f"key_{n}") for n, column in enumerate(table.primary_key)]
    return delete(table).where(table.c.call_id == bindparam("of_call"), *keys)
