"""A thread and a run on it at once, where the one is made after the other: both are there, or neither."""

from __future__ import annotations

import pytest
from anyassistant import AsyncClient
from anyassistant.errors import InvalidRequest, NotFound


@pytest.fixture
async def client():
    async with AsyncClient("echo", store=":memory:") as client:
        yield client


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


async def test_it_is_a_run_as_any_other(client: AsyncClient) -> None:
    assistant = await client.assistants.create(tools=[add])
    run = client.threads.create_and_run(assistant, messages=['CALL add {"a": 1, "b": 2}'], thread_metadata={"k": "v"})
    assert (await run.result()).text == "TOOL RESULT: 3"
    thread = await run.thread()
    assert (thread.id, thread.record.metadata) == (run.record.thread_id, {"k": "v"})
    assert [message.role async for message in thread.messages()] == ["user", "assistant"]
    assert (await (await client.runs.get(run.id)).thread()).record == thread.record


async def test_of_no_assistant_there_is_nothing(client: AsyncClient) -> None:
    with pytest.raises(NotFound):
        await client.threads.create_and_run("asst_x", messages=["hello"]).start()
    assert [one async for one in client.threads.list()] == []


async def test_nothing_is_made_before_it_begins(client: AsyncClient) -> None:
    assistant = await client.assistants.create()
    run = client.threads.create_and_run(assistant, messages=["hello"])
    with pytest.raises(InvalidRequest):
        client.threads.create_and_run(assistant, messages="hello")
    assert [one async for one in client.threads.list()] == []
    await run.cancel()
    assert (await run.wait()).status == "cancelled"
    assert len([one async for one in client.threads.list()]) == 1


async def test_an_answer_of_a_type(client: AsyncClient) -> None:
    assistant = await client.assistants.create()
    result = await client.threads.create_and_run(
        assistant, messages=["REQUEST"], response_format=dict[str, object]
    ).result()
    assert result.output["model"] == "echo"
