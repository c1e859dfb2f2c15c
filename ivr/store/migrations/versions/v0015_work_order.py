"""Work orders: rows made of the events of their cases, who works on them, and the photographs that are sent for them.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from ivr.desks.case import fold
from ivr.store import case_rows, tables, work_order_rows

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TEXTS = ("id", "case_id", "desk", "department", "joint", "state", "extension")
OF_CASE = ("number", "class_code", "urgency", "region", "place", "line")
MOMENTS = ("at", "since", "sign_by", "yellow_at", "red_at", "due", "told_until", "changed_at")
OPEN, WAITS = sa.text("state IN ('sent', 'signed')"), sa.text("next_at IS NOT NULL")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "work_order",
        sa.Column("serial", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("case_serial", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in (*TEXTS, *OF_CASE)),
        sa.Column("reopened", sa.BigInteger(), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        *(sa.Column(name, moment, nullable=False) for name in MOMENTS),
        *(sa.Column(name, moment) for name in ("next_at", "signed_at", "done_at")),
        sa.PrimaryKeyConstraint("serial"),
    )
    op.create_index("ix_work_order_id", "work_order", ["id"])
    op.create_index("ix_work_order_case_serial", "work_order", ["case_serial"])
    op.create_index("ix_work_order_open", "work_order", ["due"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_work_order_next", "work_order", ["next_at"], sqlite_where=WAITS, postgresql_where=WAITS)
    op.create_table(
        "work_order_part",
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("department", "serial"),
    )
    op.create_table(
        "attachment",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "case_id", "order_id", "department")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "type", "sha256", "by")),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        *(sa.Column(name, moment) for name in ("erase_at", "erased_at")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_attachment_order_id", "attachment", ["order_id"])
    op.create_index("ix_attachment_case_id", "attachment", ["case_id"])
    _made_of_events()


def _made_of_events() -> None:
    """The orders of a database that was taken down and comes up again."""
    connection, event = op.get_bind(), tables.case_event.c
    ordered = sa.select(event.case_id).where(event.kind == "ordered").distinct()
    for case_id in list(connection.execute(ordered).scalars()):
        of_case = sa.select(tables.case.c.serial, tables.case.c.line).where(tables.case.c.id == case_id)
        row = connection.execute(of_case).first()
        if row is not None:
            case = fold(one.event for one in case_rows.load(connection, case_id))
            work_order_rows.project(connection, row.serial, row.line, case, datetime.now(UTC))


def downgrade() -> None:
    for name in ("attachment", "work_order_part", "work_order"):
        op.drop_table(name)
