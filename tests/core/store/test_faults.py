"""Full disks and files that are no store: an error that says what to do."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from anyassistant.errors import StoreError
from anyassistant.hosting.store import Change, LostLease
from anyassistant.hosting.writer import Writer
from anyassistant.store.sql import SQLStore
from anyassistant.store.sql.sqlite import connect
from anyassistant.types import Turn
from anyassistant.types.events import RunEvent

pytestmark = pytest.mark.anyio


async def test_a_full_disk_is_a_store_error_and_the_store_goes_on_when_there_is_room(
    path: str, build, deltas, read_all
) -> None:
    store = SQLStore(path)
    await store.open()
    run = await build.running(store)
    await pragma(store, f"max_page_count = {await pragma(store, 'page_count')}")
    big = build.thread(metadata={"a": "x" * 100_000})
    with pytest.raises(StoreError, match="the disk is full"):
        await store.create_thread(big, [])
    for event in deltas("y" * 100_000, "z", after=2):
        store.post(run.record.id, 1, event)
    with pytest.raises(StoreError, match="the disk is full"):
        await store.flush(run.record.id, 1)
    assert store.pending(run.record.id) == 0
    assert await store.get_thread(big.id) is None
    assert len(await read_all(store, run.record.id)) == 2
    await pragma(store, "max_page_count = 1000000")
    store.post(run.record.id, 1, deltas("now", after=4)[0])
    await store.flush(run.record.id, 1)
    assert [event.sequence for event in await read_all(store, run.record.id)] == [1, 2, 5]
    await store.aclose()


@pytest.mark.parametrize("fault", ["all", "each"])
@pytest.mark.parametrize("is_flushed", [True, False])
async def test_runs_whose_drivers_could_write_nothing_leave_nothing_in_memory(
    path: str, build, deltas, fault: str, is_flushed: bool
) -> None:
    store = SQLStore(path)
    await store.open()
    runs = [await build.running(store) for _ in range(5)]
    if fault == "all":
        await pragma(store, f"max_page_count = {await pragma(store, 'page_count')}")
    else:
        await refuse_changes(store)
    for run in runs:
        for event in deltas(*["y" * 10_000] * 20, after=2):
            store.post(run.record.id, 1, event)
        if is_flushed:
            with pytest.raises(StoreError):
                await store.flush(run.record.id, 1)
        failed = replace(run.record, status="failed", instructions="x" * 100_000)
        store.post(run.record.id, 1, Change([RunEvent("thread.run.failed", failed, 23)], record=failed, release=True))
        if is_flushed:
            with pytest.raises(StoreError):
                await store.flush(run.record.id, 1)
        Writer(store, run).draft().post(release=True)
    with suppress(StoreError):
        await store._settle()
    assert kept(store) == []
    await store.aclose()


async def test_a_drivers_last_word_is_written_though_what_it_posted_before_was_not(store: SQLStore, build) -> None:
    run = await build.running(store)
    store.post(run.record.id, 1, Change(turn=Turn("turn_1", run.record.id, "", "echo", provider_state=object())))
    store.post(run.record.id, 1, Change(release=True))
    state = await store.get_run(run.record.id)
    assert state is not None
    assert (state.driver, state.lease_until) == (None, 0.0), "whoever comes next need not wait"
    assert kept(store) == []


async def test_what_is_posted_for_a_run_that_is_gone_takes_no_memory(store: SQLStore, deltas) -> None:
    store.post("run_none", 1, deltas("a", after=2)[0])
    with pytest.raises(LostLease):
        await store.flush("run_none", 1)
    assert kept(store) == []


def kept(store: SQLStore) -> list[str]:
    """The runs of which the store keeps something in memory."""
    assert store._database is not None
    return list(store._database.writer._channels)


async def refuse_changes(store: SQLStore) -> None:
    """Let every change of a run fail by itself, while the database is well."""

    def work(connection, tenant: str) -> None:
        connection.execute("CREATE TRIGGER refuse BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'refused'); END")

    await store._write(work)


async def pragma(store: SQLStore, text: str) -> Any:
    """Run a pragma on the writer's own connection."""
    rows: list[Any] = []

    def work(connection, tenant: str) -> None:
        rows.append(connection.raw.execute(f"PRAGMA {text}").fetchone())

    await store._write(work)
    return rows[0][0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
async def test_no_room_at_all_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite3").symlink_to("/dev/full")
    with pytest.raises(StoreError):
        await SQLStore(str(tmp_path / "store.sqlite3")).open()


async def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear database, " * 100)
    with pytest.raises(StoreError, match="not an SQLite database"):
        await SQLStore(str(file)).open()
    assert file.read_text() == "Dear database, " * 100


async def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    raw = connect(str(tmp_path / "other.db"))
    raw.execute("CREATE TABLE recipes (name)")
    raw.close()
    with pytest.raises(StoreError, match="made by something else"):
        await SQLStore(str(tmp_path / "other.db")).open()


async def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder: name a file in it"):
        await SQLStore(str(tmp_path)).open()


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        await SQLStore(str(tmp_path / "file" / "store.sqlite3")).open()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere: run as a user")
async def test_a_read_only_database_is_refused(path: str) -> None:
    store = SQLStore(path)
    await store.open()
    await store.aclose()
    os.chmod(path, 0o444)
    with pytest.raises(StoreError, match="permissions"):
        await store.open()


async def test_a_failed_opening_leaves_no_thread_behind(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear database, " * 100)
    before = {thread.name for thread in threading.enumerate() if "writer" in thread.name}
    with pytest.raises(StoreError):
        await SQLStore(str(tmp_path / "letter.txt")).open()
    assert {thread.name for thread in threading.enumerate() if "writer" in thread.name} == before
