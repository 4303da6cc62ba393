"""Types under another name, and types that say more of themselves."""

from typing import Annotated, Required

import typing_extensions
from case import of_type
from declared_types import Amounts, Names, Number, OwnSku, PairOf, Sku, T, Tree
from pydantic import AfterValidator, Field
from schemas import INT, NOT_AN_INT, STR, array, object_of, titled

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
CASES = [*ALIASES, *ANNOTATED]
