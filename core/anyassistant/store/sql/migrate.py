"""The schema's version: a new database is made whole, an older one migrated, a newer one or a stranger's refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, StaticPool, create_engine

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
        _check_writable(raw)
        return
    with _changing_schema(raw) as connection:
        version = find_version(raw, path)  # another process may have been faster
        if version is None:
            _create(connection)
        elif version != VERSION:
            migrate(connection, path, version)


def find_version(raw: sqlite3.Connection, path: str) -> str | None:
    """The version of a database, "" before the first migration; None for an empty one.

    Raises:
        StoreError: It has tables, and none of them is ours.
    """
    tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return None
    if VERSION_TABLE not in tables:
        raise StoreError(f"The database {path} was made by something else. Name another file by `store=`.")
    row = raw.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()
    return "" if row is None else str(row[0])


def migrate(connection: Connection, path: str, version: str) -> None:
    """Migrate an older database; Alembic is imported only here.

    Raises:
        StoreError: Its version is not known, so it must be a newer one.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version and version not in known:
        raise StoreError(
            f"The database {path} is of version {version}, and this anyassistant knows up to {VERSION}: upgrade "
            "anyassistant, or name another file by `store=`."
        )
    command.upgrade(config, "head")


def _check_writable(raw: sqlite3.Connection) -> None:
    """Refuse a file that can only be read now, not at the first write."""
    raw.execute("BEGIN IMMEDIATE")
    try:
        raw.execute(f"UPDATE {VERSION_TABLE} SET version_num = version_num")
    finally:
        raw.execute("ROLLBACK")


def _create(connection: Connection) -> None:
    metadata.create_all(connection)
    connection.exec_driver_sql(
        f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL, "
        f"CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num))"
    )
    connection.exec_driver_sql(f"INSERT INTO {VERSION_TABLE} VALUES ('{VERSION}')")


@contextmanager
def _changing_schema(raw: sqlite3.Connection) -> Generator[Connection, None, None]:
    """SQLAlchemy on a DB-API connection, in one transaction that keeps other writers out.

    Foreign keys are not enforced meanwhile: a table that a migration writes anew would take the rows of others with it.
    """
    engine = create_engine(
        "sqlite://",
        module=sqlite_module(),
        creator=lambda: raw,
        poolclass=StaticPool,
        pool_reset_on_return=None,
    )
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # not before: an engine's first connection is rolled back
            yield connection
            connection.commit()
    finally:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raw.execute("PRAGMA foreign_keys = ON")
