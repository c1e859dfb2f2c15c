"""Calls are found by the transfers that came to nothing.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME = "ix_transfer_not_completed"


def upgrade() -> None:
    where = sa.text("result <> 'completed'")
    op.create_index(NAME, "transfer", ["asked_at"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index(NAME, "transfer")
