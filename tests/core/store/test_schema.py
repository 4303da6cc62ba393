"""A new database is made whole; a migrated one is the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from anyassistant.errors import StoreError
from anyassistant.store.sql import SQLStore, migrate
from anyassistant.store.sql.schema import VERSION, VERSION_TABLE, metadata
from anyassistant.store.sql.sqlite import connect
from sqlalchemy import create_engine

pytestmark = pytest.mark.anyio


def before_the_first_migration(path: Path) -> None:
    raw = connect(str(path))
    raw.execute(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    raw.close()


def set_version(path: Path, version: str) -> None:
    raw = connect(str(path))
    raw.execute(f"UPDATE {VERSION_TABLE} SET version_num = ?", (version,))
    raw.close()


async def open_and_close(path: Path) -> None:
    store = SQLStore(str(path))
    await store.open()
    await store.aclose()


def schema_of(path: Path) -> dict[str, list[object]]:
    """Columns, indexes and foreign keys of every table."""
    raw = connect(str(path))
    tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    schema: dict[str, list[object]] = {}
    for table in tables:
        if table == VERSION_TABLE:
            continue
        indexes = [row[1:] for row in raw.execute(f"PRAGMA index_list({table})")]
        schema[table] = [
            raw.execute(f"PRAGMA table_info({table})").fetchall(),
            sorted((row[1:], raw.execute(f"PRAGMA index_xinfo({row[0]})").fetchall()) for row in indexes),
            sorted(row[2:] for row in raw.execute(f"PRAGMA foreign_key_list({table})")),
            raw.execute("SELECT sql FROM sqlite_master WHERE tbl_name = ? AND name LIKE '%_open'", (table,)).fetchall(),
        ]
    raw.close()
    return schema


async def test_a_migrated_database_is_what_a_new_one_is(tmp_path: Path) -> None:
    new, old = tmp_path / "new.sqlite3", tmp_path / "old.sqlite3"
    before_the_first_migration(old)
    await open_and_close(new)
    await open_and_close(old)
    assert schema_of(old) == schema_of(new)


@pytest.mark.parametrize("is_new", [True, False], ids=["new", "migrated"])
async def test_a_database_is_what_the_tables_say(tmp_path: Path, is_new: bool) -> None:
    path = tmp_path / "store.sqlite3"
    if not is_new:
        before_the_first_migration(path)
    await open_and_close(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == VERSION
    engine.dispose()


async def test_the_newest_migration_is_the_schemas_version() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == VERSION


async def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    await open_and_close(path)
    set_version(path, "9999")
    with pytest.raises(StoreError, match=r"version 9999.*upgrade anyassistant"):
        await open_and_close(path)
    raw = connect(str(path))
    assert raw.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone() == ("9999",)
    raw.close()


async def test_many_may_make_a_new_database_at_once(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(open_and_close, path)
    await open_and_close(path)


async def test_a_failed_migration_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.sqlite3"
    before_the_first_migration(path)
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    for name in ("env.py", "script.py.mako"):
        (tmp_path / "migrations" / name).write_text((migrate.MIGRATIONS / name).read_text())
    (versions / "0001_fails.py").write_text(
        "from alembic import op\nrevision, down_revision = '0001', None\ndef upgrade():\n"
        "    op.execute('CREATE TABLE half (number)')\n    op.execute('INSERT INTO missing VALUES (1)')\n"
    )
    monkeypatch.setattr(migrate, "MIGRATIONS", tmp_path / "migrations")
    with pytest.raises(StoreError, match="no such table: missing"):
        await open_and_close(path)
    assert schema_of(path) == {}


async def test_alembic_is_not_imported_for_a_database_of_this_version_nor_sqlalchemy_for_none(tmp_path: Path) -> None:
    program = f"""
import sys, anyio
import anyassistant.store.sql
assert anyassistant.store.sql.sqlite_in_use()
import anyassistant.client
assert "sqlalchemy" not in sys.modules
async def main():
    for _ in range(2):
        store = anyassistant.store.sql.SQLStore({str(tmp_path / "store.sqlite3")!r})
        await store.open()
        await store.aclose()
anyio.run(main)
assert "sqlalchemy" in sys.modules
assert "alembic" not in sys.modules
"""
    await anyio.to_thread.run_sync(lambda: subprocess.run([sys.executable, "-c", program], check=True, timeout=60))
