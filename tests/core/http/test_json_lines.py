import json
from itertools import pairwise

import pytest
from anyassistant.http import LineDecoder
from anyassistant.http.json_text import read_json
from anyassistant.http.sse import EventTooLong
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()), lambda inner: st.lists(inner), max_leaves=5
)


@given(values=st.lists(VALUES), end=st.sampled_from(["\n", "\r\n", "\n\n", " \n"]), cuts=st.lists(st.floats(0, 1)))
def test_it_does_not_matter_where_lines_are_cut(values: list[object], end: str, cuts: list[float]) -> None:
    stream = "".join(json.dumps(value) + end for value in values).encode()
    places = sorted({0, len(stream), *(round(cut * len(stream)) for cut in cuts)})
    decoder = LineDecoder()
    lines = [line for begin, finish in pairwise(places) for line in decoder.feed(stream[begin:finish])]
    assert [json.loads(line) for line in lines] == values
    assert decoder.finish() == b""


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_mark_of_byte_order_belongs_to_no_line(size: int) -> None:
    stream = b'\xef\xbb\xbf{"a":1}\n2\n{"b'
    decoder = LineDecoder()
    lines = [line for at in range(0, len(stream), size) for line in decoder.feed(stream[at : at + size])]
    assert lines == [b'{"a":1}', b"2"]
    assert decoder.finish() == b'{"b'


def test_a_line_without_end_is_refused() -> None:
    decoder = LineDecoder(max_line_bytes=100)
    with pytest.raises(EventTooLong, match="100"):
        for _ in range(20):
            assert decoder.feed(b"xxxxxxxxxx") == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'"\xff"', "�"),
        (b'"\\ud83d"', "\ud83d"),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
    ],
)
def test_json_is_read_though_it_is_not_quite_as_it_should_be(text: bytes, value: object) -> None:
    assert read_json(text) == value


@pytest.mark.parametrize("text", [b"", b"{", b'{"a":', b"nope", b"[" * 100_000, b"\xff"])
def test_what_is_no_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the parser's own words
        read_json(text)
