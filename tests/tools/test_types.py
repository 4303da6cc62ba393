"""What each type becomes in the schema, what it takes, and what it refuses."""

from __future__ import annotations

import datetime
import decimal
import enum
import pathlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, Union

import jsonschema
import pytest
from anyassistant_tools import Tool, ToolArgumentsError
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

Sku = NewType("Sku", str)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Item(BaseModel):
    name: str
    price: float = Field(ge=0)
    inside: list[Item] = []


@dataclass
class Point:
    x: int
    y: int = 0


class Options(TypedDict, total=False):
    wrap: bool


class Size(NamedTuple):
    width: int
    height: int


# annotation, JSON that it takes, the value that it becomes, JSON that it refuses
CASES: dict[str, tuple[object, str, object, str]] = {
    "str": (str, '"a"', "a", "1"),
    "int": (int, '"5"', 5, '"x"'),
    "float": (float, "1.5", 1.5, '"x"'),
    "bool": (bool, "true", True, '"x"'),
    "None": (None, "null", None, "1"),
    "bytes": (bytes, '"+/8="', b"\xfb\xff", '"not base64!"'),
    "any": (Any, "[1]", [1], ""),
    "optional": (Optional[int], "null", None, '"x"'),  # noqa: UP045
    "union": (Union[int, list[str]], '["a"]', ["a"], '"x"'),  # noqa: UP007
    "new union": (int | str, '"a"', "a", "null"),
    "literal": (Literal["a", 1], "1", 1, '"b"'),
    "enum": (Colour, '"red"', Colour.RED, '"RED"'),
    "int enum": (Level, "2", Level.HIGH, "3"),
    "list": (list[int], "[1, 2]", [1, 2], '["x"]'),
    "set": (set[int], "[1, 1]", {1}, "1"),
    "frozenset": (frozenset[int], "[1]", frozenset({1}), "1"),
    "pair": (tuple[int, str], '[1, "a"]', (1, "a"), "[1]"),
    "tuple": (tuple[int, ...], "[1, 2]", (1, 2), '["x"]'),
    "dict": (dict[str, int], '{"a": 1}', {"a": 1}, '{"a": "x"}'),
    "mapping": (Mapping[str, int], '{"a": 1}', {"a": 1}, "[]"),
    "sequence": (Sequence[int], "[1]", [1], "{}"),
    "datetime": (datetime.datetime, '"2026-01-02T03:04:05"', datetime.datetime(2026, 1, 2, 3, 4, 5), '"soon"'),
    "date": (datetime.date, '"2026-01-02"', datetime.date(2026, 1, 2), '"soon"'),
    "time": (datetime.time, '"03:04"', datetime.time(3, 4), '"soon"'),
    "timedelta": (datetime.timedelta, '"PT1M"', datetime.timedelta(minutes=1), '"soon"'),
    "decimal": (decimal.Decimal, '"1.10"', decimal.Decimal("1.10"), '"x"'),
    "uuid": (uuid.UUID, f'"{uuid.UUID(int=1)}"', uuid.UUID(int=1), '"x"'),
    "path": (pathlib.Path, '"a/b"', pathlib.Path("a/b"), "1"),
    "model": (Item, '{"name": "hat", "price": 2}', Item(name="hat", price=2), '{"name": "hat", "price": -1}'),
    "recursive model": (
        Item,
        '{"name": "box", "price": 1, "inside": [{"name": "hat", "price": 2}]}',
        Item(name="box", price=1, inside=[Item(name="hat", price=2)]),
        '{"name": "box", "price": 1, "inside": [{"name": "hat"}]}',
    ),
    "dataclass": (Point, '{"x": 1}', Point(1), '{"y": 1}'),
    "typed dict": (Options, '{"wrap": true}', {"wrap": True}, '{"wrap": "x"}'),
    "named tuple": (Size, "[1, 2]", Size(1, 2), "[1]"),
    "new type": (Sku, '"sg-1"', "sg-1", "1"),
    "constrained": (Annotated[int, Field(ge=1, le=3)], "2", 2, "4"),
    "pattern": (Annotated[str, Field(pattern="^sg-")], '"sg-1"', "sg-1", '"x"'),
    "models in containers": (
        dict[str, list[Item]],
        '{"a": [{"name": "hat", "price": 2}]}',
        {"a": [Item(name="hat", price=2)]},
        '{"a": [1]}',
    ),
}


def tool_of(annotation: object) -> Tool:
    async def take(value):  # type: ignore[no-untyped-def]
        return value

    take.__annotations__ = {"value": annotation}
    return Tool.from_callable(take)


@pytest.mark.parametrize("case", CASES)
async def test_a_value_arrives_as_the_type_that_is_declared(case: str) -> None:
    annotation, text, value, _ = CASES[case]
    came = (await tool_of(annotation).call(f'{{"value": {text}}}')).value
    assert came == value
    assert type(came) is type(value)


@pytest.mark.parametrize("case", CASES)
async def test_a_value_of_another_type_is_refused(case: str) -> None:
    annotation, _, _, bad = CASES[case]
    with pytest.raises(ToolArgumentsError, match="value" if bad else "JSON"):
        await tool_of(annotation).call(f'{{"value": {bad}}}')


@pytest.mark.parametrize("case", CASES)
def test_the_schema_is_valid_by_its_draft_and_takes_what_the_tool_takes(case: str) -> None:
    import json

    annotation, text, _, _ = CASES[case]
    schema = tool_of(annotation).parameters
    jsonschema.Draft202012Validator.check_schema(schema)
    loose = case in ("int", "set")  # '"5"' for 5 and repeated members are taken, but not asked for
    if not loose:
        jsonschema.Draft202012Validator(schema).validate({"value": json.loads(text)})
    assert "title" not in json.dumps(schema["properties"])


async def test_annotations_may_name_what_is_local_to_the_defining_function() -> None:
    class Local(BaseModel):
        size: int

    def outer() -> Tool:
        async def take(value: Local, colour: Colour, point: Point) -> object:
            return [value, colour, point]

        return Tool.from_callable(take)

    arguments = '{"value": {"size": 1}, "colour": "red", "point": {"x": 1}}'
    assert (await outer().call(arguments)).value == [Local(size=1), Colour.RED, Point(1)]


async def test_a_parameter_without_a_type_takes_anything() -> None:
    async def take(value, count=1):  # type: ignore[no-untyped-def]
        return [value, count]

    tool = Tool.from_callable(take)
    assert tool.parameters["properties"] == {"value": {}, "count": {"default": 1}}
    assert (await tool.call('{"value": {"a": [1, null]}, "count": "x"}')).value == [{"a": [1, None]}, "x"]
