"""The cases of one caller are found by an index: he asks how far they are, and hears so many texts a day at most.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_case_caller", "case", ["caller"])


def downgrade() -> None:
    op.drop_index("ix_case_caller", "case")
