"""What the desks have consulted about, and the norms that came of it.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from ivr.store.types import Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    consultation = op.create_table(
        "consultation",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("case_id", "origin")),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "origin", "seq"),
    )
    op.create_index("ix_consultation_at", "consultation", ["at"])
    norm = op.create_table(
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
    _take_over(consultation, norm)


def _take_over(consultation: sa.Table, norm: sa.Table) -> None:
    """What was consulted about before there were these tables."""
    columns = (*(sa.column(name) for name in ("case_id", "origin", "seq", "data")), sa.column("at", Instant()))
    query = sa.select(*columns).select_from(sa.table("case_event")).where(sa.column("kind") == "consultation")
    for row in op.get_bind().execute(query).all():
        said, event = json.loads(row.data), {"case_id": row.case_id, "origin": row.origin, "seq": row.seq}
        op.execute(consultation.insert().values(**event, at=row.at))
        if made := said.get("norm"):
            since = datetime.fromisoformat(made["from"]).astimezone(UTC)
            until = datetime.fromisoformat(made["until"]).astimezone(UTC) if made.get("until") else None
            named = {name: made[name] for name in ("id", "version", "class_code")}
            owners = " ".join(dict.fromkeys(said["owners"]))
            op.execute(norm.insert().values(**event, **named, owners=owners, since=since, until=until, at=row.at))


def downgrade() -> None:
    op.drop_table("norm")
    op.drop_table("consultation")
