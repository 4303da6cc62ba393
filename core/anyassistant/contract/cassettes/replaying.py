"""Replaying: requests are answered from a cassette, and nothing goes to the network."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import anyio
import httpx
from anyio.lowlevel import checkpoint

from ..verdicts import Cannot
from .differences import describe_nearest
from .errors import NotRecorded
from .file import Exchange, RecordedAnswer
from .ids import Names, fill_in, ids_in
from .requests import RecordedRequest, likeness_of, record_request
from .seam import Send, SendBlocking
from .secrets import Secrets

GIVEN_UP_SECONDS = 1.0
"""How long a request that was not recorded is left open. A check that cancels may have done so, when it was recorded,
before its request was made: then the request is given up now, and nobody misses its answer."""


class Player:
    """Answers each request as the same one was answered: equal ones in turn, others in any order and side by side.

    Args:
        exchanges: What was recorded; None where there is no cassette.
        file: The cassette.
        record: How it is recorded.
        secrets: What was written in no cassette.

    Attributes:
        missed: Why the first request was not answered that is not on the cassette; None where there was none.
    """

    def __init__(self, exchanges: Sequence[Exchange] | None, *, file: Path, record: str, secrets: Secrets) -> None:
        self.missed: NotRecorded | Cannot | None = None
        self._exchanges = exchanges
        self._file = file
        self._record = record
        self._secrets = secrets
        self._lock = threading.Lock()
        self._left: defaultdict[str, deque[tuple[Sequence[str], Exchange]]] = defaultdict(deque)
        self._service_ids: set[str] = set()
        self._ids: dict[str, str] = {}
        for one in exchanges or ():
            likeness = likeness_of(one.request)
            self._left[likeness.key].append((likeness.ids, one))
            if one.answer is not None:
                told = b"".join([*one.answer.pieces, *(f" {value}".encode() for value in one.answer.headers.values())])
                self._service_ids.update(ids_in(told))

    async def answer(self, request: httpx.Request, send: Send) -> httpx.Response:
        found = self._find(request, await request.aread())
        if isinstance(found, NotRecorded):
            await anyio.sleep(GIVEN_UP_SECONDS)
        if isinstance(found, NotRecorded | Cannot):
            raise self._miss(found)
        while found is None:
            await anyio.sleep_forever()  # as it did when it was recorded: the caller gives up
        await checkpoint()
        return httpx.Response(found.status, headers=found.headers, stream=_Played(found))

    def answer_blocking(self, request: httpx.Request, send: SendBlocking) -> httpx.Response:
        found = self._find(request, request.read())
        if isinstance(found, NotRecorded):
            time.sleep(GIVEN_UP_SECONDS)
        if isinstance(found, NotRecorded | Cannot):
            raise self._miss(found)
        if found is None:
            raise httpx.ReadTimeout("Nobody waited for this answer when it was recorded.", request=request)
        return httpx.Response(found.status, headers=found.headers, stream=_PlayedBlocking(found))

    def _find(self, request: httpx.Request, content: bytes) -> RecordedAnswer | NotRecorded | Cannot | None:
        if self._exchanges is None:
            return Cannot(f"no cassette: record {self._file} with `{self._record}`")
        url = str(request.url)
        with self._lock:
            self._secrets.learn_from(request.headers, url, content)
            names = Names(self._service_ids.__contains__)
            made = record_request(
                request.method,
                self._secrets.hide_in_url(url),
                request.headers.get("content-type", ""),
                self._secrets.hide(content),
                names,
            )
            return self._take(made, list(names.by_id))

    def _take(self, made: RecordedRequest, ids: Sequence[str]) -> RecordedAnswer | NotRecorded | None:
        """The answer that is next for this request; of equal requests, rather that of the one with the same ids."""
        left = self._left[likeness_of(made).key]
        if not left:
            return self._not_recorded(made)
        at = next((at for at, (names, _) in enumerate(left) if self._fit(names, ids)), 0)
        names, exchange = left[at]
        del left[at]
        self._ids.update(zip(names, ids, strict=True))
        return None if exchange.answer is None else _filled_in(exchange.answer, self._ids)

    def _fit(self, names: Sequence[str], ids: Sequence[str]) -> bool:
        named = {id: name for name, id in self._ids.items()}
        pairs = list(zip(names, ids, strict=True))
        return all(self._ids.get(name, id) == id and named.get(id, name) == name for name, id in pairs)

    def _not_recorded(self, made: RecordedRequest) -> NotRecorded:
        exchanges = self._exchanges or ()
        came = f"{describe_nearest(made, [one.request for one in exchanges])}\nrecord it again: {self._record}"
        return NotRecorded(f"a request that is recorded in {self._file}", came, request=made.title, file=self._file)

    def _miss(self, error: NotRecorded | Cannot) -> NotRecorded | Cannot:
        if self.missed is None:
            self.missed = error
        return error


class _Played(httpx.AsyncByteStream, AsyncIterator[bytes]):
    """A recorded body, piece by piece. Where nobody heard its end, it does not end before it is closed."""

    def __init__(self, answer: RecordedAnswer) -> None:
        self._left = deque(answer.pieces)
        self._is_whole = answer.is_whole
        self._closed = anyio.Event()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        await checkpoint()
        if self._closed.is_set():
            raise StopAsyncIteration
        if self._left:
            return self._left.popleft()
        if not self._is_whole:
            await self._closed.wait()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self._closed.set()


class _PlayedBlocking(httpx.SyncByteStream):
    """The same for a blocking client."""

    def __init__(self, answer: RecordedAnswer) -> None:
        self._answer = answer
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.pieces
        if not self._answer.is_whole:
            self._closed.wait()

    def close(self) -> None:
        self._closed.set()


def _filled_in(answer: RecordedAnswer, ids: Mapping[str, str]) -> RecordedAnswer:
    headers = {name: fill_in(value.encode(), ids).decode() for name, value in answer.headers.items()}
    return replace(answer, headers=headers, pieces=[fill_in(piece, ids) for piece in answer.pieces])
