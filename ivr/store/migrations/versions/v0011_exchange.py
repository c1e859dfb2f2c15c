"""What desks tell each other about cases: the outbox, the inbox, and the signatures that were here.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OPEN = "state IN ('pending', 'refused', 'waiting')"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "exchange_message",
        sa.Column("serial", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("direction", "id", "desk", "case_id")),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        *(sa.Column(name, moment) for name in ("next_at", "tried_at", "answered_at")),
        sa.Column("status", sa.BigInteger()),
        sa.Column("answer", sa.Text()),
        sa.PrimaryKeyConstraint("serial"),
    )
    known = ["direction", "desk", "id"]
    op.create_index("ix_exchange_message_direction_desk_id", "exchange_message", known, unique=True)
    of_case = ["case_id", "direction", "desk", "last_seq"]
    op.create_index("ix_exchange_message_case_id_direction_desk_last_seq", "exchange_message", of_case)
    where = sa.text(_OPEN)
    op.create_index(
        "ix_exchange_message_open",
        "exchange_message",
        ["desk", "case_id", "serial"],
        sqlite_where=where,
        postgresql_where=where,
    )
    op.create_table(
        "exchange_nonce",
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.PrimaryKeyConstraint("desk", "nonce"),
    )
    op.create_index("ix_exchange_nonce_until", "exchange_nonce", ["until"])


def downgrade() -> None:
    op.drop_table("exchange_nonce")
    op.drop_table("exchange_message")
