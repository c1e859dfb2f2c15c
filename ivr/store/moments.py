"""What both databases can say of moments, each in its own words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class seconds(FunctionElement[float]):  # noqa: N801  called like a function
    """From the first moment to the second, to a millisecond: SQLite's own clock functions know no more."""

    type = Float()
    inherit_cache = True


@compiles(seconds, "sqlite")
def _seconds_sqlite(element: seconds, compiler: SQLCompiler, **more: Any) -> str:
    begin, end = (compiler.process(clause, **more) for clause in element.clauses)
    return f"round((julianday({end}) - julianday({begin})) * 86400, 3)"


@compiles(seconds, "postgresql")
def _seconds_postgresql(element: seconds, compiler: SQLCompiler, **more: Any) -> str:
    begin, end = (compiler.process(clause, **more) for clause in element.clauses)
    return f"round(extract(epoch from ({end} - {begin})), 3)::float"


class hour_of(FunctionElement[str]):  # noqa: N801
    """`2026-11-27 05`, in UTC: both databases write a moment so that its first 13 letters are the hour."""

    inherit_cache = True


@compiles(hour_of, "sqlite")
def _hour_sqlite(element: hour_of, compiler: SQLCompiler, **more: Any) -> str:
    return f"substr({compiler.process(element.clauses, **more)}, 1, 13)"


@compiles(hour_of, "postgresql")
def _hour_postgresql(element: hour_of, compiler: SQLCompiler, **more: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **more)} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')"
