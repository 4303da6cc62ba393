"""Chat-Completions messages and chunks, as llama.cpp's server speaks them, to and from the types of the protocol."""

from collections.abc import Mapping, Sequence
from typing import Literal, assert_never

from anyassistant.protocols import (
    AssistantMessage,
    ModelDelta,
    ModelMessage,
    ModelRequest,
    NamedTool,
    ToolCallDelta,
    ToolMessage,
    UserMessage,
)
from anyassistant.types import Usage

from .json_values import as_array, as_object

_FINISH_REASONS: Mapping[object, Literal["stop", "tool_calls", "length"]] = {
    "stop": "stop",
    "tool_calls": "tool_calls",
    "length": "length",
}
GO_ON = "Go on."
"""Said for a user who runs the assistant again without a word."""

BEGIN = "Please begin."
"""Said for a user who has said nothing, where there are instructions to follow."""

GREET = "Hello."
"""Said for a user who has said nothing to an assistant without instructions."""


def chat_body(request: ModelRequest, messages: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """The body of `/v1/chat/completions` for a request, without its tools."""
    body: dict[str, object] = {
        "messages": messages,
        "stream_options": {"include_usage": True},
        "return_progress": True,
    }
    settings = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_tokens": request.max_completion_tokens,
    }
    body.update({name: value for name, value in settings.items() if value is not None})
    if request.response_schema is not None:
        schema = {"name": request.response_schema.name, "schema": request.response_schema.schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def tools_body(request: ModelRequest) -> dict[str, object]:
    """The part of the body that says which tools there are and how to use them; empty without tools."""
    if not request.tools:
        return {}
    choice: object = request.tool_choice
    tools = request.tools
    if isinstance(request.tool_choice, NamedTool):  # llama.cpp knows no named choice: it is the only one, and required
        name = request.tool_choice.name
        tools = [tool for tool in tools if tool.name == name]
        choice = "required"
    return {
        "tools": [tool.to_wire() for tool in tools],
        "tool_choice": choice,
        "parallel_tool_calls": request.parallel_tool_calls,
    }


def chat_messages(request: ModelRequest, *, with_calls: bool, data: str = "") -> list[Mapping[str, object]]:
    """The messages of a request, its instructions first, in a form that asks for an answer.

    llama.cpp takes an assistant's message at the end for the beginning of the answer, and refuses two of them. So
    neighbouring messages of the assistant are one, and where neither the user nor a tool spoke last, the user asks to
    go on; where nobody has said anything, to begin.

    Args:
        with_calls: Tell of tool calls and results too; without, only of what was said.
        data: What tools have given, for a model that is told of no results: said by the user at the end.
    """
    messages: list[Mapping[str, object]] = []
    for message in request.messages:
        for told in _chat_message(message, with_calls):
            messages[-1:] = _join_spoken(messages[-1:], told)
    if data:
        messages.append({"role": "user", "content": f"Data: {data}"})
    elif not messages:
        messages.append({"role": "user", "content": BEGIN if request.instructions else GREET})
    elif messages[-1]["role"] == "assistant":
        messages.append({"role": "user", "content": GO_ON})
    if request.instructions:
        messages.insert(0, {"role": "system", "content": request.instructions})
    return messages


def _join_spoken(last: list[Mapping[str, object]], told: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The last message and the next one; one message where the assistant says the next after what it just said."""
    if not last or {last[0]["role"], told["role"]} != {"assistant"} or "tool_calls" in last[0]:
        return [*last, told]
    texts = [text for text in (last[0]["content"], told["content"]) if isinstance(text, str)]
    return [{**told, "content": "\n".join(texts)}]


def _chat_message(message: ModelMessage, with_calls: bool) -> list[Mapping[str, object]]:
    match message:
        case UserMessage():
            return [{"role": "user", "content": message.text}]
        case AssistantMessage():
            if not with_calls or not message.tool_calls:
                return [{"role": "assistant", "content": message.text}] if message.text else []
            calls = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in message.tool_calls
            ]
            return [{"role": "assistant", "content": message.text or None, "tool_calls": calls}]
        case ToolMessage():
            result = {"role": "tool", "tool_call_id": message.call_id, "name": message.name, "content": message.text}
            return [result] if with_calls else []
        case _:
            assert_never(message)


def read_chunk(chunk: Mapping[str, object]) -> list[ModelDelta]:
    """What one chunk of the stream says; nothing for reports of progress and empty pieces."""
    deltas: list[ModelDelta] = []
    for choice in as_array(chunk.get("choices")):
        delta = as_object(as_object(choice).get("delta"))
        text, reasoning = _text(delta.get("content")), _text(delta.get("reasoning_content"))
        if text or reasoning:
            deltas.append(ModelDelta(text=text, reasoning=reasoning))
        deltas += [ModelDelta(tool_call=_read_call(as_object(call))) for call in as_array(delta.get("tool_calls"))]
        reason = as_object(choice).get("finish_reason")
        if reason is not None:
            deltas.append(ModelDelta(finish_reason=_FINISH_REASONS.get(reason, "stop")))
    usage = as_object(chunk.get("usage"))
    if usage:
        counts = Usage(_count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")))
        deltas.append(ModelDelta(usage=counts))
    return deltas


def _read_call(call: Mapping[str, object]) -> ToolCallDelta:
    function = as_object(call.get("function"))
    index, call_id, name = call.get("index"), call.get("id"), function.get("name")
    return ToolCallDelta(
        name=name if isinstance(name, str) else None,
        arguments=_text(function.get("arguments")),
        index=index if isinstance(index, int) else 0,
        id=call_id if isinstance(call_id, str) and call_id else None,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
