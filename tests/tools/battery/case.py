"""One case of the battery: a callable, what its schema has to be, what it takes as what, and what it refuses."""

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from anyassistant_tools import Tool, ToolResult


@dataclass(frozen=True)
class Case:
    """A callable that gives back what it was called with.

    Attributes:
        name: What the case is about.
        callable: The callable.
        properties: The `properties` that its schema has to have.
        arguments: A JSON text that it takes.
        value: What the callable gives for it.
        bad: A JSON text that it refuses; empty where there is none.
        said: What the refusal says.
        required: The `required` of its schema.
        rest: The `additionalProperties` of its schema.
        definitions: The `$defs` of its schema.
        is_lax: Whether `arguments` has what is taken and not asked for, such as `"5"` for 5.
    """

    name: str
    callable: Callable[..., object]
    properties: Mapping[str, object]
    arguments: str
    value: object
    bad: str
    said: str
    required: tuple[str, ...] = ("value",)
    rest: object = False
    definitions: Mapping[str, object] = field(default_factory=dict)
    is_lax: bool = False

    @functools.cached_property
    def tool(self) -> Tool:
        return Tool.from_callable(self.callable, name="tool")

    @property
    def schema(self) -> dict[str, object]:
        schema: dict[str, object] = {"type": "object", "properties": self.properties}
        if self.required:
            schema["required"] = list(self.required)
        schema["additionalProperties"] = self.rest
        if self.definitions:
            schema["$defs"] = self.definitions
        return schema


def keep(value: object) -> ToolResult:
    """Give a result that holds a value as it is, whether or not it has a JSON form."""
    return ToolResult("kept", value=value)


def taking(annotation: object, **default: object) -> Callable[..., object]:
    """Give a function with one parameter, `value`, of a type and perhaps with a default."""

    async def take(value):  # type: ignore[no-untyped-def]
        return keep(value)

    take.__annotations__ = {"value": annotation}
    take.__defaults__ = tuple(default.values()) or None
    return take


def of_type(
    name: str,
    annotation: object,
    entry: Mapping[str, object],
    text: str,
    value: object,
    bad: str,
    said: str,
    *,
    definitions: Mapping[str, object] | None = None,
    is_lax: bool = False,
) -> Case:
    """Make the case of one required parameter of a type.

    Args:
        name: What the case is about.
        annotation: The type.
        entry: What the schema has to say of it.
        text: JSON that it takes.
        value: The Python value of that.
        bad: JSON that it refuses, or an empty text where it takes everything.
        said: What the refusal says.
        definitions: The `$defs` that the entry refers to.
        is_lax: Whether `text` is taken and not asked for.
    """
    json.loads(text)
    return Case(
        name,
        taking(annotation),
        {"value": entry},
        f'{{"value": {text}}}',
        value,
        f'{{"value": {bad}}}' if bad else "",
        said,
        definitions=definitions or {},
        is_lax=is_lax,
    )


def same(came: object, expected: object) -> bool:
    """Whether values are equal and of equal types, also inside of containers."""
    if isinstance(expected, float) and expected != expected:
        return isinstance(came, float) and came != came
    if type(came) is not type(expected) or came != expected:
        return False
    if isinstance(expected, dict):
        return all(same(came[key], expected[key]) for key in expected)  # type: ignore[index]
    if isinstance(expected, list | tuple):
        return all(map(same, came, expected))  # type: ignore[call-overload]
    return True
