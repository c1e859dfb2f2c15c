"""Which cases hold what another desk said and this program did not understand: they are read again after an upgrade.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_strange",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("case_id", "language", "kinds")),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_index("ix_case_strange_language", "case_strange", ["language"])


def downgrade() -> None:
    op.drop_table("case_strange")
