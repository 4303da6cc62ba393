"""A thread has one open run, everything belongs to a tenant, and nothing is scanned."""

from __future__ import annotations

from dataclasses import replace

import anyio
import anyio.to_thread
import pytest
from anyassistant.errors import NotFound, ThreadBusy
from anyassistant.hosting.store import Change, LostLease
from anyassistant.store.sql import SQLStore
from anyassistant.store.sql.sqlite import connect
from anyassistant.types import PageQuery, Turn

pytestmark = pytest.mark.anyio


async def test_the_database_itself_holds_a_thread_to_one_open_run(store: SQLStore, path: str, build) -> None:
    run = await build.running(store)
    raw = connect(path)
    with pytest.raises(Exception, match=r"UNIQUE constraint failed: runs\.thread"):
        raw.execute(
            "INSERT INTO runs SELECT NULL, tenant, 'run_other', thread, status, is_open, snapshot, progress, driver, "
            "lease_until, epoch, cancel_requested_at, expires, active_seconds, last_sequence, service FROM runs"
        )
    raw.close()
    with pytest.raises(ThreadBusy) as caught:
        await store.create_run(replace(run, record=replace(run.record, id="run_other")), [], [])
    assert caught.value.run_id == run.record.id


async def test_many_who_begin_a_run_at_once_get_one(store: SQLStore, build) -> None:
    thread = build.thread()
    await store.create_thread(thread, [])
    begun, refused = [], []

    async def begin() -> None:
        run = build.run(thread)
        try:
            await store.create_run(run, [build.in_history(thread)], build.began(run))
            begun.append(run.record.id)
        except ThreadBusy as error:
            refused.append(error.run_id)

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(begin)
    assert len(begun) == 1
    assert refused == begun * 9
    assert len(await store.read_history(thread.id, before=None, limit=20)) == 1, "the others wrote nothing"


async def test_objects_of_another_tenant_do_not_exist(store: SQLStore, path: str, build) -> None:
    other = SQLStore(path, tenant="other")
    await other.open()
    run = await build.running(store)
    thread_id = run.record.thread_id
    assert await other.get_thread(thread_id) is None
    assert await other.get_run(run.record.id) is None
    assert (await other.list_runs(None, PageQuery())).data == []
    with pytest.raises(NotFound):
        await other.add_message(build.in_history(build.thread()))
    with pytest.raises(LostLease):
        await other.flush(run.record.id, 1)
    assert await other.take_over(run.record.id, driver="x", lease_until=9e9, now=8e9) is None
    await other.aclose()


async def test_a_deleted_thread_takes_everything_with_it(store: SQLStore, path: str, build) -> None:
    run = await build.running(store, metadata={"a": "b"})
    closed = replace(run.record, status="completed")
    turn = Turn("turn_1", run.record.id, run.record.thread_id, "echo")
    store.post(run.record.id, 1, Change(record=closed, turn=turn, claims=["call_1"], release=True))
    await store.add_message(build.in_history(build.thread().__class__(run.record.thread_id)))
    assert await store.delete_thread(run.record.thread_id)
    raw = connect(path)
    for table in ("threads", "runs", "messages", "turns", "steps", "claims", "events", "labels"):
        assert raw.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    raw.close()


async def test_a_list_goes_along_an_index_whatever_is_asked_for(store: SQLStore, path: str) -> None:
    from anyassistant.store.sql import paging, statements
    from anyassistant.store.sql.connection import Compiler, Connection
    from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
    from sqlalchemy.sql import CompoundSelect, Delete, Select, Update

    compiler = Compiler(SQLiteDialect_pysqlite())
    lists = [
        paging._list(listed, filters, pairs, order, lower, upper)
        for listed, filters in (
            (paging.ASSISTANTS, ("tenant",)),
            (paging.THREADS, ("tenant", "service")),
            (paging.RUNS, ("tenant",)),
            (paging.RUNS, ("tenant", "thread")),
            (paging.RUNS, ("tenant", "status")),
            (paging.MESSAGES, ("thread",)),
            (paging.MESSAGES, ("thread", "run_id")),
            (paging.STEPS, ("run",)),
        )
        for pairs in ((0, 1, 2) if listed.kind else (0,))
        for order in ("asc", "desc")
        for lower in (True, False)
        for upper in (True, False)
    ]
    single = [
        statement
        for name, statement in vars(statements).items()
        if isinstance(statement, CompoundSelect | Select | Update | Delete) and name != "list_turns"  # few in a run
    ]
    raw = connect(path)
    connection = Connection(raw, compiler)
    for statement in [*lists, *single]:
        text, names, _ = compiler.compile(statement)
        plan = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {text}", [1] * len(names))]
        assert plan
        assert not [step for step in plan if step.startswith("SCAN") or "TEMP B-TREE" in step], (text, plan)
    connection.close()
