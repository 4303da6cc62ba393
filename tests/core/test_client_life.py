"""A client's life: entered and left by different tasks, left in mid-run, cancelled from outside, used again."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.errors import AnyAssistantError, InvalidRequest, RunAbandoned, StoreError, ThreadBusy
from anyassistant.store.memory import MemoryStore


@pytest.fixture
def asyncio_only(anyio_backend_name: str) -> None:
    if anyio_backend_name != "asyncio":
        pytest.skip("what only asyncio has: tasks that are cancelled natively, or outlive their group")


def tasks() -> set[asyncio.Task[object]]:
    return {task for task in asyncio.all_tasks() if not task.done()}


async def test_it_may_be_entered_and_left_by_different_tasks(asyncio_only: None) -> None:
    client = AsyncClient("echo", store=":memory:")
    await asyncio.create_task(client.__aenter__())
    thread = await asyncio.create_task(client.threads.create(messages=["hi"]))
    assistant = await client.assistants.create()
    assert (await asyncio.create_task(thread.run(assistant).result())).text == "ECHO: hi"
    await asyncio.create_task(client.aclose())


async def test_entering_in_a_group_and_leaving_outside_of_it() -> None:
    client = AsyncClient("echo", store=":memory:")
    async with anyio.create_task_group() as group:
        group.start_soon(client.__aenter__)
    thread = await client.threads.create(messages=["hi"])
    run = thread.run(await client.assistants.create())
    async with anyio.create_task_group() as group:
        group.start_soon(run.start)
    assert (await run.result()).text == "ECHO: hi"
    await client.aclose()


async def test_leaving_it_leaves_no_task_behind(asyncio_only: None, scripted, make_gate) -> None:
    before = tasks()
    for _ in range(3):
        gate = make_gate()
        async with AsyncClient(scripted([gate]), store=":memory:") as client:
            thread = await client.threads.create(messages=["go"])
            run = await thread.run(await client.assistants.create()).start()
            await gate.reached()
            async for _ in run.events():
                break
    assert tasks() == before


async def test_it_may_be_closed_twice_and_entered_again() -> None:
    store = MemoryStore()
    client = AsyncClient("echo", store=store)
    async with client:
        thread = await client.threads.create(messages=["hi"])
    await client.aclose()
    async with client:
        thread = await client.threads.get(thread.id)
        assert (await thread.run(await client.assistants.create()).result()).text == "ECHO: hi"


async def test_many_tasks_may_open_it_at_once() -> None:
    client = AsyncClient("echo", store=":memory:")
    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(client.threads.create)
    assert len([one async for one in client.threads.list()]) == 10
    await client.aclose()


async def test_who_waits_for_a_run_whose_client_is_closed_is_told(scripted, make_gate) -> None:
    gate = make_gate()
    client = AsyncClient(scripted([gate]), store=":memory:")
    thread = await client.threads.create(messages=["go"])
    run = await thread.run(await client.assistants.create()).start()
    told: list[str] = []

    async def wait() -> None:
        with pytest.raises((RunAbandoned, StoreError)):
            await run.result()
        told.append("told")

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await gate.reached()
        await client.aclose()
    assert told == ["told"]


async def test_a_handle_of_a_closed_client_says_so(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["hi"])
    assistant = await client.assistants.create()
    await client.aclose()
    with pytest.raises(AnyAssistantError, match="closed"):
        await thread.run(assistant).result()
    await client.aclose()


async def test_an_exception_in_the_block_goes_through(client: AsyncClient) -> None:
    with pytest.raises(KeyError):
        async with AsyncClient("echo", store=":memory:"):
            raise KeyError


async def test_a_cancelled_block_still_closes(scripted, make_gate) -> None:
    gate, store = make_gate(), MemoryStore()
    with anyio.CancelScope() as scope:
        async with AsyncClient(scripted(["half", gate]), store=store) as client:
            thread = await client.threads.create(messages=["go"])
            await thread.run(await client.assistants.create()).start()
            await gate.reached()
            scope.cancel()
            await anyio.sleep_forever()
    async with AsyncClient(scripted(["end"]), store=store) as client:
        run = await (await client.threads.get(thread.id)).resume()
        assert run is not None, "the lease was given back"
        assert (await run.result()).text == "end"


async def test_a_start_that_is_cancelled_natively_leaves_a_run_that_is_driven(asyncio_only: None, until) -> None:
    for turns in range(8):
        async with AsyncClient("echo", store=":memory:") as client:
            thread = await client.threads.create(messages=["hi"])
            run = thread.run(await client.assistants.create())
            task = asyncio.create_task(run.start())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

            async def is_free(thread=thread) -> bool:
                try:
                    await thread.add("not held")
                except ThreadBusy:
                    begun = await thread.resume()
                    return begun is not None and (await begun.result()).text != "ECHO: hi"
                return True

            await until(is_free)


async def test_a_start_that_times_out_leaves_no_lock(asyncio_only: None, scripted, make_gate) -> None:
    gate, store = make_gate(), MemoryStore()
    create, slow = store.create_run, make_gate()

    async def create_run(*arguments) -> None:
        await slow()
        await create(*arguments)

    store.create_run = create_run  # type: ignore[method-assign]
    async with AsyncClient(scripted([gate, "end"]), store=store) as client:
        thread = await client.threads.create(messages=["go"])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(thread.run(await client.assistants.create()).start(), 0.01)
        slow.open()
        await gate.reached()
        run = await thread.resume()
        assert run is not None
        gate.open()
        assert (await run.result()).text == "end"


async def test_a_start_that_is_cancelled_by_a_scope_leaves_no_lock(scripted, make_gate) -> None:
    gate, store = make_gate(), MemoryStore()
    create, slow = store.create_run, make_gate()

    async def create_run(*arguments) -> None:
        await slow()
        await create(*arguments)

    store.create_run = create_run  # type: ignore[method-assign]
    async with AsyncClient(scripted([gate, "end"]), store=store) as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create())
        with anyio.move_on_after(0.01):
            await run.start()
        slow.open()
        await gate.reached()
        resumed = await thread.resume()
        assert resumed is not None
        gate.open()
        assert (await resumed.result()).text == "end"


async def test_a_model_that_cannot_be_closed_is_told_and_all_else_is_closed(scripted) -> None:
    class Stuck(scripted):
        async def aclose(self) -> None:
            raise OSError("cannot close")

    client = AsyncClient(Stuck(), store=":memory:")
    await client.threads.create()
    with pytest.raises(OSError, match="cannot close"):
        await client.aclose()
    await client.aclose()


async def test_a_model_that_hangs_while_it_is_closed_is_left_behind(
    scripted, make_gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anyassistant.hosting.run_provider.CLOSE_SECONDS", 0.01)

    class Stuck(scripted):
        async def aclose(self) -> None:
            await anyio.sleep_forever()

    with anyio.fail_after(10):
        async with AsyncClient(Stuck(), store=":memory:"):
            pass


def test_a_client_that_is_never_closed_lets_the_event_loop_end(anyio_backend: str, scripted) -> None:
    clients: list[AsyncClient] = []

    async def main() -> None:
        clients.append(AsyncClient(scripted(["half", anyio.sleep_forever]), store=":memory:"))
        thread = await clients[0].threads.create(messages=["go"])
        run = thread.run(await clients[0].assistants.create())
        async for event in run.events():
            if event.event == "thread.message.delta":
                break

    anyio.run(main, backend=anyio_backend)


async def test_a_reader_that_broke_off_is_forgotten(scripted, make_gate) -> None:
    watching: list[object] = []

    class Watched(MemoryStore):
        def watch_events(self, run_id: str, wake: Callable[[], None], /) -> Callable[[], None]:
            leave, watch = super().watch_events(run_id, wake), object()
            watching.append(watch)

            def leave_once() -> None:
                watching.remove(watch)
                leave()

            return leave_once

    gate = make_gate()
    async with AsyncClient(scripted(["a", gate, "b"]), store=Watched()) as client:
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(await client.assistants.create()).start()
        for _ in range(20):
            async for event in run.events():
                if event.event == "thread.message.delta":
                    break
        with pytest.raises(TimeoutError):
            await run.wait(timeout=0.01)
        gc.collect()
        async for _ in run.events():
            break
        assert len(watching) <= 1, "but for the reader that has just gone"
        gate.open()
        await run.result()


def test_two_threads_may_share_a_memory_store(anyio_backend: str) -> None:
    store = MemoryStore()
    barrier = threading.Barrier(2, timeout=30)
    seen: dict[str, list[str]] = {}

    async def ask() -> str:
        async with AsyncClient("echo", store=store) as client:
            thread = await client.threads.create(messages=["SLEEP 0.2\nTOKENS 3"])
            ids["run"] = (run := await thread.run(await client.assistants.create()).start()).id
            await anyio.to_thread.run_sync(barrier.wait)
            await run.result()
            return run.id

    async def follow() -> None:
        await anyio.to_thread.run_sync(barrier.wait)
        async with AsyncClient("echo", store=store) as client:
            run = await client.runs.get(ids["run"])
            seen["events"] = [event.event async for event in run.events()]

    ids: dict[str, str] = {}
    other = threading.Thread(target=anyio.run, args=(follow,), kwargs={"backend": anyio_backend})
    other.start()
    anyio.run(ask, backend=anyio_backend)
    other.join(30)
    assert seen["events"][-1] == "thread.run.completed"
    assert seen["events"].count("thread.message.delta") == 3


async def test_a_client_that_was_left_says_so_and_is_opened_again_by_with() -> None:
    client = AsyncClient("echo", store=":memory:")
    async with client:
        await client.threads.create()
    with pytest.raises(InvalidRequest, match="The client is closed") as caught:
        await client.threads.create()
    assert caught.value.code == "client_closed"
    async with client:
        await client.threads.create()
