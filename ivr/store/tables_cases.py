"""The tables of cases; a part of `ivr.store.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, Table, text

from ivr.store.metadata import metadata
from ivr.store.types import Instant, Words

case_event = Table(  # rows are added only; `data` alone may be blanked when personal data is erased
    "case_event",
    metadata,
    Column("case_id", Words, nullable=False),
    Column("origin", Words, nullable=False),  # the desk that made it
    Column("seq", BigInteger, nullable=False),  # 1, 2, … per case and origin
    Column("clock", BigInteger, nullable=False),  # Lamport
    Column("at", Instant, nullable=False),  # by the origin's clock
    Column("by", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("data", Words, nullable=False),  # a JSON object
    Column("place", BigInteger, nullable=False),  # 1, 2, … per case: as they came here
    Column("stored_at", Instant, nullable=False),  # by this machine's clock
    PrimaryKeyConstraint("case_id", "origin", "seq"),
)

_UNDECIDED = text("undecided_since IS NOT NULL")
UNANSWERED = "respond_by IS NOT NULL AND responded_at IS NULL AND state NOT IN ('handled', 'closed', 'merged')"
_UNANSWERED = text(UNANSWERED)

case = Table(  # what its events make of it, for lists; its words are in case_search (`ivr.store.case_search`)
    "case",
    metadata,
    Column("serial", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, … as they came here
    Column("id", Words, nullable=False),
    Column("number", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("owners", Words, nullable=False),  # parted by blanks; the first one acts first
    Column("first", Words, nullable=False),
    Column("channel", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("class_code", Words, nullable=False),
    Column("urgency", Words, nullable=False),
    Column("region", Words, nullable=False),
    Column("place", Words, nullable=False),
    Column("caller", Words, nullable=False),
    Column("line", Words, nullable=False),  # the first words that say what it is about
    Column("confidential", Boolean, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("respond_by", Instant),  # a first answer is due
    Column("responded_at", Instant),
    Column("undecided_since", Instant),  # the desks negotiate since, by this machine's clock
    Column("revision", BigInteger, nullable=False),  # of its events how many are here
    Index(None, "id", unique=True),
    Index(None, "number"),
    Index(None, "opened_at"),
    Index(None, "caller"),
    Index("ix_case_undecided", "undecided_since", sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED),
    Index("ix_case_unanswered", "respond_by", sqlite_where=_UNANSWERED, postgresql_where=_UNANSWERED),
)

case_call = Table(
    "case_call",
    metadata,
    Column("case_id", Words, nullable=False),
    Column("call_id", Words, nullable=False),
    PrimaryKeyConstraint("case_id", "call_id"),
    Index(None, "call_id"),
)
