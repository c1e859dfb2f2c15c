"""How cases went between desks, for figures: made of their events, those of before among them.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from ivr.desks.case import Case, Event, fold
from ivr.store import linkage
from ivr.store.types import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TEXTS = ("case_id", "origin", "to", "way", "mode", "state", "decided", "class_code")


def upgrade() -> None:
    moment, number = sa.DateTime(timezone=True), sa.Float()
    handover = op.create_table(
        "handover",
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("voice_failed", sa.Boolean(), nullable=False),
        sa.Column("answered_after", number),
        sa.Column("accepted_after", number),
        sa.PrimaryKeyConstraint("case_id", "place"),
    )
    op.create_index("ix_handover_at", "handover", ["at"])
    decision = op.create_table(
        "decision",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("case_id", "reason", "owners")),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "place"),
    )
    op.create_index("ix_decision_at", "decision", ["at"])
    op.create_index("ix_case_opened_at", "case", ["opened_at"])
    for known in _went_over():
        for table, rows in zip((handover, decision), linkage.rows_of(known), strict=True):
            if rows:
                op.bulk_insert(table, [{column.name: row[column.name] for column in table.c} for row in rows])


def _went_over() -> Iterator[Case]:
    """The cases that another desk was offered."""
    connection = op.get_bind()
    texts = [sa.column(name, sa.Text()) for name in ("case_id", "origin", "by", "kind", "data")]
    event = sa.table("case_event", *texts, sa.column("seq"), sa.column("clock"), sa.column("at", Instant())).c
    offered = sa.select(event.case_id).where(event.kind.in_(("offered", "emergency"))).distinct()
    for case_id in list(connection.execute(offered).scalars()):
        of_case = sa.select(event.origin, event.seq, event.clock, event.at, event.by, event.kind, event.data)
        rows = connection.execute(of_case.where(event.case_id == case_id))
        yield fold(Event(case_id, *row[:6], json.loads(row[6])) for row in rows)


def downgrade() -> None:
    op.drop_index("ix_case_opened_at", "case")
    op.drop_table("decision")
    op.drop_table("handover")
