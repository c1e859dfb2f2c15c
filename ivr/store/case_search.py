"""Finding cases among millions: by number, words, place, class, state, kind, urgency, owner, caller and time.

One index answers all of it: the words of a case and marks for its facts (`ivr.store.case_words`) stand in SQLite's FTS5
and in a GIN index of PostgreSQL, and every condition is part of one question to it. The newest come first, in the order
in which cases came to this desk; times are judged again on the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, TextClause, text

from ivr.desks.case_model import Case
from ivr.store import case_words, tables

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a case must have; None: whatever. `since` ≤ opened_at < `until`; `class_code` and `region`: beginnings."""

    q: str | None = None
    place: str | None = None
    number: str | None = None
    class_code: str | None = None
    region: str | None = None
    kind: str | None = None
    state: str | None = None
    urgency: str | None = None
    owner: str | None = None
    caller: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_MARKS = (("state", "s"), ("urgency", "u"), ("owner", "d"), ("kind", "k"), ("caller", "n"), ("class_code", "c"),
          ("region", "r"))  # fmt: skip


def index(connection: Connection, serial: int, case: Case) -> None:
    """Make the case's words those of now."""
    words = case_words.indexed(case)
    if connection.dialect.name == "sqlite":
        connection.execute(text("DELETE FROM case_search WHERE rowid = :serial"), {"serial": serial})
        put = text("INSERT INTO case_search (rowid, words) VALUES (:serial, :words)")
        connection.execute(put, {"serial": serial, "words": " ".join(words)})
        return
    put = text(
        "INSERT INTO case_search (serial, words) VALUES (:serial, CAST(:words AS tsvector)) "
        "ON CONFLICT (serial) DO UPDATE SET words = excluded.words"
    )
    vector = " ".join(f"'{word}':{place}" for place, word in enumerate(words, 1))
    connection.execute(put, {"serial": serial, "words": vector})


def page(connection: Connection, wanted: Wanted, limit: int, before: int | None = None) -> Sequence[Any]:
    """Rows of `case`, the newest first. `before` is the serial of one already seen: the page after it."""
    query, values = _question(connection.dialect.name, wanted, before)
    return connection.execute(query.columns(*tables.case.c), {**values, "limit": limit}).mappings().all()


def _question(dialect: str, wanted: Wanted, before: int | None) -> tuple[TextClause, dict[str, Any]]:
    rows = _rows(wanted)
    months = _months(wanted)
    conditions: list[str] = []
    values: dict[str, Any] = {}
    match, serial = (_fts, "f.rowid") if dialect == "sqlite" else (_tsquery, "f.serial")
    if rows or months:
        values["match"] = match(rows, months)
        conditions.append("case_search MATCH :match" if dialect == "sqlite" else "f.words @@ CAST(:match AS tsquery)")
        source = f'case_search f JOIN "case" c ON c.serial = {serial}'
    else:
        source, serial = '"case" c', "c.serial"
    if wanted.number is not None:
        conditions.append("c.number = :number")
        values["number"] = wanted.number
    for name, sign in (("since", ">="), ("until", "<")):
        moment = getattr(wanted, name)
        if moment is not None:
            conditions.append(f"c.opened_at {sign} :{name}")
            values[name] = _moment(dialect, moment)
    if before is not None:
        conditions.append(f"{serial} < :before")
        values["before"] = before
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    columns = ", ".join(f'c."{column.name}"' for column in tables.case.c)
    sql = f"SELECT {columns} FROM {source}{where} ORDER BY {serial} DESC LIMIT :limit"  # noqa: S608  names are ours
    return text(sql), values


def _moment(dialect: str, moment: datetime) -> object:
    plain = moment.astimezone(UTC)
    return plain.isoformat(" ", "microseconds")[:26] if dialect == "sqlite" else plain


def _rows(wanted: Wanted) -> list[Row]:
    rows = case_words.wanted(wanted.q or "") + case_words.wanted(wanted.place or "", "p:")
    for name, mark in _MARKS:
        value = getattr(wanted, name)
        if value is not None:
            rows.append((case_words.mark(mark, value),))
    return rows


def _months(wanted: Wanted) -> list[str]:
    if wanted.since is None:
        return []
    return case_words.months(wanted.since, wanted.until or datetime.now(UTC))


def _fts(rows: Iterable[Row], months: Sequence[str]) -> str:
    """FTS5: `"路灯 灯不" AND "3" * AND ("m:202611" OR "m:202612")`."""
    parts = []
    for row in rows:
        phrase = " ".join(row)
        parts.append(f'"{phrase[:-1]}" *' if phrase.endswith("*") else f'"{phrase}"')
    if months:
        parts.append("(" + " OR ".join(f'"{month}"' for month in months) + ")")
    return " AND ".join(parts)


def _tsquery(rows: Iterable[Row], months: Sequence[str]) -> str:
    """PostgreSQL: `('路灯' <-> '灯不') & '3':* & ('m:202611' | 'm:202612')`."""
    parts = []
    for row in rows:
        words = [f"'{word[:-1]}':*" if word.endswith("*") else f"'{word}'" for word in row]
        parts.append("(" + " <-> ".join(words) + ")")
    if months:
        parts.append("(" + " | ".join(f"'{month}'" for month in months) + ")")
    return " & ".join(parts)
