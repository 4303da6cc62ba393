"""What each construct becomes in a grammar: which texts it takes, and which it refuses."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from anyassistant_tools.lowering import Lowered, lower

# the schema of a required property `p`, texts of it that are taken, and texts that are not
CASES: dict[str, tuple[Any, list[str], list[str]]] = {
    "string": ({"type": "string"}, ['""', '"é\\n\\u00e9"', '"\x7f😀"'], ['"', '"\n"', '"\\x"', "1", "null"]),
    "length": (
        {"type": "string", "minLength": 1, "maxLength": 2},
        ['"a"', '"é😀"', '"\\ud83d\\ude00\\ud83d\\ude00"'],
        ['""', '"abc"'],
    ),
    "integer": ({"type": "integer"}, ["0", "-1", "1234567890123456789"], ["01", "1.5", "1e3", "12345678901234567890"]),
    "number": ({"type": "number"}, ["0", "-1.5", "1e+22", "5e-324"], ["1.", ".5", "1e", "NaN", "Infinity", "1e1000"]),
    "boolean": ({"type": "boolean"}, ["true", "false"], ["True", "0"]),
    "null": ({"type": "null"}, ["null"], ["None", '""']),
    "choices": (
        {"enum": ["a", 1, 2.0, None, 'q"\\', "é", {"a": [1]}, []]},
        ['"a"', "1", "2", "2.0", "null", '"q\\"\\\\"', '"é"', '"\\u00e9"', '{"a": [1]}', '{"a":[1]}', "[]"],
        ['"b"', "3", '"1"', "{}", "[1]"],
    ),
    "list": ({"type": "array", "items": {"type": "null"}}, ["[]", "[ null,\nnull ]"], ["[,]", "[null,]", "[1]"]),
    "length of a list": (
        {"type": "array", "items": {"type": "null"}, "minItems": 1, "maxItems": 3},
        ["[null]", "[null, null, null]"],
        ["[]", "[null, null, null, null]"],
    ),
    "a list of none": ({"type": "array", "maxItems": 0}, ["[]"], ["[1]"]),
    "tuple": (
        {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "null"}], "items": False, "minItems": 1},
        ["[1]", "[1, null]"],
        ["[]", "[null]", "[1, null, null]"],
    ),
    "a tuple that goes on": (
        {"type": "array", "prefixItems": [{"type": "integer"}], "items": {"const": None}, "minItems": 2, "maxItems": 3},
        ["[1, null]", "[1, null, null]"],
        ["[1]", "[1, 1]", "[1, null, null, null]"],
    ),
    "object": (
        {
            "type": "object",
            "properties": {name: {"type": "null"} for name in "abcd"},
            "required": ["b", "c"],
        },
        ['{"b": null, "c": null}', '{"a": null, "b": null, "c": null, "d": null}', '{"b": null, "c": null, "d": null}'],
        ["{}", '{"b": null}', '{"c": null, "b": null}', '{"b": null, "c": null, "e": null}', '{"b": null "c": null}'],
    ),
    "an object that may be empty": (
        {"type": "object", "properties": {name: {"type": "null"} for name in "abc"}},
        ["{}", '{"a": null}', '{"b": null, "c": null}', '{"a": null, "c": null}'],
        ['{"c": null, "a": null}', '{"a": null, }', '{"a": null, "a": null}'],
    ),
    "no properties": ({"type": "object", "properties": {}, "additionalProperties": False}, ["{}", "{ }"], ['{"a": 1}']),
    "open dict": (
        {"type": "object", "additionalProperties": {"type": "integer"}},
        ["{}", '{"any key": 1, "\\"": 2}'],
        ['{"a": null}', '{a: 1}'],
    ),
    "keys": (
        {"type": "object", "additionalProperties": {"type": "integer"}, "propertyNames": {"enum": ["a", "b"]}},
        ['{"a": 1, "b": 2}'],
        ['{"c": 1}'],
    ),
    "other properties": (
        {"type": "object", "properties": {"a": {"type": "null"}}, "additionalProperties": {"type": "integer"}},
        ["{}", '{"a": null}', '{"b": 1}', '{"a": null, "b": 1, "c": 2}'],
        ['{"a": null, "b": null}'],
    ),
    "union": ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, ["1", "null"], ['"a"']),
    "recursion": (
        {"$ref": "#/$defs/T"},
        ["[]", "[[], [[]]]"],
        ["[1]", "[[]"],
    ),
    "anything": ({}, ["1", '"a"', '{"a": [null, {"b": -1.5e3}]}', "[]"], ["{a: 1}", "[1,]", ""]),
    "date": ({"type": "string", "format": "date"}, ['"2024-05-01"'], ['"2024-13-01"', '"tomorrow"']),
    "time": ({"type": "string", "format": "time"}, ['"12:00:00"', '"12:00:00.5+02:00"'], ['"25:00:00"', '"12:00"']),
    "date-time": ({"type": "string", "format": "date-time"}, ['"2024-05-01T12:00:00Z"'], ['"2024-05-01"']),
    "uuid": ({"type": "string", "format": "uuid"}, ['"12345678-1234-1234-1234-123456789abc"'], ['"1"']),
}  # fmt: skip
DEFINITIONS = {"$defs": {"T": {"type": "array", "items": {"$ref": "#/$defs/T"}}}}


def lower_property(schema: Any) -> Lowered:
    return lower({"type": "object", "properties": {"p": schema}, "required": ["p"], **DEFINITIONS}, "grammar")


@pytest.mark.parametrize("name", CASES)
def test_construct(name: str, read_gbnf: Callable[[str], Any]) -> None:
    schema, taken, refused = CASES[name]
    lowered = lower_property(schema)
    gbnf = read_gbnf(lowered.grammar or "")

    assert lowered.report == ()
    assert [text for text in taken if not gbnf.accepts(f'{{"p": {text}}}')] == []
    assert [text for text in refused if gbnf.accepts(f'{{"p": {text}}}')] == []


def test_the_grammar_of_a_small_schema() -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}, "unit": {"enum": ["C", "F"]}},
        "required": ["city"],
    }

    assert lower(schema, "grammar").grammar == (
        "root ::= arguments\n"
        'arguments-city-pair ::= "\\"city\\"" ":" ws string\n'
        'arguments-days-pair ::= "\\"days\\"" ":" ws integer\n'
        'arguments-unit ::= "\\"C\\"" | "\\"F\\""\n'
        'arguments-unit-pair ::= "\\"unit\\"" ":" ws arguments-unit\n'
        'arguments-rest ::= ("," ws arguments-unit-pair)?\n'
        'arguments-rest-2 ::= ("," ws arguments-days-pair)? arguments-rest\n'
        'arguments ::= "{" ws arguments-city-pair arguments-rest-2 ws "}"\n'
        'ws ::= (" " | "\\n" [ \\t]{0,12})?\n'
        "hex ::= [0-9a-fA-F]\n"
        'surrogates ::= "\\\\u" [dD] [89abAB] hex{2} "\\\\u" [dD] [c-fC-F] hex{2}\n'
        'char ::= [^"\\\\\\x00-\\x1F] | "\\\\" ["\\\\/bfnrt] | "\\\\u" hex{4} | surrogates\n'
        'string ::= "\\"" char* "\\""\n'
        'integer ::= "-"? ("0" | [1-9] [0-9]{0,18})\n'
    )


@pytest.mark.parametrize(
    ("schema", "report"),
    [
        ({"type": "string", "pattern": "^a"}, "p: weakened: `pattern` '^a' is not checked by the grammar"),
        ({"type": "string", "format": "uri"}, "p: weakened: `format` 'uri' is not checked by the grammar"),
        ({"type": "integer", "minimum": 1}, "p: weakened: `minimum` 1 is not checked by the grammar"),
        ({"type": "string", "maxLength": 5000}, "p: weakened: `maxLength` 5000 is not checked by the grammar"),
        ({"type": "array", "uniqueItems": True}, "p: weakened: `uniqueItems` is not checked by the grammar"),
        (
            {"type": "object", "patternProperties": {"^a": {"type": "integer"}}, "additionalProperties": False},
            "p: weakened: that a key must match `^a` is not checked by this provider",
        ),
    ],
)
def test_what_a_grammar_cannot_say_is_reported(schema: Any, report: str) -> None:
    lowered = lower_property(schema)

    assert [str(change) for change in lowered.report] == [report]
    assert lowered.kept == ()


def test_the_names_of_properties_and_definitions_may_be_anything(read_gbnf: Callable[[str], Any]) -> None:
    names = ["", "a b", "a-b", 'q"\\', "é", "\n", "[x]", "root", "ws", "rest"]
    schema = {
        "type": "object",
        "properties": {name: {"$ref": f"#/$defs/{i}%22 x"} for i, name in enumerate(names)},
        "$defs": {f'{i}" x': {"type": "object", "properties": {"a": {"const": i}}} for i in range(len(names))},
    }

    gbnf = read_gbnf(lower(schema, "grammar").grammar or "")

    assert gbnf.accepts('{"": {"a": 0}, "a b": {}, "q\\"\\\\": {"a": 3}, "\\u00e9": {}, "\\n": {}, "rest": {"a": 9}}')
    assert not gbnf.accepts('{"": {"a": 1}}')


def test_white_space_and_digits_come_to_an_end(read_gbnf: Callable[[str], Any]) -> None:
    gbnf = read_gbnf(lower_property({"type": "number"}).grammar or "")

    assert gbnf.accepts('{\n    "p": 1\n}')
    assert not gbnf.accepts(f'{{{" " * 20}"p": 1}}')
    assert not gbnf.accepts(f'{{"p": 0.{"1" * 50}}}')
    assert not gbnf.accepts('{"p": 1} ')


def test_no_rule_refers_to_one_that_is_missing() -> None:
    for schema, _, _ in CASES.values():
        grammar = lower_property(schema).grammar or ""
        defined = set(re.findall(r"^([\w-]+) ::=", grammar, re.MULTILINE))
        bare = re.sub(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|\{[\d,]+\}', " ", grammar)
        assert set(re.findall(r"[\w-]+", bare)) - {"-"} <= defined
