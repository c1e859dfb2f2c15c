"""Finding cases among millions: by number, words, place, class, state, kind, urgency, owner, caller and time.

One index answers all of it: the words of a case and marks for its facts (`ivr.store.case_words`) stand in SQLite's FTS5
and in a GIN index of PostgreSQL, and every condition is part of one question to it. The newest come first, in the order
in which cases came to this desk; times are judged again on the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, TextClause, TextualSelect, column, text

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
    first: str | None = None  # the desk that first received it
    partner: str | None = None  # a desk that it went to, or came from
    since: datetime | None = None
    until: datetime | None = None


_MARKS = (("state", "s"), ("urgency", "u"), ("owner", "d"), ("first", "f"), ("kind", "k"), ("caller", "n"),
          ("class_code", "c"), ("region", "r"))  # fmt: skip


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


def serials(dialect: str, rows: Sequence[Row]) -> TextualSelect:
    """Those of the cases that say all of these words."""
    if dialect == "sqlite":
        query, match = text("SELECT rowid AS serial FROM case_search WHERE case_search MATCH :words"), _fts(rows, ())
    else:
        query = text("SELECT serial FROM case_search WHERE words @@ CAST(:words AS tsquery)")
        match = _tsquery(rows, ())
    return query.bindparams(words=match).columns(column("serial", BigInteger))


def count(connection: Connection, wanted: Wanted, most: int) -> int:
    """How many fit; `most` where there are more."""
    query, values = _question(connection.dialect.name, wanted, None)
    whole = text(f"SELECT count(*) FROM ({query.text}) found")  # noqa: S608
    return int(connection.execute(whole, {**values, "limit": most}).scalar_one())


def _question(dialect: str, wanted: Wanted, before: int | None) -> tuple[TextClause, dict[str, Any]]:
    """Where the index alone can tell, it tells the serials of the page, and so many rows are read."""
    rows, months = _rows(wanted), _months(wanted)
    values: dict[str, Any] = {} if before is None else {"before": before}
    of_row = _of_row(dialect, wanted, values)
    columns = ", ".join(f'c."{column.name}"' for column in tables.case.c)
    page = "ORDER BY {serial} DESC LIMIT :limit"
    if not rows and not months:
        conditions = [*of_row, *(["c.serial < :before"] if before is not None else [])]
        return text(f'SELECT {columns} FROM "case" c{_where(conditions)} {page.format(serial="c.serial")}'), values  # noqa: S608
    sqlite = dialect == "sqlite"
    values["match"] = _fts(rows, months) if sqlite else _tsquery(rows, months)
    serial = "rowid" if sqlite else "serial"
    found = ["case_search MATCH :match" if sqlite else "words @@ CAST(:match AS tsquery)"]
    found += [f"case_search.{serial} < :before"] if before is not None else []
    newest = page.format(serial="1")
    inner = f"SELECT case_search.{serial} AS serial FROM case_search{_where(found)}"  # noqa: S608
    if not sqlite and _is_rare(wanted):  # or PostgreSQL, which takes every word for a frequent one, reads all the rows
        inner = f"SELECT serial FROM ({inner} OFFSET 0) rare"  # noqa: S608
    inner += f" {'' if of_row else newest}"
    outer = f"{_where(of_row)} {page.format(serial='f.serial')}"
    return text(f'SELECT {columns} FROM ({inner}) f JOIN "case" c ON c.serial = f.serial{outer}'), values  # noqa: S608


def _is_rare(wanted: Wanted) -> bool:
    """Is something asked for that only a few cases of a million can have: a caller, or a long number in the words?"""
    return wanted.caller is not None or re.search(r"[0-9]{5}", wanted.q or "") is not None


def _of_row(dialect: str, wanted: Wanted, values: dict[str, Any]) -> list[str]:
    """What the index does not know to the letter; `values` takes what is asked for."""
    conditions = []
    if wanted.number is not None:
        conditions.append("c.number = :number")
        values["number"] = wanted.number
    if wanted.partner is not None:
        went = 'SELECT 1 FROM handover h WHERE h.case_id = c.id AND (h.origin = :partner OR h."to" = :partner)'
        conditions.append(f"EXISTS ({went})")
        values["partner"] = wanted.partner
    for name, sign in (("since", ">="), ("until", "<")):
        moment = getattr(wanted, name)
        if moment is not None:
            conditions.append(f"c.opened_at {sign} :{name}")
            values[name] = _moment(dialect, moment)
    return conditions


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


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
