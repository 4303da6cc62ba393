"""Types that are written as text, of names that are local, and in the syntax of Python 3.12."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Optional

from anyassistant_tools import Tool, ToolResult
from case import Case, keep
from pydantic import BaseModel, Field

INT = {"type": "integer"}


class Item(BaseModel):
    name: str
    parts: list[Item] = []


@dataclass
class Point:
    x: int
    near: list[Point] | None = None


def from_the_future(
    item: Item,
    point: Point,
    count: Annotated[int, Field(ge=1), "How many."] = 1,
    note: Optional[str] = None,  # noqa: UP045
) -> ToolResult:
    return keep((item, point, count, note))


def in_a_string(value: "list[Annotated[int, 'One of them.']]") -> ToolResult:  # noqa: UP037
    return keep(value)


def defined_locally() -> Case:
    class Local(BaseModel):
        size: int

    async def take(value: Local) -> ToolResult:
        return keep(value)

    case = Case(
        "local class",
        take,
        {"value": {"$ref": "#/$defs/Local"}},
        '{"value": {"size": 1}}',
        Local(size=1),
        '{"value": {}}',
        "- value.size: missing",
        definitions={"Local": {"type": "object", "properties": {"size": INT}, "required": ["size"], "title": "Local"}},
    )
    assert isinstance(case.tool, Tool)  # made here, where the name of the class is still known
    return case


NEW_SYNTAX = """
from case import keep

type Names = list[str]
type Tree = dict[str, Tree] | int

async def take[T: int](names: Names, tree: Tree, value: T):
    return keep((names, tree, value))
"""


def in_new_syntax() -> Callable[..., object]:
    namespace: dict[str, Callable[..., object]] = {}
    exec(NEW_SYNTAX, namespace)
    return namespace["take"]


def object_of(title: str, **properties: object) -> dict[str, object]:
    return {title: {"type": "object", "properties": properties, "required": [next(iter(properties))], "title": title}}


CASES = [
    Case(
        "annotations of the future",
        from_the_future,
        {
            "item": {"$ref": "#/$defs/Item"},
            "point": {"$ref": "#/$defs/Point"},
            "count": {"type": "integer", "minimum": 1, "description": "How many.", "default": 1},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        },
        '{"item": {"name": "box", "parts": [{"name": "lid"}]}, "point": {"x": 1, "near": [{"x": 2}]}}',
        (Item(name="box", parts=[Item(name="lid")]), Point(1, [Point(2)]), 1, None),
        '{"item": {"name": "box", "parts": [{}]}, "point": {"x": 1}, "count": 0}',
        '- item.parts[0].name: missing; expected {"type": "string"}\n'
        "- count: Input should be greater than or equal to 1; 0 came",
        required=("item", "point"),
        definitions=object_of(
            "Item",
            name={"type": "string"},
            parts={"type": "array", "items": {"$ref": "#/$defs/Item"}, "default": []},
        )
        | object_of(
            "Point",
            x=INT,
            near={
                "anyOf": [{"type": "array", "items": {"$ref": "#/$defs/Point"}}, {"type": "null"}],
                "default": None,
            },
        ),
    ),
    Case(
        "annotation in a string",
        in_a_string,
        {"value": {"type": "array", "items": {"type": "integer", "description": "One of them."}}},
        '{"value": [1]}',
        [1],
        '{"value": ["x"]}',
        "- value[0]: Input should be a valid integer",
    ),
    defined_locally(),
]
if sys.version_info >= (3, 12):
    CASES.append(
        Case(
            "new syntax of Python 3.12",
            in_new_syntax(),
            {"names": {"$ref": "#/$defs/Names"}, "tree": {"$ref": "#/$defs/Tree"}, "value": INT},
            '{"names": ["a"], "tree": {"b": 1}, "value": 2}',
            (["a"], {"b": 1}, 2),
            '{"names": [1], "tree": 1, "value": 2}',
            "- names[0]: Input should be a valid string; 1 came",
            required=("names", "tree", "value"),
            definitions={
                "Names": {"type": "array", "items": {"type": "string"}},
                "Tree": {"anyOf": [{"type": "object", "additionalProperties": {"$ref": "#/$defs/Tree"}}, INT]},
            },
        )
    )
