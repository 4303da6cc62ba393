"""A minimal `ChatModel` over the Chat-Completions wire, as the author of a provider writes it with `anyassistant.http`.

Source: OpenAI API reference, "Chat Completions".
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from anyassistant.http import WireClient, WireConfig
from anyassistant.protocols import (
    AssistantMessage,
    Capabilities,
    ChatModel,
    ModelDelta,
    ModelMessage,
    ModelRequest,
    NamedTool,
    ToolCallDelta,
    ToolMessage,
    Usage,
    UserMessage,
)


class ChatWire(ChatModel):
    """A model behind a Chat-Completions service.

    Args:
        base_url: Such as `http://127.0.0.1:8000/v1`.
        context_tokens: What fits in one call, or None for no bound.
    """

    def __init__(self, base_url: str, *, context_tokens: int | None = None) -> None:
        self.capabilities = Capabilities(
            tools=True, parallel_tool_calls=True, streaming=True, usage=True, context_tokens=context_tokens
        )
        self._wire = WireClient(WireConfig(base_url=base_url))

    async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        async with self._wire.sse("/chat/completions", request_body(request)) as events:
            async for event in events:
                said = read_event(event)
                if isinstance(said, str):
                    yield ModelDelta(said)
                else:
                    for delta in said:
                        yield delta

    async def aclose(self) -> None:
        await self._wire.aclose()


def read_event(event: dict[str, Any]) -> str | list[ModelDelta]:
    """What one event of the stream says; a text alone, as nearly all of them are, is not wrapped into a list."""
    choices = event["choices"]
    if not choices:
        usage = event.get("usage")
        return [ModelDelta(usage=Usage(usage["prompt_tokens"], usage["completion_tokens"]))] if usage else []
    choice = choices[0]
    delta, reason = choice["delta"], choice["finish_reason"]
    text, calls = delta.get("content"), delta.get("tool_calls")
    if text and not calls and reason is None:
        return text  # type: ignore[no-any-return]  # as the wire has it
    found = [ModelDelta(text)] if text else []
    for call in calls or ():
        function = call["function"]
        piece = ToolCallDelta(function.get("name"), function.get("arguments") or "", call["index"], call.get("id"))
        found.append(ModelDelta(tool_call=piece))
    if reason is not None:
        found.append(ModelDelta(finish_reason=reason))
    return found


def request_body(request: ModelRequest) -> dict[str, object]:
    """The body of a call."""
    messages = [message_to_wire(message) for message in request.messages]
    if request.instructions:
        messages.insert(0, {"role": "system", "content": request.instructions})
    body: dict[str, object] = {
        "model": request.model,
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": messages,
    }
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
            }
            for tool in request.tools
        ]
        choice = request.tool_choice
        if isinstance(choice, NamedTool):
            body["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
        elif choice != "auto":
            body["tool_choice"] = choice
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.max_completion_tokens is not None:
        body["max_completion_tokens"] = request.max_completion_tokens
    return body


def message_to_wire(message: ModelMessage) -> dict[str, object]:
    """A message as the wire has it."""
    match message:
        case UserMessage():
            return {"role": "user", "content": message.text}
        case ToolMessage():
            return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
        case AssistantMessage():
            spoken: dict[str, object] = {"role": "assistant", "content": message.text}
            if message.tool_calls:
                spoken["tool_calls"] = [
                    {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                    for call in message.tool_calls
                ]
            return spoken
