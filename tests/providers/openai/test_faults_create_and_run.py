"""A thread that was made with a run, where the service or the connection fails right behind it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.errors import StoreError
from anyassistant.store.memory import MemoryStore
from anyassistant.types import PageQuery
from anyassistant_openai import OpenAIAssistants

from .double import Double, error
from .loopback import Answer, Request, Stop, reset

BOTH = "/threads/runs"


def in_use(provider: OpenAIAssistants) -> int:
    """How many connections wait for the end of an answer."""
    return sum(pool.in_use for pool in provider._client._http._pools.here()._pools)


@pytest.fixture
async def client(provider: OpenAIAssistants) -> AsyncGenerator[AsyncClient, None]:
    async with AsyncClient(provider, store=":memory:") as client:
        yield client


async def test_a_stream_that_is_cut_before_it_tells_of_a_run_that_has_ended_since(
    client: AsyncClient, double: Double
) -> None:
    """Nobody else has made a run on a thread that is new: the one that is there is ours."""

    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        if name != "thread.created":
            thread = (await double.provider.list_threads(PageQuery(limit=1))).data[0]
            run = (await thread.list_runs(PageQuery(limit=1))).data[0]
            async for _ in run.events():  # until it has ended
                pass
            raise Stop(reset)
        yield frame

    double.mangle = mangle
    assistant = await client.assistants.create(model="gpt-4o")
    run = client.threads.create_and_run(assistant, messages=["hello"])
    with anyio.fail_after(20):
        assert (await run.result()).text == "ECHO: hello"
        events = [event.event async for event in run.events()]
    assert (events[0], events[-1]) == ("thread.run.created", "thread.run.completed")
    assert double.paths().count(BOTH) == 1


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_run_is_listened_to_though_its_thread_cannot_be_looked_at(
    client: AsyncClient, provider: OpenAIAssistants, double: Double, status: int
) -> None:
    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        if name != "thread.created":
            yield frame

    double.mangle = mangle

    def fail(request: Request) -> Answer | None:
        is_meant = request.method == "GET" and request.path.count("/") == 3 and "/threads/" in request.path
        return error(status, "No.") if is_meant else None

    double.faults.append(fail)
    assistant = await client.assistants.create(model="gpt-4o")
    run = client.threads.create_and_run(assistant, messages=["hello"])
    with anyio.fail_after(20):
        assert (await run.result()).text == "ECHO: hello"
    await client.aclose()
    assert in_use(provider) == 0


async def test_a_run_that_cannot_be_kept_here_gives_its_stream_back(
    provider: OpenAIAssistants, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the service does not let it be cancelled."""
    double.faults.append(lambda request: error(403, "No.") if request.path.endswith("/cancel") else None)
    store = MemoryStore()

    async def refuse(*args: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(store, "create_run", refuse)
    async with AsyncClient(provider, store=store) as client:
        assistant = await client.assistants.create(model="gpt-4o")
        with anyio.fail_after(20), pytest.raises(StoreError, match="full"):
            await client.threads.create_and_run(assistant, messages=["hello"]).start()
        assert in_use(provider) == 0
