"""From what was said to what a cassette has: without secrets, and the same each time it is recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import httpx

from .file import Exchange, RecordedAnswer
from .ids import Names, ids_in, rename_in_pieces
from .recording import Taped
from .requests import likeness_of, record_request
from .secrets import Secrets

HEADERS = (
    "content-type", "link", "location", "retry-after", "retry-after-ms", "x-should-retry", "openai-poll-after-ms",
)  # fmt: skip
"""Of an answer, which are written. Others name accounts, set cookies, or differ each time; none of a request is."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said, without secrets."""

    taped: Taped
    url: str
    media_type: str
    content: bytes
    pieces: Sequence[bytes]
    headers: Sequence[tuple[str, str]]


def edit(taped: Sequence[Taped], secrets: Secrets, *, headers: Collection[str] = ()) -> Sequence[Exchange]:
    """What is written of a recording.

    Args:
        secrets: What is known; what the recording shows is added.
        headers: Of answers, in lower case, to be written beside those of `HEADERS`.
    """
    decoded = [_decode(one) for one in taped]
    for one, pieces in zip(taped, decoded, strict=True):
        secrets.learn_from(one.request.headers, str(one.request.url), one.content, b"".join(pieces))
        if one.response is not None:
            for cookie in one.response.headers.get_list("set-cookie"):
                secrets.learn_from({"set-cookie": cookie.partition(";")[0]}, "")
    all_said = [
        _Said(
            one,
            secrets.hide_in_url(str(one.request.url)),
            one.request.headers.get("content-type", ""),
            secrets.hide(one.content),
            secrets.hide_in_pieces(pieces),
            [] if one.response is None else _kept_headers(one.response, secrets, {*HEADERS, *headers}),
        )
        for one, pieces in zip(taped, decoded, strict=True)
    ]
    names = Names(_ids_of_the_service(all_said).__contains__)
    return [_exchange(said, names) for said in _in_order(all_said)]


def _exchange(said: _Said, names: Names) -> Exchange:
    request = record_request(said.taped.request.method, said.url, said.media_type, said.content, names)
    response = said.taped.response
    if response is None:
        return Exchange(request, None)
    pieces = rename_in_pieces(said.pieces, names.by_id)
    headers = {name: names.by_id.get(value, value) for name, value in said.headers}
    return Exchange(request, RecordedAnswer(response.status_code, headers, pieces, is_whole=said.taped.is_whole))


def _ids_of_the_service(all_said: Sequence[_Said]) -> Collection[str]:
    """The ids that an answer had before a request did."""
    own: set[str] = set()
    service: set[str] = set()
    for said in all_said:
        own |= {*ids_in(said.url.encode()), *ids_in(said.content)} - service
        service |= {*ids_in(b"".join(said.pieces)), *ids_in(" ".join(v for _, v in said.headers).encode())} - own
    return service


def _in_order(all_said: Sequence[_Said]) -> Iterator[_Said]:
    """As they were made, but for those that were made side by side: which was first is another each time."""
    together: list[_Said] = []
    until = -1
    for said in all_said:
        if said.taped.began > until:
            yield from sorted(together, key=_key)
            together = []
        together.append(said)
        ended = said.taped.ended
        until = max(until, len(all_said) * 2 if ended is None else ended)
    yield from sorted(together, key=_key)


def _key(said: _Said) -> str:
    return likeness_of(record_request(said.taped.request.method, said.url, said.media_type, said.content, Names())).key


def _decode(taped: Taped) -> Sequence[bytes]:
    """The pieces of an answer, not compressed."""
    encoding = None if taped.response is None else taped.response.headers.get("content-encoding")
    if encoding is None:
        return taped.pieces
    response = httpx.Response(200, headers={"content-encoding": encoding}, content=iter(taped.pieces))
    decoded: list[bytes] = []
    try:
        decoded.extend(response.iter_bytes())
    except httpx.DecodingError:
        if taped.is_whole:
            raise
    return decoded


def _kept_headers(response: httpx.Response, secrets: Secrets, kept: Collection[str]) -> Sequence[tuple[str, str]]:
    return [
        (name, secrets.hide(value.encode()).decode())
        for name, value in sorted(response.headers.items())
        if name in kept
    ]
