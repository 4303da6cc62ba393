"""A task of its own to live in, and a wake-up from any thread."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import threading

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from anyassistant import host_task
from anyassistant.host_task import HostTask, Waker, is_cancelling


async def test_functions_run_until_it_is_closed() -> None:
    host = HostTask()
    await host.start()
    begun, ended = anyio.Event(), anyio.Event()

    async def work(text: str) -> None:
        assert text == "argument"
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    host.start_soon(work, "argument")
    await begun.wait()
    await host.aclose()
    assert ended.is_set()


async def test_what_fails_is_logged_and_ends_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    host = HostTask()
    await host.start()
    went_on = anyio.Event()

    async def fail() -> None:
        raise ValueError("oh")

    async def go_on() -> None:
        await anyio.lowlevel.checkpoint()
        went_on.set()

    with caplog.at_level(logging.ERROR, "anyassistant"):
        host.start_soon(fail)
        host.start_soon(go_on)
        with anyio.fail_after(5):
            await went_on.wait()
    await host.aclose()
    assert "fail" in caplog.text


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=repr)
async def test_an_exit_in_it_does_not_reach_the_event_loop(error: BaseException, caplog) -> None:
    host = HostTask()
    await host.start()
    went_on = anyio.Event()

    async def leave() -> None:
        raise error

    async def go_on() -> None:
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        went_on.set()

    host.start_soon(leave)
    host.start_soon(go_on)
    with anyio.fail_after(5):
        await went_on.wait()
    await host.aclose()


async def test_a_closed_one_takes_nothing_more() -> None:
    host = HostTask()
    await host.start()
    await host.aclose()
    await host.aclose()
    with pytest.raises(Exception, match="closed"):
        host.start_soon(anyio.sleep_forever)


async def test_a_waker_is_raised_here_and_from_any_thread() -> None:
    waker = Waker()
    waker.wake()
    await waker.wait()
    with anyio.move_on_after(0.01) as waiting:
        await waker.wait()
    assert waiting.cancelled_caught, "waiting takes the flag down"
    for _ in range(3):
        threading.Thread(target=waker.wake).start()
        with anyio.fail_after(5):
            await waker.wait()


def test_a_waker_of_an_event_loop_that_has_ended_does_nothing(anyio_backend: str) -> None:
    wakers: list[Waker] = []

    async def make() -> None:
        wakers.append(Waker())

    anyio.run(make, backend=anyio_backend)
    thread = threading.Thread(target=wakers[0].wake)
    thread.start()
    thread.join(5)
    wakers[0].wake()


async def test_whether_a_task_is_being_cancelled() -> None:
    assert not is_cancelling()
    with anyio.CancelScope() as scope:
        assert not is_cancelling()
        scope.cancel()
        assert is_cancelling()
        with anyio.CancelScope(shield=True):
            assert not is_cancelling()
            await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
    assert not is_cancelling()


async def test_work_apart_gives_what_it_gives_and_raises_what_it_raises() -> None:
    host = HostTask()
    await host.start()

    async def give() -> int:
        await anyio.lowlevel.checkpoint()
        return 5

    async def fail() -> int:
        raise SystemExit(3)

    assert await host.run_apart(give) == 5
    with pytest.raises(SystemExit):
        await host.run_apart(fail)
    assert await host.run_apart(give) == 5
    await host.aclose()


async def test_work_apart_is_cancelled_with_its_caller() -> None:
    host = HostTask()
    await host.start()
    begun, ended = anyio.Event(), anyio.Event()

    async def work() -> None:
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: host.run_apart(work))
        await begun.wait()
        group.cancel_scope.cancel()
    assert ended.is_set()
    await host.aclose()


async def test_work_apart_that_heeds_no_cancellation_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_task, "LEAVE_SECONDS", 0.01)
    host = HostTask()
    await host.start()
    begun, may_end = anyio.Event(), anyio.Event()

    async def work() -> None:
        begun.set()
        with anyio.CancelScope(shield=True):
            await may_end.wait()

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: host.run_apart(work))
        await begun.wait()
        group.cancel_scope.cancel()
    assert not may_end.is_set()
    may_end.set()
    await host.aclose()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("is_apart", [True, False], ids=["apart", "not_apart"])
@pytest.mark.parametrize("waits", [True, False], ids=["waits", "does_not_wait"])
async def test_a_task_that_cancels_itself_ends_nothing_else(waits: bool, is_apart: bool) -> None:
    host = HostTask()
    await host.start()
    other_ended = anyio.Event()

    async def go_on() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            other_ended.set()

    async def cancel_itself() -> int:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        if waits:
            await anyio.lowlevel.checkpoint()
        return 5

    host.start_soon(go_on)
    if not is_apart:
        host.start_soon(cancel_itself)
    elif waits:
        with pytest.raises(asyncio.CancelledError):
            await host.run_apart(cancel_itself)
    else:
        assert await host.run_apart(cancel_itself) == 5
    for _ in range(5):
        await anyio.lowlevel.checkpoint()
    assert not other_ended.is_set()
    host.start_soon(anyio.lowlevel.checkpoint)
    await host.aclose()


async def test_work_apart_is_not_a_failure_where_the_host_is_closed_around_it() -> None:
    host = HostTask()
    await host.start()
    begun = anyio.Event()

    async def work() -> None:
        begun.set()
        await anyio.sleep_forever()

    async def close() -> None:
        await begun.wait()
        await host.aclose()

    async with anyio.create_task_group() as group:
        group.start_soon(close)
        with anyio.CancelScope(shield=True), anyio.move_on_after(0.1) as waiting:
            await host.run_apart(work)
    assert waiting.cancelled_caught, "whoever waits is to be cancelled too, and gets nothing until it is"


async def test_what_failed_apart_is_not_kept_alive_by_its_own_traceback() -> None:
    host = HostTask()
    await host.start()

    class Failure(Exception):
        pass

    async def fail() -> None:
        raise Failure

    gc.collect()
    gc.disable()
    try:
        with contextlib.suppress(Failure):
            await host.run_apart(fail)
        await anyio.lowlevel.checkpoint()
        assert not [one for one in gc.get_objects() if isinstance(one, Failure)]
    finally:
        gc.enable()
    await host.aclose()
