"""What came by the internet is taken once, and has a moment by which somebody must have answered it.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_UNANSWERED = "respond_by IS NOT NULL AND responded_at IS NULL AND state NOT IN ('handled', 'closed', 'merged')"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("case", sa.Column("respond_by", moment))
    op.add_column("case", sa.Column("responded_at", moment))
    where = sa.text(_UNANSWERED)
    op.create_index("ix_case_unanswered", "case", ["respond_by"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "channel_message",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("sender", "thread", "subject", "automatic")),
        *(sa.Column(name, moment, nullable=False) for name in ("received_at", "taken_at")),
        sa.PrimaryKeyConstraint("channel", "id"),
    )
    op.create_index("ix_channel_message_channel_thread", "channel_message", ["channel", "thread"])
    op.create_index("ix_channel_message_case_id", "channel_message", ["case_id"])
    op.create_table(
        "channel_mailbox",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "folder"),
    )


def downgrade() -> None:
    op.drop_table("channel_mailbox")
    op.drop_table("channel_message")
    op.drop_index("ix_case_unanswered", "case")
    op.drop_column("case", "responded_at")
    op.drop_column("case", "respond_by")
