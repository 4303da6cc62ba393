"""The tables. What is searched for has a column of its own, all else is in the record, as JSON text.

Objects have numbers, which give their order and are what rows refer to; ids are what callers know. Numbers are never
used again, so that one that is remembered means the same object or none. JSON is text, not a JSON type: Postgres's
takes neither NaN nor `\\u0000`, and the text has to come back as it was.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)

VERSION = "0003"
"""The newest migration. A new database is made as the tables below are, and stamped with it."""

VERSION_TABLE = "anyassistant_version"
"""Not Alembic's usual name: on Postgres the app may have migrations of its own in the same database."""

KEPT_HERE = ""
"""Stands for no service where threads are listed by it."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

Number = BigInteger().with_variant(Integer, "sqlite")


def _number() -> Column[int]:
    return Column("number", Number, primary_key=True, autoincrement=True)


def _part_of(table: str) -> Column[int]:
    """The object that a row belongs to, and with which it is deleted."""
    return Column(table, Number, ForeignKey(f"{table}s.number", ondelete="CASCADE"), nullable=False)


assistants = Table(
    "assistants",
    metadata,
    _number(),
    Column("tenant", String, nullable=False),
    Column("id", String, nullable=False),
    Column("record", String, nullable=False),
    UniqueConstraint("tenant", "id"),
    Index("ix_assistants_list", "tenant", "number"),
    sqlite_autoincrement=True,
)

threads = Table(
    "threads",
    metadata,
    _number(),
    Column("tenant", String, nullable=False),
    Column("id", String, nullable=False),
    Column("record", String, nullable=False),
    Column("positions", Integer, nullable=False),  # the last position of its history that was given away
    Column("service", String, nullable=False, server_default=KEPT_HERE),
    UniqueConstraint("tenant", "id"),
    Index("ix_threads_list", "tenant", "service", "number"),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    _number(),
    Column("tenant", String, nullable=False),
    Column("id", String, nullable=False),
    _part_of("thread"),
    Column("status", String, nullable=False),
    Column("is_open", Integer, nullable=False),
    Column("snapshot", String, nullable=False),  # the record as the run began
    Column("progress", String, nullable=False),  # what is different by now
    Column("driver", String),
    Column("lease_until", Float, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("cancel_requested_at", Float),
    Column("expires", Float),
    Column("active_seconds", Float, nullable=False),
    Column("last_sequence", Integer, nullable=False),
    Column("service", String),
    UniqueConstraint("tenant", "id"),
    Index("ix_runs_list", "tenant", "number"),
    Index("ix_runs_status", "tenant", "status", "number"),
    Index("ix_runs_thread", "thread", "number"),
    Index(
        "uq_runs_open", "thread", unique=True, sqlite_where=text("is_open = 1"), postgresql_where=text("is_open = 1")
    ),
    sqlite_autoincrement=True,
)

messages = Table(
    "messages",
    metadata,
    _number(),
    _part_of("thread"),
    Column("id", String, nullable=False),
    Column("run_id", String),
    Column("position", Integer),  # in the history; a message of a run is there as its turn
    Column("tokens", Integer, nullable=False),
    Column("record", String, nullable=False),
    UniqueConstraint("thread", "id"),
    UniqueConstraint("thread", "position"),
    Index("ix_messages_list", "thread", "number"),
    Index(
        "ix_messages_run",
        "thread",
        "run_id",
        "number",
        sqlite_where=text("run_id IS NOT NULL"),
        postgresql_where=text("run_id IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

turns = Table(
    "turns",
    metadata,
    _number(),
    _part_of("thread"),
    _part_of("run"),
    Column("id", String, nullable=False),
    Column("message_id", String),
    Column("position", Integer, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("record", String, nullable=False),
    UniqueConstraint("run", "id"),
    UniqueConstraint("thread", "position"),
    sqlite_autoincrement=True,
)

steps = Table(
    "steps",
    metadata,
    _number(),
    _part_of("run"),
    Column("id", String, nullable=False),
    Column("record", String, nullable=False),
    UniqueConstraint("run", "id"),
    Index("ix_steps_list", "run", "number"),
    sqlite_autoincrement=True,
)

claims = Table(
    "claims",
    metadata,
    _part_of("run"),
    Column("call_id", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("state", Integer, nullable=False),  # see `codec.CALL_STATES`
    PrimaryKeyConstraint("run", "call_id"),
)

events = Table(
    "events",
    metadata,
    _part_of("run"),
    Column("last", Integer, nullable=False),
    Column("first", Integer, nullable=False),
    Column("payload", String, nullable=False),  # all events of one commit, see events.py
    PrimaryKeyConstraint("run", "last"),
)

labels = Table(
    "labels",
    metadata,
    Column("kind", String, nullable=False),  # `assistant`, `thread` or `run`
    Column("tenant", String, nullable=False),
    Column("key", String, nullable=False),  # a pair of the object's metadata, each as JSON text
    Column("value", String, nullable=False),
    Column("number", Number, nullable=False),
    PrimaryKeyConstraint("kind", "tenant", "key", "value", "number"),
    Index("ix_labels_owner", "kind", "number"),
)
