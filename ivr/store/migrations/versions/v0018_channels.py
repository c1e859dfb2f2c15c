"""What came by the internet is taken once, and has a moment by which somebody must have answered it.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ivr.desks.case import fold
from ivr.store import case_rows, tables

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_UNANSWERED = "respond_by IS NOT NULL AND responded_at IS NULL AND state NOT IN ('handled', 'closed', 'merged')"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("case", sa.Column("respond_by", moment))
    op.add_column("case", sa.Column("responded_at", moment))
    where = sa.text(_UNANSWERED)
    op.create_index("ix_case_unanswered", "case", ["respond_by"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "channel_message",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("sender", "thread", "subject", "automatic")),
        *(sa.Column(name, moment, nullable=False) for name in ("received_at", "taken_at")),
        sa.PrimaryKeyConstraint("channel", "id"),
    )
    op.create_index("ix_channel_message_channel_thread", "channel_message", ["channel", "thread"])
    op.create_index("ix_channel_message_case_id", "channel_message", ["case_id"])
    _take_over()
    op.create_table(
        "channel_mailbox",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "folder"),
    )


def _take_over() -> None:
    """The clocks of a database that was taken down and comes up again."""
    connection, event, case = op.get_bind(), tables.case_event.c, tables.case.c
    timed = sa.select(event.case_id).where(event.kind == "opened", event.data.contains('"respond_by"', autoescape=True))
    for case_id in list(connection.execute(timed).scalars()):
        known = fold(one.event for one in case_rows.load(connection, case_id))
        moments = {"respond_by": known.respond_by, "responded_at": known.responded_at}
        connection.execute(sa.update(tables.case).where(case.id == case_id).values(moments))


def downgrade() -> None:
    op.drop_table("channel_mailbox")
    op.drop_table("channel_message")
    op.drop_index("ix_case_unanswered", "case")
    op.drop_column("case", "responded_at")
    op.drop_column("case", "respond_by")
