"""What citizens and a city's own systems are to be told of cases.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_OPEN = "state IN ('pending', 'dead')"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "telling",
        sa.Column("serial", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "name", "case_id", "origin")),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        *(sa.Column(name, moment) for name in ("next_at", "tried_at")),
        sa.Column("status", sa.BigInteger()),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("serial"),
    )
    op.create_index("ix_telling_id", "telling", ["id"], unique=True)
    op.create_index("ix_telling_case_id_name", "telling", ["case_id", "name"])
    where = sa.text(_OPEN)
    columns = ["name", "case_id", "serial"]
    op.create_index("ix_telling_open", "telling", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_table("telling")
