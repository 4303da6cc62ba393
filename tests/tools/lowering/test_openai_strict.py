"""What each construct becomes under OpenAI's strict mode, and what the model then writes."""

import json
from typing import Any

import pytest
from anyassistant_tools import Tool, ToolArgumentsError
from anyassistant_tools.lowering import lower

PAIRS_OF_INTEGERS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"key": {"type": "string"}, "value": {"type": "integer"}},
        "required": ["key", "value"],
        "additionalProperties": False,
    },
    "description": "A list of key and value pairs; each key once.",
}
STRINGS = {"type": "array", "items": {"type": "string"}}

# the schema of a required property `p`, its lowered schema, the report, a canonical value, and what the model writes
CASES: dict[str, tuple[Any, Any, list[str], Any, Any]] = {
    "a number's bounds are kept": (
        {"type": "integer", "minimum": 1, "exclusiveMaximum": 10, "multipleOf": 2},
        {"type": "integer", "minimum": 1, "exclusiveMaximum": 10, "multipleOf": 2},
        [],
        4,
        4,
    ),
    "the length of a string is said to the model": (
        {"type": "string", "minLength": 1, "description": "The code."},
        {"type": "string", "description": "The code. Length: at least 1."},
        ["p: weakened: `minLength` 1 is not checked by OpenAI's strict mode"],
        "a",
        "a",
    ),
    "what is said to the model is said beside the description of a value that may be null": (
        {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}], "description": "The note."},
        {"type": ["string", "null"], "description": "The note. Length: at most 9."},
        ["p.anyOf[0]: weakened: `maxLength` 9 is not checked by OpenAI's strict mode"],
        "a",
        "a",
    ),
    "a known format and a simple pattern are kept": (
        {"type": "string", "format": "date", "pattern": "^2"},
        {"type": "string", "format": "date", "pattern": "^2"},
        [],
        "2024-05-01",
        "2024-05-01",
    ),
    "other formats and look-around are said to the model": (
        {"type": "string", "format": "base64", "pattern": "^(?=a)"},
        {"type": "string", "description": "Matches the regular expression `^(?=a)`. Format: base64."},
        [
            "p: weakened: `pattern` '^(?=a)' is not checked by OpenAI's strict mode",
            "p: weakened: `format` 'base64' is not checked by OpenAI's strict mode",
        ],
        "YQ==",
        "YQ==",
    ),
    "choices of several types are a union": (
        {"enum": ["a", 1, None]},
        {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "integer", "enum": [1]}, {"type": "null"}]},
        [],
        1,
        1,
    ),
    "choices that are objects are texts": (
        {"enum": [{"a": 1}, "b"]},
        {"type": "string", "enum": ['{"a": 1}', "b"]},
        ["p: rewritten: the choices that are not plain strings are carried as texts"],
        {"a": 1},
        '{"a": 1}',
    ),
    "an open dict is a list of pairs": (
        {"type": "object", "additionalProperties": {"type": "integer"}},
        PAIRS_OF_INTEGERS,
        ["p: rewritten: the open dict is carried as a list of {key, value} pairs"],
        {"a": 1, "b": 2},
        [{"key": "a", "value": 1}, {"key": "b", "value": 2}],
    ),
    "other properties are a list of pairs beside the named ones": (
        {"properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": {"type": "integer"}}
        | {"type": "object"},
        {
            "type": "object",
            "properties": {
                "a": {"type": "string"},
                "additional_properties": PAIRS_OF_INTEGERS
                | {"description": "Properties not named here. A list of key and value pairs; each key once."},
            },
            "required": ["a", "additional_properties"],
            "additionalProperties": False,
        },
        [
            "p: rewritten: other properties are carried in `additional_properties`, a list of {key, value} pairs",
            "p: rewritten: the open dict is carried as a list of {key, value} pairs",
        ],
        {"a": "x", "b": 2},
        {"a": "x", "additional_properties": [{"key": "b", "value": 2}]},
    ),
    "anything is JSON text": (
        {"description": "The filter."},
        {"type": "string", "description": "The filter. Any JSON value, written as JSON text in a string."},
        ["p: rewritten: any JSON value is carried as its JSON text"],
        {"a": [1, None]},
        '{"a": [1, null]}',
    ),
    "a tuple is an object": (
        {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2},
        {
            "type": "object",
            "properties": {"item_1": {"type": "integer"}, "item_2": {"type": "string"}},
            "required": ["item_1", "item_2"],
            "additionalProperties": False,
        },
        ["p: rewritten: the tuple is carried as an object with item_1, item_2"],
        [1, "a"],
        {"item_1": 1, "item_2": "a"},
    ),
    "a tuple of one kind is a list of that length": (
        {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "integer"}], "minItems": 2, "maxItems": 2},
        {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
        ["p: rewritten: the tuple is written as a list of that length"],
        [1, 2],
        [1, 2],
    ),
    "a set is a list": (
        {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        STRINGS | {"description": "No two items are equal."},
        ["p: weakened: `uniqueItems` is not checked by OpenAI's strict mode"],
        ["a"],
        ["a"],
    ),
    "a property that may be left out is nullable": (
        {"type": "object", "properties": {"a": {"type": "integer", "default": 3}}},
        {
            "type": "object",
            "properties": {"a": {"type": ["integer", "null"], "description": "Default: 3."}},
            "required": ["a"],
            "additionalProperties": False,
        },
        [
            "p.a: rewritten: the default is said in the description",
            "p.a: rewritten: it is required, and null stands for leaving it out",
        ],
        {},
        {"a": None},
    ),
    "a null that means something else than leaving out is kept apart": (
        {"type": "object", "properties": {"a": {"type": ["integer", "null"]}}},
        {
            "type": "object",
            "properties": {
                "a": {
                    "anyOf": [
                        {
                            "type": "object",
                            "properties": {"value": {"type": ["integer", "null"]}},
                            "required": ["value"],
                            "additionalProperties": False,
                        },
                        {"type": "null"},
                    ],
                    "description": "Null to leave it out; a value goes into `value`.",
                }
            },
            "required": ["a"],
            "additionalProperties": False,
        },
        [
            "p.a: rewritten: it is required: null stands for leaving it out, and a value, which may be null, is put in "
            "`value`"
        ],
        {"a": None},
        {"a": {"value": None}},
    ),
    "`oneOf` is `anyOf`": (
        {"oneOf": [{"type": "string"}, {"type": "integer"}], "discriminator": {"propertyName": "kind"}},
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        ["p: rewritten: `oneOf` is written as `anyOf`"],
        "a",
        "a",
    ),
    "`allOf` is merged": (
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
                {"type": "object", "properties": {"a": {"minimum": 1}, "b": {"type": "null"}}, "required": ["b"]},
            ]
        },
        {
            "type": "object",
            "properties": {"a": {"type": "integer", "minimum": 1}, "b": {"type": "null"}},
            "required": ["a", "b"],
            "additionalProperties": False,
        },
        [],
        {"a": 1, "b": None},
        {"a": 1, "b": None},
    ),
    "what cannot be said is in the description": (
        {"type": "string", "not": {"const": "x"}},
        {"type": "string", "description": 'It must also fulfil {"not": {"const": "x"}}.'},
        ["p: weakened: `not` is only said in the description"],
        "a",
        "a",
    ),
    "alternatives that look alike are told apart": (
        {"anyOf": [{"type": "object", "additionalProperties": {"type": "integer"}}, STRINGS]},
        {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {"option_1": PAIRS_OF_INTEGERS},
                    "required": ["option_1"],
                    "additionalProperties": False,
                },
                STRINGS,
            ]
        },
        [
            "p.anyOf[0]: rewritten: the open dict is carried as a list of {key, value} pairs",
            "p: rewritten: alternative 1 looks like another one, and is put in an object as its property `option_1`",
        ],
        {},
        {"option_1": []},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_construct(name: str) -> None:
    schema, expected, report, canonical, written = CASES[name]

    lowered = lower({"type": "object", "properties": {"p": schema}, "required": ["p"]}, "openai-strict")

    assert lowered.schema["properties"] == {"p": expected}
    assert [str(change) for change in lowered.report] == report
    assert list(lowered.kept) == ([] if report else ["p"])
    assert lowered.lower_value({"p": canonical}) == {"p": written}
    assert lowered.lift({"p": written}) == {"p": canonical}


def test_references_and_recursion_are_kept() -> None:
    node = {
        "type": "object",
        "properties": {"next": {"anyOf": [{"$ref": "#/$defs/a~1 b"}, {"type": "null"}], "description": "The next."}},
        "required": ["next"],
    }
    schema = {"type": "object", "properties": {"p": {"$ref": "#/$defs/a~1 b"}}, "required": ["p"]}

    lowered = lower(schema | {"$defs": {"a/ b": node}}, "openai-strict")

    assert lowered.schema == {
        "type": "object",
        "properties": {"p": {"$ref": "#/$defs/a_b"}},
        "required": ["p"],
        "additionalProperties": False,
        "$defs": {
            "a_b": {
                "type": "object",
                "properties": {
                    "next": {"anyOf": [{"$ref": "#/$defs/a_b"}, {"type": "null"}], "description": "The next."}
                },
                "required": ["next"],
                "additionalProperties": False,
            }
        },
    }
    assert lowered.report == ()


def test_a_described_reference_stands_in_a_union_of_one() -> None:
    schema = {"type": "object", "properties": {"p": {"$ref": "#/$defs/A", "description": "It."}}, "required": ["p"]}

    lowered = lower(schema | {"$defs": {"A": {"type": "string"}}}, "openai-strict")

    assert lowered.schema["properties"] == {"p": {"anyOf": [{"$ref": "#/$defs/A"}], "description": "It."}}


@pytest.mark.parametrize(
    "root",
    [
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"anyOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"type": "null"}]},
    ],
)
def test_a_root_that_is_no_object_of_properties_is_put_into_one(root: dict[str, Any]) -> None:
    lowered = lower(root, "openai-strict")

    assert list(lowered.schema["properties"]) == ["arguments"]  # type: ignore[call-overload]
    assert lowered.report[-1].what == "the arguments are carried in one property, `arguments`"
    assert lowered.lift(lowered.lower_value({"a": 1})) == {"a": 1}


def test_a_null_that_is_the_default_is_the_same_as_leaving_out() -> None:
    def search(text: str, limit: int | None = None) -> None: ...

    lowered = lower(Tool.from_callable(search).parameters, "openai-strict")

    assert lowered.lower_value({"text": "a"}) == {"text": "a", "limit": None}
    assert lowered.lift({"text": "a", "limit": None}) == {"text": "a", "limit": None}
    assert str(lowered.report[-1]) == (
        "limit: rewritten: it is required; null is its default, and the same as leaving it out"
    )


def test_a_key_given_twice_is_refused() -> None:
    def count(words: dict[str, int]) -> None: ...

    lowered = lower(Tool.from_callable(count).parameters, "openai-strict")

    with pytest.raises(ToolArgumentsError, match="'a' is given twice"):
        lowered.lift({"words": [{"key": "a", "value": 1}, {"key": "a", "value": 2}]})


def test_other_properties_must_not_repeat_a_named_one() -> None:
    def call(name: str, **others: str) -> None: ...

    lowered = lower(Tool.from_callable(call).parameters, "openai-strict")

    with pytest.raises(ToolArgumentsError, match="'name'"):
        lowered.lift({"name": "a", "additional_properties": [{"key": "name", "value": "b"}]})


@pytest.mark.parametrize(
    "written", [None, 5, "text", [], {"words": None}, {"words": [1]}, {"words": {"a": 1}}, {"x": 1}]
)
def test_what_does_not_fit_is_passed_on_for_the_validation(written: object) -> None:
    def count(words: dict[str, int]) -> None: ...

    lowered = lower(Tool.from_callable(count).parameters, "openai-strict")

    assert lowered.lift(written) == written


def test_a_text_that_is_no_json_is_the_string_that_was_meant() -> None:
    lowered = lower({"type": "object", "properties": {"p": {}}, "required": ["p"]}, "openai-strict")

    assert lowered.lift({"p": "hello"}) == {"p": "hello"}
    assert lowered.lift({"p": "NaN"}) == {"p": "NaN"}
    assert lowered.lift({"p": '"hello"'}) == {"p": "hello"}
    assert lowered.lower_value({"p": "5"}) == {"p": '"5"'}


def test_a_schema_beyond_the_limits_is_reported() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(11):
        deep = {"type": "object", "properties": {"p": deep}, "required": ["p"]}
    many = {"type": "object", "properties": {"p": {"enum": [f"value {i}" * 3 for i in range(1001)]}}, "required": ["p"]}

    assert [change.what for change in lower(deep, "openai-strict").report] == [
        "11 levels of nested objects: OpenAI takes 10, and refuses the tool unless strict mode is left off"
    ]
    assert [change.what.split(":")[0] for change in lower(many, "openai-strict").report] == [
        f"{sum(len(f'value {i}' * 3) for i in range(1001)):,} characters in one enum of many values",
        "1,001 enum values",
    ]


def test_names_may_be_anything() -> None:
    names = ["$ref", "schema", 'quo"te', "é", "", "properties", "type", "additional_properties"]
    schema = {"type": "object", "properties": {name: {"type": "integer"} for name in names}, "required": names}

    lowered = lower(schema | {"additionalProperties": {"type": "null"}}, "openai-strict")
    arguments = {**dict.fromkeys(names, 1), "more": None}

    assert list(lowered.schema["properties"]) == [*names, "_additional_properties"]  # type: ignore[call-overload]
    assert lowered.lift(json.loads(json.dumps(lowered.lower_value(arguments)))) == arguments
