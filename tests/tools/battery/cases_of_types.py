"""Every type that the issue names: what it becomes, what it takes as what, and what it refuses."""

import collections
import dataclasses
import datetime
import decimal
import enum
import pathlib
import re
import typing
import uuid
from collections.abc import Collection, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from collections.abc import Set as AbstractSet
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    Required,
    TypeVar,
    Union,
)

import pydantic.dataclasses
import typing_extensions
from case import of_type
from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, RootModel, field_validator
from pydantic.alias_generators import to_camel
from typing_extensions import TypeAliasType, TypedDict

T = TypeVar("T")
Number = TypeVar("Number", bound=int)
Sku = NewType("Sku", str)
OwnSku = NewType("OwnSku", Sku)
Names = TypeAliasType("Names", list[str])
PairOf = TypeAliasType("PairOf", tuple[T, T], type_params=(T,))
Tree = TypeAliasType("Tree", "dict[str, Tree] | int")
Amounts = list[Annotated[int, Field(ge=0)]]


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Mixed(enum.Enum):
    """Of a text and a number."""

    A = "a"
    TWO = 2


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Unit(enum.StrEnum):
    PIECE = "piece"
    DOZEN = "dozen"


class Item(BaseModel):
    """Something for sale."""

    name: str
    price: float = Field(ge=0, description="In euros.")
    inside: list["Item"] = []


class Checked(BaseModel):
    even: int

    @field_validator("even")
    @classmethod
    def _is_even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("it must be even")
        return value


class Aliased(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    item_id: str
    how_many: int = Field(1, validation_alias=AliasChoices("howMany", "count"))


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int


class Box(BaseModel, Generic[T]):
    item: T


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str]


class Scores(RootModel[dict[str, int]]):
    pass


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0
    tags: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Parcel:
    item: str
    _: dataclasses.KW_ONLY
    count: int = 1
    weight: dataclasses.InitVar[float] = 0.0

    def __post_init__(self, weight: float) -> None:
        pass


@dataclasses.dataclass
class Node:
    value: int
    next: "Node | None" = None


@pydantic.dataclasses.dataclass
class Range:
    low: int = Field(ge=0)
    high: int = 9


class Options(TypedDict, total=False):
    wrap: bool
    width: Required[int]


class Address(TypedDict):
    city: str
    zip: NotRequired[str]


class OldOptions(typing.TypedDict, total=False):
    wrap: bool
    width: typing.Required[int]
    inner: "OldAddress"


class OldAddress(typing.TypedDict):
    city: str
    zip: typing.NotRequired[str]


class Size(NamedTuple):
    width: int
    height: int = 1


def object_of(*required: str, **properties: object) -> dict[str, object]:
    schema: dict[str, object] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    return schema


def titled(title: str, schema: dict[str, object], **more: object) -> dict[str, object]:
    return {title: {**schema, "title": title, **more}}


INT, STR = {"type": "integer"}, {"type": "string"}
NOT_AN_INT = '- value: Input should be a valid integer, unable to parse string as an integer; "x" came'
ITEM = titled(
    "Item",
    object_of(
        "name",
        "price",
        name=STR,
        price={"type": "number", "minimum": 0, "description": "In euros."},
        inside={"type": "array", "items": {"$ref": "#/$defs/Item"}, "default": []},
    ),
    description="Something for sale.",
)
PETS = titled(
    "Cat",
    object_of("kind", kind={"const": "cat", "type": "string"}, lives={"type": "integer", "default": 9}),
) | titled(
    "Dog",
    object_of("kind", "tricks", kind={"const": "dog", "type": "string"}, tricks={"type": "array", "items": STR}),
)
EITHER_PET = [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]


def array(**more: object) -> dict[str, object]:
    return {"type": "array", **more}


SCALARS = [
    of_type("str", str, STR, '"a"', "a", "1", "- value: Input should be a valid string; 1 came"),
    of_type("int", int, INT, "5", 5, '"x"', NOT_AN_INT),
    of_type("int from a text", int, INT, '"5"', 5, "5.5", "- value: Input should be a valid integer", is_lax=True),
    of_type("float", float, {"type": "number"}, "2", 2.0, '"x"', "- value: Input should be a valid number"),
    of_type("bool", bool, {"type": "boolean"}, "true", True, '"x"', "- value: Input should be a valid boolean"),
    of_type("None", None, {"type": "null"}, "null", None, "1", "- value: Input should be null; 1 came"),
    of_type("bytes", bytes, {"type": "string", "format": "base64"}, '"+/8="', b"\xfb\xff", '"?"', "- value: "),
    of_type("Any", Any, {}, '[1, {"a": null}]', [1, {"a": None}], "", ""),
    of_type("object", object, {}, '"a"', "a", "", ""),
    of_type(
        "Optional",
        Optional[int],  # noqa: UP045
        {"anyOf": [INT, {"type": "null"}]},
        "null",
        None,
        '"x"',
        NOT_AN_INT,
    ),
    of_type("None or int", int | None, {"anyOf": [INT, {"type": "null"}]}, "5", 5, '"x"', NOT_AN_INT),
    of_type(
        "Union",
        Union[int, list[str]],  # noqa: UP007
        {"anyOf": [INT, array(items=STR)]},
        '["a"]',
        ["a"],
        '"x"',
        "- value: Input should be a valid integer, unable to parse string as an integer or: Input should be a valid "
        'array; "x" came',
    ),
    of_type("int | str", int | str, {"anyOf": [INT, STR]}, '"5"', "5", "null", "- value: Input should be a valid int"),
    of_type(
        "Literal", Literal["a", "b"], {"enum": ["a", "b"], "type": "string"}, '"b"', "b", '"B"', "'a' or 'b'; \"B\""
    ),
    of_type(
        "Literal of several types",
        Literal["a", 1, True, None],
        {"enum": ["a", 1, True, None]},
        "true",
        True,
        '"A"',
        "'a', 1, True or None; \"A\" came",
    ),
    of_type(
        "Literal of an enum's member",
        list[Literal[Colour.RED]],
        {"type": "array", "items": {"const": "red", "type": "string"}},
        '["red"]',
        [Colour.RED],
        '["blue"]',
        "- value[0]: Input should be 'red'; \"blue\" came",
    ),
    of_type(
        "Literal of members and texts",
        Literal["none", Colour.RED, Level.HIGH],
        {"enum": ["none", "red", 2]},
        "2",
        Level.HIGH,
        '"2"',
        "- value: Input should be 'none', 'red' or 2; \"2\" came",
    ),
    of_type(
        "Enum",
        Colour,
        {"$ref": "#/$defs/Colour"},
        '"red"',
        Colour.RED,
        '"RED"',
        "- value: Input should be 'red' or 'blue'; \"RED\" came",
        definitions={"Colour": {"enum": ["red", "blue"], "title": "Colour", "type": "string"}},
    ),
    of_type(
        "Enum of several types",
        Mixed,
        {"$ref": "#/$defs/Mixed"},
        "2",
        Mixed.TWO,
        '"2"',
        "- value: Input should be 'a' or 2; \"2\" came",
        definitions={"Mixed": {"enum": ["a", 2], "title": "Mixed", "description": "Of a text and a number."}},
    ),
    of_type(
        "IntEnum",
        Level,
        {"$ref": "#/$defs/Level"},
        "2",
        Level.HIGH,
        "3",
        "- value: Input should be 1 or 2; 3 came",
        definitions={"Level": {"enum": [1, 2], "title": "Level", "type": "integer"}},
    ),
    of_type(
        "StrEnum",
        Unit,
        {"$ref": "#/$defs/Unit"},
        '"dozen"',
        Unit.DOZEN,
        '"Dozen"',
        "'piece' or 'dozen'; \"Dozen\" came",
        definitions={"Unit": {"enum": ["piece", "dozen"], "title": "Unit", "type": "string"}},
    ),
    of_type(
        "datetime",
        datetime.datetime,
        {"type": "string", "format": "date-time"},
        '"2026-01-02T03:04:05Z"',
        datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
        '"soon"',
        "- value: Input should be a valid datetime",
    ),
    of_type(
        "date",
        datetime.date,
        {"type": "string", "format": "date"},
        '"2026-01-02"',
        datetime.date(2026, 1, 2),
        '"soon"',
        "- value: Input should be a valid date",
    ),
    of_type(
        "time",
        datetime.time,
        {"type": "string", "format": "time"},
        '"03:04:05"',
        datetime.time(3, 4, 5),
        '"soon"',
        "- value: Input should be in a valid time format",
    ),
    of_type(
        "timedelta",
        datetime.timedelta,
        {"type": "string", "format": "duration"},
        '"PT1M"',
        datetime.timedelta(minutes=1),
        '"soon"',
        "- value: Input should be a valid duration",
    ),
    of_type(
        "UUID",
        uuid.UUID,
        {"type": "string", "format": "uuid"},
        f'"{uuid.UUID(int=1)}"',
        uuid.UUID(int=1),
        '"x"',
        "- value: Input should be a valid UUID",
    ),
    of_type("Path", pathlib.Path, {"type": "string", "format": "path"}, '"a/b"', pathlib.Path("a/b"), "1", "- value: "),
    of_type(
        "Pattern", re.Pattern[str], {"type": "string", "format": "regex"}, '"a+"', re.compile("a+"), '"("', "regular"
    ),
]
# What pydantic makes of a Decimal differs between its versions in nothing but the pattern.
DECIMAL_PATTERN = typing.cast("dict[str, Any]", pydantic.TypeAdapter(decimal.Decimal).json_schema())
NUMBERS = [
    of_type(
        "Decimal", decimal.Decimal, DECIMAL_PATTERN, '"1.10"', decimal.Decimal("1.10"), '"x"', "- value: Input should"
    ),
    of_type(
        "Decimal from a number", decimal.Decimal, DECIMAL_PATTERN, "1.5", decimal.Decimal("1.5"), "true", "- value: "
    ),
]
CONTAINERS = [
    of_type(
        "list", list[int], array(items=INT), "[1, 2]", [1, 2], '[1, "x"]', "- value[1]: Input should be a valid int"
    ),
    of_type("bare list", list, array(items={}), '[1, "a"]', [1, "a"], "1", "- value: Input should be a valid array"),
    of_type(
        "set", set[int], array(items=INT, uniqueItems=True), "[1, 2]", {1, 2}, "1", "- value: Input should be a valid"
    ),
    of_type(
        "set with repeats",
        set[int],
        array(items=INT, uniqueItems=True),
        "[1, 1]",
        {1},
        "1",
        "- value: Input should be a valid array",
        is_lax=True,
    ),
    of_type(
        "frozenset", frozenset[int], array(items=INT, uniqueItems=True), "[1]", frozenset({1}), '["x"]', "- value[0]: "
    ),
    of_type(
        "AbstractSet",
        AbstractSet[int],
        array(items=INT, uniqueItems=True),
        "[1]",
        frozenset({1}),
        '["x"]',
        "- value[0]: ",
    ),
    of_type(
        "tuple of two",
        tuple[int, str],
        array(prefixItems=[INT, STR], minItems=2, maxItems=2),
        '[1, "a"]',
        (1, "a"),
        "[1]",
        "- value[1]: missing",
    ),
    of_type("tuple of any number", tuple[int, ...], array(items=INT), "[1, 2]", (1, 2), '["x"]', "- value[0]: Input"),
    of_type("bare tuple", tuple, array(items={}), "[1]", (1,), "1", "- value: Input should be a valid array"),
    of_type("empty tuple", tuple[()], array(minItems=0, maxItems=0), "[]", (), "[1]", "- value: "),
    of_type("Sequence", Sequence[int], array(items=INT), "[1]", [1], "{}", "- value: "),
    of_type("MutableSequence", MutableSequence[int], array(items=INT), "[1]", [1], "{}", "- value: "),
    of_type("Collection", Collection[int], array(items=INT), "[1]", [1], "1", "- value: "),
    of_type(
        "Iterable", Iterable[int], array(items=INT), "[1]", [1], '["x"]', "- value[0]: Input should be a valid int"
    ),
    of_type(
        "list of Iterables", list[Iterable[int]], array(items=array(items=INT)), "[[1]]", [[1]], '[["x"]]', "[0][0]"
    ),
    of_type("deque", collections.deque[int], array(items=INT), "[1]", collections.deque([1]), '["x"]', "- value[0]: "),
    of_type(
        "dict",
        dict[str, int],
        {"type": "object", "additionalProperties": INT},
        '{"a": 1}',
        {"a": 1},
        '{"a": "x"}',
        '- value.a: Input should be a valid integer, unable to parse string as an integer; "x" came',
    ),
    of_type(
        "bare dict", dict, {"type": "object", "additionalProperties": True}, '{"a": 1}', {"a": 1}, "1", "- value: "
    ),
    of_type(
        "dict with keys of another type",
        dict[int, str],
        {"type": "object", "additionalProperties": STR},
        '{"1": "a"}',
        {1: "a"},
        '{"x": "a"}',
        "- value.x: Input should be a valid integer",
    ),
    of_type(
        "dict of models",
        dict[str, list[Item]],
        {"type": "object", "additionalProperties": array(items={"$ref": "#/$defs/Item"})},
        '{"a": [{"name": "hat", "price": 2}]}',
        {"a": [Item(name="hat", price=2)]},
        '{"a": [{"name": "hat"}]}',
        "- value.a[0].price: missing",
        definitions=ITEM,
    ),
    of_type(
        "Mapping", Mapping[str, int], {"type": "object", "additionalProperties": INT}, '{"a": 1}', {"a": 1}, "[]", "-"
    ),
    of_type(
        "MutableMapping",
        MutableMapping[str, int],
        {"type": "object", "additionalProperties": INT},
        '{"a": 1}',
        {"a": 1},
        "[]",
        "- value: Input should be ",
    ),
]
COMPOSED = [
    of_type(
        "model",
        Item,
        {"$ref": "#/$defs/Item"},
        '{"name": "hat", "price": 2}',
        Item(name="hat", price=2),
        '{"name": "hat", "price": -1}',
        "- value.price: Input should be greater than or equal to 0; -1 came",
        definitions=ITEM,
    ),
    of_type(
        "recursive model",
        Item,
        {"$ref": "#/$defs/Item"},
        '{"name": "box", "price": 1, "inside": [{"name": "hat", "price": 2, "inside": []}]}',
        Item(name="box", price=1, inside=[Item(name="hat", price=2)]),
        '{"name": "box", "price": 1, "inside": [{"name": "hat"}]}',
        "- value.inside[0].price: missing",
        definitions=ITEM,
    ),
    of_type(
        "model with a validator",
        Checked,
        {"$ref": "#/$defs/Checked"},
        '{"even": 2}',
        Checked(even=2),
        '{"even": 3}',
        "- value.even: Value error, it must be even; 3 came",
        definitions=titled("Checked", object_of("even", even=INT)),
    ),
    of_type(
        "model with aliases",
        Aliased,
        {"$ref": "#/$defs/Aliased"},
        '{"itemId": "sg-1", "howMany": 2}',
        Aliased.model_validate({"itemId": "sg-1", "howMany": 2}),
        '{"item_id": "sg-1"}',
        "- value.itemId: missing",
        definitions=titled("Aliased", object_of("itemId", itemId=STR, howMany={"type": "integer", "default": 1})),
    ),
    of_type(
        "model without further keys",
        Strict,
        {"$ref": "#/$defs/Strict"},
        '{"size": 2}',
        Strict(size=2),
        '{"size": 2, "weight": 3}',
        "- value.weight: unknown key; 3 came",
        definitions=titled("Strict", object_of("size", size=INT), additionalProperties=False),
    ),
    of_type(
        "generic model",
        Box[int],
        {"$ref": "#/$defs/Box_int_"},
        '{"item": 4}',
        Box[int](item=4),
        '{"item": "x"}',
        "- value.item: Input should be a valid integer",
        definitions={"Box_int_": {**object_of("item", item=INT), "title": "Box[int]"}},
    ),
    of_type(
        "root model",
        Scores,
        {"$ref": "#/$defs/Scores"},
        '{"ann": 4}',
        Scores({"ann": 4}),
        '{"ann": "x"}',
        "- value.ann: Input should be a valid integer",
        definitions=titled("Scores", {"type": "object", "additionalProperties": INT}),
    ),
    of_type(
        "discriminated union",
        Annotated[Cat | Dog, Field(discriminator="kind")],
        {
            "oneOf": EITHER_PET,
            "discriminator": {
                "propertyName": "kind",
                "mapping": {"cat": "#/$defs/Cat", "dog": "#/$defs/Dog"},
            },
        },
        '{"kind": "dog", "tricks": ["sit"]}',
        Dog(kind="dog", tricks=["sit"]),
        '{"kind": "cow"}',
        "- value: Input tag 'cow' found using 'kind' does not match any of the expected tags: 'cat', 'dog'",
        definitions=PETS,
    ),
    of_type(
        "union of models",
        Cat | Dog,
        {"anyOf": EITHER_PET},
        '{"kind": "cat", "lives": 7}',
        Cat(kind="cat", lives=7),
        '{"kind": "dog"}',
        "- value.tricks: missing",
        definitions=PETS,
    ),
    of_type(
        "dataclass",
        Point,
        {"$ref": "#/$defs/Point"},
        '{"x": 1}',
        Point(1),
        '{"y": 1}',
        "- value.x: missing",
        definitions=titled(
            "Point",
            object_of("x", x=INT, y={"type": "integer", "default": 0}, tags=array(items=STR)),
        ),
    ),
    of_type(
        "dataclass of names alone",
        Parcel,
        {"$ref": "#/$defs/Parcel"},
        '{"item": "hat", "count": 2, "weight": 1.5}',
        Parcel("hat", count=2, weight=1.5),
        '{"item": "hat", "weight": "x"}',
        "- value.weight: Input should be a valid number",
        definitions=titled(
            "Parcel",
            object_of(
                "item",
                item=STR,
                count={"type": "integer", "default": 1},
                weight={"type": "number", "default": 0.0},
            ),
        ),
    ),
    of_type(
        "recursive dataclass",
        Node,
        {"$ref": "#/$defs/Node"},
        '{"value": 1, "next": {"value": 2}}',
        Node(1, Node(2)),
        '{"value": 1, "next": {"value": "x"}}',
        "- value.next.value: Input should be a valid integer",
        definitions=titled(
            "Node",
            object_of(
                "value", value=INT, next={"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}], "default": None}
            ),
        ),
    ),
    of_type(
        "dataclass of pydantic",
        Range,
        {"$ref": "#/$defs/Range"},
        '{"low": 1}',
        Range(low=1),
        '{"low": -1}',
        "- value.low: Input should be greater than or equal to 0; -1 came",
        definitions=titled(
            "Range", object_of("low", low={"type": "integer", "minimum": 0}, high={"type": "integer", "default": 9})
        ),
    ),
    of_type(
        "TypedDict, total=False",
        Options,
        {"$ref": "#/$defs/Options"},
        '{"width": 1}',
        {"width": 1},
        '{"wrap": true}',
        "- value.width: missing",
        definitions=titled("Options", object_of("width", wrap={"type": "boolean"}, width=INT)),
    ),
    of_type(
        "TypedDict",
        Address,
        {"$ref": "#/$defs/Address"},
        '{"city": "Rome"}',
        {"city": "Rome"},
        '{"city": 1}',
        "- value.city: Input should be a valid string; 1 came",
        definitions=titled("Address", object_of("city", city=STR, zip=STR)),
    ),
    of_type(
        "TypedDict of typing",
        list[OldOptions],
        array(items={"$ref": "#/$defs/OldOptions"}),
        '[{"width": 1, "inner": {"city": "Rome"}}]',
        [{"width": 1, "inner": {"city": "Rome"}}],
        '[{"wrap": true, "inner": {}}]',
        "- value[0].width: missing\n- value[0].inner.city: missing",
        definitions=titled("OldAddress", object_of("city", city=STR, zip=STR))
        | titled(
            "OldOptions",
            object_of("width", wrap={"type": "boolean"}, width=INT, inner={"$ref": "#/$defs/OldAddress"}),
        ),
    ),
    of_type(
        "NamedTuple",
        Size,
        {"$ref": "#/$defs/Size"},
        "[1, 2]",
        Size(1, 2),
        "[]",
        "- value[0]: missing",
        definitions={
            "Size": array(prefixItems=[INT, {"type": "integer", "default": 1}], minItems=1, maxItems=2),
        },
    ),
]
ALIASES = [
    of_type("NewType", Sku, STR, '"sg-1"', "sg-1", "1", "- value: Input should be a valid string"),
    of_type("NewType of a NewType", OwnSku, STR, '"sg-1"', "sg-1", "1", "- value: Input should be a valid string"),
    of_type(
        "plain alias",
        Amounts,
        {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "[1]",
        [1],
        "[-1]",
        "- value[0]: Input should be greater than or equal to 0; -1 came",
    ),
    of_type(
        "alias",
        Names,
        {"$ref": "#/$defs/Names"},
        '["a"]',
        ["a"],
        "[1]",
        "- value[0]: Input should be a valid string",
        definitions={"Names": array(items=STR)},
    ),
    of_type(
        "generic alias",
        PairOf[int],
        {"$ref": "#/$defs/PairOf_int_"},
        "[1, 2]",
        (1, 2),
        "[1]",
        "- value[1]: missing",
        definitions={"PairOf_int_": array(prefixItems=[INT, INT], minItems=2, maxItems=2)},
    ),
    of_type(
        "recursive alias",
        Tree,
        {"$ref": "#/$defs/Tree"},
        '{"a": {"b": 2}}',
        {"a": {"b": 2}},
        '{"a": {"b": []}}',
        "- value.a.b: Input should be ",
        definitions={"Tree": {"anyOf": [{"type": "object", "additionalProperties": {"$ref": "#/$defs/Tree"}}, INT]}},
    ),
    of_type("TypeVar", T, {}, "[1]", [1], "", ""),
    of_type("bound TypeVar", Number, INT, "1", 1, '"x"', NOT_AN_INT),
]
ANNOTATED = [
    of_type(
        "bounds",
        Annotated[int, Field(ge=1, lt=4)],
        {"type": "integer", "minimum": 1, "exclusiveMaximum": 4},
        "2",
        2,
        "4",
        "- value: Input should be less than 4; 4 came",
    ),
    of_type(
        "pattern",
        Annotated[str, Field(pattern="^sg-")],
        {"type": "string", "pattern": "^sg-"},
        '"sg-1"',
        "sg-1",
        '"x"',
        "- value: String should match pattern '^sg-'; \"x\" came",
    ),
    of_type(
        "lengths",
        Annotated[list[int], Field(min_length=1, max_length=2)],
        {"type": "array", "items": INT, "minItems": 1, "maxItems": 2},
        "[1]",
        [1],
        "[]",
        "- value: List should have at least 1 item after validation, not 0; [] came",
    ),
    of_type(
        "multiple",
        Annotated[int, Field(multiple_of=5)],
        {"type": "integer", "multipleOf": 5},
        "10",
        10,
        "7",
        "- value: Input should be a multiple of 5; 7 came",
    ),
    of_type(
        "constraints inside",
        list[Annotated[int, Field(gt=0)]],
        {"type": "array", "items": {"type": "integer", "exclusiveMinimum": 0}},
        "[1]",
        [1],
        "[1, 0]",
        "- value[1]: Input should be greater than 0; 0 came",
    ),
    of_type(
        "validator",
        Annotated[str, AfterValidator(str.upper)],
        STR,
        '"a"',
        "A",
        "1",
        "- value: Input should be a valid string",
    ),
    of_type(
        "description",
        Annotated[str, "Its id."],
        {"type": "string", "description": "Its id."},
        '"a"',
        "a",
        "1",
        "- value: Input should be a valid string",
    ),
    of_type(
        "description inside",
        list[Annotated[str, "The id of one."]] | None,
        {"anyOf": [{"type": "array", "items": {"type": "string", "description": "The id of one."}}, {"type": "null"}]},
        '["a"]',
        ["a"],
        "[1]",
        "- value[0]: Input should be a valid string",
    ),
    of_type(
        "key that is no name",
        typing_extensions.TypedDict("Odd", {"a-b": Required[int]}, total=False),  # no name in a class
        {"$ref": "#/$defs/Odd"},
        '{"a-b": 1}',
        {"a-b": 1},
        "{}",
        "- value.a-b: missing",
        definitions=titled("Odd", object_of("a-b", **{"a-b": INT})),
    ),
]
CASES = [*SCALARS, *NUMBERS, *CONTAINERS, *COMPOSED, *ALIASES, *ANNOTATED]
