"""The queue before the model: in order, across event loops, left at once by a cancel."""

import threading
from contextlib import AsyncExitStack
from typing import Literal

import anyio
from anyassistant_local.turnstile import Turnstile


async def wait_for_queue(turnstile: Turnstile, length: int) -> None:
    while turnstile.waiting != length:  # noqa: ASYNC110  # it tells nobody
        await anyio.sleep(0.001)


async def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    turnstile = Turnstile()
    order: list[int] = []

    async def take(number: int) -> None:
        async with turnstile.turn():
            order.append(number)

    async with anyio.create_task_group() as tasks, turnstile.turn():
        for number in range(5):
            tasks.start_soon(take, number)
            await wait_for_queue(turnstile, number + 1)
        assert order == []

    assert order == [0, 1, 2, 3, 4]


async def test_who_is_cancelled_while_waiting_is_forgotten_at_once() -> None:
    turnstile = Turnstile()
    order: list[str] = []

    async def take(name: str) -> None:
        async with turnstile.turn():
            order.append(name)

    async with anyio.create_task_group() as tasks, AsyncExitStack() as held:
        await held.enter_async_context(turnstile.turn())
        with anyio.CancelScope() as impatient:
            async with anyio.create_task_group() as inner:
                inner.start_soon(take, "impatient")
                await wait_for_queue(turnstile, 1)
                tasks.start_soon(take, "patient")
                await wait_for_queue(turnstile, 2)
                impatient.cancel()
        assert turnstile.waiting == 1
        await held.aclose()

    assert order == ["patient"]


async def test_a_turn_that_comes_together_with_a_cancel_goes_to_the_next() -> None:
    turnstile = Turnstile()
    order: list[str] = []

    async def take(name: str) -> None:
        async with turnstile.turn():
            order.append(name)

    async with anyio.create_task_group() as tasks, AsyncExitStack() as held:
        await held.enter_async_context(turnstile.turn())
        with anyio.CancelScope() as unlucky:
            async with anyio.create_task_group() as inner:
                inner.start_soon(take, "unlucky")
                await wait_for_queue(turnstile, 1)
                tasks.start_soon(take, "next")
                await wait_for_queue(turnstile, 2)
                await held.aclose()
                unlucky.cancel()

    assert "next" in order
    async with turnstile.turn():
        assert turnstile.waiting == 0


async def test_tasks_of_other_event_loops_wait_in_the_same_queue() -> None:
    turnstile = Turnstile()
    at_once: list[int] = []
    inside = 0

    async def take_many() -> None:
        nonlocal inside
        for _ in range(20):
            async with turnstile.turn():
                inside += 1
                at_once.append(inside)
                await anyio.sleep(0.0005)
                inside -= 1

    def run(backend: Literal["asyncio", "trio"]) -> None:
        anyio.run(take_many, backend=backend)

    threads = [threading.Thread(target=run, args=(backend,)) for backend in ("asyncio", "trio", "asyncio")]
    for thread in threads:
        thread.start()
    await take_many()
    while any(thread.is_alive() for thread in threads):  # noqa: ASYNC110  # a thread tells no loop
        await anyio.sleep(0.01)

    assert at_once == [1] * 80
