"""How an answer is asked for and read: as a text, or as an instance of a type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..errors import InvalidRequest
from ..protocols import ResponseFormat
from .checks import invalid, plain_json

T = TypeVar("T")
M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class OutputFormat(Generic[T]):
    """What a run's answer is.

    Attributes:
        wanted: What the model is held to; None leaves it to the assistant.
        read: From the answer's text to what the app gets. Raises ValueError where that fails.
    """

    wanted: ResponseFormat | None
    read: Callable[[str], T]


def plain_format(wanted: ResponseFormat | None) -> OutputFormat[str]:
    """The answer as its text; `wanted` may hold it to a schema all the same."""
    return OutputFormat(response_format(wanted), lambda text: text)


def typed_format(kind: type[M]) -> OutputFormat[M]:
    """The answer as an instance of a type that pydantic knows: a model, a dataclass, a TypedDict, `list[int]`."""
    from pydantic import PydanticUserError, TypeAdapter
    from pydantic_core import SchemaError

    try:
        adapter: TypeAdapter[M] = TypeAdapter(kind)
        json_schema = adapter.json_schema()
    except (PydanticUserError, SchemaError) as error:
        raise InvalidRequest(
            f"`response_format`: {kind!r} has no JSON Schema: {str(error).splitlines()[0]}",
            param="response_format",
            code="invalid_value",
        ) from error
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", getattr(kind, "__name__", "response"))[:64]
    schema = {"type": "json_schema", "json_schema": {"name": name, "schema": json_schema}}
    return OutputFormat(response_format(schema), adapter.validate_json)


def response_format(value: object) -> ResponseFormat | None:
    """Validate a response format: `auto`, or one of the wire's shapes; its schema must be a JSON Schema.

    Source: OpenAI Assistants v2 reference, `response_format`.
    """
    if value is None or value == "auto":
        return None if value is None else "auto"
    if not isinstance(value, Mapping) or value.get("type") not in ("text", "json_object", "json_schema"):
        raise invalid("response_format", "must be 'auto', or have a type of text, json_object or json_schema")
    wanted = plain_json(value, "response_format")
    if wanted["type"] == "json_schema":
        match wanted:
            case {"json_schema": {"schema": dict(schema)}}:
                _check_schema(schema)
            case _:
                raise invalid("response_format", 'needs "json_schema": {"name": ..., "schema": {...}}')
    return wanted


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
