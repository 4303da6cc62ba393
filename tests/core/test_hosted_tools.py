"""Tools that only a service could run, and files for them, where there is none: refused before anything is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from anyassistant import AsyncClient
from anyassistant.echo import Echo
from anyassistant.errors import InvalidRequest, UnsupportedCapability
from anyassistant.types import Attachment, HostedTool

SEARCH = HostedTool("file_search")
RESOURCES = {"file_search": {"vector_store_ids": ["vs_1"]}}


@pytest.fixture
async def client():
    async with AsyncClient("echo", store=":memory:") as client:
        yield client


async def refused(awaitable: Any, param: str) -> None:
    with pytest.raises(UnsupportedCapability) as caught:
        await awaitable
    assert (caught.value.capability, caught.value.param) == ("hosted_tools", param)


async def test_of_an_assistant(client: AsyncClient) -> None:
    await refused(client.assistants.create(tools=[SEARCH]), "tools")
    await refused(client.assistants.create(tool_resources=RESOURCES), "tool_resources")
    assert [one async for one in client.assistants.list()] == []
    made = await client.assistants.create()
    await refused(made.update(tools=[{"type": "file_search"}]), "tools")
    await refused(made.update(tool_resources=RESOURCES), "tool_resources")
    assert (await client.assistants.get(made.id)).record == made.record


async def test_of_a_thread_and_its_messages(client: AsyncClient) -> None:
    await refused(client.threads.create(tool_resources=RESOURCES), "tool_resources")
    await refused(client.threads.create(messages=[["x", Attachment("file-1")]]), "attachments")
    assert [one async for one in client.threads.list()] == []
    thread = await client.threads.create()
    await refused(thread.add("x", attachments=[Attachment("file-1")]), "attachments")
    await refused(client.threads.update(thread.id, tool_resources=RESOURCES), "tool_resources")
    assert [one async for one in thread.messages()] == []


async def test_of_a_run(client: AsyncClient) -> None:
    assistant = await client.assistants.create()
    thread = await client.threads.create(messages=["hello"])
    await refused(thread.run(assistant, tools=[SEARCH]).start(), "tools")
    await refused(thread.run(assistant, additional_messages=[["x", Attachment("f")]]).start(), "attachments")
    with pytest.raises(InvalidRequest) as caught:
        await thread.run(assistant, tool_choice={"type": "file_search"}).start()
    assert caught.value.param == "tool_choice"
    assert [one async for one in client.runs.list()] == []
    assert (await thread.run(assistant).result()).text == "ECHO: hello"


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "file_search", "file_search": 5},
        {"type": "file_search", "max_num_results": 5},
        {"type": "functoin", "function": {"name": "f"}},
        {"type": ""},
        {"type": 5},
        HostedTool("file_search", {"x": object()}),
    ],
)
async def test_a_tool_that_makes_no_sense(client: AsyncClient, tool: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await client.assistants.create(tools=[tool])
    assert caught.value.param == "tools[0]"


@pytest.mark.parametrize("resources", [[], {"file_search": 5}, {"file_search": {"x": object()}}])
async def test_resources_that_make_no_sense(client: AsyncClient, resources: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await client.threads.create(tool_resources=resources)
    assert caught.value.param == "tool_resources"


async def test_a_chat_model_that_claims_them_is_not_believed() -> None:
    model = Echo()
    model.capabilities = replace(model.capabilities, hosted_tools=True, files=True)
    async with AsyncClient(model, store=":memory:") as client:
        await refused(client.assistants.create(tools=[SEARCH]), "tools")


async def test_threads_are_changed_in_what_is_given(client: AsyncClient) -> None:
    thread = await client.threads.create(metadata={"k": "v"})
    assert (await client.threads.update(thread.id)).record.metadata == {"k": "v"}
    assert (await client.threads.update(thread.id, metadata={})).record.metadata == {}


async def test_128_tools_are_all_tools(client: AsyncClient) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await client.assistants.create(tools=[SEARCH] * 129)
    assert caught.value.code == "too_many_tools"
