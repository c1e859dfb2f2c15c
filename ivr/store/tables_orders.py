"""The tables of work orders; a part of `ivr.store.tables`. Orders are made of their cases' events."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, Table, text

from ivr.store.metadata import metadata
from ivr.store.types import Instant, Words

_OPEN = text("state IN ('sent', 'signed')")
_WAITS = text("next_at IS NOT NULL")

work_order = Table(
    "work_order",
    metadata,
    Column("serial", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, … as they came here
    Column("id", Words, nullable=False),
    Column("case_id", Words, nullable=False),
    Column("case_serial", BigInteger, nullable=False),  # by which `case_search` finds its words
    Column("desk", Words, nullable=False),  # that made it
    Column("department", Words, nullable=False),  # that leads
    Column("joint", Words, nullable=False),  # parted by blanks
    Column("state", Words, nullable=False),  # sent | signed | done | returned
    Column("extension", Words, nullable=False),  # asked | granted | refused; "": none
    Column("reopened", BigInteger, nullable=False),  # times
    Column("at", Instant, nullable=False),
    Column("since", Instant, nullable=False),  # its time runs
    Column("sign_by", Instant, nullable=False),
    Column("yellow_at", Instant, nullable=False),
    Column("red_at", Instant, nullable=False),
    Column("due", Instant, nullable=False),
    Column("told_until", Instant, nullable=False),  # whoever must know was told of the four moments above until then
    Column("next_at", Instant),  # the first one after it; NULL: none
    Column("signed_at", Instant),
    Column("done_at", Instant),
    Column("changed_at", Instant, nullable=False),
    # of the case
    *(Column(name, Words, nullable=False) for name in ("number", "class_code", "urgency", "region", "place", "line")),
    Column("confidential", Boolean, nullable=False),
    Index(None, "id"),
    Index(None, "case_serial"),
    Index(None, "at"),
    Index("ix_work_order_open", "due", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_work_order_next", "next_at", sqlite_where=_WAITS, postgresql_where=_WAITS),
)

work_order_part = Table(  # who works on it: the department that leads, and the joint ones
    "work_order_part",
    metadata,
    Column("department", Words, nullable=False),
    Column("serial", BigInteger, nullable=False),
    PrimaryKeyConstraint("department", "serial"),
)

call_back = Table(  # what a caller said of what was done (`ivr.store.satisfaction`)
    "call_back",
    metadata,
    Column("case_serial", BigInteger, nullable=False),
    Column("place", BigInteger, nullable=False),  # 1, 2, … of the case
    Column("desk", Words, nullable=False),  # that asked
    Column("reached", Boolean, nullable=False),
    Column("satisfied", Words, nullable=False),  # yes | partly | no; "": not said
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("case_serial", "place"),
    Index(None, "at"),
)

attachment = Table(  # photographs and papers of work orders; the files lie in {var}/attachments
    "attachment",
    metadata,
    Column("id", Words, primary_key=True),
    Column("case_id", Words, nullable=False),
    Column("order_id", Words, nullable=False),
    Column("department", Words, nullable=False),  # that sent it; "": the desk
    Column("name", Words, nullable=False),
    Column("type", Words, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("at", Instant, nullable=False),
    Column("used", Boolean, nullable=False),  # an event names it; else it goes after a day
    Column("erase_at", Instant),  # its case's personal data were erased: the file goes
    Column("erased_at", Instant),
    Index(None, "order_id"),
    Index(None, "case_id"),
)
