"""Replaying: requests are answered from a cassette, and nothing goes to the network."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
        self._left: defaultdict[str, list[_Told]] = defaultdict(list)
        self._given: defaultdict[str, list[_Told]] = defaultdict(list)
        self._numbers: dict[str, int] = {}
        self._origins: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        for one in exchanges or ():
            self._add(one)

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
            names = Names(self._origins.__contains__)
            made = record_request(
                request.method,
                self._secrets.hide_in_url(url),
                request.headers.get("content-type", ""),
                self._secrets.hide(content),
                names,
            )
            return self._take(made, {name: id for id, name in names.by_id.items()})

    def _add(self, exchange: Exchange) -> None:
        likeness, answer = likeness_of(exchange.request, self._origins), exchange.answer
        number = self._numbers.setdefault(likeness.key, len(self._numbers))
        self._left[likeness.key].append(_Told(likeness.ids, answer))
        if answer is not None:
            told = b" ".join([b"".join(answer.pieces), *(value.encode() for value in answer.headers.values())])
            new = dict.fromkeys(id for id in ids_in(told) if id not in self._origins)
            self._origins |= {id: f"<{number}.{at}>" for at, id in enumerate(new)}

    def _take(self, made: RecordedRequest, named: Mapping[str, str]) -> RecordedAnswer | NotRecorded | None:
        """The answer that is next for this request."""
        likeness = likeness_of(made, self._origins)
        ids = [named.get(name, name) for name in likeness.ids]
        left, given = self._left.get(likeness.key, []), self._given[likeness.key]
        found = self._nearest(left, ids)
        if found is not None:
            left.remove(found)
            given.append(found)
        elif made.method == "GET":  # who looks more often than before sees the same
            found = self._nearest(given[::-1], ids)
        if found is None:
            return self._not_recorded(made)
        self._ids.update(zip(found.ids, ids, strict=True))
        return None if found.answer is None else _filled_in(found.answer, self._ids)

    def _nearest(self, told: Sequence[_Told], ids: Sequence[str]) -> _Told | None:
        """The first with the same ids, else the first in which other ids may have taken their places."""
        taken = {id: name for name, id in self._ids.items()}

        def fits(one: _Told) -> bool:
            pairs = zip(one.ids, ids, strict=True)
            return all(self._ids.get(name, id) == id and taken.get(id, name) == name for name, id in pairs)

        fit = [one for one in told if fits(one)]
        return next((one for one in fit if _has_same(one.ids, ids)), fit[0] if fit else None)

    def _not_recorded(self, made: RecordedRequest) -> NotRecorded:
        exchanges = self._exchanges or ()
        came = f"{describe_nearest(made, [one.request for one in exchanges])}\nrecord it again: {self._record}"
        return NotRecorded(f"a request that is recorded in {self._file}", came, request=made.title, file=self._file)

    def _miss(self, error: NotRecorded | Cannot) -> NotRecorded | Cannot:
        if self.missed is None:
            self.missed = error
        return error


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """An answer, and the ids of its request that may be others in this run."""

    ids: Sequence[str]
    answer: RecordedAnswer | None


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


def _has_same(recorded: Sequence[str], ids: Sequence[str]) -> bool:
    """Whether the ids are the same, as far as they have no names."""
    return all(name.startswith("<") or name == id for name, id in zip(recorded, ids, strict=True))


def _filled_in(answer: RecordedAnswer, ids: Mapping[str, str]) -> RecordedAnswer:
    headers = {name: fill_in(value.encode(), ids).decode() for name, value in answer.headers.items()}
    return replace(answer, headers=headers, pieces=[fill_in(piece, ids) for piece in answer.pieces])
