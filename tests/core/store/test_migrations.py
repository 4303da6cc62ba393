"""A database of an older version is used on by today's code: what it says of a run is read, and the run goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from anyassistant import AsyncClient, Tool
from anyassistant.hosting.store import RunState
from anyassistant.store.sql import SQLStore
from anyassistant.store.sql.schema import VERSION, VERSION_TABLE
from anyassistant.types import PageQuery, RunRecord, ThreadRecord

pytestmark = pytest.mark.anyio


@pytest.fixture
async def old(path: str) -> AsyncGenerator[SQLStore, None]:
    """The store of a database of version 0001."""
    Path(path).parent.mkdir()
    connection = sqlite3.connect(path)
    connection.executescript(Path(__file__).with_name("version_0001.sql").read_text())
    assert connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone() == ("0001",)
    connection.close()
    store = SQLStore(path)
    await store.open()
    yield store
    await store.aclose()


def note(n: int) -> int:
    """Note a number."""
    return n


def bad() -> str:
    """Fail."""
    raise ValueError("bad")


async def test_the_database_is_of_todays_version(old: SQLStore, path: str) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone() == (VERSION,)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


async def test_calls_that_had_finished_succeeded_and_others_are_started(old: SQLStore) -> None:
    assert await old.list_claims("run_1") == {
        "call_note_1": "succeeded",
        "call_bad": "succeeded",
        "call_pay": "started",
        "call_note_2": "started",
    }


async def test_turns_and_steps_are_read_as_far_as_the_old_version_wrote_them(old: SQLStore) -> None:
    first, second = await old.list_turns("run_1")
    assert [(call.output, call.outcome, call.decision) for call in first.tool_calls] == [
        ("1", None, None),
        ("bad failed with an internal error.", None, None),
    ]
    assert [(call.output, call.is_asked, call.images) for call in second.tool_calls] == [(None, False, ())] * 2
    assert [event.sequence for event in await old.read_events("run_1", 0)][-1] == 14


@pytest.mark.parametrize("is_idempotent", [False, True])
async def test_its_open_run_goes_on(old: SQLStore, path: str, is_idempotent: bool) -> None:
    paid: list[int] = []

    def pay(amount: int) -> str:
        """Pay."""
        paid.append(amount)
        return "paid"

    tools = [Tool.from_callable(tool, idempotent=is_idempotent) for tool in (note, bad, pay)]
    async with AsyncClient("echo", store=path) as client:
        run = await (await client.threads.get("thread_1")).resume(tools=tools)
        assert run is not None
        text = (await run.result()).text
        assert text.startswith("TOOL RESULT: 1 | bad failed with an internal error. | ")
        assert text.endswith("| paid | 2") == is_idempotent
        assert paid == ([5] if is_idempotent else [])
        events = [event async for event in run.events()]
        assert events[-1].event == "thread.run.completed"
        expected = "succeeded" if is_idempotent else "unknown"
        states = await old.list_claims("run_1")
        assert {states["call_pay"], states["call_note_2"]} == {expected}
        assert [call.outcome for step in await steps_of(run) for call in step.tool_calls] == [
            None,
            None,
            expected,
            expected,
        ]


async def test_threads_of_a_services_runs_are_that_services(path: str) -> None:
    """Version 0002 knew of the runs alone."""
    store = SQLStore(path)
    await store.open()
    for name, service in (("kept", None), ("indexed", "pausing")):
        await store.create_thread(ThreadRecord(f"thread_{name}"), ())
        await store.create_run(
            RunState(RunRecord(f"run_{name}", f"thread_{name}", "asst_1", "completed", "m"), service=service), (), ()
        )
    await store.aclose()
    connection = sqlite3.connect(path)
    connection.execute("DROP INDEX ix_threads_list")
    connection.execute("ALTER TABLE threads DROP COLUMN service")
    connection.execute("CREATE INDEX ix_threads_list ON threads (tenant, number)")
    connection.execute("UPDATE threads SET record = json_remove(record, '$.service')")
    connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '0002'")
    connection.commit()
    connection.close()
    await store.open()
    for id, service in (("thread_kept", None), ("thread_indexed", "pausing")):
        assert [one.id for one in (await store.list_threads(PageQuery(), service=service)).data] == [id]
        assert await store.get_thread(id) == ThreadRecord(id, service=service)
    await store.aclose()


async def steps_of(run) -> list:
    return [step async for step in run.steps()]
