"""Requests in, open answers out: attempts, each with its deadlines and its failures, until one succeeds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TypeAlias

import anyio
import httpx

from ..errors import ProviderError
from .body import Body, Deadlines
from .config import WireConfig
from .envelope import ReadError, decode_body
from .failures import Failures, is_lasting
from .form import PIECE_BYTES, File, Watched, stream_form
from .pools import LoopPools
from .redaction import Redactor
from .response import WireResponse
from .retries import Failure, Success, may_retry_answer, retrying
from .retry_after import read_retry_after

Token: TypeAlias = Callable[[], Awaitable[str]]
"""Gives a token that is good now; asked for each attempt."""

MAX_ERROR_BYTES = 2**16
"""Of a failed answer, which are read."""
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
"""Faults after which the service cannot have got the request."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it is sent, as often as that may be.

    Attributes:
        name: How messages name it: its method, and its URL without the query.
        is_repeatable: Whether doing it twice is as good as once.
        media_types: What the answer may be; empty for anything.
    """

    name: str
    method: str
    url: httpx.URL
    headers: httpx.Headers
    content: bytes | None = None
    file: File | None = None
    is_repeatable: bool = True
    media_types: Sequence[str] = field(default=())


class Transport:
    """Sends requests to one service.

    Args:
        config: How long is waited, and how long tried again.
        pools: Its connections.
        redactor: Hides its keys.
        key_header: Where a token goes.
        token: What gives it, where it is not in the requests' headers already.
        read_error: Reads the service's own form of errors.
    """

    def __init__(
        self,
        config: WireConfig,
        pools: LoopPools,
        redactor: Redactor,
        *,
        key_header: str,
        token: Token | None,
        read_error: ReadError | None,
    ) -> None:
        self._config = config
        self._pools = pools
        self._redactor = redactor
        self._key_header = key_header
        self._token = token
        self._read_error = read_error
        self._retry_seconds = min(config.retry_seconds, config.total_seconds)
        # httpx has one time-out for all reads of an answer, so it can watch the gaps only if they may be longer than
        # the wait for the first byte.
        self._httpx_watches_idle = config.idle_seconds >= config.first_byte_seconds

    async def open(self, call: Call) -> Body:
        """The answer, to be read and closed by the caller.

        Raises:
            AnyAssistantError: There is none; see `failures`.
        """
        failures, end = self._begin(call)
        return await retrying(partial(self._attempt, call, failures, end), seconds=self._retry_seconds)

    async def fetch(self, call: Call) -> WireResponse:
        """The answer, read to its end.

        Raises:
            AnyAssistantError: As for `open`.
        """
        failures, end = self._begin(call)

        async def attempt() -> Success[WireResponse] | Failure:
            opened = await self._attempt(call, failures, end)
            if isinstance(opened, Failure):
                return opened
            body = opened.value
            try:
                content = await body.read_all()
            except ProviderError as error:
                return Failure(error, error.__cause__, may_retry=call.is_repeatable)
            finally:
                await body.aclose()
            return Success(WireResponse(body.status_code, body.headers, content, failures))

        return await retrying(attempt, seconds=self._retry_seconds)

    def _begin(self, call: Call) -> tuple[Failures, float]:
        return Failures(call.name, self._redactor, self._read_error), monotonic() + self._config.total_seconds

    async def _attempt(self, call: Call, failures: Failures, end: float) -> Success[Body] | Failure:
        request = await self._make_request(call)
        waiting = _Waiting(self._config.first_byte_seconds, end)
        if call.file is not None and isinstance(request.stream, httpx.AsyncByteStream):
            request.stream = Watched(request.stream, waiting.begin)
            waiting.hold()
        pools = self._pools.here()
        pool = pools.enter()
        response = None
        try:
            with waiting.scope:
                response = await pool.transport.handle_async_request(request)
        except httpx.HTTPError as error:
            was_reached = not isinstance(error, _NOT_SENT)
            return Failure(
                failures.of_transport(error, when="before the answer"),
                error,
                may_retry=not is_lasting(error) and (call.is_repeatable or not was_reached),
                was_reached=was_reached,
            )
        finally:
            if call.file is not None and isinstance(request.stream, httpx.AsyncByteStream):
                await request.stream.aclose()  # httpcore leaves it open where sending broke
            if response is None:
                pools.leave(pool)
        if response is None:
            which = "first_byte_seconds" if waiting.until < end else "total_seconds"
            return Failure(failures.too_slow(f"no answer in time ({which})"), may_retry=call.is_repeatable)
        idle = self._config.idle_seconds
        deadlines = Deadlines(waiting.until, end, idle, httpx_watches_idle=self._httpx_watches_idle)
        body = Body(response, deadlines, failures, partial(pools.leave, pool))
        if response.is_success and _is_acceptable(call, body.headers):
            return Success(body)
        try:
            return await _read_failure(call, body)
        finally:
            await body.aclose()

    async def _make_request(self, call: Call) -> httpx.Request:
        headers = call.headers
        if self._token is not None:
            token = await self._token()
            self._redactor.add_token(token)
            headers = httpx.Headers([*headers.raw, *httpx.Headers(authorization(self._key_header, token)).raw])
        idle = self._config.idle_seconds
        timeout = {
            "connect": self._config.connect_seconds,
            "write": idle,
            "read": idle if self._httpx_watches_idle else None,
        }
        extensions = {"timeout": timeout}
        if call.file is not None:
            fields, files = dict(call.file.fields), call.file.to_form()
            request = httpx.Request(
                call.method, call.url, headers=headers, data=fields, files=files, extensions=extensions
            )
            if isinstance(call.file.content, Path):
                stream_form(request, call.file)
            else:
                request.stream = _Content(request.read())
            return request
        content = call.content or b""
        request = httpx.Request(call.method, call.url, headers=headers, stream=_Content(content), extensions=extensions)
        if content or call.method == "POST":  # with a stream given, httpx looks after no headers, which spares 5 µs
            request.headers["Content-Length"] = str(len(content))
        return request


class _Waiting:
    """How long an answer is waited for.

    Attributes:
        until: By `time.monotonic`.
        scope: What is done in it ends then.
    """

    def __init__(self, seconds: float, end: float) -> None:
        self._seconds = seconds
        self._end = end
        self.scope = anyio.CancelScope()
        self.begin()

    def begin(self) -> None:
        """The time for the first byte begins."""
        self._wait_until(min(monotonic() + self._seconds, self._end))

    def hold(self) -> None:
        """It does not begin before the file is sent, however long that takes: the time of each write is bounded."""
        self._wait_until(self._end)

    def _wait_until(self, until: float) -> None:
        self.until = until
        self.scope.deadline = anyio.current_time() + until - monotonic()


class _Content(httpx.AsyncByteStream, AsyncIterator[bytes]):
    """The body of a request. httpx's own is an async generator, which trio complains of where sending is given up.

    In pieces, as the time for a write is that of one piece.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = self._content[self._at : self._at + PIECE_BYTES]
        if not piece:
            raise StopAsyncIteration
        self._at += len(piece)
        return piece


def authorization(key_header: str, key: str) -> Mapping[str, str]:
    """The header that carries a key; a bearer token in `Authorization`, the bare key in any other."""
    return {key_header: f"Bearer {key}" if key_header.lower() == "authorization" else key}


def _is_acceptable(call: Call, headers: Mapping[str, str]) -> bool:
    said = headers.get("content-type", "").partition(";")[0].strip().lower()
    return not call.media_types or not said or said in call.media_types


async def _read_failure(call: Call, body: Body) -> Failure:
    """What an answer that is no success, or none of what was asked for, says."""
    status, headers, failures = body.status_code, body.headers, body.failures
    try:
        said = await body.read_some(MAX_ERROR_BYTES)
    except ProviderError:
        said = b""
    if 200 <= status < 300:
        value = decode_body(said)
        if failures.find_error(value) is not None:
            return Failure(failures.of_event(value, headers))
        what = f"{call.media_types[0]} was asked for, and {headers['content-type']} came"
        return Failure(failures.unreadable(what, said, headers=headers))
    may_retry = may_retry_answer(status, headers, is_repeatable=call.is_repeatable)
    error = failures.of_answer(status, headers, said)
    return Failure(error, may_retry=may_retry, retry_after=read_retry_after(headers))
