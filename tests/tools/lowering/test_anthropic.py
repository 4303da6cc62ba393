"""What Anthropic takes as it is, and the few things that it refuses at the top of a schema."""

from typing import Any

import pytest
from anyassistant_tools import ToolDefinitionError
from anyassistant_tools.lowering import Target, lower


def test_a_schema_of_an_object_is_kept_word_for_word() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "a": {"type": "string", "format": "duration", "minLength": 1, "default": "P1D", "title": "A"},
            "b": {"type": "array", "prefixItems": [{"type": "integer"}], "items": False, "uniqueItems": True},
            "c": {"oneOf": [{"$ref": "#/$defs/C"}, {"not": {"const": 1}}]},
            "d": {"type": "object", "patternProperties": {"^x": {}}, "propertyNames": {"maxLength": 3}},
        },
        "additionalProperties": {"type": "integer"},
        "$defs": {"C": {"type": "object", "properties": {"next": {"$ref": "#/$defs/C"}}}},
    }

    lowered = lower(schema, "anthropic")

    assert lowered.schema == schema
    assert lowered.report == ()
    assert list(lowered.kept) == ["a", "b", "c", "d"]
    assert lowered.lift({"a": "P1D", "x": 1}) == {"a": "P1D", "x": 1}


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf", "allOf"])
def test_a_union_at_the_top_is_put_into_a_property(keyword: str) -> None:
    root = {
        "type": "object",
        "properties": {"a": {"$ref": "#/properties/b"}, "b": {"type": "integer"}, "c": {"$ref": "#/$defs/C"}},
        keyword: [{"required": ["a"]}],
        "$defs": {"C": {"type": "string"}},
    }

    lowered = lower(root, "anthropic")

    assert lowered.schema == {
        "type": "object",
        "properties": {"arguments": {"$ref": "#/$defs/arguments"}},
        "required": ["arguments"],
        "additionalProperties": False,
        "$defs": {
            "arguments": {
                "type": "object",
                "properties": {
                    "a": {"$ref": "#/$defs/arguments/properties/b"},
                    "b": {"type": "integer"},
                    "c": {"$ref": "#/$defs/C"},
                },
                keyword: [{"required": ["a"]}],
            },
            "C": {"type": "string"},
        },
    }
    assert [str(change) for change in lowered.report] == [
        "arguments: rewritten: the arguments are carried in one property, `arguments`"
    ]
    assert lowered.lower_value({"a": 1}) == {"arguments": {"a": 1}}
    assert lowered.lift({"arguments": {"a": 1}}) == {"a": 1}


def test_names_that_are_refused_are_renamed_and_lifted_back() -> None:
    long = "x" * 70
    schema = {
        "type": "object",
        "properties": {name: {"type": "integer"} for name in ("$top", "_top", "", "filter[id]", long, "ok.1-a_B")},
        "required": ["$top", long],
    }

    lowered = lower(schema, "anthropic")
    arguments = {"$top": 1, "_top": 2, "": 3, "filter[id]": 4, long: 5, "ok.1-a_B": 6}

    assert list(lowered.schema["properties"]) == [  # type: ignore[call-overload]
        *("_top_2", "_top", "_", "filter_id_", "x" * 64, "ok.1-a_B")
    ]
    assert lowered.schema["required"] == ["_top_2", "x" * 64]
    assert str(lowered.report[0]) == (
        "$top: rewritten: the property is named `_top_2`, since Anthropic refuses its own name"
    )
    assert list(lowered.kept) == ["_top", "ok.1-a_B"]
    assert lowered.lift(lowered.lower_value(arguments)) == arguments


def test_a_root_that_is_a_reference_is_copied() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}

    lowered = lower({"$ref": "#/$defs/Node", "$defs": {"Node": node}}, "anthropic")

    assert lowered.schema == {**node, "$defs": {"Node": node}}
    assert [change.what for change in lowered.report] == ["the definition that the root refers to is copied into it"]


def test_a_tuple_of_an_older_draft_is_made_valid() -> None:
    pair = {"type": "array", "items": [{"type": "string"}, {"type": "integer"}], "additionalItems": False}

    lowered = lower({"properties": {"p": pair, "items": {"type": "integer"}}}, "anthropic")

    assert lowered.schema == {
        "type": "object",
        "properties": {
            "p": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
            "items": {"type": "integer"},
        },
    }
    assert [str(change) for change in lowered.report] == [
        "p: rewritten: a tuple of an older draft is written as `prefixItems`",
        "arguments: rewritten: the type `object` is added",
    ]


A = {"properties": {"a": {"$ref": "#/$defs/A"}}}


@pytest.mark.parametrize("target", ["openai-strict", "anthropic", "gemini", "grammar"])
@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"properties": {"a": {"$ref": "#/$defs/B"}}}, r"a refers to '#/\$defs/B', and there is nothing: define it"),
        ({"properties": {"a": {"$ref": "https://example.com/b"}}}, "a refers to .* copy it into `\\$defs`"),
        ({"properties": {"a": False}, "required": ["a"]}, "accepts no arguments at all"),
        ({"properties": {"a": {"type": "text"}}}, "a: 'text' is no type: use one of"),
        ({"properties": {"a": 5}}, "a must be a JSON Schema, not 5"),
        (A | {"$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}, {"const": 1}]}}}, r"\$defs.A refers to itself"),
        (A | {"$defs": {"A": {"allOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}}}, "is a part of itself"),
    ],
)
def test_what_cannot_be_carried_is_refused_with_a_remedy(target: Target, schema: dict[str, Any], message: str) -> None:
    with pytest.raises(ToolDefinitionError, match=message):
        lower(schema, target)
