"""A service that wants to be asked again at once is not asked all the time."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.errors import ProviderError, RunIncomplete
from anyassistant.types import Limits
from anyassistant_openai import OpenAIAssistants

from .double import Double
from .loopback import Answer

FEW = 40


async def test_a_limit_that_says_to_wait_no_time(
    make_provider: Callable[..., OpenAIAssistants], double: Double
) -> None:
    double.faults.append(lambda request: Answer(b"", 429, {"Retry-After": "0"}))
    async with AsyncClient(make_provider(retry_seconds=1.0), store=":memory:") as client:
        with anyio.fail_after(20), pytest.raises(ProviderError):
            await client.assistants.create(model="gpt-4o")
    assert 2 < len(double.requests) < FEW


@pytest.mark.parametrize("said", [0, 10**400])
async def test_a_run_to_be_looked_at_at_no_sensible_time(
    make_provider: Callable[..., OpenAIAssistants], double: Double, said: int
) -> None:
    double.poll_after_ms = said

    def go_on(wire: dict[str, object]) -> dict[str, object]:
        is_run = wire.get("object") == "thread.run"
        return {**wire, "status": "in_progress", "completed_at": None} if is_run else wire

    double.alter = go_on  # type: ignore[assignment]
    async with AsyncClient(make_provider(stream=False), store=":memory:") as client:
        assistant = await client.assistants.create(model="gpt-4o")
        thread = await client.threads.create(messages=["hello"])
        with anyio.fail_after(20), pytest.raises(RunIncomplete):
            await thread.run(assistant, limits=Limits(seconds=0.5)).result()
    assert sum(request.path.count("/runs/run_") for request in double.requests if request.method == "GET") < FEW


async def test_an_index_to_be_looked_at_at_once(make_provider: Callable[..., OpenAIAssistants], double: Double) -> None:
    double.poll_after_ms, double.shelf.looks = 0, 10**9
    async with AsyncClient(make_provider(), store=":memory:") as client:
        file = await client.files.upload(b"x", filename="a.txt")
        with anyio.fail_after(20), pytest.raises(TimeoutError):
            await client.vector_stores.create(file_ids=[file.id], timeout=0.5)
    assert len(double.requests) < FEW
