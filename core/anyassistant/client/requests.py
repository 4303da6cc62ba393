"""What an app asks for, validated before anything is written or sent.

Source of the limits: OpenAI Assistants v2 reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from ..protocols import AssistantParams, MessageParams, NamedTool, ResponseFormat, RunParams, ThreadParams, ToolChoice
from ..types import Attachment, Content, HostedTool, Limits, PageQuery, Role, RunStatus, Text
from .checks import (
    check_metadata,
    check_seconds,
    count_option,
    flag_option,
    invalid,
    number_option,
    plain_json,
    refuse_unknown,
    text_option,
)
from .content import attachment, parts
from .formats import response_format
from .options import AssistantOptions, RunOptions
from .tools import Toolbox

MAX_NAME = 256
MAX_DESCRIPTION = 512
MAX_INSTRUCTIONS = 256_000
MAX_PAGE = 100


def assistant_params(options: Mapping[str, Any], tools: Toolbox) -> AssistantParams:
    """Validate what `assistants.create` and `update` were given.

    Raises:
        InvalidRequest: It names the parameter.
    """
    refuse_unknown(options, AssistantOptions.__optional_keys__)
    return AssistantParams(
        name=text_option(options, "name", MAX_NAME),
        description=text_option(options, "description", MAX_DESCRIPTION),
        instructions=text_option(options, "instructions", MAX_INSTRUCTIONS),
        model=text_option(options, "model", MAX_NAME, least=1),
        tools=tools.specs,
        hosted_tools=tools.hosted,
        tool_resources=check_tool_resources(options.get("tool_resources")),
        temperature=number_option(options, "temperature", 0, 2),
        top_p=number_option(options, "top_p", 0, 1),
        response_format=response_format(options.get("response_format")),
        metadata=check_metadata(options.get("metadata")),
    )


def thread_params(
    messages: Sequence[Content], pairs: Mapping[str, str] | None, resources: Mapping[str, object] | None
) -> ThreadParams:
    """Validate what `threads.create` was given."""
    if isinstance(messages, str | bytes) or not isinstance(messages, Sequence):
        raise invalid("messages", "must be a list of messages")
    first = [message_params(one, param=f"messages[{at}]") for at, one in enumerate(messages)]
    return ThreadParams(first, check_metadata(pairs), check_tool_resources(resources))


def check_tool_resources(value: object) -> Mapping[str, object] | None:
    """Validate files and vector stores of tools that the service runs: what each may be given, the service knows."""
    if value is None:
        return None
    if not isinstance(value, Mapping) or not all(isinstance(one, Mapping) for one in value.values()):
        raise invalid("tool_resources", "must be a dict such as {'file_search': {'vector_store_ids': ['vs_1']}}")
    return plain_json(value, "tool_resources")


def message_params(
    content: Content,
    *,
    role: Role = "user",
    attachments: Sequence[Attachment | Mapping[str, object]] = (),
    pairs: Mapping[str, str] | None = None,
    param: str = "content",
) -> MessageParams:
    """Validate a message: a text, or a list of parts; and the files that go with it.

    Raises:
        InvalidRequest: It is empty, or a part is of no known kind.
    """
    if role not in ("user", "assistant"):
        raise invalid("role", f"must be 'user' or 'assistant', not {role!r}")
    if isinstance(attachments, str | bytes | Mapping) or not isinstance(attachments, Sequence):
        raise invalid("attachments", "must be a list of attachments")
    found, attached = parts(content, param)
    if role == "assistant" and not all(isinstance(part, Text) for part in found):
        raise invalid(param, "has an image, which only a user can say")
    given = [attachment(one, f"attachments[{at}]") for at, one in enumerate(attachments)]
    return MessageParams(found, role, check_metadata(pairs), (*attached, *given))


def run_params(
    assistant_id: str,
    options: Mapping[str, Any],
    *,
    wanted_format: ResponseFormat | None,
    tools: Toolbox | None,
) -> RunParams:
    """Validate what `thread.run` was given.

    Args:
        tools: The run's own tools; None where the assistant's hold.

    Raises:
        InvalidRequest: It names the parameter.
    """
    refuse_unknown(options, RunOptions.__optional_keys__)
    extra = options.get("additional_messages")
    extra = () if extra is None else extra
    if isinstance(extra, str | bytes) or not isinstance(extra, Sequence):
        raise invalid("additional_messages", "must be a list of messages")
    return RunParams(
        assistant_id=assistant_id,
        model=text_option(options, "model", MAX_NAME, least=1),
        instructions=text_option(options, "instructions", MAX_INSTRUCTIONS),
        additional_instructions=text_option(options, "additional_instructions", MAX_INSTRUCTIONS),
        additional_messages=[message_params(one, param=f"additional_messages[{at}]") for at, one in enumerate(extra)],
        tools=None if tools is None else tools.specs,
        hosted_tools=() if tools is None else tools.hosted,
        tool_choice=tool_choice(options.get("tool_choice")),
        parallel_tool_calls=flag_option(options, "parallel_tool_calls", True),
        response_format=wanted_format,
        temperature=number_option(options, "temperature", 0, 2),
        top_p=number_option(options, "top_p", 0, 1),
        reasoning_effort=text_option(options, "reasoning_effort", 32),
        max_prompt_tokens=count_option(options, "max_prompt_tokens"),
        max_completion_tokens=count_option(options, "max_completion_tokens"),
        truncation_strategy=truncation_strategy(options.get("truncation_strategy")),
        expires_in=check_seconds(options.get("expires_in"), "expires_in"),
        limits=limits(options.get("limits")),
        metadata=check_metadata(options.get("metadata")),
    )


def stays_for_action(options: Mapping[str, Any]) -> bool:
    """Whether a run that rests for its caller is waited for.

    Raises:
        InvalidRequest: `on_action` says something else.
    """
    wanted = options.get("on_action", "raise")
    if wanted not in ("raise", "wait"):
        raise invalid("on_action", f"must be 'raise' or 'wait', not {wanted!r}")
    return bool(wanted == "wait")


def page_query(**fields: Any) -> PageQuery:
    """Validate what a list was asked for."""
    query = PageQuery(**fields)
    if isinstance(query.limit, bool) or not isinstance(query.limit, int) or not 1 <= query.limit <= MAX_PAGE:
        raise invalid("limit", f"must be from 1 to {MAX_PAGE}, not {query.limit!r}")
    if query.order not in ("asc", "desc"):
        raise invalid("order", f"must be 'asc' or 'desc', not {query.order!r}")
    if query.status is not None and query.status not in get_args(RunStatus):
        raise invalid("status", f"must be one of {', '.join(get_args(RunStatus))}, not {query.status!r}")
    return query if query.metadata is None else replace(query, metadata=check_metadata(query.metadata))


def tool_choice(value: object) -> ToolChoice | HostedTool:
    """Validate a tool choice: `auto`, `none`, `required`, a function by name, or a tool of the service's by type.

    Whether the run has that tool is looked at as it is made.
    """
    match value:
        case None | "auto":
            return "auto"
        case "none":
            return "none"
        case "required":
            return "required"
        case {"type": "function", "function": {"name": str(name)}}:
            return NamedTool(name)
        case {"type": str(kind), **rest} if kind and kind != "function" and not rest:
            return HostedTool(kind)
        case _:
            raise invalid(
                "tool_choice",
                "must be 'auto', 'none', 'required', {'type': 'function', 'function': {'name': ...}}, or the type of a "
                "tool of the service's, such as {'type': 'file_search'}",
            )


def truncation_strategy(value: object) -> Mapping[str, object] | None:
    """Validate a truncation strategy: `auto`, or the last n messages."""
    match value:
        case None:
            return None
        case {"type": "auto"}:
            return {"type": "auto", "last_messages": None}
        case {"type": "last_messages", "last_messages": int(count)} if count >= 1:
            return {"type": "last_messages", "last_messages": count}
        case _:
            raise invalid(
                "truncation_strategy",
                "must be {'type': 'auto'} or {'type': 'last_messages', 'last_messages': 1 or more}",
            )


def limits(value: object) -> Limits | None:
    """Validate a run's limits: all finite and above 0."""
    if value is None:
        return None
    if not isinstance(value, Limits):
        raise invalid("limits", f"must be a Limits, not {type(value).__name__}")
    for name in ("turns", "parallel_tools", "repeated_calls"):
        count = getattr(value, name)
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise invalid(f"limits.{name}", f"must be a whole number of 1 or more, not {count!r}")
    check_seconds(value.seconds, "limits.seconds")
    return value
