"""No text that a model may write does anything but be taken or be refused.

`pytest tests/tools/test_arguments_fuzz.py --fuzz 100000` tries so many texts on each tool, and measures them.
"""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from anyassistant_tools import Tool, ToolArgumentsError
from pydantic import BaseModel, Field

sys.path.insert(0, str(Path(__file__).parent))

from argument_texts import argument_texts

TEXTS = 300
"""How many texts are tried on each tool, on each back end, in an ordinary run."""

MAX_SECONDS = 1.0


class Item(BaseModel):
    name: str = Field(max_length=1_000)
    price: Annotated[float, Field(ge=0)]
    kind: Literal["hat", "box"] = "hat"
    inside: list["Item"] = []
    labels: set[str] = set()


class Address(BaseModel):
    city: str
    lines: list[str] = []


async def flat(item: str, count: int = 1, weight: float = 0.5, colour: Literal["red", "blue"] = "red") -> None: ...


async def nested(items: list[Item], to: Address | None = None, pay: int | list[str] | Address = 0) -> None: ...


async def open_keys(scores: dict[str, int], extra: Any = None, **more: dict[int, float]) -> None: ...


async def run(_arguments: Mapping[str, object], _context: object) -> None: ...


ITEM = {"name": "box", "price": 2, "kind": "box", "inside": [{"name": "hat", "price": "1.5", "labels": ["a", "a"]}]}
SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "item": {"$ref": "#/$defs/Item"},
        "count": {"type": ["integer", "string"], "multipleOf": 0.5, "pattern": "^(a|b)*$"},
        "day": {"type": "string", "format": "date"},
        "tags": {
            "type": "array",
            "uniqueItems": True,
            "items": {"anyOf": [{"type": "string"}, {"type": "object"}, {"const": 1}]},
        },
        "like": {"type": "string", "format": "regex"},
    },
    "patternProperties": {"^x-": {"type": "number", "exclusiveMinimum": 0}},
    "required": ["item"],
    "additionalProperties": False,
    "$defs": {
        "Item": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "inside": {"type": "array", "items": {"$ref": "#/$defs/Item"}}},
            "required": ["name"],
        }
    },
}
TOOLS: dict[str, tuple[Tool, list[object]]] = {
    "flat": (
        Tool.from_callable(flat),
        [{"item": "hat", "count": "5", "weight": 1.5, "colour": "blue"}, {"item": "hat"}],
    ),
    "nested": (
        Tool.from_callable(nested),
        [{"items": [ITEM], "to": {"city": "Rome", "lines": ["a"]}, "pay": 5}, {"items": [], "pay": ["a"]}],
    ),
    "open keys": (
        Tool.from_callable(open_keys),
        [{"scores": {"ann": 1, "bob": "2"}, "extra": {"a": [1, {"b": None}]}, "other": {"1": 0.5}}, {"scores": {}}],
    ),
    "recursive model": (Tool.from_pydantic(Item), [ITEM, {"name": "box", "price": 0, "inside": [ITEM, ITEM]}]),
    "given schema": (
        Tool.from_schema("given", "", SCHEMA, call=run),
        [
            {"item": {"name": "box", "inside": [{"name": "hat"}]}, "count": 2, "day": "2026-01-02", "x-1": 5},
            {"item": {"name": "box"}, "count": "abab", "tags": ["a", {"b": 1}, 1], "like": "a+(b|c)"},
        ],
    ),
}


@pytest.mark.parametrize("name", TOOLS)
async def test_a_text_is_taken_or_refused_and_nothing_else(
    name: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    tool, examples = TOOLS[name]
    count = request.config.getoption("--fuzz", default=None)
    taken, slowest, slowest_text, began = 0, 0.0, "", time.perf_counter()
    for text in argument_texts(examples, count or TEXTS, seed=name):
        before = time.thread_time()  # of this thread alone: a busy machine is no fault of the text's
        try:
            await tool.call(text)
            taken += 1
        except ToolArgumentsError as error:
            message = str(error)
            message.encode()
            assert len(message) < 10_000
        except BaseException as error:  # that there is none is what is tested  # noqa: BLE001
            pytest.fail(f"{error!r} for {json.dumps(text[:1_000])}")
        seconds = time.thread_time() - before
        if seconds > slowest:
            slowest, slowest_text = seconds, text
    assert taken, "no text was right: nothing was tried"
    if count is not None:
        with capsys.disabled():
            print(
                f"\n{name}: {count} texts in {time.perf_counter() - began:.1f} s, {taken} taken; the slowest took "
                f"{slowest * 1000:.1f} ms ({len(slowest_text)} characters: {json.dumps(slowest_text[:60])})"
            )
        assert slowest < MAX_SECONDS
