"""The policy for texts that a model wrote, and what it is told."""

import json
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from anyassistant_tools import Tool, ToolArgumentsError
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, Field


class Address(BaseModel):
    city: str
    lines: list[str] = []


async def send(
    item: str, count: int = 1, to: Address | None = None, weight: float = 0.5, extra: Any = None
) -> dict[str, object]:
    return {"item": item, "count": count, "to": to, "weight": weight, "extra": extra}


SEND = Tool.from_callable(send)


async def refusal_of(text: str) -> str:
    with pytest.raises(ToolArgumentsError) as caught:
        await SEND.call(text)
    assert caught.value.tool == "send"
    message = str(caught.value)
    assert message.startswith("send was not called. ")
    assert "pydantic" not in message
    return message


async def test_values_are_taken_as_a_lax_reader_takes_them() -> None:
    assert (await SEND.call('{"item": "hat", "count": "5", "weight": 2}')).value == {
        "item": "hat",
        "count": 5,
        "to": None,
        "weight": 2.0,
        "extra": None,
    }


@pytest.mark.parametrize("text", ["", " \n", "{}"])
async def test_an_empty_text_is_an_empty_object(text: str) -> None:
    async def ping() -> str:
        return "pong"

    assert (await Tool.from_callable(ping).call(text)).content == "pong"


async def test_an_object_inside_a_string_is_unwrapped_once() -> None:
    inner = json.dumps({"item": "hat"})
    assert (await SEND.call(json.dumps(inner))).value["item"] == "hat"  # type: ignore[index]
    assert "one JSON object" in await refusal_of(json.dumps(json.dumps(inner)))


async def test_null_for_an_argument_with_a_default_that_does_not_take_null_is_the_default() -> None:
    result = await SEND.call('{"item": "hat", "count": null, "weight": null, "to": null}')
    assert result.value == {"item": "hat", "count": 1, "to": None, "weight": 0.5, "extra": None}


async def test_null_for_an_argument_without_a_default_is_refused() -> None:
    assert "- item: Input should be a valid string; null came" in await refusal_of('{"item": null, "count": null}')


async def test_an_unknown_argument_is_refused_with_the_known_names() -> None:
    message = await refusal_of('{"item": "hat", "colour": "red"}')
    assert '- colour: unknown argument (known: item, count, to, weight, extra); "red" came' in message


async def test_a_missing_argument_is_named_with_what_was_expected() -> None:
    assert '- item: missing; expected {"type": "string"}' in await refusal_of('{"count": 1}')


async def test_each_argument_that_does_not_fit_is_named_with_what_came() -> None:
    message = await refusal_of('{"item": 7, "count": "many", "to": {"city": "Rome", "lines": ["a", 5]}}')
    assert message.splitlines()[1:] == [
        "- item: Input should be a valid string; 7 came",
        '- count: Input should be a valid integer, unable to parse string as an integer; "many" came',
        "- to.lines[1]: Input should be a valid string; 5 came",
    ]


async def test_what_is_missing_deep_inside_is_named_by_its_path() -> None:
    assert '- to.city: missing; expected {"type": "string"}' in await refusal_of('{"item": "hat", "to": {}}')


class Author(BaseModel):
    name: str
    born: Annotated[int, Field(ge=1)]


class Book(BaseModel):
    authors: list[Author]
    cover: tuple[str, Author] | None = None
    notes: dict[str, Author] = {}
    sequel: "Book | None" = None


@pytest.mark.parametrize(
    ("read", "path", "expected"),
    [
        ({"authors": [{"born": 1}]}, "read.authors[0].name", '; expected {"type": "string"}'),
        ({"authors": [{"name": "a"}]}, "read.authors[0].born", '; expected {"type": "integer", "minimum": 1}'),
        ({"authors": [], "cover": ["a", {"born": 1}]}, "read.cover[1].name", '; expected {"type": "string"}'),
        ({"authors": [], "notes": {"x": {"born": 1}}}, "read.notes.x.name", '; expected {"type": "string"}'),
        ({"authors": [], "sequel": {}}, "read.sequel.authors", '; expected {"type": "array", "items": {"$ref": "'),
    ],
)
async def test_what_is_missing_in_a_model_is_named_with_what_was_expected(
    read: dict[str, object], path: str, expected: str
) -> None:
    async def lend(read: Book) -> None: ...

    with pytest.raises(ToolArgumentsError) as caught:
        await Tool.from_callable(lend).call(json.dumps({"read": read}))
    assert f"- {path}: missing{expected}" in str(caught.value)


@pytest.mark.parametrize("value", ["soon", []])
@pytest.mark.parametrize(
    ("kind", "form"),
    [
        (date, '"YYYY-MM-DD"'),
        (datetime, '"YYYY-MM-DDThh:mm:ss", with "Z" or "+hh:mm" at its end for a time zone'),
        (time, '"hh:mm:ss"'),
        (timedelta, 'ISO 8601, such as "P1DT2H30M"'),
        (UUID, '"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" in hexadecimal digits'),
        (bytes, "standard base64"),
    ],
)
async def test_what_is_written_as_a_text_is_told_how(kind: type, form: str, value: object) -> None:
    async def take(one: object) -> None: ...

    take.__annotations__["one"] = kind
    value = "sóon" if value == "soon" else value  # of base64, too
    with pytest.raises(ToolArgumentsError) as caught:
        await Tool.from_callable(take).call(json.dumps({"one": value}))
    assert f" (write it as {form}); {json.dumps(value, ensure_ascii=False)} came" in str(caught.value)


async def test_a_day_with_a_time_and_a_time_without_a_zone_are_told_how_to_be_written() -> None:
    async def take(day: date, at: AwareDatetime) -> None: ...

    with pytest.raises(ToolArgumentsError) as caught:
        await Tool.from_callable(take).call('{"day": "2026-05-01T12:00", "at": "2026-05-01T12:00"}')
    assert '(write it as "YYYY-MM-DD"); "2026-05-01T12:00" came' in str(caught.value)
    assert 'timezone info (write it as "YYYY-MM-DDThh:mm:ss", with "Z" or "+hh:mm"' in str(caught.value)


async def test_a_union_says_what_each_member_expected() -> None:
    async def pick(which: int | list[str]) -> None: ...

    with pytest.raises(ToolArgumentsError, match=r"- which: .*integer.* or: .*array; \"x\" came"):
        await Tool.from_callable(pick).call('{"which": "x"}')


class Circle(BaseModel):
    kind: Literal["circle"]
    radius: float


class Square(BaseModel):
    kind: Literal["square"]
    side: float


@pytest.mark.parametrize(
    ("shape", "lines"),
    [
        ({"kind": "square", "side": "x"}, ["- shape.side: Input should be a valid number, unable to parse string"]),
        ({"kind": "square"}, ["- shape.side: missing"]),
        ({"kind": "star", "side": 1}, ["- shape.kind: Input should be 'circle' or: ", "- shape.radius: missing"]),
        ([1, "x"], ["- shape[1]: Input should be a valid integer"]),
        ("x", ["- shape: Input should be "]),
    ],
)
async def test_a_union_is_told_by_the_member_that_was_meant(shape: object, lines: list[str]) -> None:
    async def draw(shape: Circle | Square | list[int]) -> None: ...

    with pytest.raises(ToolArgumentsError) as caught:
        await Tool.from_callable(draw).call(json.dumps({"shape": shape}))
    said = str(caught.value).splitlines()[1:]
    assert len(said) == len(lines)
    assert all(line.startswith(start) for line, start in zip(said, lines, strict=True))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"item": "ha', "it was cut off"),
        ('{"item": "hat",', "it was cut off"),
        ("item=hat", "not valid JSON"),
        ('{"item": "hat"} and more', "not valid JSON"),
        ('{"item": "hat", "extra": NaN}', "NaN is not a JSON value"),
        ('{"item": "hat", "extra": [-Infinity]}', "-Infinity is not a JSON value"),
        ('{"item": "hat", "weight": Infinity}', "not valid JSON"),
        ('{"item": "hat", "weight": 1e999}', "too large"),
        ('{"item": "hat", "item": "cap"}', '"item" is given twice'),
        ('{"item": "hat", "to": {"city": "Rome", "city": "Oslo"}}', '"city" is given twice'),
        ('{"item": "\\u003a", "item": "hat"}', '"item" is given twice'),
        ('{"item": "hat", "extra": {"a": {"b": 1, "b": 2}}}', '"b" is given twice'),
        ("[]", "extra), but [] came"),
        ("null", "extra), but null came"),
        ("5", "extra), but 5 came"),
        ('"hat"', 'one JSON object (known: item, count, to, weight, extra), but "hat" came'),
        ('"{\\"item\\": "', "not valid JSON"),
        ("[" * 100_000, "recursion limit"),
        ('{"item": "hat", "extra": ' + "[" * 300 + "]" * 300 + "}", "recursion limit"),
        ('{"item": "hat", "extra": ' + "9" * 5_000 + "}", "out of range"),
        ('{"item": "\ud800"}', "surrogates not allowed"),
        ('{"item": "\\ud800"}', "not valid JSON"),
        ('{"item": "\x00"}', "not valid JSON"),
    ],
)
async def test_a_text_that_is_no_acceptable_object_is_refused(text: str, said: str) -> None:
    assert said in await refusal_of(text)


@pytest.mark.parametrize("levels", [100, 150, 190])
async def test_nesting_up_to_the_limit_is_taken(levels: int) -> None:
    deep = '{"a": ' * levels + "1" + "}" * levels
    assert (await SEND.call(f'{{"item": "hat", "extra": {deep}}}')).content.count('"a":') == levels


@pytest.mark.parametrize(
    "text",
    [
        '{"item": "a:b: NaN, Infinity"}',
        '{"item": "\\u003a\\u003A"}',
        '{"item": "hat", "to": {"city": "Rome"}, "extra": {"city": 1, "item": [{"item": 2}, {"item": 3}]}}',
    ],
)
async def test_colons_and_equal_keys_in_different_objects_are_no_repeats(text: str) -> None:
    value: Any = (await SEND.call(text)).value
    assert value["item"] == json.loads(text)["item"]


async def test_a_message_stays_short_whatever_came() -> None:
    many = {f"x{number}": "y" * 10_000 for number in range(1_000)}
    message = await refusal_of(json.dumps({"item": "hat", **many}))
    assert len(message) < 5_000
    assert "more" in message.splitlines()[-1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ARGUMENTS = st.dictionaries(st.sampled_from(["item", "count", "to", "weight", "extra", "other"]), JSON).map(json.dumps)
CUT_OFF = st.builds(lambda text, end: text[: end % (len(text) + 1)], ARGUMENTS, st.integers(min_value=0))
TEXTS = st.text() | st.text('{}[]":,0123eE.-\\ \ud800untfNaI') | ARGUMENTS | CUT_OFF | ARGUMENTS.map(json.dumps)


@given(TEXTS)
async def test_no_text_raises_anything_but_an_arguments_error(text: str) -> None:
    try:
        result = await SEND.call(text)
    except ToolArgumentsError as error:
        str(error).encode()
    else:
        json.loads(result.content)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), JSON), JSON)
async def test_what_was_sent_is_what_arrives(sent: dict[str, object], other: object) -> None:
    async def keep(first: Any, **more: Any) -> object:
        return {"first": first, **more}

    text = json.dumps({"first": other, **sent})
    readable = not any(sign in text for sign in ("NaN", "Infinity", "\\ud"))
    if readable:
        assert (await Tool.from_callable(keep).call(text)).value == json.loads(text)
