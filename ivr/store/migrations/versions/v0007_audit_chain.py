"""The audit log as a chain: rows are numbered without a gap, and each carries the digest of the one before.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WHY = "the audit log is only added to"
TEXTS = ("who", "role", "what", "about", "why", "details")


def _table(*more: sa.Column[Any]) -> sa.Table:
    return op.create_table(
        "audit",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        *more,
        sa.PrimaryKeyConstraint("id"),
    )


def upgrade() -> None:
    old = [dict(row) for row in _rows("at, id")]
    op.drop_table("audit")  # its triggers go with it
    chained = _table(
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
    )
    op.create_index("ix_audit_number", "audit", ["number"], unique=True)
    _filled(chained, _sealed(old))


def downgrade() -> None:
    old = [{name: row[name] for name in ("id", "at", *TEXTS)} for row in _rows("number")]
    op.drop_table("audit")
    _filled(_table(), old)


def _rows(order: str) -> Iterable[Any]:
    columns: list[Any] = [sa.column(name, sa.Text()) for name in ("id", *TEXTS)]
    columns.append(sa.column("at", sa.DateTime(timezone=True)))
    found = op.get_bind().execute(sa.select(*columns).select_from(sa.table("audit")).order_by(sa.text(order)))
    return found.mappings().all()


def _sealed(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    sealed, before = [], ""
    for number, row in enumerate(rows, 1):
        at = row["at"] if row["at"].tzinfo else row["at"].replace(tzinfo=UTC)  # SQLite keeps UTC without saying so
        moment = at.astimezone(UTC).isoformat(timespec="microseconds")
        words = [str(number), row["id"], moment, *(row[name] for name in TEXTS), before]
        digest = hashlib.sha256("\0".join(words).encode("utf-8", "replace")).hexdigest()
        sealed.append({**row, "number": number, "previous": before, "digest": digest})
        before = digest
    return sealed


def _filled(table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """With its rows, its index, and the triggers that refuse every change."""
    op.create_index("ix_audit_at", "audit", ["at"])
    if rows:
        op.bulk_insert(table, rows)
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{act.lower()} BEFORE {act} ON audit BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER audit_is_for_good BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_audit()"
    )
