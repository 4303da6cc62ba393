"""What a model gets for what a tool returned."""

import datetime
import decimal
import enum
import ipaddress
import json
import pathlib
import threading
import uuid
from base64 import b64decode
from collections import deque
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

import pytest
from anyassistant_tools import Tool, ToolResult, ToolResultError
from anyassistant_tools.results import MAX_CONTENT
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, RootModel, computed_field
from pydantic.dataclasses import dataclass as pydantic_dataclass

BYTES = b"\xfb\xff\x00"
BASE64 = "+/8A"


class Item(BaseModel):
    name: str
    price: Annotated[float, Field(alias="cost")] = 1.0


class Sealed(BaseModel):
    seal: bytes
    item: Item = Item(name="hat")


class Hidden(BaseModel):
    @computed_field
    def seal(self) -> bytes:
        return BYTES


@dataclass(slots=True)
class Point:
    x: int
    seal: bytes = b""


@pydantic_dataclass(slots=True)
class Place:
    point: Point
    seal: bytes


class Size(NamedTuple):
    width: int


class Colour(enum.Enum):
    RED = "red"


async def result_of(value: object) -> ToolResult:
    async def give() -> object:
        return value

    return await Tool.from_callable(give).call("")


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("bare", "bare"),
        ("", ""),
        ('{"a": 1}', '{"a": 1}'),
        (None, "null"),
        (True, "true"),
        (5, "5"),
        (1.5, "1.5"),
        (float("nan"), "null"),
        ([float("inf"), float("-inf")], "[null,null]"),
        (["hat"], '["hat"]'),
        ({"a": (1, None)}, '{"a":[1,null]}'),
        (deque([1]), "[1]"),
        ({1: "a"}, '{"1":"a"}'),
        (Item(name="hat"), '{"name":"hat","cost":1.0}'),
        ([Item(name="hat")], '[{"name":"hat","cost":1.0}]'),
        (RootModel[list[int]]([1]), "[1]"),
        (Point(1), '{"x":1,"seal":""}'),
        (Size(3), "[3]"),
        (Colour.RED, '"red"'),
        (datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), '"2026-01-02T00:00:00Z"'),
        (datetime.timedelta(minutes=1), '"PT1M"'),
        (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (decimal.Decimal("1.10"), '"1.10"'),
        (pathlib.PurePosixPath("a/b"), '"a/b"'),
        (pathlib.Path("a/b"), '"a/b"'),
        ([ipaddress.ip_address("::1")], '["::1"]'),
        ({"a": MappingProxyType({"b": range(2)})}, '{"a":{"b":[0,1]}}'),
        ("zwölf €", "zwölf €"),
        (["zwölf €"], '["zwölf €"]'),
    ],
)
async def test_a_value_is_sent_as_text_or_json(value: object, content: str) -> None:
    result = await result_of(value)
    assert result.content == content
    assert result.value is value


@pytest.mark.parametrize(
    ("value", "content"),
    [
        (BYTES, BASE64),
        (bytearray(BYTES), BASE64),
        (memoryview(BYTES), BASE64),
        ([BYTES], f'["{BASE64}"]'),
        ({"a": (BYTES,)}, f'{{"a":["{BASE64}"]}}'),
        ({BYTES: 1}, f'{{"{BASE64}":1}}'),
        (Sealed(seal=BYTES), f'{{"seal":"{BASE64}","item":{{"name":"hat","cost":1.0}}}}'),
        (Sealed(seal=b"readable"), '{"seal":"cmVhZGFibGU=","item":{"name":"hat","cost":1.0}}'),
        ({"a": [Sealed(seal=BYTES)]}, f'{{"a":[{{"seal":"{BASE64}","item":{{"name":"hat","cost":1.0}}}}]}}'),
        (Hidden(), f'{{"seal":"{BASE64}"}}'),
        (Point(1, BYTES), f'{{"x":1,"seal":"{BASE64}"}}'),
        (Place(Point(1), BYTES), f'{{"point":{{"x":1,"seal":""}},"seal":"{BASE64}"}}'),
        ([datetime.date(2026, 1, 2), b""], '["2026-01-02",""]'),
    ],
)
async def test_bytes_are_standard_base64_wherever_they_are(value: object, content: str) -> None:
    assert (await result_of(value)).content == content


@given(st.recursive(st.binary() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
async def test_bytes_can_be_read_back(value: Any) -> None:
    def read(written: Any, original: Any) -> object:
        if isinstance(original, bytes):
            return b64decode(written, validate=True)
        if isinstance(original, list):
            return [read(*pair) for pair in zip(written, original, strict=True)]
        if isinstance(original, dict):
            return {key: read(written[key], original[key]) for key in original}
        return written

    content = (await result_of([value])).content
    assert read(json.loads(content), [value]) == [value]


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("\ud83d\ude00", "😀"),
        (["a\ud800"], '["a\ufffd"]'),
        ({"\ud800": Item(name="\udfff")}, '{"\ufffd":{"name":"\ufffd","cost":1.0}}'),
        (ToolResult("\ud800"), "\ufffd"),
    ],
)
async def test_a_lone_surrogate_becomes_the_replacement_character(value: object, content: str) -> None:
    assert (await result_of(value)).content == content


CIRCLE: list[object] = []
CIRCLE.append(CIRCLE)
DEEP: list[object] = []
for _ in range(5_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "value",
    [object(), threading.Lock(), Item, len, [object()], {"a": {object()}}, [BYTES, object()], CIRCLE, [BYTES, CIRCLE]],
    ids=["object", "lock", "class", "function", "in a list", "in a set", "beside bytes", "circle", "circle and bytes"],
)
async def test_a_value_without_a_json_form_is_refused_and_never_its_repr(value: object) -> None:
    with pytest.raises(ToolResultError, match=r"give returned a .* that has no JSON form") as caught:
        await result_of(value)
    assert caught.value.tool == "give"
    assert "at 0x" not in str(caught.value)


@pytest.mark.parametrize("value", [DEEP, [BYTES, DEEP]], ids=["deep", "deep and bytes"])
async def test_a_value_nested_too_deeply_is_refused(value: object) -> None:
    with pytest.raises(ToolResultError):
        await result_of(value)


async def test_a_result_of_the_tools_own_passes_through() -> None:
    own = ToolResult("shown", value=1)
    assert await result_of(own) is own


def test_a_result_has_a_value_only_if_given() -> None:
    result = ToolResult("text")
    assert (result.content, result.value) == ("text", None)
    assert result == ToolResult("text")


@pytest.mark.parametrize("value", ["x" * (MAX_CONTENT + 1), ["x" * MAX_CONTENT], ToolResult("x" * (MAX_CONTENT + 1))])
async def test_a_long_content_is_cut_and_says_so(value: object) -> None:
    result = await result_of(value)
    assert len(result.content) == MAX_CONTENT
    assert result.content.startswith(("xxx", '["xxx'))
    assert "cut here: the result has 10000" in result.content


async def test_a_content_of_the_greatest_length_is_whole() -> None:
    assert (await result_of("x" * MAX_CONTENT)).content == "x" * MAX_CONTENT
