"""Cases: their events, which are only added; what the events make of each; the calls they belong to; their words.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WHY = "what happened to a case is only added to"
FIXED = ("case_id", "origin", "seq", "clock", "at", "by", "kind", "place", "stored_at")
TEXTS = ("state", "owners", "first", "channel", "kind", "class_code", "urgency", "region", "place", "caller", "line")


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "case",
        sa.Column("serial", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("closed_at", moment),
        sa.Column("undecided_since", moment),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("serial"),
    )
    op.create_index("ix_case_id", "case", ["id"], unique=True)
    op.create_index("ix_case_number", "case", ["number"])
    where = sa.text("undecided_since IS NOT NULL")
    op.create_index("ix_case_undecided", "case", ["undecided_since"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "case_event",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("clock", sa.BigInteger(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "origin", "seq"),
    )
    op.create_table(
        "case_call",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "call_id"),
    )
    op.create_index("ix_case_call_call_id", "case_call", ["call_id"])
    if sqlite:
        op.execute(
            'CREATE VIRTUAL TABLE case_search USING fts5(words, tokenize = "unicode61 remove_diacritics 0 '
            "tokenchars ':'\")"
        )
        op.execute(
            f"CREATE TRIGGER case_event_stays BEFORE UPDATE OF {_quoted()} ON case_event "
            f"BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
        )
        op.execute(
            f"CREATE TRIGGER case_event_is_kept BEFORE DELETE ON case_event BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
        )
        return
    op.execute("CREATE TABLE case_search (serial bigint PRIMARY KEY, words tsvector NOT NULL)")
    op.execute("CREATE INDEX ix_case_search_words ON case_search USING gin (words) WITH (fastupdate = off)")
    op.execute(
        "CREATE FUNCTION refuse_to_change_a_case() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{WHY}'; END $$"
    )
    for name, act in (("stays", f"UPDATE OF {_quoted()}"), ("is_kept", "DELETE OR TRUNCATE")):
        op.execute(
            f"CREATE TRIGGER case_event_{name} BEFORE {act} ON case_event "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_a_case()"
        )


def _quoted() -> str:
    return ", ".join(f'"{name}"' for name in FIXED)


def downgrade() -> None:
    for name in ("case_search", "case_call", "case_event", "case"):  # triggers go with their table
        op.drop_table(name)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_to_change_a_case()")
