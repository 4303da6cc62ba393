"""Chunks that came together are one, and an HTTP parser cannot tell the difference otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import h11
import pytest
from anyassistant.http.chunks import MAX_HEAD_BYTES, ChunkJoiner
from hypothesis import given
from hypothesis import strategies as st

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def joined(*reads: bytes) -> list[bytes]:
    joiner = ChunkJoiner()
    joiner.begin()
    return [joiner.feed(read) for read in reads]


def parsed(reads: Sequence[bytes]) -> tuple[list[bytes], bytes, str]:
    """The pieces, the whole body and the outcome, as h11 reads an answer; then the connection ends."""
    connection = h11.Connection(our_role=h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    pieces: list[bytes] = []
    try:
        for read in [*reads, b""]:
            connection.receive_data(read)
            while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                if isinstance(event, h11.Data):
                    pieces.append(bytes(event.data))
                elif isinstance(event, h11.EndOfMessage):
                    return pieces, b"".join(pieces), f"whole {event.headers.raw_items()}"
    except h11.RemoteProtocolError:
        return pieces, b"".join(pieces), "refused"
    return pieces, b"".join(pieces), "open"


def test_chunks_that_came_together_are_one() -> None:
    pieces, _, outcome = parsed(joined(HEAD + chunk(b"one,") + chunk(b"two,"), chunk(b"three,") + chunk(b"four") + END))
    assert pieces == [b"one,two,", b"three,four"]
    assert outcome == "whole []"


def test_a_chunk_that_comes_alone_passes_as_it_came() -> None:
    assert joined(HEAD, chunk(b"one"), chunk(b"two")) == [HEAD, chunk(b"one"), chunk(b"two")]


def test_the_part_of_a_chunk_is_not_waited_for() -> None:
    first, second = joined(HEAD + chunk(b"one,") + chunk(b"two,") + b"64\r\nbeg", b"un")
    assert parsed([first])[1] == b"one,two,beg"
    assert second == b"un"


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace(b"200", b"404"),
        HEAD.replace(b"chunked", b"gzip, chunked"),
        HEAD.replace(b"\r\n", b"\n"),
        HEAD.replace(b"Transfer-Encoding: chunked", b"Content-Length: 100"),
        HEAD.replace(b"HTTP/1.1", b"HTTP/1.0"),
        HEAD.replace(b"\r\n\r\n", b"\r\nX-Long: %b\r\n\r\n" % bytes(2 * MAX_HEAD_BYTES)),
    ],
)
def test_other_answers_pass_as_they_came(head: bytes) -> None:
    body = chunk(b"one") + chunk(b"two")
    assert b"".join(joined(head[:-1], head[-1:] + body, body)) == head + body + body


def test_each_request_begins_anew() -> None:
    joiner = ChunkJoiner()
    for reads in ([HEAD + chunk(b"a") + b"5"], [HEAD + chunk(b"a") + b"5\r\nab"], [HEAD + b";strange"]):
        joiner.begin()
        for read in reads:
            joiner.feed(read)
        joiner.begin()
        assert parsed([joiner.feed(HEAD + chunk(b"one,") + chunk(b"two") + END)])[0] == [b"one,two"]


plain = st.binary(min_size=1, max_size=40).map(chunk)
strange = st.sampled_from(
    [
        b"3;name=value\r\nabc\r\n",
        b"003\r\nabc\r\n",
        b"000000000003\r\nabc\r\n",
        b"A\r\n0123456789\r\n",
        b"3 \r\nabc\r\n",
        b"+3\r\nabc\r\n",
        b"3\r\nabcd\r\n",
        b"3\nabc\n",
        b"3\r\nabc3\r\nabc\r\n",
        b"ffffffff\r\nabc\r\n",
        b"\r\n",
        b"0\r\nTrailer: yes\r\n\r\n",
        b"x\r\n",
    ]
)
bodies = st.lists(st.one_of(plain, plain, plain, strange), max_size=12).map(b"".join)


@given(body=bodies, end=st.sampled_from([END, b"", b"0", b"0\r\n"]), cuts=st.lists(st.integers(0, 500), max_size=12))
def test_a_parser_reads_the_same(body: bytes, end: bytes, cuts: list[int]) -> None:
    sent = HEAD + body + end
    places = sorted({0, len(sent), *(cut % len(sent) for cut in cuts)})
    reads = [sent[begin:stop] for begin, stop in pairwise(places)]
    given_on = joined(*reads)
    assert parsed(given_on)[1:] == parsed(reads)[1:]
    assert all(given_on)  # nothing would be the end of the connection


@given(data=st.lists(st.binary(min_size=1, max_size=20), min_size=1), cut=st.integers(1, 200))
def test_plain_chunks_cut_anywhere_are_few_pieces(data: list[bytes], cut: int) -> None:
    sent = b"".join(map(chunk, data)) + END
    pieces, body, _ = parsed(joined(HEAD, sent[:cut], sent[cut:]))
    assert body == b"".join(data)
    assert len(pieces) <= 5  # what is whole in each read, and the parts of the one that was cut
