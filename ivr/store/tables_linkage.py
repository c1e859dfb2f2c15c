"""The tables of how cases went between desks, for figures; a part of `ivr.store.tables`. Made of the cases' events."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, PrimaryKeyConstraint, Table

from ivr.store.metadata import metadata
from ivr.store.types import Instant, Words

handover = Table(  # a case was taken to another desk
    "handover",
    metadata,
    Column("case_id", Words, nullable=False),
    Column("place", BigInteger, nullable=False),  # 1, 2, … of the case
    Column("origin", Words, nullable=False),
    Column("to", Words, nullable=False),
    Column("way", Words, nullable=False),  # voice | online
    Column("mode", Words, nullable=False),  # of the transfer
    Column("at", Instant, nullable=False),  # by the origin's clock
    Column("state", Words, nullable=False),  # sent | accepted | refused | returned | kept | lapsed
    Column("decided", Words, nullable=False),  # why the other desk has it
    Column("voice_failed", Boolean, nullable=False),
    Column("answered_after", Float),  # seconds until the first answer
    Column("accepted_after", Float),
    Column("class_code", Words, nullable=False),  # the case's
    PrimaryKeyConstraint("case_id", "place"),
    Index(None, "at"),
)

decision = Table(  # who accepts, of a case that was taken to another desk
    "decision",
    metadata,
    Column("case_id", Words, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("reason", Words, nullable=False),  # agreed | first_received | emergency | accepted | returned | consulted
    Column("owners", Words, nullable=False),  # parted by blanks
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("case_id", "place"),
    Index(None, "at"),
)
