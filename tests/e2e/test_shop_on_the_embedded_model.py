"""The shop example on the embedded language model: not a double, and never skipped."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest
from anyassistant import AsyncClient, Client
from anyassistant.store.memory import MemoryStore
from anyassistant.types import RunStep

INSTRUCTIONS = "You are a shop assistant."
HISTORY = [
    {"item_id": "sg-1", "name": "Ray-Ban Wayfarer sunglasses", "price": "$120", "date": "2025-07-12"},
    {"item_id": "ht-3", "name": "straw hat", "price": "$25", "date": "2025-08-02"},
]


def get_shopping_history() -> list[dict[str, str]]:
    """Get the shopping order history for the current user."""
    return HISTORY


def order_item(item_id: str) -> dict[str, str]:
    """Order an item by its id."""
    return {"order_id": "ord-1", "item_id": item_id, "status": "waits for confirmation"}


async def confirm_order_item(order_id: str) -> dict[str, str]:
    """Confirm an order, which buys the item."""
    return {"order_id": order_id, "status": "bought"}


def called(steps: Sequence[RunStep]) -> list[tuple[str, str]]:
    return [(call.name, call.arguments) for step in steps for call in step.tool_calls]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_looks_things_up_orders_and_confirms_and_the_next_process_still_knows(backend: str, tmp_path: Path) -> None:
    store = str(tmp_path / "data.sqlite3")

    async def shop() -> tuple[str, str]:
        async with AsyncClient("local", store=store) as client:
            assistant = await client.assistants.create(
                name="Shopping Helper",
                instructions=INSTRUCTIONS,
                tools=[get_shopping_history, order_item, confirm_order_item],
            )
            thread = await client.threads.create()
            await thread.add("What were those sunglasses I bought last year?")
            steps = [step async for step in thread.run(assistant)]
            assert called(steps) == [("get_shopping_history", "{}")]
            newest = (await thread.messages(order="desc").page()).data[0]
            assert newest.role == "assistant"
            assert "Wayfarer" in newest.text
            return assistant.id, thread.id

    async def order(assistant_id: str, thread_id: str) -> None:
        async with AsyncClient("local", store=store) as client:
            assistant = await client.assistants.get(
                assistant_id, tools=[get_shopping_history, order_item, confirm_order_item]
            )
            thread = await client.threads.get(thread_id)
            await thread.add("Please order them again.")
            steps = [step async for step in thread.run(assistant)]
            assert called(steps) == [("order_item", '{"item_id":"sg-1"}')]
            await thread.add("Yes, please confirm the order.")
            deltas: list[str] = []
            async for event in thread.run(assistant).events():
                if event.event == "thread.message.delta":
                    deltas.append(event.text)
                elif event.event == "thread.run.step.completed" and event.data.tool_calls:
                    assert called([event.data]) == [("confirm_order_item", '{"order_id":"ord-1"}')]
            texts = [message.text async for message in thread.messages()]
            assert texts[-1] == "".join(deltas)
            assert len(texts) == 6

    ids = anyio.run(shop, backend=backend)
    anyio.run(order, *ids, backend=backend)


def test_the_blocking_client_answers_from_the_history_also_inside_a_running_loop() -> None:
    store = MemoryStore()

    def ask() -> None:
        with Client("local", store=store) as client:
            assistant = client.assistants.create(
                instructions=INSTRUCTIONS, tools=[get_shopping_history, order_item, confirm_order_item]
            )
            thread = client.threads.create(messages=["What were those sunglasses I bought last year?"])
            result = thread.run(assistant).result()
        assert called(result.steps) == [("get_shopping_history", "{}")]
        assert "Wayfarer" in result.text
        assert result.usage.total_tokens > 0

    async def notebook_cell() -> None:
        ask()

    ask()
    asyncio.run(notebook_cell())
