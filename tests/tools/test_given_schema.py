"""Arguments of tools that are described by a JSON Schema, and which schemas cannot describe one."""

import json
import socket
import subprocess
import sys

import jsonschema
import pytest
from anyassistant_tools import ToolArgumentsError, ToolDefinitionError
from anyassistant_tools.given_schema import GivenSchemaReader, check_schema
from hypothesis import given
from hypothesis import strategies as st

SEND: dict[str, object] = {
    "type": "object",
    "properties": {
        "item": {"type": "string", "minLength": 2},
        "count": {"type": "integer", "minimum": 1, "default": 1},
        "colour": {"enum": ["red", "blue"]},
        "note": {"type": ["string", "null"]},
        "to": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "lines": {"type": "array", "items": {"type": "string"}}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "day": {"type": "string", "format": "date"},
        "where": {"anyOf": [{"$ref": "#/$defs/Place"}, {"type": "null"}, {"type": "array"}]},
        "extra": {},
    },
    "patternProperties": {"^x-": {"type": "integer"}},
    "required": ["item"],
    "additionalProperties": False,
    "$defs": {
        "Place": {
            "type": "object",
            "properties": {"inside": {"$ref": "#/$defs/Place"}, "name": {"type": "string"}},
            "required": ["name"],
        }
    },
}
KNOWN = "known: item, count, colour, note, to, day, where, extra"


@pytest.fixture(scope="module")
def send() -> GivenSchemaReader:
    check_schema(SEND, "send")
    return GivenSchemaReader("send", SEND)


def refusal_of(reader: GivenSchemaReader, text: str) -> str:
    with pytest.raises(ToolArgumentsError) as caught:
        reader.read(text)
    message = str(caught.value)
    assert message.startswith(f"{caught.value.tool} was not called. ")
    assert len(message) < 5_000
    return message


def test_arguments_that_fit_are_given_as_they_came(send: GivenSchemaReader) -> None:
    arguments = {
        "item": "hat",
        "count": 2,
        "colour": "red",
        "note": None,
        "to": {"city": "Rome", "lines": []},
        "day": "2026-01-02",
        "where": {"name": "shelf", "inside": {"name": "hall"}},
        "extra": [1.5, True],
        "x-1": 1,
    }
    assert send.read(json.dumps(arguments)) == arguments
    assert send.read('{"item": "hat"}') == {"item": "hat"}


def test_an_object_inside_a_string_is_unwrapped_once(send: GivenSchemaReader) -> None:
    inner = json.dumps({"item": "hat"})
    assert send.read(json.dumps(inner)) == {"item": "hat"}
    assert f"must be one JSON object ({KNOWN})" in refusal_of(send, json.dumps(json.dumps(inner)))


def test_an_empty_text_is_an_empty_object(send: GivenSchemaReader) -> None:
    assert GivenSchemaReader("ping", {"type": "object"}).read(" ") == {}
    assert "- item: missing" in refusal_of(send, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"item": "ha', "it was cut off"),
        ("item=hat", "not valid JSON"),
        ('{"item": "hat", "extra": NaN}', "not valid JSON"),
        ('{"item": "hat", "extra": 1e999}', "too large"),
        ('{"item": "hat", "item": "cap"}', '"item" is given twice'),
        ('{"item": "hat", "extra": {"a": {"b": 1, "b": 2}}}', '"b" is given twice'),
        ('{"item": "\\ud800"}', "not valid JSON"),
        ('{"item": "\ud800"}', "surrogates not allowed"),
        ('{"item": "hat", "extra": ' + "[" * 300 + "]" * 300 + "}", "recursion limit"),
        ("[]", "but [] came"),
    ],
)
def test_a_text_that_is_no_acceptable_object_is_refused(send: GivenSchemaReader, text: str, said: str) -> None:
    assert said in refusal_of(send, text)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({}, '- item: missing; expected {"type": "string", "minLength": 2}'),
        ({"item": 7}, "- item: Input should be of type string; 7 came"),
        ({"item": None}, "- item: Input should be of type string; null came"),
        ({"item": "h"}, '- item: Input should fit {"minLength": 2}; "h" came'),
        ({"item": "hat", "count": "5"}, '- count: Input should be of type integer; "5" came'),
        ({"item": "hat", "count": 0}, '- count: Input should fit {"minimum": 1}; 0 came'),
        ({"item": "hat", "note": 1}, "- note: Input should be of type string or null; 1 came"),
        ({"item": "hat", "colour": "RED"}, '- colour: Input should be one of "red", "blue"; "RED" came'),
        (
            {"item": "hat", "day": "soon"},
            '- day: Input should fit {"format": "date"} (write it as "YYYY-MM-DD"); "soon" came',
        ),
        ({"item": "hat", "size": 3}, f"- size: unknown argument ({KNOWN}); 3 came"),
        ({"item": "hat", "size": None}, f"- size: unknown argument ({KNOWN}); null came"),
        ({"item": "hat", "to": {}}, '- to.city: missing; expected {"type": "string"}'),
        ({"item": "hat", "to": {"city": "Rome", "zip": 1}}, "- to.zip: unknown key; 1 came"),
        (
            {"item": "hat", "to": {"city": "Rome", "lines": ["a", 5]}},
            "- to.lines[1]: Input should be of type string; 5 came",
        ),
        (
            {"item": "hat", "where": {"inside": {"name": 1}, "name": "a"}},
            "- where.inside.name: Input should be of type",
        ),
        (
            {"item": "hat", "where": 5},
            "- where: Input should be of type object or: Input should be of type null or: Input should be of type "
            "array; 5 came",
        ),
    ],
)
def test_what_does_not_fit_is_named_with_what_was_expected_and_what_came(
    send: GivenSchemaReader, arguments: dict[str, object], line: str
) -> None:
    message = refusal_of(send, json.dumps(arguments))
    lines = message.splitlines()
    assert lines[0] == "send was not called. The arguments do not fit:"
    assert len(lines) == 2
    assert lines[1].startswith(line)


def test_null_for_an_argument_that_may_be_left_out_is_left_out(send: GivenSchemaReader) -> None:
    text = '{"item": "hat", "count": null, "colour": null, "to": null, "note": null, "where": null, "extra": null}'
    assert send.read(text) == {"item": "hat", "note": None, "where": None, "extra": None}
    assert "- to.city: Input should be of type string; null came" in refusal_of(
        send, '{"item": "hat", "count": null, "to": {"city": null}}'
    )


def test_a_union_of_kinds_is_told_by_the_kind_that_came() -> None:
    def kind(name: str, **properties: object) -> dict[str, object]:
        return {
            "type": "object",
            "properties": {"kind": {"const": name}, **properties},
            "required": ["kind", *properties],
        }

    shape = {"oneOf": [kind("circle", radius={"type": "number"}), kind("square", side={"type": "number"})]}
    reader = GivenSchemaReader("draw", {"type": "object", "properties": {"shape": shape}, "required": ["shape"]})
    assert reader.read('{"shape": {"kind": "circle", "radius": 1}}')
    assert refusal_of(reader, '{"shape": {"kind": "square", "side": "x"}}').splitlines()[1:] == [
        '- shape.side: Input should be of type number; "x" came'
    ]
    assert refusal_of(reader, '{"shape": {"kind": "star"}}').count("shape.kind: Input should be ") == 1


def test_a_refusal_stays_short_whatever_came(send: GivenSchemaReader) -> None:
    reader = GivenSchemaReader("sum", {"type": "object", "properties": {"of": {"items": {"type": "integer"}}}})
    message = refusal_of(reader, json.dumps({"of": ["x" * 1_000] * 10_000}))
    assert "more" in message.splitlines()[-1]
    refusal_of(send, json.dumps({"item": "hat", **{f"k{number}" * 500: number for number in range(100)}}))


def test_what_cannot_be_held_against_the_schema_is_refused() -> None:
    reader = GivenSchemaReader("buy", {"type": "object", "properties": {"price": {"multipleOf": 0.01}}})
    assert "cannot be held against the schema" in refusal_of(reader, json.dumps({"price": 10**400}))


@pytest.mark.parametrize("items", [[1, 1.0], ["a", "b", "a"], [{"a": [1], "b": 2}, {"b": 2.0, "a": [1]}], [None, None]])
def test_items_that_must_be_unique_are_told_apart_as_json_is(items: list[object]) -> None:
    schema = {"type": "object", "properties": {"of": {"uniqueItems": True}}}
    check_schema(schema, "pick")
    reader = GivenSchemaReader("pick", schema)
    assert '- of: Input should fit {"uniqueItems": true}; ' in refusal_of(reader, json.dumps({"of": items}))
    different = {"of": [1, True, "1", [1], [True], {"a": 1}, {"a": True}, 0, False, None, [], {}, ["bool", 1]]}
    assert reader.read(json.dumps(different)) == different


JSON = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.0, -1, 2.5, "", "1", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)


@given(st.lists(JSON, max_size=6))
def test_unique_items_are_found_as_jsonschema_finds_them(items: list[object]) -> None:
    reader = GivenSchemaReader("pick", {"type": "object", "properties": {"of": {"uniqueItems": True}}})
    text = json.dumps({"of": items})
    if jsonschema.Draft202012Validator({"uniqueItems": True}).is_valid(items):
        reader.read(text)
    else:
        refusal_of(reader, text)


def test_a_regular_expression_of_another_language_is_taken() -> None:
    reader = GivenSchemaReader("find", {"type": "object", "properties": {"like": {"format": "regex"}}})
    assert reader.read('{"like": "\\\\p{L}"}') == {"like": "\\p{L}"}


@pytest.mark.parametrize("draft", ["http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-04/schema"])
def test_the_schema_is_read_by_the_draft_that_it_names(draft: str) -> None:
    pair = {"type": "array", "items": [{"type": "string"}, {"type": "integer"}]}
    schema: dict[str, object] = {"type": "object", "properties": {"pair": pair}}
    check_schema({"$schema": draft, **schema}, "keep")
    reader = GivenSchemaReader("keep", {"$schema": draft, **schema})
    assert reader.read('{"pair": ["a", 1]}') == {"pair": ["a", 1]}
    assert "- pair[1]: Input should be of type integer" in refusal_of(reader, '{"pair": ["a", "b"]}')
    with pytest.raises(ToolDefinitionError, match=r"at properties\.pair\.items: "):
        check_schema(schema, "keep")


def test_the_schema_may_be_any_mapping_and_is_not_changed_afterwards() -> None:
    from types import MappingProxyType

    properties: dict[str, object] = {"count": {"type": "integer"}}
    reader = GivenSchemaReader("count", MappingProxyType({"type": "object", "properties": properties}))
    properties["count"] = {"type": "string"}
    assert reader.read('{"count": 1}') == {"count": 1}


@pytest.mark.parametrize("pattern", [r"^\p{L}+$", r"^\u{1F600}$", "(?<year>[0-9]{4})", "[^]", r"\cJ"])
def test_a_pattern_of_another_language_is_not_checked(pattern: str) -> None:
    names = {"type": "object", "patternProperties": {pattern: {"type": "integer"}}, "additionalProperties": False}
    properties = {"word": {"type": "string", "pattern": pattern, "minLength": 2}, "names": names}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    assert check_schema(schema, "spell") == schema, "a model is shown it all the same"
    reader = GivenSchemaReader("spell", schema)
    assert reader.read('{"word": "42", "names": {"a": "b"}}') == {"word": "42", "names": {"a": "b"}}
    assert "- word: " in refusal_of(reader, '{"word": "4"}')
    assert "unknown argument (known: word, names)" in refusal_of(reader, '{"wrod": "42"}')


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "array"}, 'at type: arguments are an object, so it must be "object", not "array"'),
        ({"type": "objekt"}, 'at type: .*; "objekt" came'),
        (
            {"properties": {"a": {"type": "strin"}}},
            r'at properties\.a\.type: Input should be one of "array", .*, "null", .*"string"; "strin" came',
        ),
        (
            {"properties": {"a": {"type": ["string", "nul"]}}},
            r'at properties\.a\.type.*: Input should be one of "array", .*, "null", .*"string"; .*"nul".* came',
        ),
        ({"properties": {"a": {"minimum": "1"}}}, r'at properties\.a\.minimum: Input should be of type number; "1"'),
        ({"properties": {"a": {"pattern": "("}}}, r'at properties\.a\.pattern: Input should fit {"format": "regex"}'),
        ({"required": "a"}, "at required: Input should be of type array"),
        ({"properties": {"a": {"anyOf": []}}}, r"at properties\.a\.anyOf"),
        ({"properties": {"a": {"$ref": "https://example.com/a.json"}}}, r"example\.com/a\.json.*nothing is fetched"),
        ({"properties": {"a": {"$ref": "other.json#/b"}}}, r"other\.json.*is not in the schema"),
        ({"properties": {"a": {"$ref": "#/$defs/gone"}}}, r'at \$ref "#/\$defs/gone": it is not in the schema'),
        ({"properties": {"a": {"$ref": "#/properties/a/0"}}}, "is not in the schema"),
        ({"properties": {"a": {"$ref": "#/x/a"}}, "x": {"a": {"type": 5}}}, "at type: .*5 came"),
        ({"$ref": "#"}, "circle"),
        ({"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}}, "circle"),
        ({"$id": "http://[", "$ref": "b"}, "cannot be used"),
        ({"properties": {"a": {"default": object()}}}, "it is no JSON"),
        ([], "it must be a JSON object"),
    ],
)
def test_a_schema_that_describes_no_arguments_is_refused(schema: dict[str, object], said: str) -> None:
    with pytest.raises(ToolDefinitionError, match=said) as caught:
        check_schema(schema, "odd")
    assert caught.value.tool == "odd"
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "schema",
    [
        {},
        SEND,
        {"type": ["object", "null"]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}},
        {"$schema": "https://example.com/of-their-own", "type": "object"},
        {"properties": {"a": {"$ref": "#b"}}, "$defs": {"b": {"$anchor": "b", "type": "string"}}},
        {"properties": {"a": {"$ref": "b"}}, "$id": "https://example.com/a", "$defs": {"b": {"$id": "b"}}},
        {"properties": {"a": {"$ref": "https://json-schema.org/draft/2020-12/schema"}}},
        {"properties": {"$ref": {"type": "string"}}, "default": {"$ref": "nowhere"}},
    ],
)
def test_a_schema_that_describes_an_object_is_taken(schema: dict[str, object]) -> None:
    check_schema(schema, "fine")
    GivenSchemaReader("fine", schema)


def test_nothing_is_ever_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*args: object, **kwargs: object) -> socket.socket:
        raise AssertionError("it asked the network")

    monkeypatch.setattr(socket, "create_connection", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    schema = {"type": "object", "properties": {"a": {"$ref": "http://localhost:1/a.json"}}}
    with pytest.raises(ToolDefinitionError):
        check_schema(schema, "far")


def test_jsonschema_is_imported_only_when_it_is_used() -> None:
    program = "import sys, anyassistant_tools.given_schema; print('jsonschema' in sys.modules)"
    output = subprocess.run([sys.executable, "-c", program], timeout=60, capture_output=True, check=True).stdout
    assert output == b"False\n"
