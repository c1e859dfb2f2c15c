"""The tables of what the desks have consulted about, and of the norms that came of it; a part of `ivr.store.tables`.

Both are made of a case's events (`ivr.store.norms`); minutes and participants stand in the event alone.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table

from ivr.store.metadata import metadata
from ivr.store.types import Instant, Words


def _event() -> tuple[Column[str], Column[str], Column[int]]:
    return (
        Column("case_id", Words, nullable=False),
        Column("origin", Words, nullable=False),
        Column("seq", BigInteger, nullable=False),
    )


consultation = Table(
    "consultation",
    metadata,
    *_event(),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("case_id", "origin", "seq"),
    Index(None, "at"),
)

norm = Table(
    "norm",
    metadata,
    *_event(),
    Column("id", Words, nullable=False),
    Column("version", Words, nullable=False),
    Column("class_code", Words, nullable=False),
    Column("owners", Words, nullable=False),  # parted by blanks; the first one acts first
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Column("at", Instant, nullable=False),  # when it was agreed
    PrimaryKeyConstraint("case_id", "origin", "seq"),
    Index(None, "class_code"),
    Index(None, "id"),
)
