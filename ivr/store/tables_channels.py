"""The tables of what came by the internet; a part of `ivr.store.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table

from ivr.store.metadata import metadata
from ivr.store.types import Instant, Words

channel_message = Table(  # each that was ever taken: it is taken once
    "channel_message",
    metadata,
    Column("channel", Words, nullable=False),  # of [channels]
    Column("id", Words, nullable=False),  # the sender's: whoever sends again uses it again
    Column("case_id", Words),  # none: an automatic one, of which nothing became
    Column("sender", Words, nullable=False),  # whom an answer goes to: an address, a number, an account there
    Column("thread", Words, nullable=False),  # by which a later one of the same conversation is known
    Column("subject", Words, nullable=False),  # of a mail, for its answer
    Column("automatic", Words, nullable=False),  # why no machine answers it (ivr.channels.mail); "": a person wrote it
    Column("received_at", Instant, nullable=False),
    Column("taken_at", Instant, nullable=False),
    PrimaryKeyConstraint("channel", "id"),
    Index(None, "channel", "thread"),
    Index(None, "case_id"),
)

channel_mailbox = Table(  # how far each mailbox is read (RFC 3501 2.3.1.1: a UID means something in its UIDVALIDITY)
    "channel_mailbox",
    metadata,
    Column("channel", Words, nullable=False),
    Column("folder", Words, nullable=False),
    Column("validity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
    PrimaryKeyConstraint("channel", "folder"),
)
