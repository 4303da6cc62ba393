"""Runs at a service that speaks the Assistants wire, as an app sees them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from anyassistant import AsyncClient, Client, tool
from anyassistant.errors import RunCancelled, RunRequiresAction, ThreadBusy
from anyassistant.store.memory import MemoryStore

from .double import Double


def get_shopping_history() -> list[str]:
    """Get the shopping order history for the current user."""
    return ["Ray-Ban Aviator"]


def order_item(item_id: str) -> str:
    """Order an item."""
    return f"ordered {item_id}"


@tool(requires_approval=True)
def confirm_order_item(order_id: str) -> str:
    """Buy it."""
    return f"bought {order_id}"


TOOLS = [get_shopping_history, order_item, confirm_order_item]
SHOP = 'CALL get_shopping_history {}\nTHEN\nCALL order_item {"item_id": "sg-1"}'


async def begin(client: AsyncClient, text: str):
    assistant = await client.assistants.create(name="Shopping Helper", tools=TOOLS)
    thread = await client.threads.create()
    await thread.add(text)
    return thread, thread.run(assistant)


async def test_the_shop(client: AsyncClient, double: Double) -> None:
    thread, run = await begin(client, SHOP)
    result = await run.result()
    assert result.text == 'TOOL RESULT: ["Ray-Ban Aviator"] | ordered sg-1'
    assert [step.type for step in result.steps] == ["tool_calls", "tool_calls", "message_creation"]
    assert result.usage.total_tokens > 0
    assert result.run.model == "gpt-4o"
    assert [message.role async for message in thread.messages()] == ["user", "assistant"]
    assert [path.rsplit("/", 1)[-1] for path in double.paths()] == [
        "assistants",
        "threads",
        "messages",
        "runs",
        "submit_tool_outputs",
        "submit_tool_outputs",
    ]
    runs = [one.body for one in double.requests if one.path.endswith(("/runs", "/submit_tool_outputs"))]
    assert all(body["stream"] is True for body in runs)


async def test_its_events_are_one_stream_over_all_tool_rounds(client: AsyncClient) -> None:
    _, run = await begin(client, SHOP)
    events = [event async for event in run.events()]
    names = [event.event for event in events]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert names[:3] == ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
    assert names[-1] == "thread.run.completed"
    assert "thread.run.requires_action" not in names
    told = "".join(event.text for event in events if event.event == "thread.message.delta")
    assert told == 'TOOL RESULT: ["Ray-Ban Aviator"] | ordered sg-1'
    assert names.count("thread.message.delta") > 1


async def test_a_service_that_refuses_streams_is_polled(client: AsyncClient, double: Double) -> None:
    double.streams = False
    _, run = await begin(client, SHOP)
    events = [event async for event in run.events()]
    assert "".join(event.text for event in events if event.event == "thread.message.delta") == (
        'TOOL RESULT: ["Ray-Ban Aviator"] | ordered sg-1'
    )
    asked = [one.body.get("stream") for one in double.requests if one.path.endswith(("/runs", "/submit_tool_outputs"))]
    assert [one for one in asked if one] == [True]  # once


async def test_streams_can_be_left_out_by_configuration(config_file: Callable[..., Path], double: Double) -> None:
    path = config_file()
    path.write_text(path.read_text("utf-8") + "stream = false\n", "utf-8")
    async with AsyncClient("service", store=":memory:", config=path) as client:
        _, run = await begin(client, SHOP)
        assert (await run.result()).text == 'TOOL RESULT: ["Ray-Ban Aviator"] | ordered sg-1'
    assert not any(b'"stream"' in one.content for one in double.requests)


async def test_parallel_calls_go_in_together(client: AsyncClient, double: Double) -> None:
    _, run = await begin(client, 'CALL get_shopping_history {}\nCALL order_item {"item_id": "a"}')
    assert (await run.result()).text == 'TOOL RESULT: ["Ray-Ban Aviator"] | ordered a'
    [outputs] = [one.body["tool_outputs"] for one in double.requests if one.path.endswith("submit_tool_outputs")]
    assert len(outputs) == 2


async def test_an_approval_is_asked_for_and_the_run_goes_on(client: AsyncClient) -> None:
    thread, run = await begin(client, 'CALL confirm_order_item {"order_id": "o"}')
    with pytest.raises(RunRequiresAction) as rest:
        await run.result()
    [call] = rest.value.calls
    assert call.waits_for == "approval"
    with pytest.raises(ThreadBusy) as busy:
        await thread.add("more")
    assert busy.value.run_id == run.id
    await run.approve(call.id, by="eve")
    assert (await run.result()).text == "TOOL RESULT: bought o"


async def test_cancel_ends_it_at_the_service(client: AsyncClient, double: Double) -> None:
    begun = anyio.Event()

    async def wait_long() -> None:
        """Wait."""
        begun.set()
        await anyio.sleep_forever()

    assistant = await client.assistants.create(tools=[wait_long])
    thread = await client.threads.create(messages=["CALL wait_long {}"])
    run = await thread.run(assistant).start()
    await begun.wait()
    await run.cancel()
    with pytest.raises(RunCancelled):
        await run.result()
    assert double.paths().count(f"/threads/{thread.id}/runs/{run.id}/cancel") == 1
    await thread.add("usable")


async def test_another_client_resumes(config_file: Callable[..., Path]) -> None:
    begun, calls, store = anyio.Event(), [], MemoryStore()

    @tool(idempotent=True)
    async def wait_once() -> str:
        """Wait."""
        calls.append(1)
        begun.set()
        if len(calls) == 1:
            await anyio.sleep_forever()
        return "done"

    async with AsyncClient("service", store=store, config=config_file()) as client:
        assistant = await client.assistants.create(tools=[wait_once])
        thread = await client.threads.create(messages=["CALL wait_once {}"])
        run = await thread.run(assistant).start()
        await begun.wait()
    async with AsyncClient("service", store=store, config=config_file()) as client:
        mine = await (await client.threads.get(thread.id)).resume(tools=[wait_once])
        assert mine is not None
        assert mine.id == run.id
        assert (await mine.result()).text == "TOOL RESULT: done"
    assert len(calls) == 2


async def test_many_runs_at_once(client: AsyncClient, double: Double) -> None:
    assistant = await client.assistants.create(tools=TOOLS)
    texts: list[str] = []

    async def one(at: int) -> None:
        thread = await client.threads.create(messages=[f'CALL order_item {{"item_id": "item-{at}"}}'])
        texts.append((await thread.run(assistant).result()).text)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            for at in range(50):
                group.start_soon(one, at)
    assert sorted(texts) == sorted(f"TOOL RESULT: ordered item-{at}" for at in range(50))
    outputs = [one for one in double.requests if one.path.endswith("submit_tool_outputs")]
    assert len(outputs) == 50


async def test_a_reader_that_leaves_lets_the_run_go_on(client: AsyncClient, double: Double) -> None:
    _, run = await begin(client, SHOP)
    async for event in run.events():
        if event.event == "thread.run.in_progress":
            break
    assert (await run.wait()).status == "completed"


async def test_blocking(double: Double, config_file: Callable[..., Path]) -> None:
    path = config_file()

    def shop() -> str:
        with Client("service", store=":memory:", config=path) as client:
            assistant = client.assistants.create(tools=TOOLS)
            thread = client.threads.create(messages=[SHOP])
            return thread.run(assistant).result().text

    with anyio.fail_after(20):
        assert await anyio.to_thread.run_sync(shop) == 'TOOL RESULT: ["Ray-Ban Aviator"] | ordered sg-1'
    assert len(double.requests) > 5


async def test_a_typed_answer(client: AsyncClient, double: Double) -> None:
    assistant = await client.assistants.create()
    thread = await client.threads.create(messages=["REQUEST"])  # answered in JSON
    result = await thread.run(assistant, response_format=dict[str, object]).result()
    assert result.output["model"] == "gpt-4o"
    [body] = [one.body for one in double.requests if one.path.endswith("/runs")]
    assert body["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize("order", ["stream", "poll"])
async def test_what_was_streamed_is_what_is_stored(client: AsyncClient, double: Double, order: str) -> None:
    double.streams = order == "stream"
    thread, run = await begin(client, SHOP)
    events = [event async for event in run.events()]
    result = await run.result()
    told = {event.data.id: event.data for event in events if event.event == "thread.message.completed"}
    [stored] = [message async for message in thread.messages(run_id=run.id)]
    assert told == {stored.id: stored}
    steps = {event.data.id: event.data for event in events if event.event == "thread.run.step.completed"}
    assert [steps[step.id].type for step in result.steps] == [step.type for step in result.steps]
    assert events[-1].data == result.run
