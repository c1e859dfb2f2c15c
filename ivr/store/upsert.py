"""Insert-or-update statements, compiled once: the log writes few kinds of rows, and very many of them.

SQLAlchemy's own executemany spends more on each row's parameters than the database does on the row.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection

from ivr.store.mapping import Values


class Upsert:
    """Puts rows into a table, over those of the same primary key."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        flavour: Any = sqlite if dialect.name == "sqlite" else postgresql
        insert = flavour.insert(table)
        values = {column.name: insert.excluded[column.name] for column in table.c if not column.primary_key}
        statement = insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=values)
        self._sql = str(statement.compile(dialect=dialect))
        self._binders = [column.type.bind_processor(dialect) or _as_it_is for column in table.c]

    async def run(self, connection: AsyncConnection, rows: Iterable[Values]) -> None:
        """`rows` have the table's columns in their order."""
        bound = [tuple([bind(value) for bind, value in zip(self._binders, row, strict=True)]) for row in rows]
        if bound:
            await connection.exec_driver_sql(self._sql, bound)


def _as_it_is(value: object) -> object:
    return value
