"""The call log: calls, legs, talks, transfers and their attempts, steps, and how far the journal has been read.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _instant(name: str, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _words(name: str, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _child(name: str, *columns: sa.schema.SchemaItem) -> None:
    owner = sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=f"fk_{name}_call_id", ondelete="CASCADE")
    op.create_table(name, *columns, owner)


def _ordinal() -> sa.Column[int]:
    return sa.Column("ordinal", sa.Integer(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "call",
        _words("id", nullable=False),
        _words("number", nullable=False),
        _words("caller", nullable=False),
        _instant("entered_at", nullable=False),
        _instant("answered_at"),
        _instant("ended_at"),
        _words("outcome"),
        _words("node", nullable=False),
        _words("handed_over_by"),
        _words("language"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_call_entered_at_id", "call", ["entered_at", "id"])
    for column in ("caller", "number", "outcome"):
        op.create_index(f"ix_call_{column}_entered_at", "call", [column, "entered_at"])
    _child(
        "leg",
        _words("id", nullable=False),
        _words("call_id", nullable=False),
        _ordinal(),
        *(_words(name, nullable=False) for name in ("role", "party", "number", "direction")),
        _instant("started_at", nullable=False),
        *(_instant(name) for name in ("ringing_at", "answered_at", "ended_at")),
        sa.Column("cause", sa.BigInteger()),
        _words("hung_up_by"),
        _words("recording"),
        _instant("recorded_from"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_leg_call_id", "leg", ["call_id"])
    op.create_index("ix_leg_party_started_at", "leg", ["party", "started_at"])
    _child(
        "talk",
        _words("call_id", nullable=False),
        _ordinal(),
        _words("leg_a", nullable=False),
        _words("leg_b", nullable=False),
        _instant("started_at", nullable=False),
        _instant("ended_at"),
        sa.PrimaryKeyConstraint("call_id", "ordinal"),
    )
    _child(
        "transfer",
        _words("id", nullable=False),
        _words("call_id", nullable=False),
        _ordinal(),
        _words("asked_by"),
        *(_words(name, nullable=False) for name in ("target", "mode", "trigger")),
        _instant("asked_at", nullable=False),
        _words("result"),
        sa.Column("cause", sa.BigInteger()),
        _words("reason"),
        _instant("ended_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_transfer_call_id", "transfer", ["call_id"])
    op.create_index("ix_transfer_target_asked_at", "transfer", ["target", "asked_at"])
    _child(
        "transfer_attempt",
        _words("transfer_id", nullable=False),
        _ordinal(),
        _words("call_id", nullable=False),
        _words("route", nullable=False),
        _instant("dialled_at", nullable=False),
        _words("leg_id"),
        *(_instant(name) for name in ("ringing_at", "answered_at")),
        _words("result"),
        sa.Column("cause", sa.BigInteger()),
        sa.PrimaryKeyConstraint("transfer_id", "ordinal"),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["transfer.id"], name="fk_transfer_attempt_transfer_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_transfer_attempt_call_id", "transfer_attempt", ["call_id"])
    _child(
        "ivr_step",
        _words("call_id", nullable=False),
        _ordinal(),
        _instant("at", nullable=False),
        *(_words(name, nullable=False) for name in ("step", "value")),
        sa.PrimaryKeyConstraint("call_id", "ordinal"),
    )
    op.create_table(
        "journal_position",
        _words("node", nullable=False),
        _words("file", nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        _words("replay_file", nullable=False),
        sa.Column("replay_offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("node"),
    )


def downgrade() -> None:
    for table in ("journal_position", "ivr_step", "transfer_attempt", "transfer", "talk", "leg", "call"):
        op.drop_table(table)
