"""The table of what citizens and a city's own systems are to be told; a part of `ivr.store.tables`.

A row names an event and holds nothing of it: the message is made when it is sent, so what was erased meanwhile is not
told, and no number of a caller stands here.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, text

from ivr.store.metadata import metadata
from ivr.store.types import Instant, Words

_OPEN = text("state IN ('pending', 'dead')")

telling = Table(
    "telling",
    metadata,
    Column("serial", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", Words, nullable=False),  # webhook-id: the same at every try
    Column("name", Words, nullable=False),  # whom: a webhook's name, or sms
    Column("case_id", Words, nullable=False),
    Column("origin", Words, nullable=False),  # of the event
    Column("seq", BigInteger, nullable=False),
    Column("step", Words, nullable=False),  # that the citizen is told of; a webhook: ""
    Column("made_at", Instant, nullable=False),
    Column("state", Words, nullable=False),  # pending | delivered | dropped (a rule forbids it) | dead (given up)
    Column("tries", BigInteger, nullable=False),
    Column("next_at", Instant),  # not before
    Column("tried_at", Instant),
    Column("status", BigInteger),  # HTTP's, of the last answer
    Column("why", Words, nullable=False),  # of the last failure, or of the rule
    Index(None, "id", unique=True),
    Index(None, "case_id", "name"),
    Index("ix_telling_open", "name", "case_id", "serial", sqlite_where=_OPEN, postgresql_where=_OPEN),
)
