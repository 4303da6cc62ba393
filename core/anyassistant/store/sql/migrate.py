"""The schema's version: a new database is made whole, an older one migrated, a newer one or a stranger's refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Engine, StaticPool, create_engine

from ...errors import StoreError
from .schema import VERSION, VERSION_TABLE, metadata
from .sqlite import sqlite_module

MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up_to_date(raw: sqlite3.Connection, path: str) -> None:
    """Make or migrate the tables, where that is needed. Two processes may do it at once.

    Raises:
        StoreError: The database is of a newer version of anyassistant, or of something else.
    """
    if find_version(raw, path) == VERSION:
        return
    engine = engine_on(raw)
    raw.execute("BEGIN IMMEDIATE")
    try:
        version = find_version(raw, path)  # another process may have been faster
        if version is None:
            metadata.create_all(engine)
            _stamp(raw)
        elif version != VERSION:
            _migrate(engine, path, version)
        if raw.in_transaction:
            raw.execute("COMMIT")
    except BaseException:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise


def find_version(raw: sqlite3.Connection, path: str) -> str | None:
    """The version of a database; None for an empty one.

    Raises:
        StoreError: It has tables, and none of them is ours.
    """
    tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if VERSION_TABLE in tables:
        row = raw.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()
        if row is not None:
            return str(row[0])
    if tables:
        raise StoreError(f"The database {path} was made by something else. Name another file by `store=`.")
    return None


def engine_on(raw: sqlite3.Connection) -> Engine:
    """An engine whose only connection is this one, in which transactions are begun and ended by statements."""
    return create_engine("sqlite://", module=sqlite_module(), creator=lambda: raw, poolclass=StaticPool)


def _stamp(raw: sqlite3.Connection) -> None:
    raw.execute(
        f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL, "
        f"CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num))"
    )
    raw.execute(f"INSERT INTO {VERSION_TABLE} VALUES (?)", (VERSION,))


def _migrate(engine: Engine, path: str, version: str) -> None:
    raise NotImplementedError
