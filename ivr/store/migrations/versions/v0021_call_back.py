"""What callers say of what was done, for figures: made of their cases' events; a month's orders by an index.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ivr.desks.case import fold
from ivr.store import case_rows, satisfaction, tables

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_back",
        sa.Column("case_serial", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("satisfied", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_serial", "place"),
    )
    op.create_index("ix_call_back_at", "call_back", ["at"])
    op.create_index("ix_work_order_at", "work_order", ["at"])
    connection, event, case = op.get_bind(), tables.case_event.c, tables.case.c
    asked = sa.select(event.case_id).where(event.kind == "called_back").distinct()
    for case_id in list(connection.execute(asked).scalars()):
        serial = connection.execute(sa.select(case.serial).where(case.id == case_id)).scalar()
        if serial is not None:
            satisfaction.project(connection, serial, fold(one.event for one in case_rows.load(connection, case_id)))


def downgrade() -> None:
    op.drop_index("ix_work_order_at", "work_order")
    op.drop_table("call_back")
