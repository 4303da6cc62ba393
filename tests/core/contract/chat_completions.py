"""A provider over Chat Completions, as small as one can be that holds to the contract."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
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
)


class ChatCompletions(ChatModel):
    capabilities = Capabilities(
        streaming=True, tools=True, parallel_tool_calls=True, json_schema=True, usage=True, images=False
    )

    def __init__(self, config: WireConfig) -> None:
        self.wire = WireClient(config, name="chat-completions-in-tests/0")

    async def respond(self, request: ModelRequest) -> AsyncGenerator[ModelDelta, None]:
        async with self.wire.sse("/chat/completions", _body(request)) as chunks:
            async for chunk in chunks:
                if usage := chunk.get("usage"):
                    yield ModelDelta(usage=Usage(usage["prompt_tokens"], usage["completion_tokens"]))
                for choice in chunk["choices"]:
                    delta = choice["delta"]
                    if text := delta.get("content"):
                        yield ModelDelta(text=text)
                    for call in delta.get("tool_calls") or ():
                        function = call["function"]
                        piece = ToolCallDelta(
                            function.get("name"),
                            function.get("arguments") or "",
                            index=call["index"],
                            id=call.get("id"),
                        )
                        yield ModelDelta(tool_call=piece)
                    if reason := choice.get("finish_reason"):
                        yield ModelDelta(finish_reason=reason)

    async def aclose(self) -> None:
        await self.wire.aclose()


def _body(request: ModelRequest) -> Mapping[str, Any]:
    instructions = [] if request.instructions is None else [{"role": "system", "content": request.instructions}]
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [*instructions, *map(_message, request.messages)],
        "user": request.run_id,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.tools:
        body["tools"] = [tool.to_wire() for tool in request.tools]
        choice = request.tool_choice
        body["tool_choice"] = (
            {"type": "function", "function": {"name": choice.name}} if isinstance(choice, NamedTool) else choice
        )
        body["parallel_tool_calls"] = request.parallel_tool_calls
    if request.response_schema is not None:
        schema = {"name": request.response_schema.name, "schema": request.response_schema.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    for name in ("temperature", "top_p", "max_completion_tokens", "reasoning_effort"):
        if (value := getattr(request, name)) is not None:
            body[name] = value
    return body


def _message(message: ModelMessage) -> Mapping[str, Any]:
    match message:
        case AssistantMessage(tool_calls=calls):
            made = [{"id": one.id, "type": "function", "function": _function(one.name, one.arguments)} for one in calls]
            return {"role": "assistant", "content": message.text, **({"tool_calls": made} if made else {})}
        case ToolMessage(call_id=call_id):
            return {"role": "tool", "tool_call_id": call_id, "content": message.text}
        case _:
            return {"role": "user", "content": message.text}


def _function(name: str, arguments: str) -> Mapping[str, str]:
    try:
        json.loads(arguments)
    except ValueError:
        arguments = "{}"
    return {"name": name, "arguments": arguments}
