"""Opening, closing and sharing a database."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from anyassistant.errors import ConfigError, StoreError
from anyassistant.store.sql import SQLStore, sqlite_in_use
from anyassistant.types import PageQuery

pytestmark = pytest.mark.anyio


async def test_a_new_database_is_made_with_its_folder(path: str, build) -> None:
    store = SQLStore(path)
    assert not has_file(path), "nothing is made before it is opened"
    await store.open()
    await store.aclose()
    assert has_file(path)


def has_file(path: str) -> bool:
    return Path(path).exists()


@pytest.mark.parametrize("prefix", ["", "sqlite:///", "sqlite+pysqlite:///"])
async def test_a_path_or_an_sqlite_url_names_the_file(path: str, prefix: str) -> None:
    store = SQLStore(prefix + path)
    assert str(store.path) == path


async def test_the_home_folder_is_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert SQLStore("~/store.sqlite3").path == tmp_path / "store.sqlite3"


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("postgresql://localhost/x", "only SQLite can be used yet"),
        ("sqlite://host/x", "sqlite:///path/to/file"),
        ("sqlite:///x?mode=ro", "sqlite:///path/to/file"),
        (":memory:", "needs a path"),
        ("sqlite:///", "needs a path"),
        ("", "needs a path"),
    ],
)
async def test_what_names_no_file_is_refused(where: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        SQLStore(where)


async def test_what_was_written_is_there_when_it_is_opened_again(path: str, build) -> None:
    thread = build.thread(metadata={"a": "b"})
    for store in (SQLStore(path), SQLStore(path)):
        await store.open()
        if await store.get_thread(thread.id) is None:
            await store.create_thread(thread, [build.in_history(thread)])
        assert await store.get_thread(thread.id) == thread
        assert len(await store.read_history(thread.id, before=None, limit=5)) == 1
        await store.aclose()


async def test_one_object_can_be_opened_again(store: SQLStore, build) -> None:
    thread = build.thread()
    await store.create_thread(thread, [])
    await store.aclose()
    await store.open()
    assert await store.get_thread(thread.id) == thread


async def test_the_last_user_closes_it(store: SQLStore, build) -> None:
    await store.open()
    await store.aclose()
    assert await store.get_thread("thread_none") is None
    await store.aclose()
    with pytest.raises(StoreError, match="closed"):
        await store.get_thread("thread_none")
    await store.open()


async def test_a_closed_store_says_so(path: str, build, deltas) -> None:
    store = SQLStore(path)
    thread = build.thread()
    store.post("run_1", 1, deltas("a", after=0)[0])
    for call in (
        store.create_thread(thread, []),
        store.get_run("run_1"),
        store.flush("run_1", 1),
        store.read_events("run_1", 0),
    ):
        with pytest.raises(StoreError, match="closed"):
            await call
    assert store.pending("run_1") == 0
    assert store.recent_events("run_1", 0) is None
    with pytest.raises(StoreError, match="closed"):
        store.watch_events("run_1", lambda: None)


async def test_closing_writes_what_was_posted(path: str, build, deltas, read_all) -> None:
    store = SQLStore(path)
    await store.open()
    run = await build.running(store)
    for event in deltas("a", "b", after=2):
        store.post(run.record.id, 1, event)
    await store.aclose()
    await store.open()
    assert [event.sequence for event in await read_all(store, run.record.id)] == [1, 2, 3, 4]
    await store.aclose()


async def test_opening_that_is_cancelled_leaves_nothing_open(path: str) -> None:
    store = SQLStore(path)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await store.open()
    with pytest.raises(StoreError, match="closed"):
        await store.get_thread("thread_none")


async def test_several_event_loops_share_one_store(store: SQLStore, build, anyio_backend_name: str) -> None:
    run = await build.running(store)

    async def elsewhere() -> list[str]:
        await store.open()
        try:
            threads = [build.thread() for _ in range(5)]
            async with anyio.create_task_group() as group:
                for thread in threads:
                    group.start_soon(store.create_thread, thread, [build.in_history(thread)])
            assert await store.get_run(run.record.id) == replace(run, last_sequence=2)
            return [thread.id for thread in threads]
        finally:
            await store.aclose()

    made: list[str] = []

    async def in_thread(backend: str) -> None:
        made.extend(await anyio.to_thread.run_sync(lambda: anyio.run(elsewhere, backend=backend)))

    async with anyio.create_task_group() as group:
        for backend in ("asyncio", "trio", "asyncio"):
            group.start_soon(in_thread, backend)
    page = await store.list_threads(PageQuery(limit=100))
    assert {thread.id for thread in page.data} >= set(made)
    assert len(made) == 15


async def test_doctor_can_tell_which_sqlite_is_in_use() -> None:
    module, version = sqlite_in_use()
    assert module in ("pysqlite3", "sqlite3")
    assert version.count(".") == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_a_store_is_not_used_across_a_fork(store: SQLStore) -> None:
    assert in_a_fork(store._opened) == "StoreError"


def in_a_fork(function: Callable[[], object]) -> str:
    """The name of what a function raises in a forked process."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            function()
        except BaseException as error:  # noqa: BLE001 - nothing may leave the fork
            os.write(writer, type(error).__name__.encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(pid, 0)
    with os.fdopen(reader) as said:
        return said.read()
