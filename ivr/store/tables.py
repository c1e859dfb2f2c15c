"""The call log's tables (design: "The contract").

The order of a call's legs, talks, transfers, attempts and steps is kept as `ordinal`: a call comes back as it went.
Columns stand in the order of `ivr.store.mapping`'s rows.
A talk names its legs without a foreign key: the projection's word is stored as it is, and `ivr.calls.check` judges it.
Integers from outside (causes) are BigInteger: a strange row must not stop the log.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    text,
)

from ivr.store.metadata import metadata
from ivr.store.tables_cases import UNANSWERED, case, case_call, case_event
from ivr.store.tables_channels import channel_mailbox, channel_message
from ivr.store.tables_exchange import case_strange, exchange_message, exchange_nonce
from ivr.store.tables_linkage import decision, handover
from ivr.store.tables_norms import consultation, norm
from ivr.store.tables_orders import attachment, call_back, work_order, work_order_part
from ivr.store.tables_telling import telling
from ivr.store.types import Instant, Words

__all__ = [
    "UNANSWERED",
    "attachment",
    "call_back",
    "case",
    "case_call",
    "case_event",
    "case_strange",
    "channel_mailbox",
    "channel_message",
    "consultation",
    "decision",
    "exchange_message",
    "exchange_nonce",
    "handover",
    "metadata",
    "norm",
    "telling",
    "work_order",
    "work_order_part",
]


def _of_call() -> Column[str]:
    return Column("call_id", Words, ForeignKey("call.id", ondelete="CASCADE"), nullable=False)


def _ordinal() -> Column[int]:
    return Column("ordinal", Integer, nullable=False)


call = Table(
    "call",
    metadata,
    Column("id", Words, primary_key=True),
    Column("number", Words, nullable=False),
    Column("caller", Words, nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("node", Words, nullable=False),
    Column("answered_at", Instant),
    Column("ended_at", Instant),
    Column("outcome", Words),
    Column("handed_over_by", Words),
    Column("language", Words),
    # Lists are read in this order; with the rest of it the day's figures are counted without looking at a call.
    Index("ix_call_entered_at", "entered_at", "id", "answered_at", "ended_at", "outcome"),
    Index(None, "caller", "entered_at"),
    Index(None, "number", "entered_at"),
    Index(None, "outcome", "entered_at"),
)

leg = Table(
    "leg",
    metadata,
    _ordinal(),
    Column("id", Words, primary_key=True),
    _of_call(),
    Column("role", Words, nullable=False),
    Column("party", Words, nullable=False),
    Column("number", Words, nullable=False),
    Column("direction", Words, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ringing_at", Instant),
    Column("answered_at", Instant),
    Column("ended_at", Instant),
    Column("cause", BigInteger),
    Column("hung_up_by", Words),
    Column("recording", Words),
    Column("recorded_from", Instant),
    Index(None, "call_id"),
    Index(None, "party", "started_at"),
)

talk = Table(
    "talk",
    metadata,
    _ordinal(),
    _of_call(),
    Column("leg_a", Words, nullable=False),
    Column("leg_b", Words, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    PrimaryKeyConstraint("call_id", "ordinal"),
)

_NOT_COMPLETED = text("result <> 'completed'")

transfer = Table(
    "transfer",
    metadata,
    _ordinal(),
    Column("id", Words, primary_key=True),
    _of_call(),
    Column("asked_by", Words),
    Column("target", Words, nullable=False),
    Column("mode", Words, nullable=False),
    Column("trigger", Words, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("result", Words),
    Column("cause", BigInteger),
    Column("reason", Words),
    Column("ended_at", Instant),
    Index(None, "call_id"),
    Index(None, "asked_at"),
    Index(None, "target", "asked_at"),
    Index("ix_transfer_not_completed", "asked_at", sqlite_where=_NOT_COMPLETED, postgresql_where=_NOT_COMPLETED),
)

transfer_attempt = Table(
    "transfer_attempt",
    metadata,
    _ordinal(),
    Column("transfer_id", Words, ForeignKey("transfer.id", ondelete="CASCADE"), nullable=False),
    _of_call(),
    Column("route", Words, nullable=False),
    Column("dialled_at", Instant, nullable=False),
    Column("leg_id", Words),
    Column("ringing_at", Instant),
    Column("answered_at", Instant),
    Column("result", Words),
    Column("cause", BigInteger),
    PrimaryKeyConstraint("transfer_id", "ordinal"),
    Index(None, "call_id"),
)

ivr_step = Table(
    "ivr_step",
    metadata,
    _ordinal(),
    _of_call(),
    Column("at", Instant, nullable=False),
    Column("step", Words, nullable=False),
    Column("value", Words, nullable=False),
    PrimaryKeyConstraint("call_id", "ordinal"),
)

journal_position = Table(
    "journal_position",
    metadata,
    Column("node", Words, primary_key=True),
    Column("file", Words, nullable=False),  # every row before file and offset has been applied
    Column("offset", BigInteger, nullable=False),
    Column("replay_file", Words, nullable=False),  # where the oldest unfinished call begins
    Column("replay_offset", BigInteger, nullable=False),
)

# R53: what a named person decided about a number (`ivr.calls.numbers.normal`); lifting it never deletes the row.
block = Table(
    "block",
    metadata,
    Column("id", Words, primary_key=True),
    Column("number", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("from", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("lifted_at", Instant),
    Column("lifted_by", Words),
    Index(None, "number", "from"),
    Index(None, "until"),
)

review = Table(
    "review",
    metadata,
    Column("number", Words, nullable=False),
    Column("flagged_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),  # when it was last seen above the threshold
    Column("calls", BigInteger, nullable=False),  # the most that were seen in one review window
    Column("reviewed_at", Instant),
    Column("reviewed_by", Words),
    PrimaryKeyConstraint("number", "flagged_at"),
    Index(None, "flagged_at"),
)

CHILDREN = (leg, talk, transfer, transfer_attempt, ivr_step)  # in the order that their foreign keys allow

# --- retention: what was erased, what may not be, and what stays of it in the statistics ------------------------------

erasure = Table(  # rows are added only: the database refuses anything else
    "erasure",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, … without a gap
    Column("node", Words, nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", Words, nullable=False),  # personal | recordings | call | journal
    Column("rule", Words, nullable=False),  # the setting, as it was
    Column("by", Words, nullable=False),
    Column("before", Instant, nullable=False),  # what is older was erased
    Column("count", BigInteger, nullable=False),
    Column("oldest", Instant),
    Column("newest", Instant),
    Column("subjects", Words, nullable=False),  # SHA-256 of what `erased` lists
    Column("previous", Words, nullable=False),  # digest of the row before
    Column("digest", Words, nullable=False),  # SHA-256 of all of this
)

erased = Table(  # added only
    "erased",
    metadata,
    Column("subject", Words, nullable=False),  # id of a call; node/name of a journal file
    Column("kind", Words, nullable=False),
    Column("erasure_id", BigInteger, ForeignKey("erasure.id"), nullable=False),
    PrimaryKeyConstraint("subject", "kind", "erasure_id"),
    Index(None, "erasure_id"),
)

erasing = Table(  # files that are about to be deleted: written before, taken away with the proof
    "erasing",
    metadata,
    Column("kind", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("node", Words, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("oldest", Instant),
    Column("newest", Instant),
    PrimaryKeyConstraint("kind", "subject"),
)

legal_hold = Table(
    "legal_hold",
    metadata,
    Column("call_id", Words, nullable=False),
    Column("placed_at", Instant, nullable=False),
    Column("placed_by", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("released_at", Instant),
    Column("released_by", Words),
    Column("release_reason", Words),
    PrimaryKeyConstraint("call_id", "placed_at"),
)

statistic = Table(  # what the calls that are gone add to the counts of `ivr.calls.statistics`
    "statistic",
    metadata,
    Column("node", Words, nullable=False),
    Column("quarter", Instant, nullable=False),
    Column("name", Words, nullable=False),
    Column("detail", Words, nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("node", "quarter", "name", "detail"),
    Index(None, "quarter"),
)

audit = Table(  # rows are added only: the database refuses anything else
    "audit",
    metadata,
    Column("id", Words, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", Words, nullable=False),
    Column("role", Words, nullable=False),
    Column("what", Words, nullable=False),  # dialplan.publish, notice.end, …
    Column("about", Words, nullable=False),  # what it was done to
    Column("why", Words, nullable=False),
    Column("details", Words, nullable=False),  # a JSON object
    Column("number", BigInteger, nullable=False),  # 1, 2, … without a gap
    Column("previous", Words, nullable=False),  # digest of the row before
    Column("digest", Words, nullable=False),  # SHA-256 of all of this
    Index(None, "at"),
    Index(None, "number", unique=True),
)

# --- who may use the pages (R61, R63) ---------------------------------------------------------------------------------

account = Table(
    "account",
    metadata,
    Column("user", Words, primary_key=True),  # what is typed at the login
    Column("name", Words, nullable=False),  # the person's
    Column("roles", Words, nullable=False),  # parted by blanks
    Column("number", Words),  # an operator's or supervisor's own telephone
    Column("department", Words),  # of hotline.toml, whose orders this person works on; role department only
    Column("password", Words),  # its argon2 hash; NULL: the first one, of credentials.toml
    Column("must_change", Boolean, nullable=False),  # the password, at the next login
    Column("totp", Words),  # what the secret is derived from, never the secret; NULL: no second factor yet
    Column("totp_step", BigInteger, nullable=False),  # of the newest code that was used: each opens once
    Column("disabled_at", Instant),
    Column("locked_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),  # a controller that sees a newer one reads anew
    Column("last_login_at", Instant),
    Column("last_address", Words),
    Index(None, "changed_at"),
)

web_session = Table(
    "web_session",
    metadata,
    Column("id", Words, primary_key=True),  # SHA-256 of what the cookie holds
    Column("user", Words, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("address", Words, nullable=False),
    Index(None, "user"),
)

note = Table(  # what operators write about a call (R41); it may come before the call's own row does
    "note",
    metadata,
    Column("call_id", Words, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("opened_at", Instant, nullable=False),  # when its call came in, or in that call: notes in the order of calls
    Column("at", Instant, nullable=False),
    Column("by", Words, nullable=False),
    Column("happened", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("place", Words, nullable=False),
    Column("cause", Words, nullable=False),
    Column("course", Words, nullable=False),
    Column("text", Words, nullable=False),
    Index(None, "opened_at"),
)
