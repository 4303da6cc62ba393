"""The shop example of the design, its names and calls as they stand there."""

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.store.memory import MemoryStore

QUESTION = 'CALL get_shopping_history {}\nTHEN\nCALL order_item {"item_id": "sg-1"}'
ANSWER = 'TOOL RESULT: ["hat"] | {"id":"ord-1","price":"$12"}'


def get_shopping_history() -> list[str]:
    """Get the shopping order history for the current user."""
    return ["hat"]


def order_item(item_id: str) -> dict[str, str]:
    """Order an item; confirm_order_item() actually buys it."""
    return {"id": "ord-1", "price": "$12"}


async def test_the_shop() -> None:
    async with AsyncClient("echo", store=":memory:") as client:
        assistant = await client.assistants.create(
            name="Shopping Helper", instructions="...", tools=[get_shopping_history, order_item]
        )
        thread = await client.threads.create()
        await thread.add(QUESTION)
        steps = [step async for step in thread.run(assistant)]
        messages = [(message.role, message.text) async for message in thread.messages()]
    assert [step.type for step in steps] == ["tool_calls", "tool_calls", "message_creation"]
    assert [step.status for step in steps] == ["completed"] * 3
    assert [call.output for step in steps for call in step.tool_calls] == ['["hat"]', '{"id":"ord-1","price":"$12"}']
    assert messages == [("user", QUESTION), ("assistant", ANSWER)]


def test_two_event_loops_one_after_the_other_work_on_the_same_ids(anyio_backend: str) -> None:
    store = MemoryStore()

    async def begin() -> tuple[str, str]:
        async with AsyncClient("echo", store=store) as client:
            assistant = await client.assistants.create(tools=[get_shopping_history, order_item])
            thread = await client.threads.create()
            await thread.add("hello")
            assert (await thread.run(assistant).result()).text == "ECHO: hello"
            return assistant.id, thread.id

    async def go_on(assistant_id: str, thread_id: str) -> list[str]:
        async with AsyncClient("echo", store=store) as client:
            assistant = await client.assistants.get(assistant_id, tools=[get_shopping_history, order_item])
            thread = await client.threads.get(thread_id)
            await thread.add(QUESTION)
            assert (await thread.run(assistant).result()).text == ANSWER
            return [message.text async for message in thread.messages()]

    ids = anyio.run(begin, backend=anyio_backend)
    texts = anyio.run(go_on, *ids, backend=anyio_backend)
    assert texts == ["hello", "ECHO: hello", QUESTION, ANSWER]


def test_a_client_may_be_used_again_in_the_next_event_loop(anyio_backend: str) -> None:
    client = AsyncClient("echo", store=MemoryStore())

    async def count() -> int:
        async with client:
            await client.threads.create()
            return len([thread async for thread in client.threads.list()])

    assert anyio.run(count, backend=anyio_backend) == 1
    assert anyio.run(count, backend=anyio_backend) == 2


async def test_a_registered_function_is_offered_and_called(client: AsyncClient) -> None:
    assistant = await client.assistants.create()
    assistant.register_function(get_shopping_history)
    thread = await client.threads.create(messages=["CALL get_shopping_history {}"])
    assert (await thread.run(assistant).result()).text == 'TOOL RESULT: ["hat"]'
    assert (await client.assistants.get(assistant.id)).record.tools == (), "it is local: the record stays as it is"


async def test_an_assistant_given_by_id_rests_where_its_tools_are_not_bound(client: AsyncClient) -> None:
    from anyassistant.errors import RunRequiresAction

    assistant = await client.assistants.create(tools=[get_shopping_history])
    thread = await client.threads.create(messages=["CALL get_shopping_history {}"])
    with pytest.raises(RunRequiresAction) as caught:
        await thread.run(assistant.id).result()
    assert [call.name for call in caught.value.calls] == ["get_shopping_history"]


async def test_tools_bound_here_but_not_in_the_runs_snapshot_are_not_offered(client: AsyncClient) -> None:
    assistant = await client.assistants.create(tools=[get_shopping_history, order_item])
    thread = await client.threads.create(messages=['CALL! order_item {"item_id": "x"}'])
    result = await thread.run(assistant, tools=[get_shopping_history]).result()
    assert "no tool 'order_item'" in result.text
