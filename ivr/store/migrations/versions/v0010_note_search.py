"""Notes are read in the order of their calls: words in them are looked for so.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NAME = "ix_note_opened_at"


def upgrade() -> None:
    op.add_column("note", sa.Column("opened_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE note SET opened_at = coalesce((SELECT entered_at FROM call WHERE call.id = note.call_id), at)")
    with op.batch_alter_table("note") as batch:
        batch.alter_column("opened_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    op.create_index(NAME, "note", ["opened_at"])


def downgrade() -> None:
    op.drop_index(NAME, "note")
    with op.batch_alter_table("note") as batch:
        batch.drop_column("opened_at")
