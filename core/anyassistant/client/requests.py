"""What an app asks for, validated before anything is written or sent.

Source of the limits: OpenAI Assistants v2 reference.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast, get_args

from ..errors import InvalidRequest
from ..protocols import AssistantParams, MessageParams, NamedTool, ResponseFormat, RunParams, ThreadParams, ToolChoice
from ..types import Content, ContentPart, Image, Limits, PageQuery, Part, Refusal, Role, RunStatus, Text, ToolSpec

MAX_METADATA_PAIRS = 16
MAX_METADATA_KEY = 64
MAX_METADATA_VALUE = 512
MAX_NAME = 256
MAX_DESCRIPTION = 512
MAX_INSTRUCTIONS = 256_000
MAX_PAGE = 100


def assistant_params(options: Mapping[str, Any], tools: Sequence[ToolSpec]) -> AssistantParams:
    """Validate what `assistants.create` and `update` were given.

    Raises:
        InvalidRequest: It names the parameter.
    """
    _refuse_unknown(options, _ASSISTANT_OPTIONS)
    return AssistantParams(
        name=_text(options, "name", MAX_NAME),
        description=_text(options, "description", MAX_DESCRIPTION),
        instructions=_text(options, "instructions", MAX_INSTRUCTIONS),
        model=_text(options, "model", MAX_NAME, least=1),
        tools=tools,
        temperature=_number(options, "temperature", 0, 2),
        top_p=_number(options, "top_p", 0, 1),
        response_format=response_format(options.get("response_format")),
        metadata=metadata(options.get("metadata")),
    )


def thread_params(messages: Sequence[Content], pairs: Mapping[str, str] | None) -> ThreadParams:
    """Validate what `threads.create` was given."""
    if isinstance(messages, str | bytes) or not isinstance(messages, Sequence):
        raise _invalid("messages", "must be a list of messages")
    return ThreadParams(
        [message_params(one, param=f"messages[{at}]") for at, one in enumerate(messages)], metadata(pairs)
    )


def message_params(
    content: Content, *, role: Role = "user", pairs: Mapping[str, str] | None = None, param: str = "content"
) -> MessageParams:
    """Validate a message: a text, or a list of parts.

    Raises:
        InvalidRequest: It is empty, or a part is of no known kind.
    """
    if role not in ("user", "assistant"):
        raise _invalid("role", f"must be 'user' or 'assistant', not {role!r}")
    found = parts(content, param)
    if role == "assistant" and not all(isinstance(part, Text) for part in found):
        raise _invalid(param, "has an image, which only a user can say")
    return MessageParams(found, role, metadata(pairs))


def parts(content: Content, param: str) -> tuple[Part, ...]:
    """The parts of a message's content."""
    items: Sequence[ContentPart] = [content] if isinstance(content, str) else content
    if isinstance(items, Mapping | bytes) or not isinstance(items, Sequence):
        raise _invalid(param, f"must be a text or a list of parts, not {type(content).__name__}")
    found = tuple(_part(item, param if isinstance(content, str) else f"{param}[{at}]") for at, item in enumerate(items))
    if not any(isinstance(part, Image) or (isinstance(part, Text) and part.value.strip()) for part in found):
        raise InvalidRequest(
            f"`{param}` is empty: a message needs a text or an image.", param=param, code="empty_content"
        )
    return found


def run_params(
    assistant_id: str,
    options: Mapping[str, Any],
    *,
    wanted_format: ResponseFormat | None,
    tools: Sequence[ToolSpec] | None,
) -> RunParams:
    """Validate what `thread.run` was given.

    Args:
        tools: The run's own tools; None where the assistant's hold.

    Raises:
        InvalidRequest: It names the parameter.
    """
    _refuse_unknown(options, _RUN_OPTIONS)
    extra = options.get("additional_messages")
    extra = () if extra is None else extra
    if isinstance(extra, str | bytes) or not isinstance(extra, Sequence):
        raise _invalid("additional_messages", "must be a list of messages")
    return RunParams(
        assistant_id=assistant_id,
        model=_text(options, "model", MAX_NAME, least=1),
        instructions=_text(options, "instructions", MAX_INSTRUCTIONS),
        additional_instructions=_text(options, "additional_instructions", MAX_INSTRUCTIONS),
        additional_messages=[message_params(one, param=f"additional_messages[{at}]") for at, one in enumerate(extra)],
        tools=tools,
        tool_choice=tool_choice(options.get("tool_choice")),
        parallel_tool_calls=_flag(options, "parallel_tool_calls", True),
        response_format=wanted_format,
        temperature=_number(options, "temperature", 0, 2),
        top_p=_number(options, "top_p", 0, 1),
        reasoning_effort=_text(options, "reasoning_effort", 32),
        max_prompt_tokens=_count(options, "max_prompt_tokens"),
        max_completion_tokens=_count(options, "max_completion_tokens"),
        truncation_strategy=truncation_strategy(options.get("truncation_strategy")),
        expires_in=_seconds(options.get("expires_in"), "expires_in"),
        limits=limits(options.get("limits")),
        metadata=metadata(options.get("metadata")),
    )


def metadata(pairs: object) -> dict[str, str]:
    """Validate metadata: at most 16 pairs of text, keys up to 64 characters, values up to 512."""
    if pairs is None:
        return {}
    if not isinstance(pairs, Mapping):
        raise _invalid("metadata", f"must be a mapping of text to text, not {type(pairs).__name__}")
    if len(pairs) > MAX_METADATA_PAIRS:
        raise InvalidRequest(
            f"`metadata` has {len(pairs)} pairs; at most {MAX_METADATA_PAIRS} are possible.",
            param="metadata",
            code="too_many_items",
        )
    found: dict[str, str] = {}
    for key, value in cast("Mapping[object, object]", pairs).items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise _invalid("metadata", f"must map text to text; {key!r} does not")
        if len(key) > MAX_METADATA_KEY:
            raise _invalid("metadata", f"has a key of {len(key)} characters; at most {MAX_METADATA_KEY} are possible")
        if len(value) > MAX_METADATA_VALUE:
            raise _invalid(f"metadata.{key}", f"has {len(value)} characters; at most {MAX_METADATA_VALUE} are possible")
        found[check_text(key, "metadata")] = check_text(value, f"metadata.{key}")
    return found


def page_query(**fields: Any) -> PageQuery:
    """Validate what a list was asked for."""
    query = PageQuery(**fields)
    if isinstance(query.limit, bool) or not isinstance(query.limit, int) or not 1 <= query.limit <= MAX_PAGE:
        raise _invalid("limit", f"must be from 1 to {MAX_PAGE}, not {query.limit!r}")
    if query.order not in ("asc", "desc"):
        raise _invalid("order", f"must be 'asc' or 'desc', not {query.order!r}")
    if query.status is not None and query.status not in get_args(RunStatus):
        raise _invalid("status", f"must be one of {', '.join(get_args(RunStatus))}, not {query.status!r}")
    return query


def response_format(value: object) -> ResponseFormat | None:
    """Validate a response format: `auto`, or one of the wire's shapes; its schema must be a JSON Schema.

    Source: OpenAI Assistants v2 reference, `response_format`.
    """
    if value is None or value == "auto":
        return None if value is None else "auto"
    if not isinstance(value, Mapping) or value.get("type") not in ("text", "json_object", "json_schema"):
        raise _invalid("response_format", "must be 'auto', or have a type of text, json_object or json_schema")
    wanted = plain_json(value, "response_format")
    if wanted["type"] == "json_schema":
        match wanted:
            case {"json_schema": {"schema": dict(schema)}}:
                _check_schema(schema)
            case _:
                raise _invalid("response_format", 'needs "json_schema": {"name": ..., "schema": {...}}')
    return wanted


def tool_choice(value: object) -> ToolChoice:
    """Validate a tool choice: `auto`, `none`, `required`, or a function by name (of the run's tools, as it is made)."""
    match value:
        case None | "auto":
            return "auto"
        case "none":
            return "none"
        case "required":
            return "required"
        case {"type": "function", "function": {"name": str(name)}}:
            return NamedTool(name)
        case _:
            raise _invalid(
                "tool_choice",
                "must be 'auto', 'none', 'required' or {'type': 'function', 'function': {'name': ...}}",
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
            raise _invalid(
                "truncation_strategy",
                "must be {'type': 'auto'} or {'type': 'last_messages', 'last_messages': 1 or more}",
            )


def limits(value: object) -> Limits | None:
    """Validate a run's limits: all finite and above 0."""
    if value is None:
        return None
    if not isinstance(value, Limits):
        raise _invalid("limits", f"must be a Limits, not {type(value).__name__}")
    for name in ("turns", "parallel_tools", "repeated_calls"):
        count = getattr(value, name)
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise _invalid(f"limits.{name}", f"must be a whole number of 1 or more, not {count!r}")
    _seconds(value.seconds, "limits.seconds")
    return value


def check_text(value: str, param: str) -> str:
    """Refuse a text that cannot be stored or sent: lone surrogates are no characters."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _invalid(param, f"has a lone surrogate at character {error.start}, which is no text") from None
    return value


def plain_json(value: Mapping[str, object], param: str) -> dict[str, object]:
    """A copy of a JSON object, of plain dicts and lists: what the caller does with its own does not reach it.

    Raises:
        InvalidRequest: It has no JSON text, or one that cannot be stored or sent.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise _invalid(param, "has a lone surrogate, which is no text") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise _invalid(param, f"is not JSON ({error})") from error
    copy: dict[str, object] = json.loads(text)
    return copy


def _plain(value: object) -> dict[object, object]:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[object, object]", value))
    raise TypeError(f"a value of type {type(value).__name__}")


_ASSISTANT_OPTIONS = frozenset(
    {
        "name",
        "description",
        "instructions",
        "model",
        "tools",
        "temperature",
        "top_p",
        "response_format",
        "metadata",
    }
)
_RUN_OPTIONS = frozenset(
    {
        "model",
        "instructions",
        "additional_instructions",
        "additional_messages",
        "tools",
        "temperature",
        "top_p",
        "max_prompt_tokens",
        "max_completion_tokens",
        "truncation_strategy",
        "tool_choice",
        "parallel_tool_calls",
        "reasoning_effort",
        "metadata",
        "limits",
        "expires_in",
    }
)


def _refuse_unknown(options: Mapping[str, Any], known: frozenset[str]) -> None:
    import difflib

    for name in options:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise InvalidRequest(f"Unknown parameter {name!r}.{hint}", param=name, code="unknown_parameter")


def _text(options: Mapping[str, Any], name: str, longest: int, *, least: int = 0) -> str | None:
    value = options.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _invalid(name, f"must be a text, not {type(value).__name__}")
    if len(value) > longest:
        raise InvalidRequest(
            f"`{name}` has {len(value):,} characters; at most {longest:,} are possible.", param=name, code="too_long"
        )
    if len(value) < least:
        raise _invalid(name, "must not be empty; None leaves it open")
    return check_text(value, name)


def _number(options: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    value = options.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise _invalid(name, f"must be a number from {least} to {most}, not {value!r}")
    return value


def _count(options: Mapping[str, Any], name: str) -> int | None:
    value = options.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _invalid(name, f"must be a whole number of 1 or more, not {value!r}")
    return value


def _flag(options: Mapping[str, Any], name: str, default: bool) -> bool:
    value = options.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise _invalid(name, f"must be True or False, not {value!r}")
    return value


def _seconds(value: object, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise _invalid(name, f"must be seconds above 0 and finite, not {value!r}")
    return float(value)


def _part(item: object, param: str) -> Part:
    match item:
        case str():
            return Text(check_text(item, param))
        case Text(value=str(value)):
            check_text(value, param)
            return item
        case Image(url=url, data=data, file_id=file_id):
            if [url, data, file_id].count(None) != 2:
                raise _invalid(param, "must be an image by exactly one of: its bytes, a URL, a file id")
            return item
        case {"type": "text", "text": str(text)} | {"type": "text", "text": {"value": str(text)}}:
            return Text(check_text(text, param))
        case {"type": "image_url", "image_url": {"url": str(url), **rest}}:
            return _with_detail(_image_at(url, param), rest.get("detail"))
        case {"type": "image_file", "image_file": {"file_id": str(file_id), **rest}}:
            return _with_detail(Image.from_file_id(file_id), rest.get("detail"))
        case Refusal():
            raise _invalid(param, "is a refusal, which only a model can say")
        case {"type": kind}:
            raise _invalid(param, f"is of type {kind!r} or malformed: text, image_url and image_file are known")
        case _:
            raise _invalid(param, f"is {type(item).__name__}: a part is a text, Text, Image or a wire dict")


def _image_at(url: str, param: str) -> Image:
    try:
        return Image.from_url(check_text(url, param))
    except ValueError as error:
        raise _invalid(param, f"has a data: URL that is not base64 ({error})") from error


def _with_detail(image: Image, detail: object) -> Image:
    return replace(image, detail=detail) if detail == "low" or detail == "high" else image


def _check_schema(schema: Mapping[str, object]) -> None:
    import jsonschema  # 150 ms

    try:
        jsonschema.Draft202012Validator.check_schema(dict(schema))
    except jsonschema.SchemaError as error:
        raise InvalidRequest(
            f"`response_format` has no valid JSON Schema: {error.message}.",
            param="response_format",
            code="invalid_json_schema",
        ) from error


def _invalid(param: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"`{param}` {what}.", param=param, code="invalid_value")
