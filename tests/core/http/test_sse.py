"""The decoder of server-sent events, as the specification reads an event stream."""

import re
import tracemalloc
from itertools import pairwise

import pytest
from anyassistant.http import ServerSentEvent, SSEDecoder
from anyassistant.http.sse import EventTooLong
from hypothesis import given
from hypothesis import strategies as st

DATA = {
    b"data: one\n\ndata: two\n\n": [b"one", b"two"],
    b"data: one\r\n\r\ndata: two\r\n\r\n": [b"one", b"two"],
    b"data: one\r\rdata: two\r\r": [b"one", b"two"],
    b"data: a\ndata: b\n\n": [b"a\nb"],
    b"data: a\ndata\ndata: b\n\n": [b"a\n\nb"],
    b"event: ping\nid: 1\ndata: x\n\n": [b"x"],
    b"data:x\n\ndata:  x\n\n": [b"x", b" x"],
    b"data\n\n": [b""],
    b"data: x\n\n\n\ndata: y\n\n": [b"x", b"y"],
    b"data: x\n\n\ndata: y\n\n": [b"x", b"y"],
    b": a comment\n\ndata: x\n\n": [b"x"],
    b": a comment\ndata: x\n: another\n\n": [b"x"],
    b"event: nothing\n\n": [],
    b"unknown: field\ndata: x\n\n": [b"x"],
    b"database: x\n\n": [],
    b"retry: 10\n\ndata: x\n\n": [b"x"],
    b"\xef\xbb\xbfdata: x\n\n": [b"x"],
    b"\xef\xbb\xbf\r\ndata: x\r\n\r\n": [b"x"],
    b"data: \xef\xbb\xbfx\n\n": [b"\xef\xbb\xbfx"],
    b"data: it breaks o": [],
    b"data: x\n": [],
    b"data: x\r\n\n\rdata: y\n\r\n": [b"x", b"y"],
    b"data: x\n\r\ndata: y\r\r": [b"x", b"y"],
    b"data: \xff\xfe\n\n": [b"\xff\xfe"],
    b"data: a:b: c\n\n": [b"a:b: c"],
}

LINES = st.sampled_from(
    [
        b"data: x",
        b"data:",
        b"data",
        b"data:  y",
        b"event: e",
        b"event:",
        b"id: 1",
        b"id",
        b"id: \0",
        b": c",
        b"other: 1",
    ]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
STREAMS = st.lists(st.tuples(st.one_of(LINES, st.just(b"")), ENDS)).map(lambda lines: b"".join(map(b"".join, lines)))
CUTS = st.lists(st.floats(0, 1))


def decode(chunks: list[bytes]) -> list[ServerSentEvent]:
    decoder = SSEDecoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)]


def cut(stream: bytes, cuts: list[float]) -> list[bytes]:
    places = sorted({0, len(stream), *(round(cut * len(stream)) for cut in cuts)})
    return [stream[begin:end] for begin, end in pairwise(places)]


def read_by_the_book(stream: bytes) -> list[ServerSentEvent]:
    """The specification's steps, line by line, for a stream that is whole."""
    *lines, _ = re.split(rb"\r\n|\n|\r", stream.removeprefix(b"\xef\xbb\xbf"))
    found: list[ServerSentEvent] = []
    data, name, last_id = b"", "", ""
    for line in lines:
        field, colon, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data:
                found.append(ServerSentEvent(data.removesuffix(b"\n"), name or "message", last_id))
            data, name = b"", ""
        elif colon and not field:
            continue
        elif field == b"event":
            name = value.decode("utf-8", "replace")
        elif field == b"data":
            data += value + b"\n"
        elif field == b"id" and b"\0" not in value:
            last_id = value.decode("utf-8", "replace")
    return found


@pytest.mark.parametrize(("stream", "data"), DATA.items())
def test_an_event_is_its_lines_of_data(stream: bytes, data: list[bytes]) -> None:
    assert [event.data for event in decode([stream])] == data


@pytest.mark.parametrize(("stream", "data"), DATA.items())
def test_a_stream_may_come_in_single_bytes(stream: bytes, data: list[bytes]) -> None:
    assert [event.data for event in decode([stream[at : at + 1] for at in range(len(stream))])] == data


def test_an_event_has_its_name_and_the_last_id() -> None:
    stream = b"data: 1\n\nevent: thread.run.created\nid: 7\ndata: 2\n\ndata: 3\n\nid\ndata: 4\n\n"
    assert decode([stream]) == [
        ServerSentEvent(b"1", "message", ""),
        ServerSentEvent(b"2", "thread.run.created", "7"),
        ServerSentEvent(b"3", "message", "7"),
        ServerSentEvent(b"4", "message", ""),
    ]


@given(stream=STREAMS, cuts=CUTS, has_bom=st.booleans())
def test_it_reads_as_the_specification_does_wherever_a_stream_is_cut(
    stream: bytes, cuts: list[float], has_bom: bool
) -> None:
    if has_bom:
        stream = b"\xef\xbb\xbf" + stream
    assert decode(cut(stream, cuts)) == read_by_the_book(stream)


@given(stream=st.binary(), cuts=CUTS)
def test_any_bytes_are_a_stream(stream: bytes, cuts: list[float]) -> None:
    assert decode(cut(stream, cuts)) == read_by_the_book(stream)


@given(
    texts=st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    cuts=CUTS,
)
def test_any_text_travels(texts: list[str], end: str, cuts: list[float]) -> None:
    stream = "".join(f"data: {text}{end}{end}" for text in texts).encode()
    assert [event.data for event in decode(cut(stream, cuts))] == [text.encode() for text in texts]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("before", [b"", b"data: 0\n\n", b"data: 0\r\n\r\n"])
def test_what_lacks_its_empty_line_is_told_apart(before: bytes, end: bytes) -> None:
    decoder = SSEDecoder()
    decoder.feed(before + b"event: e\ndata: 1" + end)
    assert decoder.finish() == ServerSentEvent(b"1", "e", "")


@pytest.mark.parametrize("rest", [b"", b"\n", b": a comment", b": a comment\n", b"\xef\xbb"])
def test_comments_at_the_end_are_nothing(rest: bytes) -> None:
    decoder = SSEDecoder()
    decoder.feed(b"data: 1\n\n")
    decoder.feed(b"" if rest == b"\xef\xbb" else rest)
    assert decoder.finish() is None


def test_the_begin_of_an_event_at_the_end_has_no_data() -> None:
    decoder = SSEDecoder()
    decoder.feed(b"data: 1\n\nevent: e\nda")
    assert decoder.finish() == ServerSentEvent(b"", "message", "")


@pytest.mark.parametrize("line_end", [b"", b"\n", b"\r"])
def test_what_does_not_end_is_refused(line_end: bytes) -> None:
    decoder = SSEDecoder(max_event_bytes=1_000)
    with pytest.raises(EventTooLong, match="1000"):
        for _ in range(200):
            assert decoder.feed(b"data: xxxx" + line_end) == []


def test_a_long_event_in_many_pieces_takes_no_more_than_its_length() -> None:
    decoder = SSEDecoder()
    pieces = [b"data: ", *[b"x" * 1_000] * 10_000]
    tracemalloc.start()
    try:
        for piece in pieces:
            assert decoder.feed(piece) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30_000_000
    (event,) = decoder.feed(b"\n\n")
    assert len(event.data) == 10_000_000
