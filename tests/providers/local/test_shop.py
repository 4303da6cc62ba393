"""The conversation of the README on the embedded model: history, order, confirmation."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest
from anyassistant.protocols import AssistantMessage, ModelMessage, ModelRequest, ToolMessage, UserMessage
from anyassistant.types import Text, ToolCall, ToolSpec
from anyassistant_local import LocalModel
from anyassistant_local.engine import Engine
from anyassistant_local.weights import DEFAULT_MODEL
from anyassistant_tools import Tool

PURCHASES = [
    {"item_id": "sg-1", "name": "Ray-Ban sunglasses", "price": "$120", "bought": "2024-07-02"},
    {"item_id": "hat-7", "name": "straw hat", "price": "$25", "bought": "2024-05-11"},
]


def get_shopping_history() -> list[dict[str, str]]:
    """Get the shopping order history for the current user."""
    return PURCHASES


def order_item(item_id: str) -> dict[str, str]:
    """Order an item; confirm_order_item() actually buys it."""
    return {"id": "ord-1", "item_id": item_id, "price": "$120"}


def confirm_order_item(order_id: str) -> str:
    """Buy the order."""
    return f"Order {order_id} is confirmed."


TOOLS = {tool.name: tool for tool in map(Tool.from_callable, (get_shopping_history, order_item, confirm_order_item))}


SPECS = [ToolSpec(tool.name, tool.description, tool.parameters) for tool in TOOLS.values()]


async def converse(model: LocalModel, messages: list[ModelMessage], text: str) -> tuple[list[tuple[str, object]], str]:
    """Says something, calls the tools as a run would: what was called, and the answer."""
    messages.append(UserMessage([Text(text)]))
    called: list[tuple[str, object]] = []
    while True:
        request = ModelRequest("run_1", DEFAULT_MODEL, messages, tools=SPECS, temperature=0)
        async with aclosing(model.respond(request)) as deltas:
            received = [delta async for delta in deltas]
        answer = "".join(delta.text for delta in received)
        calls = [
            ToolCall(f"call_{len(messages)}", delta.tool_call.name or "", delta.tool_call.arguments)
            for delta in received
            if delta.tool_call is not None
        ]
        messages.append(AssistantMessage(answer, calls))
        if not calls:
            return called, answer
        for call in calls:
            result = await TOOLS[call.name].call(call.arguments)
            called.append((call.name, json.loads(call.arguments)))
            messages.append(ToolMessage(call.id, call.name, result.content))


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop: what the model says is the same on both."""
    return "asyncio"


@pytest.fixture(scope="module")
async def history(anyio_backend: str, engine: Engine) -> AsyncGenerator[Sequence[ModelMessage], None]:
    """The conversation after its first turn, in which the user asked for what they bought."""
    model = LocalModel()
    messages: list[ModelMessage] = []

    called, answer = await converse(model, messages, "What were those sunglasses I bought last year?")

    assert called == [("get_shopping_history", {})]
    assert "Ray-Ban sunglasses" in answer
    assert "hat" not in answer
    yield messages
    await model.aclose()


@pytest.mark.parametrize(
    ("order", "confirm"),
    [
        ("Please order them again.", "Yes, confirm the order."),
        ("Order the sunglasses again, please.", "Yes, buy it."),
        ("Order item sg-1.", "Confirm order ord-1."),
    ],
)
async def test_the_shop_finds_orders_and_confirms(
    model: LocalModel, history: Sequence[ModelMessage], order: str, confirm: str
) -> None:
    messages = list(history)

    called, answer = await converse(model, messages, order)
    assert called == [("order_item", {"item_id": "sg-1"})]
    assert "ord-1" in answer

    called, answer = await converse(model, messages, confirm)
    assert called == [("confirm_order_item", {"order_id": "ord-1"})]
    assert answer == "Order ord-1 is confirmed."

    called, answer = await converse(model, messages, "Thank you!")
    assert called == []
    assert answer


async def test_a_failed_call_is_told_as_such(model: LocalModel) -> None:
    call = ToolCall("call_1", "order_item", '{"item_id": "sg-1"}')
    error = ToolMessage("call_1", "order_item", "The shop is closed.", is_error=True)
    messages = [UserMessage([Text("Order item sg-1.")]), AssistantMessage("", [call]), error]

    async with aclosing(model.respond(ModelRequest("run_1", DEFAULT_MODEL, messages, tools=SPECS))) as deltas:
        answer = "".join([delta.text async for delta in deltas])

    assert answer == "That did not work: The shop is closed."
