"""Schemas and arguments that are large, odd or wrong: an answer comes, and errors are the documented ones."""

import json
import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest
from anyassistant_tools import ToolArgumentsError, ToolDefinitionError
from anyassistant_tools.lowering import Target, lower
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

TARGETS: list[Target] = ["openai-strict", "anthropic", "gemini", "grammar"]
IR_TARGETS: list[Target] = ["openai-strict", "gemini", "grammar"]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "{", "[1]", "null"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "b", "key", "value", "option_1", "item_1", "more_items", "additional_properties"]),
            inner,
        )
    ),
    max_leaves=8,
)
WIDE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "a": {"type": "array", "prefixItems": [{"type": "string"}, {}], "items": {"$ref": "#"}},
        "b": {"anyOf": [{"type": "object"}, {"type": "array", "items": {}}, {"enum": [1, "a", [1]]}]},
    },
    "additionalProperties": {"type": "object", "additionalProperties": {"type": ["integer", "null"]}},
}


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=150, deadline=None)
@given(value=JSON)
def test_whatever_a_model_writes_is_lifted_or_refused(value: Any, target: Target) -> None:
    lowered = lower(WIDE, target)
    with suppress(ToolArgumentsError):  # the same key twice
        lowered.lift(value)
    written = lowered.lower_value(value)
    assert json.loads(json.dumps(written)) == written, "a history can carry it"
    if Draft202012Validator(WIDE).is_valid(value):
        assert lowered.lift(written) == value


@pytest.mark.parametrize("target", TARGETS)
def test_many_definitions_that_refer_to_one_another_come_to_an_end(target: Target) -> None:
    names = [f"M{i}" for i in range(25)]
    option = {"anyOf": [*({"$ref": f"#/$defs/{name}"} for name in names), {"type": "array", "items": {}}]}
    model = {"type": "object", "properties": dict.fromkeys(names, option), "required": names[:5]}
    schema = {"type": "object", "properties": {"p": option}, "$defs": dict.fromkeys(names, model)}

    assert lower(schema, target).lift({}) == {}


@pytest.mark.parametrize("target", TARGETS)
def test_unions_that_hold_at_once_are_not_multiplied_out_without_end(target: Target) -> None:
    union = {"anyOf": [{"type": "integer", "minimum": i} for i in range(12)]}
    schema = {"type": "object", "properties": {"p": {"allOf": [union] * 6}}}

    assert lower(schema, target).lift({"p": 20}) == {"p": 20}


@pytest.mark.parametrize("target", TARGETS)
def test_a_schema_that_contains_itself_with_nothing_between_is_refused(target: Target) -> None:
    loop = {"type": "object", "anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}
    schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": loop}}

    with pytest.raises(ToolDefinitionError, match="contains itself"):
        lower(schema, target)


@pytest.mark.parametrize("target", IR_TARGETS)
def test_two_definitions_of_one_name_are_kept_apart(target: Target) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/X"}, "b": {"$ref": "#/definitions/X"}, "c": {"$ref": "#/properties/d"}}
        | {"d": {"const": "d"}},
        "$defs": {"X": {"const": "new"}},
        "definitions": {"X": {"const": "old"}},
    }

    text = str(lower(schema, target).schema)

    assert text.count("'new'") == text.count("'old'") == 1


@pytest.mark.parametrize("target", IR_TARGETS)
def test_choices_outside_of_the_bounds_are_no_choices(target: Target) -> None:
    schema = {"type": "object", "properties": {"p": {"enum": ["a", "bb", 1], "type": "string", "minLength": 2}}}

    assert "'bb'" in str(lower(schema, target).schema)
    assert "'a'" not in str(lower(schema, target).schema)


@pytest.mark.parametrize("target", TARGETS)
def test_the_lowered_schema_shares_nothing_that_its_user_may_change(target: Target) -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"p": {"type": "string"}}}

    first: Any = lower(schema, target).schema
    first["properties"]["p"]["type"] = "integer"

    assert schema["properties"]["p"] == {"type": "string"}


def test_nothing_heavy_is_imported() -> None:
    program = "import sys, anyassistant_tools.lowering as l; l.lower({'type': 'object', 'properties': {}}, 'grammar');"
    program += "print(sorted({'jsonschema', 'mcp', 'pydantic'} & sys.modules.keys()))"

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"
