"""Values that hold no others: what each becomes, what it takes as what, and what it refuses."""

import datetime
import decimal
import pathlib
import re
import typing
import uuid
from typing import Any, Literal, Optional, Union

import pydantic.dataclasses
from case import of_type
from declared_types import Colour, Level, Mixed, Unit
from schemas import INT, NOT_AN_INT, STR, array

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
CASES = [*SCALARS, *NUMBERS]
