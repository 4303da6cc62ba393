"""The stated policy for each kind of text that a model may write, through `Tool.call`, for each kind of tool."""

import json
from collections.abc import Mapping
from typing import Any, Literal

import pytest
from anyassistant_tools import Tool, ToolArgumentsError
from pydantic import BaseModel

KNOWN = "known: item, count, colour, extra"


async def order(item: str, count: int = 1, colour: Literal["red", "blue"] = "red", extra: Any = None) -> object:
    return {"item": item, "count": count, "colour": colour, "extra": extra}


class Order(BaseModel):
    item: str
    count: int = 1
    colour: Literal["red", "blue"] = "red"
    extra: Any = None


SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "item": {"type": "string"},
        "count": {"type": "integer"},
        "colour": {"enum": ["red", "blue"]},
        "extra": {},
    },
    "required": ["item"],
    "additionalProperties": False,
}


async def run(arguments: Mapping[str, object], _context: object) -> object:
    return {"count": 1, "colour": "red", "extra": None, **arguments}


TOOLS = {
    "callable": Tool.from_callable(order),
    "schema": Tool.from_schema("order", "", SCHEMA, call=run),
    "model": Tool.from_pydantic(Order),
}
FULL = {"item": "hat", "count": 1, "colour": "red", "extra": None}


@pytest.fixture(params=TOOLS)
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


async def values_of(kind: str, text: str) -> object:
    value = (await TOOLS[kind].call(text)).value
    return value.model_dump() if isinstance(value, BaseModel) else value


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        pytest.param('{"item": "hat"}', {}, id="as it should be"),
        pytest.param(' \n{"item": "hat"}\n', {}, id="with space around it"),
        pytest.param(json.dumps('{"item": "hat"}'), {}, id="an object in a string"),
        pytest.param(json.dumps(' {"item": "hat"}'), {}, id="an object in a string, after a space"),
        pytest.param('{"item": "hat", "count": null}', {}, id="null for what may be left out"),
        pytest.param('{"item": "hat", "count": null, "colour": null}', {}, id="several such nulls"),
        pytest.param('{"item": "hat", "extra": null}', {}, id="null for what takes null"),
        pytest.param('{"item": "hat", "extra": "5"}', {"extra": "5"}, id="a text for what takes anything"),
        pytest.param('{"item": "5"}', {"item": "5"}, id="a text for a text"),
        pytest.param('{"item": "h\\u00e4t"}', {"item": "hät"}, id="an escape"),
        pytest.param('{"item": "\\ud83c\\udfa9"}', {"item": "🎩"}, id="a pair of surrogates"),
    ],
)
async def test_what_is_taken(kind: str, text: str, changed: dict[str, object]) -> None:
    assert await values_of(kind, text) == {**FULL, **changed}


@pytest.mark.parametrize("text", ["", "  ", "{}"])
async def test_an_empty_text_is_an_empty_object(kind: str, text: str) -> None:
    with pytest.raises(ToolArgumentsError, match="- item: missing"):
        await TOOLS[kind].call(text)


async def test_a_text_for_a_number_is_taken_for_it_unless_a_given_schema_asks_for_a_number(kind: str) -> None:
    text = '{"item": "hat", "count": "5"}'
    if kind == "schema":
        with pytest.raises(ToolArgumentsError, match='- count: Input should be of type integer; "5" came'):
            await TOOLS[kind].call(text)
    else:
        assert await values_of(kind, text) == {**FULL, "count": 5}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            '{"item": "ha', ["not valid JSON", "it was cut off", '{\\"item\\": \\"ha'], id="cut off in a text"
        ),
        pytest.param('{"item": "hat"', ["it was cut off"], id="cut off before the end"),
        pytest.param('{"item": ', ["it was cut off"], id="cut off before a value"),
        pytest.param("{item: 'hat'}", ["not valid JSON"], id="not JSON"),
        pytest.param("hat", ["not valid JSON", '"hat"'], id="a bare word"),
        pytest.param('```json\n{"item": "hat"}\n```', ["not valid JSON"], id="fenced"),
        pytest.param('{"item": "hat",}', ["not valid JSON"], id="a comma too many"),
        pytest.param('{"item": "hat"} {}', ["not valid JSON"], id="more than one object"),
        pytest.param('{"item": "hat", "extra": NaN}', ["JSON"], id="NaN"),
        pytest.param('{"item": "hat", "extra": [{"a": -Infinity}]}', ["JSON"], id="an infinity"),
        pytest.param('{"item": "hat", "extra": 1e400}', ["too large"], id="a number beyond a float"),
        pytest.param('{"item": "hat", "item": "cap"}', ['the key "item" is given twice'], id="a key twice"),
        pytest.param('{"item": "hat", "extra": {"a": 1, "a": 1}}', ['"a" is given twice'], id="a key twice, deeper"),
        pytest.param(
            '{"item": "hat", "extra": [[{"b": {"a": 1, "a": 2}}]]}', ['"a" is given twice'], id="a key twice, far down"
        ),
        pytest.param(
            json.dumps('{"item": "hat", "item": "cap"}'), ['"item" is given twice'], id="a key twice, in a string"
        ),
        pytest.param(json.dumps(json.dumps('{"item": "hat"}')), ["one JSON object", KNOWN], id="a string in a string"),
        pytest.param('["hat"]', ["one JSON object", KNOWN, '["hat"] came'], id="an array"),
        pytest.param("null", ["one JSON object", "null came"], id="null"),
        pytest.param('{"item": "hat", "size": 3}', ["size", "nknown argument", KNOWN], id="an unknown argument"),
        pytest.param('{"item": "hat", "Count": 3}', ["Count", KNOWN], id="an argument in another case"),
        pytest.param('{"count": 3}', ["- item: missing"], id="a missing argument"),
        pytest.param('{"item": null}', ["- item: Input should be", "null came"], id="null for what is required"),
        pytest.param('{"item": "hat", "colour": "RED"}', ["- colour: ", "red", "blue", '"RED" came'], id="enum's case"),
        pytest.param('{"item": "hat", "colour": " red"}', ["- colour: ", '" red" came'], id="enum with a space"),
        pytest.param('{"item": "hat", "count": "five"}', ["- count: Input should be", '"five" came'], id="no number"),
        pytest.param('{"item": "hat", "count": 1.5}', ["- count: Input should be", "1.5 came"], id="no whole number"),
        pytest.param('{"item": 5}', ["- item: Input should be", "5 came"], id="a number for a text"),
        pytest.param('{"item": "\\ud83c"}', ["JSON"], id="half a pair of surrogates"),
        pytest.param('{"item": "hat", "extra": ' + "[" * 500 + "]" * 500 + "}", ["JSON"], id="nested too deeply"),
    ],
)
async def test_what_is_refused_and_how_it_is_told(kind: str, text: str, said: list[str]) -> None:
    with pytest.raises(ToolArgumentsError) as caught:
        await TOOLS[kind].call(text)
    message = str(caught.value)
    assert message.startswith(f"{TOOLS[kind].name} was not called. ")
    assert [part for part in said if part not in message] == []


@pytest.mark.parametrize("arguments", [{"item": "hat"}, b'{"item": "hat"}', None, 5])
async def test_what_is_no_text_is_told_what_to_give(kind: str, arguments: Any) -> None:
    tool = TOOLS[kind]
    given = type(arguments).__name__
    expected = rf"was not called\. It takes the JSON text of its arguments, not {given}: make one with json\.dumps\("
    with pytest.raises(ToolArgumentsError, match=expected) as caught:
        await tool.call(arguments)
    assert caught.value.tool == tool.name
    with pytest.raises(ToolArgumentsError, match=expected):
        await tool.needs_approval(arguments)
    with pytest.raises(ToolArgumentsError, match=expected):
        tool.read(arguments)
