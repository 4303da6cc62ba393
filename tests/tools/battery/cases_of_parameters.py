"""Every kind of parameter and of default that the issue names, and every name that others stumble over."""

import dataclasses
import datetime
import enum
import functools
import typing
from typing import Annotated, Required

import typing_extensions
from anyassistant_tools import ToolResult
from case import Case, keep, taking
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

INT, STR = {"type": "integer"}, {"type": "string"}


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class Item(BaseModel):
    name: str = Field(alias="called")


class Uncommon:
    pass


class Options(TypedDict, total=False):
    wrap: bool
    width: Required[int]


class OldOptions(typing.TypedDict):
    wrap: "typing.NotRequired[bool]"
    width: int


class OwnShop:
    def order(self, **options: int) -> ToolResult:
        return keep(options)

    @classmethod
    def order_of_class(cls, **options: int) -> ToolResult:
        return keep(options)

    def __call__(self, **options: int) -> ToolResult:
        return keep(options)


def positional_only(first: int, second: int = 2, /, third: int = 3) -> ToolResult:
    return keep((first, second, third))


def keyword_only(*, first: int, second: int = 2) -> ToolResult:
    return keep((first, second))


def rest(first: int = 0, *rest: float, last: str = "z") -> ToolResult:
    return keep((first, rest, last))


def options(first: int, **options: int) -> ToolResult:
    return keep((first, options))


def everything(one: int, /, two: int, *three: int, four: int = 4, **five: int) -> ToolResult:
    return keep((one, two, three, four, five))


def untyped(*args, **kwargs):  # type: ignore[no-untyped-def]
    return keep((args, kwargs))


def typed_options(first: int, **options: typing_extensions.Unpack[Options]) -> ToolResult:
    return keep((first, options))


def old_typed_options(first: int, **options: "typing.Unpack[OldOptions]") -> ToolResult:
    return keep((first, options))


def odd_names(
    self: int, schema: int, json: int, copy: int, model_config: int, cls: int, fn: int, name: int, arguments: int,
    context: int, validate: int, class_: int, values: int, _hidden: int, model_fields: int, dict: int, type: int,
) -> ToolResult:  # fmt: skip
    given = locals()
    return keep([given[name] for name in ODD_NAMES])


def odd_variadics(value: int, *self: int, **values: int) -> ToolResult:
    return keep((value, self, values))


ODD_NAMES = list(typing.get_type_hints(odd_names))[:-1]


def unknown(name: str, known: str) -> str:
    return f"- {name}: unknown argument ({known}); 1 came"


KINDS = [
    Case(
        "positional-only",
        positional_only,
        {"first": INT, "second": {**INT, "default": 2}, "third": {**INT, "default": 3}},
        '{"first": 1, "third": 5}',
        (1, 2, 5),
        '{"second": 1}',
        '- first: missing; expected {"type": "integer"}',
        required=("first",),
    ),
    Case(
        "keyword-only",
        keyword_only,
        {"first": INT, "second": {**INT, "default": 2}},
        '{"first": 1}',
        (1, 2),
        '{"first": "x"}',
        "- first: Input should be a valid integer",
        required=("first",),
    ),
    Case(
        "*args",
        rest,
        {
            "first": {**INT, "default": 0},
            "rest": {"type": "array", "items": {"type": "number"}},
            "last": {**STR, "default": "z"},
        },
        '{"rest": [1, 2.5]}',
        (0, (1.0, 2.5), "z"),
        '{"rest": [1, "x"]}',
        "- rest[1]: Input should be a valid number",
        required=(),
    ),
    Case(
        "**kwargs",
        options,
        {"first": INT},
        '{"first": 1, "other": 2}',
        (1, {"other": 2}),
        '{"first": 1, "other": "x"}',
        "- other: Input should be a valid integer",
        required=("first",),
        rest=INT,
    ),
    Case(
        "all kinds at once",
        everything,
        {"one": INT, "two": INT, "three": {"type": "array", "items": INT}, "four": {**INT, "default": 4}},
        '{"one": 1, "two": 2, "three": [3], "five": 6}',
        (1, 2, (3,), 4, {"five": 6}),
        '{"one": 1, "two": 2, "five": {"a": 1}}',
        '- five: Input should be a valid integer; {"a": 1} came',
        required=("one", "two"),
        rest=INT,
    ),
    Case(
        "untyped variadics",
        untyped,
        {"args": {"type": "array", "items": {}}},
        '{"args": ["a"], "b": null}',
        (("a",), {"b": None}),
        '{"args": 1}',
        "- args: Input should be a valid array; 1 came",
        required=(),
        rest=True,
    ),
    Case(
        "**kwargs of a TypedDict",
        typed_options,
        {"first": INT, "wrap": {"type": "boolean"}, "width": INT},
        '{"first": 1, "width": 2, "wrap": null}',
        (1, {"width": 2}),
        '{"first": 1, "width": 2, "high": 1}',
        unknown("high", "known: first, wrap, width"),
        required=("first", "width"),
        is_lax=True,
    ),
    Case(
        "**kwargs of a TypedDict of typing",
        old_typed_options,
        {"first": INT, "wrap": {"type": "boolean"}, "width": INT},
        '{"first": 1, "width": 2, "wrap": true}',
        (1, {"width": 2, "wrap": True}),
        '{"first": 1}',
        '- width: missing; expected {"type": "integer"}',
        required=("first", "width"),
    ),
    Case(
        "partial of a TypedDict's key",
        functools.partial(typed_options, 1, width=3),
        {"wrap": {"type": "boolean"}},
        '{"wrap": true}',
        (1, {"width": 3, "wrap": True}),
        '{"width": 1}',
        unknown("width", "known: wrap"),
        required=(),
    ),
]
BOUND = [
    Case(
        "partial of **kwargs",
        functools.partial(options, 1, customer=7),
        {},
        '{"other": 2}',
        (1, {"customer": 7, "other": 2}),
        '{"customer": 1}',
        unknown("customer", "it takes none"),
        required=(),
        rest=INT,
    ),
    Case(
        "position of a partial with **kwargs",
        functools.partial(options, 1),
        {},
        '{"other": 2}',
        (1, {"other": 2}),
        '{"first": 1}',
        unknown("first", "it takes none"),
        required=(),
        rest=INT,
    ),
    Case(
        "self of a method with **kwargs",
        OwnShop().order,
        {},
        '{"cls": 2}',
        {"cls": 2},
        '{"self": 1}',
        unknown("self", "it takes none"),
        required=(),
        rest=INT,
    ),
    Case(
        "cls of a classmethod with **kwargs",
        OwnShop.order_of_class,
        {},
        '{"self": 2}',
        {"self": 2},
        '{"cls": 1}',
        unknown("cls", "it takes none"),
        required=(),
        rest=INT,
    ),
    Case(
        "self of a callable object with **kwargs",
        OwnShop(),
        {},
        '{"cls": 2}',
        {"cls": 2},
        '{"self": 1}',
        unknown("self", "it takes none"),
        required=(),
        rest=INT,
    ),
]
NAMES = [
    Case(
        "odd names",
        odd_names,
        dict.fromkeys(ODD_NAMES, INT),
        "{" + ", ".join(f'"{name}": {index}' for index, name in enumerate(ODD_NAMES)) + "}",
        list(range(len(ODD_NAMES))),
        "{" + ", ".join(f'"{name}": "x"' for name in ODD_NAMES) + "}",
        "- model_config: Input should be a valid integer",
        required=tuple(ODD_NAMES),
    ),
    Case(
        "odd names of variadics",
        odd_variadics,
        {"value": INT, "self": {"type": "array", "items": INT}},
        '{"value": 1, "self": [2], "values": 3, "call": 4}',
        (1, (2,), {"values": 3, "call": 4}),
        '{"value": 1, "values": "x"}',
        "- values: Input should be a valid integer",
        rest=INT,
    ),
]
MARKER, SHARED = Uncommon(), [1]


def default(name: str, annotation: object, default: object, entry: dict[str, object], bad: str = '"x"') -> Case:
    """Make the case of a parameter that is left out: its default is given as it is, and told if it has a JSON form."""
    return Case(
        f"default: {name}",
        taking(annotation, value=default),
        {"value": entry},
        "{}",
        default,
        f'{{"value": {bad}}}' if bad else "",
        "- value: ",
        required=(),
    )


def field_default(name: str, annotation: object, value: object, entry: dict[str, object], expected: object) -> Case:
    case = default(name, annotation, value, entry)
    return dataclasses.replace(case, value=expected)


DEFAULTS = [
    default("number", int, 3, {**INT, "default": 3}),
    default("None", int | None, None, {"anyOf": [INT, {"type": "null"}], "default": None}),
    default("None of another type", int, None, INT),
    default("mutable", list[int], SHARED, {"type": "array", "items": INT, "default": [1]}),
    default("tuple", tuple[int, ...], (1, 2), {"type": "array", "items": INT, "default": [1, 2]}),
    default("set", set[int], {1}, {"type": "array", "items": INT, "uniqueItems": True, "default": [1]}),
    default("bytes", bytes, b"\xfb\xff", {**STR, "format": "base64", "default": "+/8="}, "5"),
    default("date", datetime.date, datetime.date(2026, 1, 2), {**STR, "format": "date", "default": "2026-01-02"}),
    default(
        "timedelta", datetime.timedelta, datetime.timedelta(hours=1), {**STR, "format": "duration", "default": "PT1H"}
    ),
    default("NaN", float, float("nan"), {"type": "number"}),
    default("not JSON-able", object, MARKER, {}, ""),
    default("callable", object, len, {}, ""),
    field_default("Field", int, Field(3, ge=1), {"type": "integer", "minimum": 1, "default": 3}, 3),
    field_default("Field with a factory", list[int], Field(default_factory=list), {"type": "array", "items": INT}, []),
    field_default(
        "Field in Annotated",
        Annotated[int, Field(default=4, le=9)],
        Field(),
        {"type": "integer", "maximum": 9, "default": 4},
        4,
    ),
]
COMPOSED_DEFAULTS = [
    dataclasses.replace(
        default("enum", Colour, Colour.RED, {"$ref": "#/$defs/Colour", "default": "red"}),
        definitions={"Colour": {"enum": ["red", "blue"], "title": "Colour", "type": "string"}},
    ),
    dataclasses.replace(
        default("dataclass", Point, Point(1), {"$ref": "#/$defs/Point", "default": {"x": 1, "y": 0}}),
        definitions={
            "Point": {
                "type": "object",
                "properties": {"x": INT, "y": {**INT, "default": 0}},
                "required": ["x"],
                "title": "Point",
            }
        },
    ),
    dataclasses.replace(
        default("model", Item, Item(called="hat"), {"$ref": "#/$defs/Item", "default": {"called": "hat"}}),
        definitions={
            "Item": {"type": "object", "properties": {"called": STR}, "required": ["called"], "title": "Item"}
        },
    ),
]
CASES = [*KINDS, *BOUND, *NAMES, *DEFAULTS, *COMPOSED_DEFAULTS]
