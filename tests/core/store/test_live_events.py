"""Who is told of a commit, and what is read from memory."""

from __future__ import annotations

from dataclasses import replace

import anyio
import anyio.to_thread
import pytest
from anyassistant.host_task import Waker
from anyassistant.hosting.store import Change, Ownership
from anyassistant.store.sql import SQLStore
from anyassistant.store.sql.sqlite import connect

pytestmark = pytest.mark.anyio


async def test_events_are_seen_only_when_they_are_committed(store: SQLStore, build, deltas) -> None:
    run = await build.running(store)
    seen_by_others: list[bool] = []

    def wake() -> None:
        recent = store.recent_events(run.record.id, 2)
        raw = connect(str(store.path))
        (last,) = raw.execute("SELECT last_sequence FROM runs").fetchone()
        raw.close()
        seen_by_others.append(bool(recent) and last >= recent[-1].sequence)

    leave = store.watch_events(run.record.id, wake)
    for event in deltas(*"abcdef", after=2):
        store.post(run.record.id, 1, event)
    assert store.recent_events(run.record.id, 2) in ((), None) or store.pending(run.record.id) < 6
    await store.flush(run.record.id, 1)
    leave()
    assert seen_by_others
    assert all(seen_by_others)


async def test_live_events_come_from_memory_and_are_the_ones_that_were_posted(store: SQLStore, build, deltas) -> None:
    run = await build.running(store)
    events = deltas("a", "b", after=2)
    for event in events:
        store.post(run.record.id, 1, event)
    await store.flush(run.record.id, 1)
    recent = store.recent_events(run.record.id, 2)
    assert recent is not None
    assert [id(event) for event in recent] == [id(event) for event in events]
    assert store.recent_events(run.record.id, 4) == ()


async def test_memory_keeps_the_newest_events_only(store: SQLStore, build, deltas, read_all) -> None:
    run = await build.running(store)
    for event in deltas(*["x"] * 6000, after=2):
        store.post(run.record.id, 1, event)
    await store.flush(run.record.id, 1)
    assert store.recent_events(run.record.id, 0) is None
    recent = store.recent_events(run.record.id, 5990)
    assert recent is not None
    assert [event.sequence for event in recent] == list(range(5991, 6003))
    assert len(await read_all(store, run.record.id)) == 6002


async def test_a_run_that_nobody_drives_or_watches_takes_no_memory(store: SQLStore, build, deltas) -> None:
    run = await build.running(store)
    store.post(run.record.id, 1, Change(events=deltas("a", after=2), release=True))
    await store.flush(run.record.id, 1)
    assert store.recent_events(run.record.id, 0) is None
    assert store._database is not None
    assert not store._database.writer._channels


async def test_only_what_concerns_drivers_wakes_them(store: SQLStore, build, deltas) -> None:
    run = await build.running(store, lease_until=1.0)
    woken: list[str] = []
    leave = store.watch_control(lambda: woken.append("woken"))
    store.post(run.record.id, 1, Change(events=deltas("a", after=2), durable=True))
    await store.flush(run.record.id, 1)
    await store.renew({run.record.id: 1}, 1.5)
    await store.create_thread(build.thread(), [])
    assert woken == []
    await store.request_cancel(run.record.id, 5.0)
    assert woken
    woken.clear()
    await store.take_over(run.record.id, driver="other", lease_until=9.0, now=2.0)
    assert woken
    leave()


async def test_watchers_are_woken_by_every_commit_until_they_leave(store: SQLStore, build, deltas) -> None:
    run = await build.running(store)
    waker = Waker()
    leave = store.watch_events(run.record.id, waker.wake)
    woken: list[str] = []
    leave_too = store.watch_events(run.record.id, lambda: woken.append("woken"))
    after = 2
    for text in "abc":
        store.post(run.record.id, 1, deltas(text, after=after)[0])
        with anyio.fail_after(10):
            while not (found := store.recent_events(run.record.id, after)):
                await waker.wait()
        assert [event.sequence for event in found] == [after + 1]
        after += 1
    await store.flush(run.record.id, 1)  # whoever waits is told after the watchers
    leave()
    leave_too()
    assert len(woken) >= 3
    woken.clear()
    store.post(run.record.id, 1, deltas("d", after=after)[0])
    await store.flush(run.record.id, 1)
    assert woken == []


async def test_a_run_that_was_taken_over_elsewhere_takes_no_memory_once_its_driver_has_looked(
    store: SQLStore, path: str, build
) -> None:
    run, gone = await build.running(store, lease_until=1.0), await build.running(store)
    other = SQLStore(path)
    await other.open()
    await other.take_over(run.record.id, driver="other", lease_until=9e9, now=2.0)
    other.post(gone.record.id, 1, Change(record=replace(gone.record, status="failed")))
    await other.delete_thread(gone.record.thread_id)
    await other.aclose()
    assert await store.check([run.record.id, gone.record.id]) == {run.record.id: Ownership(2, None)}
    assert store._database is not None
    assert not store._database.writer._channels
