"""Several processes on one file: they see what the others write, and outlive one that is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import anyio
import anyio.to_thread
import pytest
from anyassistant.host_task import Waker
from anyassistant.hosting.identity import is_proved_dead
from anyassistant.hosting.store import Change, LostLease
from anyassistant.store.sql import SQLStore
from anyassistant.types import PageQuery, Turn
from anyassistant.types.events import RunEvent, message_delta

pytestmark = pytest.mark.anyio

PROGRAM = """
import sys, time, anyio
from dataclasses import replace
from anyassistant.hosting.identity import new_driver
from anyassistant.hosting.store import Change, HistoryMessage, RunState
from anyassistant.store.sql import SQLStore
from anyassistant.types import Message, RunRecord, Text, ThreadRecord, Turn
from anyassistant.types.events import RunEvent, message_delta

store = SQLStore(sys.argv[1])

def say(text):
    print(text, flush=True)

async def heard():
    return (await anyio.to_thread.run_sync(sys.stdin.readline)).strip()

async def main():
    await store.open()
    {body}
    await store.aclose()

anyio.run(main)
"""

Start = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def start(path: str) -> Iterator[Start]:
    """Run something in another process, with the store open there."""
    processes: list[subprocess.Popen[str]] = []

    def run(body: str) -> subprocess.Popen[str]:
        program = PROGRAM.replace("{body}", body.strip().replace("\n", "\n    "))
        process = subprocess.Popen(
            [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


async def said(process: subprocess.Popen[str]) -> str:
    """The next line of another process."""
    assert process.stdout is not None
    line = await anyio.to_thread.run_sync(process.stdout.readline)
    assert line, "the other process ended"
    return line.strip()


async def tell(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(text + "\n")
    process.stdin.flush()


DRIVES = """
thread = ThreadRecord("thread_1")
await store.create_thread(thread, [HistoryMessage(Message("msg_1", "user", (Text("go"),), thread_id=thread.id), 1)])
record = RunRecord("run_1", "thread_1", "asst_1", "in_progress", "echo")
run = RunState(record, driver=new_driver(), lease_until=time.time() + 1000, epoch=1)
await store.create_run(run, [], [RunEvent("thread.run.created", record, 1)])
say("created")
sequence = 1
while (text := await heard()) != "end":
    for piece in text.split():
        sequence += 1
        store.post("run_1", 1, message_delta("msg_2", piece, sequence))
    await store.flush("run_1", 1)
    say("flushed")
"""


async def test_events_of_one_process_wake_readers_in_another(store: SQLStore, start: Start) -> None:
    other = start(DRIVES)
    assert await said(other) == "created"
    waker = Waker()
    leave = store.watch_events("run_1", waker.wake)
    after, heard = 1, []
    for text in ("a b", "c", "d e f"):
        await tell(other, text)
        with anyio.fail_after(30):
            while len(heard) < len(text.split()):
                events = store.recent_events("run_1", after)
                if events is None:
                    events = await store.read_events("run_1", after)
                if not events:
                    await waker.wait()
                    continue
                heard += [event.text for event in events]
                after = events[-1].sequence
        assert heard == text.split()
        heard.clear()
    leave()


async def test_a_cancel_in_one_process_wakes_the_driver_in_another(store: SQLStore, build, start: Start) -> None:
    run = await build.running(store)
    waker = Waker()
    leave = store.watch_control(waker.wake)
    start(f"await store.request_cancel({run.record.id!r}, 5.0)")
    with anyio.fail_after(30):
        while (await store.check([run.record.id]))[run.record.id].cancel_requested_at is None:
            await waker.wait()
    leave()


async def test_a_take_over_in_another_process_is_seen_by_readers_here(store: SQLStore, build, start: Start) -> None:
    run = await build.running(store, lease_until=1.0)
    waker = Waker()
    leave = store.watch_events(run.record.id, waker.wake)
    assert store.recent_events(run.record.id, 2) == ()
    start(
        f"""
taken = await store.take_over({run.record.id!r}, driver="other", lease_until=9e9, now=2.0)
store.post({run.record.id!r}, 2, message_delta("msg_2", "from the other", 3))
await store.flush({run.record.id!r}, 2)
"""
    )
    with anyio.fail_after(30):
        while (events := store.recent_events(run.record.id, 2)) is not None:
            assert not events
            await waker.wait()
    assert [event.text for event in await store.read_events(run.record.id, 2)] == ["from the other"]
    leave()
    store.post(run.record.id, 1, message_delta("msg_2", "too late", 3))
    with pytest.raises(LostLease):
        await store.flush(run.record.id, 1)


async def test_a_driver_that_was_killed_is_replaced_and_loses_nothing_that_was_flushed(
    store: SQLStore, start: Start, read_all
) -> None:
    other = start(DRIVES)
    assert await said(other) == "created"
    for number in range(20):
        await tell(other, f"{number}a {number}b")
        assert await said(other) == "flushed"
    state = await store.get_run("run_1")
    assert state is not None
    assert state.driver is not None
    assert not is_proved_dead(state.driver)
    assert await store.take_over("run_1", driver="me", lease_until=9e9, now=time.time()) is None, "it is alive"
    await tell(other, "more " * 50)
    other.send_signal(signal.SIGKILL)
    await anyio.to_thread.run_sync(other.wait)
    assert is_proved_dead(state.driver)
    taken = await store.take_over("run_1", driver="me", lease_until=9e9, now=time.time(), dead=state.driver)
    assert taken is not None
    assert (taken.epoch, taken.driver) == (2, "me")
    events = await read_all(store, "run_1")
    assert [event.sequence for event in events] == list(range(1, taken.last_sequence + 1))
    assert [event.text for event in events[1:41]] == [f"{number}{half}" for number in range(20) for half in "ab"]
    completed = RunEvent("thread.run.completed", taken.record, taken.last_sequence + 1)
    store.post("run_1", 2, Change([completed], release=True, durable=True))
    await store.flush("run_1", 2)


async def test_a_process_that_was_killed_while_it_wrote_leaves_a_sound_database(
    path: str, start: Start, read_all
) -> None:
    first = SQLStore(path)
    await first.open()
    await first.aclose()
    other = start(
        DRIVES.partition("sequence = 1")[0]
        + """
sequence = 1
while True:
    turn = Turn(f"turn_{sequence}", "run_1", "thread_1", "echo", text="x" * 2000)
    store.post("run_1", 1, Change([message_delta("msg_2", "y" * 500, sequence + 1)], turn=turn, durable=True))
    await store.flush("run_1", 1)
    sequence += 1
    say(sequence)
"""
    )
    assert await said(other) == "created"
    for _ in range(50):
        last = int(await said(other))
    other.send_signal(signal.SIGKILL)
    await anyio.to_thread.run_sync(other.wait)
    store = SQLStore(path)
    await store.open()
    state = await store.get_run("run_1")
    assert state is not None
    assert state.last_sequence >= last
    turns = await store.list_turns("run_1")
    events = await read_all(store, "run_1")
    assert len(turns) == len(events) - 1 == state.last_sequence - 1, "a change is there whole, or not at all"
    assert [turn.id for turn in turns] == [f"turn_{at}" for at in range(1, len(turns) + 1)]
    assert store._database is not None
    assert store._database.read(lambda connection: connection.raw.execute("PRAGMA integrity_check").fetchone()) == (
        "ok",
    )
    await store.aclose()


async def test_two_processes_that_begin_runs_on_one_thread_hold_it_in_turns(
    store: SQLStore, build, start: Start
) -> None:
    thread = build.thread()
    await store.create_thread(thread, [])
    others = [
        start(
            f"""
from anyassistant.errors import ThreadBusy
begun = refused = 0
for at in range(40):
    record = RunRecord(f"run_{name}_{{at}}", {thread.id!r}, "asst_1", "in_progress", "echo")
    run = RunState(record, driver="me", lease_until=9e9, epoch=1)
    try:
        await store.create_run(run, [], [RunEvent("thread.run.created", record, 1)])
    except ThreadBusy as error:
        assert error.run_id.startswith("run_") and not error.run_id.startswith("run_{name}_")
        refused += 1
        continue
    begun += 1
    done = replace(record, status="completed")
    event = RunEvent("thread.run.completed", done, 2)
    store.post(record.id, 1, Change([event], record=done, release=True, durable=True))
    await store.flush(record.id, 1)
say(begun)
say(refused)
"""
        )
        for name in ("a", "b")
    ]
    counts = [(int(await said(other)), int(await said(other))) for other in others]
    assert all(begun + refused == 40 for begun, refused in counts)
    runs = []
    after = None
    while True:
        page = await store.list_runs(thread.id, PageQuery(limit=100, after=after))
        runs += page.data
        if not page.has_more:
            break
        after = runs[-1].record.id
    assert len(runs) == sum(begun for begun, _ in counts)
    assert all(run.record.status == "completed" for run in runs)


async def test_a_process_ends_at_once_though_its_store_is_open(start: Start) -> None:
    other = start(
        """
import os, threading
store.watch_control(lambda: None)
await store.create_thread(ThreadRecord("thread_1"), [])
say("open")
store.aclose = lambda: anyio.sleep(0)
"""
    )
    assert await said(other) == "open"
    with anyio.fail_after(30):
        assert await anyio.to_thread.run_sync(other.wait) == 0


async def test_a_turn_that_another_process_wrote_is_part_of_the_history_here(
    store: SQLStore, build, start: Start
) -> None:
    run = await build.running(store, lease_until=1.0)
    other = start(
        f"""
taken = await store.take_over({run.record.id!r}, driver="other", lease_until=9e9, now=2.0)
turn = Turn("turn_1", {run.record.id!r}, {run.record.thread_id!r}, "echo", text="said", provider_state={{"a": [1]}})
store.post({run.record.id!r}, 2, Change(turn=turn, turn_tokens=7, record=replace(taken.record, status="in_progress")))
await store.flush({run.record.id!r}, 2)
say("written")
"""
    )
    assert await said(other) == "written"
    (item,) = await store.read_history(run.record.thread_id, before=None, limit=5)
    turn = Turn("turn_1", run.record.id, run.record.thread_id, "echo", text="said", provider_state={"a": [1]})
    assert (item.position, item.entry, item.tokens) == (1, turn, 7)
    assert await store.list_turns(run.record.id) == [turn]
