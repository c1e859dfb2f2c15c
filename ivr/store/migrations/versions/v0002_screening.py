"""Screening: blocks of a number, each decided by a named person and never deleted, and numbers that stand for review.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _instant(name: str, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _words(name: str, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "block",
        _words("id", nullable=False),
        *(_words(name, nullable=False) for name in ("number", "by", "reason")),
        *(_instant(name, nullable=False) for name in ("from", "until")),
        _instant("lifted_at"),
        _words("lifted_by"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_block_number_from", "block", ["number", "from"])
    op.create_index("ix_block_until", "block", ["until"])
    op.create_table(
        "review",
        _words("number", nullable=False),
        _instant("flagged_at", nullable=False),
        _instant("last_at", nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        _instant("reviewed_at"),
        _words("reviewed_by"),
        sa.PrimaryKeyConstraint("number", "flagged_at"),
    )
    op.create_index("ix_review_flagged_at", "review", ["flagged_at"])


def downgrade() -> None:
    op.drop_table("review")
    op.drop_table("block")
