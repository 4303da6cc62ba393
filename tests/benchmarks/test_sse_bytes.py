from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sse_bytes import EventSplitter

EXAMPLES = {
    b"data: one\n\ndata: two\n\n": [b"one", b"two"],
    b"data: one\r\n\r\ndata: two\r\n\r\n": [b"one", b"two"],
    b"data: one\r\rdata: two\r\r": [b"one", b"two"],
    b"data: a\ndata: b\n\n": [b"a\nb"],
    b"event: ping\nid: 1\ndata: x\n\n": [b"x"],
    b"data:x\n\ndata:  x\n\n": [b"x", b" x"],
    b"data\n\n": [b""],
    b"data: x\n\n\n\ndata: y\n\n": [b"x", b"y"],
    b": a comment\n\ndata: x\n\n": [b"x"],
    b"event: nothing\n\n": [],
    b"\xef\xbb\xbfdata: x\n\n": [b"x"],
    b"data: it breaks o": [],
    b"data: x\r\n\n\rdata: y\n\r\n": [b"x", b"y"],
}


def split(chunks: list[bytes]) -> list[bytes]:
    splitter = EventSplitter()
    return [data for chunk in chunks for data in splitter.feed(chunk)]


@pytest.mark.parametrize(("stream", "events"), EXAMPLES.items())
def test_an_event_is_its_lines_of_data(stream: bytes, events: list[bytes]) -> None:
    assert split([stream]) == events


@pytest.mark.parametrize(("stream", "events"), EXAMPLES.items())
def test_a_stream_may_come_in_single_bytes(stream: bytes, events: list[bytes]) -> None:
    assert split([stream[at : at + 1] for at in range(len(stream))]) == events


@given(
    texts=st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    cuts=st.lists(st.floats(0, 1)),
)
def test_it_does_not_matter_where_a_stream_is_cut(texts: list[str], end: str, cuts: list[float]) -> None:
    stream = "".join(f"data: {text}{end}{end}" for text in texts).encode()
    places = sorted({0, len(stream), *(round(cut * len(stream)) for cut in cuts)})
    chunks = [stream[begin:finish] for begin, finish in pairwise(places)]
    assert split(chunks) == [text.encode() for text in texts]
