"""For random JSON Schemas, as users and MCP servers write them, and values that they accept: the same as for types."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from anyassistant_tools.lowering import Target, lower
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

TARGETS: list[Target] = ["openai-strict", "anthropic", "gemini", "grammar"]

NAMES = st.sampled_from(["a", "b", "$ref", "key", "value", "schema", "item_1", "option_1", "", 'q"\\', "é\n", "type"])
TEXT = st.sampled_from(["", "a", "b", "1", "null", "[]", '"', "{}", "é😀"])
NUMBERS = st.sampled_from([0, 1, 2, -7, 1.5, 10**9])
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=3,
)
Case = tuple[Any, st.SearchStrategy[Any]]
"""A schema, and a strategy for values that it is likely to accept."""

SIMPLE: list[Case] = [
    ({"type": "string"}, TEXT),
    ({"type": "string", "minLength": 1, "maxLength": 1}, st.sampled_from(["a", "b", "1"])),
    ({"type": "string", "format": "duration"}, st.just("P1D")),
    ({"type": "integer", "exclusiveMinimum": 0}, st.sampled_from([1, 2])),
    ({"type": "number", "multipleOf": 0.5}, st.sampled_from([1.5, 2])),
    ({"type": ["integer", "null", "string"]}, NUMBERS | TEXT | st.none()),
    ({"type": "boolean"}, st.booleans()),
    ({"type": "null"}, st.none()),
    ({}, ANYTHING),
    (True, ANYTHING),
    ({"description": "What you like.", "default": 1}, ANYTHING),
    ({"type": "object"}, st.dictionaries(NAMES, ANYTHING, max_size=2)),
    ({"type": "array"}, st.lists(ANYTHING, max_size=2)),
    ({"type": "object", "properties": {}, "additionalProperties": False}, st.just({})),
    ({"enum": ["a", 1, None, True, "1", ""]}, st.sampled_from(["a", 1, None, True, "1", ""])),
    ({"enum": [{"a": 1}, [1, "x"], "b"]}, st.sampled_from([{"a": 1}, [1, "x"], "b"])),
    ({"const": 1}, st.just(1)),
    ({"const": "a"}, st.just("a")),
    ({"$ref": "#/$defs/tree"}, st.deferred(lambda: TREES)),
    ({"$ref": "#/$defs/tree", "description": "A tree.", "default": []}, st.deferred(lambda: TREES)),
    ({"$ref": "#/$defs/a~1b%20c"}, st.fixed_dictionaries({"a": TEXT})),
    ({"allOf": [{"$ref": "#/$defs/a~1b%20c"}, {"properties": {"b": {"type": "null"}}}]},
     st.fixed_dictionaries({"a": TEXT}, optional={"b": st.none()})),
    ({"type": "object", "patternProperties": {"^a": {"type": "integer"}}, "additionalProperties": {"type": "string"}},
     st.fixed_dictionaries({}, optional={"a": st.just(1), "ab": st.just(2), "b": TEXT})),
]  # fmt: skip
DEFINITIONS = {
    "tree": {
        "anyOf": [
            {"type": "array", "items": {"$ref": "#/$defs/tree"}},
            {"type": "object", "additionalProperties": {"$ref": "#/$defs/tree"}},
            {"type": "string"},
        ]
    },
    "a/b c": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
}
TREES: st.SearchStrategy[Any] = st.recursive(
    TEXT, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2), max_leaves=5
)


def compound(inner: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    members = st.dictionaries(NAMES, st.tuples(inner, st.booleans()), max_size=3)
    return st.one_of(
        inner.map(lambda c: ({"type": "array", "items": c[0]}, st.lists(c[1], max_size=2))),
        inner.map(short_list_of),
        inner.map(dict_of),
        st.lists(inner, min_size=2, max_size=3).map(union_of),
        st.lists(inner, min_size=2, max_size=3).map(union_of),
        st.tuples(st.lists(inner, min_size=1, max_size=2), inner | st.none()).map(tuple_of),
        st.tuples(members, inner | st.sampled_from([None, (False, st.nothing())])).map(object_of),
    )


def short_list_of(case: Case) -> Case:
    schema = {"type": "array", "items": case[0], "minItems": 1, "maxItems": 3}
    return schema, st.lists(case[1], min_size=1, max_size=3)


def dict_of(case: Case) -> Case:
    return {"type": "object", "additionalProperties": case[0]}, st.dictionaries(NAMES, case[1], max_size=2)


def union_of(cases: list[Case]) -> Case:
    return {"anyOf": [schema for schema, _ in cases]}, st.one_of(values for _, values in cases)


def tuple_of(parts: tuple[list[Case], Case | None]) -> Case:
    prefix, rest = parts
    values = st.tuples(*(each for _, each in prefix)).map(list)
    schema: dict[str, Any] = {"type": "array", "prefixItems": [each for each, _ in prefix], "minItems": len(prefix) - 1}
    if rest is None:
        return {**schema, "items": False}, values | values.map(lambda items: items[:-1])
    further = st.lists(rest[1], max_size=2)
    return {**schema, "items": rest[0]}, st.tuples(values, further).map(lambda both: both[0] + both[1])


def object_of(parts: tuple[dict[str, tuple[Case, bool]], Case | None]) -> Case:
    members, rest = parts
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: schema for name, ((schema, _), _) in members.items()},
        "required": [name for name, (_, is_required) in members.items() if is_required],
    }
    required = {name: case[1] for name, (case, is_required) in members.items() if is_required}
    optional = {name: case[1] for name, (case, is_required) in members.items() if not is_required}
    values: st.SearchStrategy[Any] = st.fixed_dictionaries(required, optional=optional)
    if rest is None:
        return schema, values
    further = st.dictionaries(NAMES.filter(lambda name: name not in members), rest[1], max_size=2)
    schema["additionalProperties"] = rest[0]
    return schema, values if rest[0] is False else st.tuples(values, further).map(lambda both: both[1] | both[0])


CASES = st.recursive(st.sampled_from(SIMPLE), compound, max_leaves=6)


@st.composite
def schemas_with_values(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    members = draw(st.dictionaries(NAMES, st.tuples(CASES, st.booleans()), min_size=1, max_size=3))
    schema, values = object_of((members, draw(CASES | st.none())))
    return schema | {"$defs": DEFINITIONS}, draw(values)


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=schemas_with_values())
def test_values_are_accepted_and_lift_to_what_they_were(
    case: tuple[dict[str, Any], Any],
    target: Target,
    accepts: Callable[[str, dict[str, Any], object], bool],
    check_rules: Callable[[str, dict[str, Any]], list[str]],
    read_gbnf: Callable[[str], Any],
) -> None:
    schema, arguments = case
    assume(Draft202012Validator(schema).is_valid(arguments))

    lowered = lower(schema, target)
    value = lowered.lower_value(arguments)

    assert check_rules(target, lowered.schema) == []
    assert accepts(target, lowered.schema, value)
    assert json.dumps(lowered.lift(value), sort_keys=True) == json.dumps(arguments, sort_keys=True)
    if lowered.grammar is not None:
        gbnf = read_gbnf(lowered.grammar)
        assert gbnf.accepts(json.dumps(value))
        assert gbnf.accepts(json.dumps(value, ensure_ascii=False, indent=1))
