"""Recording: requests go to the network, and what is said to and fro is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import count
from threading import Lock

import httpx

from .seam import Send, SendBlocking


class Taped:
    """A request, and what came of it so far.

    Attributes:
        began: When it was made, counted in beginnings and ends of requests.
        ended: When nobody listened any longer; None while somebody does.
        response: None where none came.
        pieces: Of the answer's body, as they came.
        is_whole: Whether the body ended.
        fault: How the network failed; None where it did not.
    """

    def __init__(self, request: httpx.Request, content: bytes, began: int) -> None:
        self.request = request
        self.content = content
        self.began = began
        self.ended: int | None = None
        self.response: httpx.Response | None = None
        self.pieces: list[bytes] = []
        self.is_whole = False
        self.fault: httpx.TransportError | None = None

    def is_repeated_by(self, other: Taped) -> bool:
        """Whether another is the same request, made later and with better luck."""
        one, again = self.request, other.request
        same = (one.method, one.url, self.content) == (again.method, again.url, other.content)
        return same and other.began > self.began and other.fault is None


class Recorder:
    """Lets all requests pass, and keeps them."""

    def __init__(self) -> None:
        self._taped: list[Taped] = []
        self._clock = count()
        self._lock = Lock()

    @property
    def was_asked(self) -> bool:
        """Whether anything was asked, whatever came of it."""
        return bool(self._taped)

    @property
    def taped(self) -> Sequence[Taped]:
        """What was said, in the order of the requests, without those that the network failed."""
        return [one for one in self._taped if one.fault is None]

    @property
    def failed(self) -> Taped | None:
        """The first request that the network failed, and that was not made again; None where there is none."""
        failed = (one for one in self._taped if one.fault is not None)
        return next((one for one in failed if not any(map(one.is_repeated_by, self._taped))), None)

    async def answer(self, request: httpx.Request, send: Send) -> httpx.Response:
        taped = self._begin(request, await request.aread())
        try:
            response = await send(request)
        except httpx.TransportError as error:
            taped.fault = error
            raise
        finally:
            self.end(taped)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        taped.response, taped.ended = response, None
        response.stream = _Heard(response.stream, taped, self)
        return response

    def answer_blocking(self, request: httpx.Request, send: SendBlocking) -> httpx.Response:
        taped = self._begin(request, request.read())
        try:
            response = send(request)
        except httpx.TransportError as error:
            taped.fault = error
            raise
        finally:
            self.end(taped)
        assert isinstance(response.stream, httpx.SyncByteStream)
        taped.response, taped.ended = response, None
        response.stream = _HeardBlocking(response.stream, taped, self)
        return response

    def end(self, taped: Taped) -> None:
        """Nobody listens any longer."""
        if taped.ended is None:
            taped.ended = next(self._clock)

    def _begin(self, request: httpx.Request, content: bytes) -> Taped:
        with self._lock:
            taped = Taped(request, content, next(self._clock))
            self._taped.append(taped)
        return taped


class _Heard(httpx.AsyncByteStream, AsyncIterator[bytes]):
    """A body that is kept while it is listened to."""

    def __init__(self, stream: httpx.AsyncByteStream, taped: Taped, recorder: Recorder) -> None:
        self._stream = stream
        self._pieces = aiter(stream)
        self._taped = taped
        self._recorder = recorder

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        taped = self._taped
        try:
            piece = await anext(self._pieces)
        except StopAsyncIteration:
            taped.is_whole = taped.is_whole or taped.ended is None
            raise
        except httpx.TransportError as error:
            if taped.ended is None:
                taped.fault = error
            raise
        if taped.ended is None:
            taped.pieces.append(piece)
        return piece

    async def aclose(self) -> None:
        self._recorder.end(self._taped)
        await self._stream.aclose()


class _HeardBlocking(httpx.SyncByteStream):
    """The same for a blocking client."""

    def __init__(self, stream: httpx.SyncByteStream, taped: Taped, recorder: Recorder) -> None:
        self._stream = stream
        self._taped = taped
        self._recorder = recorder

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._stream:
                self._taped.pieces.append(piece)
                yield piece
        except httpx.TransportError as error:
            if self._taped.ended is None:
                self._taped.fault = error
            raise
        self._taped.is_whole = self._taped.ended is None

    def close(self) -> None:
        self._recorder.end(self._taped)
        self._stream.close()
