"""Where the arguments of a call come from."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from anyassistant.protocols import AssistantMessage, ModelMessage, ToolMessage, UserMessage
from anyassistant.types import Text, ToolSpec
from anyassistant_local.arguments import fill_arguments
from anyassistant_local.candidates import find_candidates, find_missing_id, list_id_kinds, resolve_schema
from anyassistant_local.engine import Engine
from anyassistant_local.names import kind_of_parameter
from anyassistant_local.transcript import split_conversation

ARGUMENTS = Path(__file__).parent / "arguments.toml"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


def say(*texts: str, result: str | None = None) -> Sequence[ModelMessage]:
    messages: list[ModelMessage] = [
        AssistantMessage(text) if i % 2 else UserMessage([Text(text)]) for i, text in enumerate(texts)
    ]
    return messages if result is None else [*messages[:-1], ToolMessage("call_1", "tool", result), messages[-1]]


def test_an_id_that_is_an_integer_is_an_id_and_not_any_number() -> None:
    found = say("Dracula?", "I found it.", "Lend it to me for 3 weeks.", result='[{"book_id": 52}]')
    weeks = split_conversation(found)

    assert find_candidates(weeks, "book_id", {"type": "integer"}) == [52]
    assert find_candidates(weeks, "weeks", {"type": "integer"}) == [3]


@pytest.mark.parametrize(("name", "kind"), [("order_id", "order"), ("orderId", "order"), ("id", ""), ("ids", "")])
def test_a_parameter_says_what_its_ids_are_ids_of(name: str, kind: str) -> None:
    assert kind_of_parameter(name) == kind


@pytest.mark.parametrize(
    ("text", "name", "schema", "values"),
    [
        ("Two coffees, please.", "count", {"type": "integer"}, [2]),
        ("It is 21.5 degrees.", "degrees", {"type": "number"}, [21.5]),
        ("It is 21.5 degrees.", "degrees", {"type": "integer"}, []),
        ("Make it large.", "size", {"enum": ["small", "large"]}, ["large"]),
        ("Any size.", "size", {"enum": ["small", "large"]}, ["small", "large"]),
        ("Wake me at 7:30.", "time", {"type": "string"}, ["7:30"]),
        ("On 2024-05-01, please.", "day", {"type": "string", "format": "date"}, ["2024-05-01"]),
        ("Read src/main.py.", "path", {"type": "string"}, ["src/main.py"]),
        ("Write to ann@example.com.", "email", {"type": "string"}, ["ann@example.com"]),
        ("Anything.", "loud", {"type": "boolean"}, [True, False]),
        ("Anything.", "kind", {"const": "x"}, ["x"]),
        ("How is Paris?", "city", {"type": "string"}, []),
    ],
)
def test_values_have_the_shape_that_the_schema_asks_for(
    text: str, name: str, schema: Mapping[str, object], values: list[object]
) -> None:
    assert list(find_candidates(split_conversation(say(text)), name, schema)) == values


def test_a_tool_whose_id_nobody_has_named_lacks_it() -> None:
    tool = ToolSpec("order_item", "", {"properties": {"item_id": {"type": "string"}}, "required": ["item_id"]})

    assert list_id_kinds([tool]) == {"item"}
    assert find_missing_id(split_conversation(say("Order the hat.")), tool, kinds={"item"}) == "item_id"
    assert find_missing_id(split_conversation(say("Order hat-7.")), tool, kinds={"item"}) is None


def test_references_and_optional_types_are_resolved() -> None:
    root = {"$defs": {"Size": {"enum": ["s", "l"]}}}

    assert resolve_schema({"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Size"}]}, root) == {"enum": ["s", "l"]}


def read_cases() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = tomllib.loads(ARGUMENTS.read_text())["case"]
    return cases


async def test_four_of_five_calls_get_the_right_arguments(engine: Engine) -> None:
    wrong = []
    for case in (case for case in read_cases() if case["part"] == "measured"):
        properties = {name: {"type": kind} for name, kind in case["tool"]["parameters"].items()}
        schema = {"type": "object", "properties": properties, "required": list(properties)}
        tool = ToolSpec(case["tool"]["name"], case["tool"]["description"], schema)
        transcript = split_conversation(say(*case.get("before", ()), case["say"], result=case.get("result")))
        arguments = json.loads(await fill_arguments(engine, transcript, tool, kinds=list_id_kinds([tool])))
        if arguments != case["arguments"]:
            wrong.append(f"{case['say']!r}: {arguments}")

    assert len(wrong) <= 2, "\n".join(wrong)


async def test_what_occurs_nowhere_is_written_in_the_shape_of_its_schema(engine: Engine) -> None:
    colours = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2}
    schema = {"type": "object", "properties": {"colours": colours, "note": {"type": "string"}}, "required": ["colours"]}
    tool = ToolSpec("paint", "Paint the wall.", schema)

    arguments = json.loads(await fill_arguments(engine, split_conversation(say("Paint it red.")), tool, kinds=()))

    assert list(arguments) == ["colours"]
    assert all(isinstance(colour, str) for colour in arguments["colours"])
