"""The conversation of the README on the embedded model: history, order, confirmation."""

import json
from contextlib import aclosing

from anyassistant.protocols import AssistantMessage, ModelMessage, ModelRequest, ToolMessage, UserMessage
from anyassistant.types import Text, ToolCall
from anyassistant_local import LocalModel
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


async def converse(model: LocalModel, messages: list[ModelMessage], text: str) -> tuple[list[tuple[str, object]], str]:
    """Says something, calls the tools as a run would: what was called, and the answer."""
    messages.append(UserMessage([Text(text)]))
    called: list[tuple[str, object]] = []
    while True:
        request = ModelRequest("run_1", DEFAULT_MODEL, messages, tools=[spec(tool) for tool in TOOLS.values()])
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
