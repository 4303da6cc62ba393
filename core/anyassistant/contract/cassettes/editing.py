"""From what was said to what a cassette has: without secrets, and the same each time it is recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import inf

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

    @property
    def asked_ids(self) -> Sequence[str]:
        """The ids in the request."""
        return ids_in(self.url.encode() + b" " + self.content)

    @property
    def told_ids(self) -> Sequence[str]:
        """The ids in the answer."""
        return ids_in(b"".join(self.pieces) + " ".join(["", *(value for _, value in self.headers)]).encode())


def edit(taped: Sequence[Taped], secrets: Secrets, *, headers: Collection[str] = ()) -> Sequence[Exchange]:
    """What is written of a recording.

    Args:
        secrets: What is known; what the recording shows is added.
        headers: Of answers, in lower case, to be written beside those of `HEADERS`.
    """
    taped = _without_needless_polls(taped)
    decoded = [_decode(one) for one in taped]
    for one, pieces in zip(taped, decoded, strict=True):
        secrets.learn_from(one.request.headers, str(one.request.url), one.content, b"".join(pieces))
        if one.response is not None:
            secrets.learn_from({}, "", *(value.encode() for value in one.response.headers.values()))
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
    origins = _Origins(all_said)
    names = Names(origins.of_service.__contains__)
    return [_exchange(said, names) for said in _in_order(all_said, origins)]


def _without_needless_polls(taped: Sequence[Taped]) -> Sequence[Taped]:
    """Leave out looks at something that were given up, where others were answered: which it is differs each time."""
    looks = [one for one in taped if one.request.method == "GET"]
    answered = {str(one.request.url) for one in looks if one.response is not None}
    needless = {id(one) for one in looks if one.response is None and str(one.request.url) in answered}
    return [one for one in taped if id(one) not in needless]


def _exchange(said: _Said, names: Names) -> Exchange:
    request = record_request(said.taped.request.method, said.url, said.media_type, said.content, names)
    response = said.taped.response
    if response is None:
        return Exchange(request, None)
    pieces = rename_in_pieces(said.pieces, names.by_id)
    headers = {name: b"".join(rename_in_pieces([value.encode()], names.by_id)).decode() for name, value in said.headers}
    return Exchange(request, RecordedAnswer(response.status_code, headers, pieces, is_whole=said.taped.is_whole))


class _Origins:
    """Where the ids of a recording come from.

    Attributes:
        of_service: The ids that an answer had before a request did, with the depth of the request that it answered.
    """

    def __init__(self, all_said: Sequence[_Said]) -> None:
        self.of_service: dict[str, int] = {}
        own: set[str] = set()
        for said in all_said:
            own |= {*said.asked_ids} - self.of_service.keys()
            depth = self.depth_of(said)
            self.of_service |= {id: depth for id in said.told_ids if id not in own and id not in self.of_service}

    def depth_of(self, said: _Said) -> int:
        """How many requests had to be answered, one after another, before this one could be made."""
        return max((self.of_service[id] + 1 for id in said.asked_ids if id in self.of_service), default=0)


def _in_order(all_said: Sequence[_Said], origins: _Origins) -> Iterator[_Said]:
    """As they were made, but for those that were made side by side: which was first is another each time."""

    def key(said: _Said) -> tuple[int, str]:
        request = record_request(said.taped.request.method, said.url, said.media_type, said.content, Names())
        return origins.depth_of(said), likeness_of(request, {}).key

    together: list[_Said] = []
    until: float = -1
    for said in all_said:
        if said.taped.began > until:
            yield from sorted(together, key=key)
            together = []
        together.append(said)
        ended = said.taped.ended
        until = inf if ended is None else max(until, ended)
    yield from sorted(together, key=key)


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
