"""What each construct becomes for Gemini, and what the model then writes. See `test_openai_strict.py` for the rest."""

from typing import Any

import pytest
from anyassistant_tools.lowering import lower

# the schema of a required property `p`, its lowered schema, the report, a canonical value, and what the model writes
CASES: dict[str, tuple[Any, Any, list[str], Any, Any]] = {
    "lengths and patterns are kept": (
        {"type": "string", "minLength": 1, "pattern": "^a(?=b)"},
        {"type": "string", "minLength": 1, "pattern": "^a(?=b)"},
        [],
        "ab",
        "ab",
    ),
    "formats but `date-time` are said to the model": (
        {"type": "string", "format": "duration"},
        {"type": "string", "description": "Format: duration."},
        ["p: weakened: `format` 'duration' is not checked by Gemini"],
        "P1D",
        "P1D",
    ),
    "what is said to the model is said beside the description of a value that may be null": (
        {"anyOf": [{"type": "string", "format": "uri"}, {"type": "null"}], "description": "The page."},
        {"type": "string", "nullable": True, "description": "The page. Format: uri."},
        ["p.anyOf[0]: weakened: `format` 'uri' is not checked by Gemini"],
        "a:b",
        "a:b",
    ),
    "bounds of integers are inclusive": (
        {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10, "multipleOf": 2},
        {"type": "integer", "minimum": 1, "maximum": 9, "description": "A multiple of 2."},
        [
            "p: rewritten: `exclusiveMinimum` 0 is written as `minimum` 1",
            "p: rewritten: `exclusiveMaximum` 10 is written as `maximum` 9",
            "p: weakened: `multipleOf` 2 is not checked by Gemini",
        ],
        2,
        2,
    ),
    "exclusive bounds of numbers are said to the model": (
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "number", "description": "Above 0."},
        ["p: weakened: `exclusiveMinimum` 0 is not checked by Gemini"],
        0.5,
        0.5,
    ),
    "choices that are not strings are texts": (
        {"enum": [1, 2, True, None, "a", ""]},
        {"type": "string", "format": "enum", "enum": ["1", "2", "true", "a", '""'], "nullable": True},
        ["p: rewritten: the choices that are not plain strings are carried as texts"],
        2,
        "2",
    ),
    "choices that would have one text are told apart": (
        {"enum": [1, "1"]},
        {"type": "string", "format": "enum", "enum": ["1", '"1"']},
        ["p: rewritten: the choices that are not plain strings are carried as texts"],
        "1",
        '"1"',
    ),
    "a constant is a choice of one": (
        {"const": "a", "type": "string"},
        {"type": "string", "format": "enum", "enum": ["a"]},
        [],
        "a",
        "a",
    ),
    "null is `nullable`": (
        {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
        {"anyOf": [{"type": "integer", "nullable": True}, {"type": "string", "nullable": True}]},
        [],
        None,
        None,
    ),
    "a union is described in its first alternative": (
        {"anyOf": [{"type": "integer"}, {"type": "string"}], "description": "How many."},
        {"anyOf": [{"type": "integer", "description": "How many."}, {"type": "string"}]},
        [],
        1,
        1,
    ),
    "properties that may be left out stay so": (
        {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "null"}}, "required": ["b"]},
        {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "null"}},
            "required": ["b"],
            "propertyOrdering": ["a", "b"],
        },
        [],
        {"b": None},
        {"b": None},
    ),
    "an open dict is a list of pairs": (
        {"type": "object", "additionalProperties": {"type": "integer"}, "propertyNames": {"enum": ["a", "b"]}},
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "key": {"type": "string", "format": "enum", "enum": ["a", "b"]},
                    "value": {"type": "integer"},
                },
                "required": ["key", "value"],
                "propertyOrdering": ["key", "value"],
            },
            "description": "A list of key and value pairs; each key once.",
        },
        ["p: rewritten: the open dict is carried as a list of {key, value} pairs"],
        {"a": 1},
        [{"key": "a", "value": 1}],
    ),
    "an object without properties is JSON text": (
        {"type": "object", "properties": {}, "additionalProperties": False},
        {"type": "string", "description": "An object, written as JSON text in a string."},
        ["p: rewritten: an object without properties is carried as JSON text"],
        {},
        "{}",
    ),
    "a tuple that goes on is an object with the rest in a list": (
        {"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "integer"}, "minItems": 1},
        {
            "type": "object",
            "properties": {"item_1": {"type": "string"}, "more_items": {"type": "array", "items": {"type": "integer"}}},
            "required": ["item_1", "more_items"],
            "propertyOrdering": ["item_1", "more_items"],
        },
        ["p: rewritten: the tuple is carried as an object with item_1"],
        ["a", 1, 2],
        {"item_1": "a", "more_items": [1, 2]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_construct(name: str) -> None:
    schema, expected, report, canonical, written = CASES[name]

    lowered = lower({"type": "object", "properties": {"p": schema}, "required": ["p"]}, "gemini")

    assert lowered.schema == {
        "type": "object",
        "properties": {"p": expected},
        "required": ["p"],
        "propertyOrdering": ["p"],
    }
    assert [str(change) for change in lowered.report] == report
    assert lowered.lower_value({"p": canonical}) == {"p": written}
    assert lowered.lift({"p": written}) == {"p": canonical}


def test_references_are_unfolded_and_recursion_ends_in_json_text() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#/$defs/Tree"}}}
    schema = {"type": "object", "properties": {"p": {"$ref": "#/$defs/Tree"}}, "$defs": {"Tree": tree}}

    lowered = lower(schema, "gemini")

    part: Any = lowered.schema
    for name in ("p", "left", "left", "left"):
        part = part["properties"][name]
    assert part == {"type": "string", "description": "Another Tree, written as JSON text in a string."}
    assert [str(change) for change in lowered.report] == [
        "$defs.Tree: rewritten: without references, Tree is carried as JSON text from the 4th level on"
    ]
    deep: dict[str, Any] = {"p": {"left": {"left": {"left": {"left": {}}}}}}
    assert lowered.lower_value(deep) == {"p": {"left": {"left": {"left": '{"left": {}}'}}}}
    assert lowered.lift(lowered.lower_value(deep)) == deep


def test_a_schema_that_refers_to_itself_very_often_stays_small() -> None:
    names = [f"p{i}" for i in range(30)]
    node = {"type": "object", "properties": {name: {"$ref": "#/$defs/Node"} for name in names}}

    lowered = lower({**node, "$defs": {"Node": node}}, "gemini")

    assert len(str(lowered.schema)) < 400_000
    assert "where the schema gets too large" in lowered.report[-1].what
    assert lowered.lift(lowered.lower_value({"p29": {"p1": {}}})) == {"p29": {"p1": {}}}
