"""What was erased, with proof; what may not be erased; and the counts that stay of calls that are gone (R50, R52, R65).

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PROVEN = ("erasure", "erased")  # rows are added, never changed or taken away
WHY = "what was erased is on record for good"


def _instant(name: str, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _words(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.BigInteger(), nullable=False, autoincrement=False),
        _words("node"),
        _instant("at", nullable=False),
        _words("kind"),
        _words("rule"),
        _words("by"),
        _instant("before", nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        _instant("oldest"),
        _instant("newest"),
        *(_words(name) for name in ("subjects", "previous", "digest")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "erased",
        *(_words(name) for name in ("subject", "kind")),
        sa.Column("erasure_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.id"], name="fk_erased_erasure_id"),
        sa.PrimaryKeyConstraint("subject", "kind", "erasure_id"),
    )
    op.create_index("ix_erased_erasure_id", "erased", ["erasure_id"])
    op.create_table(
        "erasing",
        *(_words(name) for name in ("kind", "subject", "node")),
        _instant("asked_at", nullable=False),
        _instant("oldest"),
        _instant("newest"),
        sa.PrimaryKeyConstraint("kind", "subject"),
    )
    op.create_table(
        "legal_hold",
        _words("call_id"),
        _instant("placed_at", nullable=False),
        *(_words(name) for name in ("placed_by", "reason")),
        _instant("released_at"),
        *(_words(name, nullable=True) for name in ("released_by", "release_reason")),
        sa.PrimaryKeyConstraint("call_id", "placed_at"),
    )
    op.create_table(
        "statistic",
        _words("node"),
        _instant("quarter", nullable=False),
        *(_words(name) for name in ("name", "detail")),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("node", "quarter", "name", "detail"),
    )
    op.create_index("ix_statistic_quarter", "statistic", ["quarter"])
    _guard()


def _guard() -> None:
    """The database itself refuses to change a proof, whoever asks."""
    if op.get_bind().dialect.name == "sqlite":
        for table in PROVEN:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_to_change_a_proof() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{WHY}'; END $$"
    )
    for table in PROVEN:
        op.execute(
            f"CREATE TRIGGER {table}_is_for_good BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_a_proof()"
        )


def downgrade() -> None:
    for table in ("statistic", "legal_hold", "erasing", "erased", "erasure"):
        op.drop_table(table)  # its triggers go with it
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_to_change_a_proof()")
