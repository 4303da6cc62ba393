"""The tables of the first version."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "assistants",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_assistants")),
        sa.UniqueConstraint("tenant", "id", name=op.f("uq_assistants_tenant_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_assistants_list", "assistants", ["tenant", "number"], unique=False)
    op.create_table(
        "labels",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("kind", "tenant", "key", "value", "number", name=op.f("pk_labels")),
    )
    op.create_index("ix_labels_owner", "labels", ["kind", "number"], unique=False)
    op.create_table(
        "threads",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("positions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_threads")),
        sa.UniqueConstraint("tenant", "id", name=op.f("uq_threads_tenant_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_threads_list", "threads", ["tenant", "number"], unique=False)
    op.create_table(
        "messages",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("thread", _NUMBER, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["thread"], ["threads.number"], name=op.f("fk_messages_thread"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_messages")),
        sa.UniqueConstraint("thread", "id", name=op.f("uq_messages_thread_id")),
        sa.UniqueConstraint("thread", "position", name=op.f("uq_messages_thread_position")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_list", "messages", ["thread", "number"], unique=False)
    op.create_index(
        "ix_messages_run",
        "messages",
        ["thread", "run_id", "number"],
        unique=False,
        sqlite_where=sa.text("run_id IS NOT NULL"),
        postgresql_where=sa.text("run_id IS NOT NULL"),
    )
    op.create_table(
        "runs",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("thread", _NUMBER, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("is_open", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.String(), nullable=False),
        sa.Column("progress", sa.String(), nullable=False),
        sa.Column("driver", sa.String(), nullable=True),
        sa.Column("lease_until", sa.Float(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("cancel_requested_at", sa.Float(), nullable=True),
        sa.Column("expires", sa.Float(), nullable=True),
        sa.Column("active_seconds", sa.Float(), nullable=False),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["thread"], ["threads.number"], name=op.f("fk_runs_thread"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_runs")),
        sa.UniqueConstraint("tenant", "id", name=op.f("uq_runs_tenant_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_list", "runs", ["tenant", "number"], unique=False)
    op.create_index("ix_runs_status", "runs", ["tenant", "status", "number"], unique=False)
    op.create_index("ix_runs_thread", "runs", ["thread", "number"], unique=False)
    op.create_index(
        "uq_runs_open",
        "runs",
        ["thread"],
        unique=True,
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open = 1"),
    )
    op.create_table(
        "claims",
        sa.Column("run", _NUMBER, nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("finished", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name=op.f("fk_claims_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "call_id", name=op.f("pk_claims")),
    )
    op.create_table(
        "events",
        sa.Column("run", _NUMBER, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("payload", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name=op.f("fk_events_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "last", name=op.f("pk_events")),
    )
    op.create_table(
        "steps",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("run", _NUMBER, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name=op.f("fk_steps_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_steps")),
        sa.UniqueConstraint("run", "id", name=op.f("uq_steps_run_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_steps_list", "steps", ["run", "number"], unique=False)
    op.create_table(
        "turns",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("thread", _NUMBER, nullable=False),
        sa.Column("run", _NUMBER, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.number"], name=op.f("fk_turns_run"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["thread"], ["threads.number"], name=op.f("fk_turns_thread"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_turns")),
        sa.UniqueConstraint("run", "id", name=op.f("uq_turns_run_id")),
        sa.UniqueConstraint("thread", "position", name=op.f("uq_turns_thread_position")),
        sqlite_autoincrement=True,
    )
