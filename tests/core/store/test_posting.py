"""What drivers post: grouped, in order, under their epoch; what fails is told at the flush."""

from __future__ import annotations

from dataclasses import replace

import anyio
import anyio.to_thread
import pytest
from anyassistant.errors import StoreError
from anyassistant.hosting.store import Change, LostLease
from anyassistant.store.sql import SQLStore
from anyassistant.store.sql.sqlite import connect
from anyassistant.types import Turn
from anyassistant.types.events import RunEvent

pytestmark = pytest.mark.anyio


async def test_deltas_between_two_commits_are_one_row(store: SQLStore, path: str, build, deltas, read_all) -> None:
    run = await build.running(store)
    events = deltas(*(f"{at} " for at in range(100)), after=2)
    for event in events:
        store.post(run.record.id, 1, event)
    await store.flush(run.record.id, 1)
    raw = connect(path)
    rows = raw.execute("SELECT first, last FROM events ORDER BY last").fetchall()
    raw.close()
    assert len(rows) < 10
    assert (rows[0], rows[-1][1]) == ((1, 2), 102)
    assert (await read_all(store, run.record.id))[2:] == events


async def test_a_replay_from_inside_a_span_is_exact(store: SQLStore, build, deltas, read_all) -> None:
    run = await build.running(store)
    log = [
        *build.began(run),
        *deltas("a", "", "é", "\ud800", after=2),
        *deltas("other", after=6, message="msg_2"),
        RunEvent("thread.run.in_progress", replace(run.record, status="in_progress"), 8),
        *deltas("b", "c", after=8),
    ]
    store.post(run.record.id, 1, Change(events=log[2:], durable=True))
    await store.flush(run.record.id, 1)
    for after in range(len(log) + 2):
        assert await read_all(store, run.record.id, after) == log[after:]


async def test_a_long_log_is_read_a_piece_at_a_time(store: SQLStore, build, deltas, read_all) -> None:
    run = await build.running(store)
    for at in range(100):
        store.post(run.record.id, 1, deltas("x", after=2 + at)[0])
        await store.flush(run.record.id, 1)
    assert len(await store.read_events(run.record.id, 0)) < 102
    assert [event.sequence for event in await read_all(store, run.record.id)] == list(range(1, 103))


async def test_a_read_sees_what_was_posted_before_it(store: SQLStore, build) -> None:
    run = await build.running(store)
    for at in range(50):
        turn = Turn(f"turn_{at}", run.record.id, run.record.thread_id, "echo", text=f"text {at}")
        store.post(run.record.id, 1, Change(turn=turn, turn_tokens=at))
        (newest,) = await store.read_history(run.record.thread_id, before=None, limit=1)
        assert newest.entry == turn


async def test_a_late_driver_changes_nothing_and_is_told(store: SQLStore, build, deltas, read_all) -> None:
    run = await build.running(store, lease_until=1.0)
    taken = await store.take_over(run.record.id, driver="other", lease_until=9e9, now=2.0)
    assert taken is not None
    late = Change(events=deltas("late", after=2), record=replace(run.record, status="failed"), claims=["call_1"])
    store.post(run.record.id, 1, late)
    with pytest.raises(LostLease):
        await store.flush(run.record.id, 1)
    store.post(run.record.id, 2, deltas("new", after=2)[0])
    await store.flush(run.record.id, 2)
    assert (await read_all(store, run.record.id))[2:] == deltas("new", after=2)
    state = await store.get_run(run.record.id)
    assert state is not None
    assert (state.record.status, state.driver, state.epoch, state.last_sequence) == ("queued", "other", 2, 3)
    assert await store.list_claims(run.record.id) == {}


async def test_what_cannot_be_stored_fails_at_the_flush_and_nothing_after_it_is_written(
    store: SQLStore, build, deltas, read_all
) -> None:
    run = await build.running(store)
    other = await build.running(store)
    a, b, c = deltas("a", "b", "c", after=2)
    store.post(run.record.id, 1, a)
    turn = Turn("turn_1", run.record.id, run.record.thread_id, "echo", provider_state=object())
    store.post(run.record.id, 1, Change(events=[b], turn=turn, turn_tokens=1))
    store.post(run.record.id, 1, c)
    store.post(other.record.id, 1, a)
    with pytest.raises(StoreError, match="provider_state of turn_1 cannot be stored"):
        await store.flush(run.record.id, 1)
    await store.flush(other.record.id, 1)
    assert (await read_all(store, run.record.id))[2:] == [a]
    assert (await read_all(store, other.record.id))[2:] == [a], "another run has nothing to do with it"
    assert await store.list_turns(run.record.id) == []
    assert store.pending(run.record.id) == 0


async def test_after_a_failure_was_told_the_driver_can_write_how_the_run_ends(store: SQLStore, build) -> None:
    run = await build.running(store)
    store.post(run.record.id, 1, Change(turn=Turn("turn_1", run.record.id, "", "echo", provider_state=object())))
    with pytest.raises(StoreError):
        await store.flush(run.record.id, 1)
    failed = replace(run.record, status="failed")
    store.post(run.record.id, 1, Change([RunEvent("thread.run.failed", failed, 4)], record=failed, release=True))
    await store.flush(run.record.id, 1)
    state = await store.get_run(run.record.id)
    assert state is not None
    assert (state.record, state.last_sequence) == (failed, 4)
    assert [event.sequence for event in await store.read_events(run.record.id, 2)] == [4]


async def test_whoever_waits_for_a_write_can_be_cancelled_and_it_happens_or_not(store: SQLStore, build) -> None:
    threads = [build.thread() for _ in range(50)]
    for thread in threads:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await store.create_thread(thread, [build.in_history(thread)])
    whole = [await store.get_thread(thread.id) for thread in threads]
    for thread, found in zip(threads, whole, strict=True):
        if found is not None:
            assert len(await store.read_history(thread.id, before=None, limit=5)) == 1
    after = build.thread()
    await store.create_thread(after, [])
    assert await store.get_thread(after.id) == after
