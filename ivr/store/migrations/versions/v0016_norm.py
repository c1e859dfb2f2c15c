"""What the desks have consulted about, and the norms that came of it.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ivr.desks.case import fold
from ivr.store import case_rows, norms, tables

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "consultation",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("case_id", "origin")),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "origin", "seq"),
    )
    op.create_index("ix_consultation_at", "consultation", ["at"])
    op.create_table(
        "norm",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("case_id", "origin")),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "version", "class_code", "owners")),
        sa.Column("since", moment, nullable=False),
        sa.Column("until", moment),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "origin", "seq"),
    )
    op.create_index("ix_norm_class_code", "norm", ["class_code"])
    op.create_index("ix_norm_id", "norm", ["id"])
    _take_over()


def _take_over() -> None:
    """What was consulted about before there were these tables, where it had effect."""
    connection, event = op.get_bind(), tables.case_event.c
    consulted = sa.select(event.case_id).where(event.kind == "consultation").distinct()
    for case_id in list(connection.execute(consulted).scalars()):
        case = fold(one.event for one in case_rows.load(connection, case_id))
        if case.opened_at is not None:
            norms.project(connection, case)


def downgrade() -> None:
    op.drop_table("norm")
    op.drop_table("consultation")
