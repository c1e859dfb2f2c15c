"""The day's figures are counted from indexes: one holds all that they need of a call, one finds the day's transfers.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_call_entered_at", "call", ["entered_at", "id", "answered_at", "ended_at", "outcome"])
    op.drop_index("ix_call_entered_at_id", "call")
    op.create_index("ix_transfer_asked_at", "transfer", ["asked_at"])


def downgrade() -> None:
    op.drop_index("ix_transfer_asked_at", "transfer")
    op.create_index("ix_call_entered_at_id", "call", ["entered_at", "id"])
    op.drop_index("ix_call_entered_at", "call")
