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
from anyassistant_local.ids import find_ids, kind_of_parameter, list_examples
from anyassistant_local.transcript import split_conversation

ARGUMENTS = Path(__file__).parent / "arguments.toml"
HISTORY = '[{"item_id": "sg-1", "name": "Ray-Ban sunglasses"}, {"item_id": "hat-7", "name": "straw hat"}]'
KINDS = {"item", "order"}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


def say(*texts: str, result: str | None = None) -> Sequence[ModelMessage]:
    messages: list[ModelMessage] = [
        AssistantMessage(text) if i % 2 else UserMessage([Text(text)]) for i, text in enumerate(texts)
    ]
    return messages if result is None else [*messages[:-1], ToolMessage("call_1", "tool", result), messages[-1]]


@pytest.mark.parametrize(
    ("messages", "name", "ids"),
    [
        (say("Order sg-1."), "item_id", ["sg-1"]),
        (say("Order item sg-1, not order ord-2."), "item_id", ["sg-1"]),
        (say("What is new on ticket number 4711?"), "ticket_id", ["4711"]),
        (say("I paid $12 on 2024-05-01."), "item_id", []),
        (say("My sunglasses?", "You bought Ray-Bans.", "Order them again.", result=HISTORY), "item_id", ["sg-1"]),
        (say("My hat?", "You bought a hat.", "Order it again.", result=HISTORY), "item_id", ["hat-7"]),
        (say("My hat?", "You bought a hat.", "Order it again.", result=HISTORY), "order_id", []),
        (say("Order.", "Done.", "Yes.", result='{"id": "ord-1", "item_id": "sg-1"}'), "order_id", ["ord-1"]),
        (say("Order.", "It is order ord-9 of item sg-1.", "Yes."), "orderId", ["ord-9"]),
        (say("Order.", "Done.", "Yes.", result="Order ord-3 is placed."), "order_id", ["ord-3"]),
    ],
)
def test_ids_are_told_apart_by_where_they_stand(messages: Sequence[ModelMessage], name: str, ids: list[str]) -> None:
    assert find_ids(split_conversation(messages), name, kinds=KINDS) == ids


BOOKS = '[{"book_id": "bk-1", "title": "Dracula"}]'
TICKETS = '[{"book_id": 52}]'


def after(result: str, text: str) -> Sequence[ModelMessage]:
    return say("Dracula?", "I found it.", text, result=result)


@pytest.mark.parametrize(
    ("messages", "examples", "ids"),
    [
        (after(BOOKS, "Lend it to me for 3 weeks."), ["bk-1"], ["bk-1"]),
        (after(BOOKS, "Lend it to me for 3 weeks."), [], ["bk-1"]),
        (after(BOOKS, "Lend me number 3."), [], ["bk-1"]),
        (after(BOOKS, "Lend me book 3."), ["bk-1"], ["3"]),
        (after(BOOKS, "Lend me bk-9 as mp3."), ["bk-1"], ["bk-9"]),
        (after(BOOKS, "Lend it to me as mp3."), ["bk-1"], ["bk-1"]),
        (after(BOOKS, "Lend me XY77."), [], ["XY77"]),
        (after(TICKETS, "Lend me 53."), [], ["53"]),
        (after(TICKETS, "Lend it to me for 3 weeks."), [], ["52"]),
        (say("Lend me the 2nd one."), [], []),
        (say("I would like 3 novels."), [], []),
        (say("Lend me 17."), [], ["17"]),
        (say("Lend me 17."), ["bk-1"], []),
    ],
)
def test_a_number_is_no_id_where_an_id_is_known(
    messages: Sequence[ModelMessage], examples: Sequence[str], ids: list[str]
) -> None:
    assert find_ids(split_conversation(messages), "book_id", kinds={"book", "loan"}, examples=examples) == ids


@pytest.mark.parametrize(
    ("schema", "examples"),
    [
        ({"description": "The book, such as bk-1."}, ["bk-1"]),
        ({"description": "The book.", "examples": ["12"]}, ["12"]),
        ({"description": "One of 100 books."}, []),
        ({}, []),
    ],
)
def test_a_schema_gives_examples_of_ids(schema: Mapping[str, object], examples: list[str]) -> None:
    assert list_examples(schema) == examples


def test_an_id_that_is_an_integer_is_an_id_and_not_any_number() -> None:
    weeks = split_conversation(after(TICKETS, "Lend it to me for 3 weeks."))

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
