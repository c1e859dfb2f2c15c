"""The tables of what desks tell each other; a part of `ivr.store.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Table, text

from ivr.store.metadata import metadata
from ivr.store.types import Instant, Words

_OPEN = text("state IN ('pending', 'refused', 'waiting')")

exchange_message = Table(
    "exchange_message",
    metadata,
    Column("serial", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),  # as they were made or came
    Column("direction", Words, nullable=False),  # in | out
    Column("id", Words, nullable=False),
    Column("desk", Words, nullable=False),  # the other one
    Column("case_id", Words, nullable=False),
    Column("first_seq", BigInteger, nullable=False),  # of its sender's events
    Column("last_seq", BigInteger, nullable=False),
    Column("body", Words, nullable=False),  # empty once it is settled: the events stand in the case
    Column("digest", Words, nullable=False),  # SHA-256 of the body
    Column("made_at", Instant, nullable=False),  # or came
    Column("state", Words, nullable=False),  # out: pending | delivered | refused; in: taken | waiting
    Column("tries", BigInteger, nullable=False),
    Column("next_at", Instant),  # not before
    Column("tried_at", Instant),
    Column("answered_at", Instant),  # out: delivered; in: its events are in the case
    Column("status", BigInteger),  # HTTP's, of the last answer
    Column("answer", Words),  # JSON
    Index(None, "direction", "desk", "id", unique=True),
    Index(None, "case_id", "direction", "desk", "last_seq"),
    Index("ix_exchange_message_open", "desk", "case_id", "serial", sqlite_where=_OPEN, postgresql_where=_OPEN),
)

case_strange = Table(  # cases in which another desk said what this program does not understand (yet)
    "case_strange",
    metadata,
    Column("case_id", Words, primary_key=True),
    Column("language", Words, nullable=False),  # `ivr.desks.case.LANGUAGE` that it was read with
    Column("kinds", Words, nullable=False),  # of the events that have no effect, parted by blanks
    Index(None, "language"),
)

exchange_nonce = Table(  # signatures that were here, as long as they would be good
    "exchange_nonce",
    metadata,
    Column("desk", Words, nullable=False),
    Column("nonce", Words, nullable=False),
    Column("until", Instant, nullable=False),
    PrimaryKeyConstraint("desk", "nonce"),
    Index(None, "until"),
)
