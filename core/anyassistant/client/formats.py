"""How an answer is asked for and read: as a text, or as an instance of a type."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..errors import InvalidRequest
from ..protocols import ResponseFormat
from .requests import response_format

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
