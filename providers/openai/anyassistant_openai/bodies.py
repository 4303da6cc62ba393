"""What is asked of the service, as the bodies and parameters of requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from anyassistant.errors import InvalidRequest, UnsupportedCapability
from anyassistant.protocols import (
    AssistantParams,
    MessageParams,
    NamedTool,
    RunParams,
    ThreadParams,
    ToolChoice,
    VectorStoreParams,
)
from anyassistant.types import HostedTool, Image, PageQuery, Part, Refusal, Text, ToolOutput, ToolSpec

from .wire import Json

MAX_MESSAGES = 32
"""That one request may add to a thread. Source: the service's own refusal; the reference does not say it."""
MAX_RUN_TOOLS = 20
LEAST_TOKENS = 256


def assistant_body(params: AssistantParams) -> Json:
    """The body that creates an assistant.

    Raises:
        InvalidRequest: It has no model, which the wire cannot do without.
    """
    if not params.model:
        raise InvalidRequest(
            "The service needs a model for each assistant: name it here, or as the profile's `model`.",
            param="model",
            code="missing_required_parameter",
        )
    body = _given(
        model=params.model,
        name=params.name,
        description=params.description,
        instructions=params.instructions,
        temperature=params.temperature,
        top_p=params.top_p,
        response_format=params.response_format,
    )
    tools = _tools(params.tools, params.hosted_tools)
    return body | _unless_empty(tools=tools, tool_resources=params.tool_resources, metadata=params.metadata)


def assistant_changes(params: AssistantParams) -> Json:
    """The body that makes an assistant what `params` say."""
    body: Json = {
        "name": params.name,
        "description": params.description,
        "instructions": params.instructions,
        "temperature": params.temperature,
        "top_p": params.top_p,
        "response_format": params.response_format or "auto",
        "tools": _tools(params.tools, params.hosted_tools),
        "metadata": dict(params.metadata),
    }
    return body | _given(model=params.model, tool_resources=params.tool_resources)


def thread_body(params: ThreadParams) -> Json:
    """The body that creates a thread with its first messages; see `MAX_MESSAGES` for the others."""
    messages = [message_body(one) for one in params.messages[:MAX_MESSAGES]]
    return _unless_empty(messages=messages, tool_resources=params.tool_resources, metadata=params.metadata)


def message_body(params: MessageParams) -> Json:
    body: Json = {"role": params.role, "content": _content(params.content)}
    attachments = [one.to_wire() for one in params.attachments]
    return body | _unless_empty(attachments=attachments, metadata=params.metadata)


def run_body(params: RunParams) -> Json:
    """The body that creates a run.

    Raises:
        UnsupportedCapability: The run is to expire at another time than the service has it.
        InvalidRequest: It asks for more than the wire takes.
    """
    if params.expires_in is not None:
        raise UnsupportedCapability(
            "The service itself says when a run expires: `expires_in` has no place on its wire.",
            capability="expires_in",
            param="expires_in",
        )
    if len(params.additional_messages) > MAX_MESSAGES:
        raise _too_many("additional_messages", len(params.additional_messages), MAX_MESSAGES, "messages")
    count = len(params.tools or ()) + len(params.hosted_tools)
    if count > MAX_RUN_TOOLS:
        raise _too_many(
            "tools", count, MAX_RUN_TOOLS, "tools of a run; create the assistant with them, which takes 128"
        )
    for name in ("max_prompt_tokens", "max_completion_tokens"):
        count = getattr(params, name)
        if count is not None and count < LEAST_TOKENS:
            message = f"`{name}` is {count}; the service takes {LEAST_TOKENS} or more."
            raise InvalidRequest(message, param=name, code="invalid_value")
    choice = params.tool_choice
    body = _given(
        assistant_id=params.assistant_id,
        model=params.model,
        instructions=params.instructions,
        additional_instructions=params.additional_instructions,
        tools=None if params.tools is None else _tools(params.tools, params.hosted_tools),
        tool_choice=_choice(choice),
        parallel_tool_calls=None if params.parallel_tool_calls else False,
        response_format=params.response_format,
        temperature=params.temperature,
        top_p=params.top_p,
        reasoning_effort=params.reasoning_effort,
        max_prompt_tokens=params.max_prompt_tokens,
        max_completion_tokens=params.max_completion_tokens,
        truncation_strategy=params.truncation_strategy,
    )
    messages = [message_body(one) for one in params.additional_messages]
    return body | _unless_empty(additional_messages=messages, metadata=params.metadata)


def thread_and_run_body(thread: ThreadParams, run: RunParams) -> Json | None:
    """The body that creates a thread and a run on it; None where one request cannot say it.

    Raises:
        InvalidRequest: As for `run_body`.
    """
    body = run_body(run)
    messages = [*thread.messages, *run.additional_messages]
    if len(messages) > MAX_MESSAGES or body.keys() & {"additional_instructions", "reasoning_effort"}:
        return None
    body.pop("additional_messages", None)
    made = thread_body(replace(thread, messages=messages))
    return body | _unless_empty(thread=made)


def vector_store_body(params: VectorStoreParams) -> Json:
    return _given(name=params.name) | _unless_empty(file_ids=params.file_ids, metadata=params.metadata)


def outputs_body(outputs: Sequence[ToolOutput]) -> Json:
    return {"tool_outputs": [{"tool_call_id": one.tool_call_id, "output": one.output} for one in outputs]}


def page_parameters(query: PageQuery) -> Mapping[str, str | int | None]:
    """The parameters of a list.

    Raises:
        UnsupportedCapability: It is to be filtered, which the wire cannot do.
    """
    for name in ("status", "metadata"):
        if getattr(query, name) is not None:
            raise UnsupportedCapability(f"The service cannot list by {name}.", capability=f"list_by_{name}", param=name)
    return {
        "limit": query.limit,
        "order": query.order,
        "after": query.after,
        "before": query.before,
        "run_id": query.run_id,
    }


def _content(content: Sequence[Part]) -> str | Sequence[Json]:
    if len(content) == 1 and isinstance(content[0], Text):
        return content[0].value
    return [_part(part) for part in content]


def _part(part: Part) -> Json:
    match part:
        case Text(value):
            return {"type": "text", "text": value}
        case Refusal(words):  # which the wire takes from nobody
            return {"type": "text", "text": words}
        case Image():
            return part.to_wire()


def _tools(functions: Sequence[ToolSpec], hosted: Sequence[HostedTool]) -> Sequence[Mapping[str, object]]:
    return [*(tool.to_wire() for tool in functions), *(tool.to_wire() for tool in hosted)]


def _choice(choice: ToolChoice | HostedTool) -> object:
    match choice:
        case "auto":
            return None
        case NamedTool(name):
            return {"type": "function", "function": {"name": name}}
        case HostedTool():
            return choice.to_wire()
        case _:
            return choice


def _too_many(param: str, count: int, most: int, what: str) -> InvalidRequest:
    return InvalidRequest(
        f"`{param}` has {count}; the service takes at most {most} {what}.", param=param, code="too_many_items"
    )


def _given(**fields: object) -> Json:
    """The fields that say something: 0 and an empty text do."""
    return {name: value for name, value in fields.items() if value is not None}


def _unless_empty(**fields: Sequence[object] | Mapping[str, object] | Mapping[str, str] | None) -> Json:
    return {name: value for name, value in fields.items() if value}
