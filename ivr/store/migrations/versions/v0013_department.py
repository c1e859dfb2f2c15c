"""An account may be a department's: it sees the orders of that department alone.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("department", sa.Text()))


def downgrade() -> None:
    op.drop_column("account", "department")
