"""The bytes of an answer, as they come: each wait has a bound, and each failure is an error of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from time import monotonic

import anyio
import httpx
from anyio.lowlevel import checkpoint

from ..errors import ProviderError
from .failures import Failures

CLOSE_SECONDS = 2.0
DRAIN_SECONDS = 0.5
"""How long is waited for the end of an answer that has said all, so that its connection can be used again."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Until when an answer is waited for; times are of `time.monotonic`.

    Attributes:
        first_byte: For the first byte of the body.
        end: For the last one.
        idle_seconds: Between two pieces.
        httpx_watches_idle: Whether a read by httpx gives up after these seconds.
    """

    first_byte: float
    end: float
    idle_seconds: float
    httpx_watches_idle: bool


class Body:
    """An open answer.

    Args:
        response: As the transport gave it: open.
        deadlines: How long it is waited for.
        failures: Makes its errors.
        release: Called once, when it is closed.
    """

    def __init__(
        self, response: httpx.Response, deadlines: Deadlines, failures: Failures, release: Callable[[], None]
    ) -> None:
        self.status_code = response.status_code
        self.headers: Mapping[str, str] = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw
        }  # httpx's own encode and compare each name that is asked for
        self.failures = failures
        self._response = response
        self._deadlines = deadlines
        self._release = release
        self._pieces = _pieces_of(response, is_encoded="content-encoding" in self.headers)
        self._has_begun = False
        self._has_ended = False
        self._is_closed = False

    async def read(self) -> bytes | None:
        """The next piece; None at the end.

        Raises:
            ProviderError: It did not come in time (`timeout`), or the connection broke (`connection_error`).
        """
        deadlines = self._deadlines
        has_begun, self._has_ended = self._has_begun, True  # unless a piece comes
        try:
            if has_begun and deadlines.httpx_watches_idle and monotonic() < deadlines.end - deadlines.idle_seconds:
                piece = await anext(self._pieces)  # a scope costs more than all the rest of a piece
            else:
                piece = await self._read_in_scope()
        except StopAsyncIteration:
            return None
        except httpx.ReadTimeout as error:
            raise self._too_slow() from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            when = "in the middle of the answer" if has_begun else "before the answer's body"
            raise self.failures.of_transport(error, when=when) from error
        self._has_begun, self._has_ended = True, False
        return piece

    async def _read_in_scope(self) -> bytes:
        deadlines, now = self._deadlines, monotonic()
        until = now + deadlines.idle_seconds if self._has_begun else deadlines.first_byte
        with anyio.move_on_after(min(until, deadlines.end) - now):
            return await anext(self._pieces)
        raise self._too_slow()

    async def read_all(self) -> bytes:
        """All of it.

        Raises:
            ProviderError: As for `read`.
        """
        pieces: list[bytes] = []
        while (piece := await self.read()) is not None:
            pieces.append(piece)
        return b"".join(pieces)

    async def read_some(self, limit: int) -> bytes:
        """Its first bytes, at least `limit` of them if there are so many.

        Raises:
            ProviderError: As for `read`.
        """
        found = b""
        while len(found) < limit and (piece := await self.read()) is not None:
            found += piece
        return found

    async def aclose(self, *, drain: bool = False) -> None:
        """Give the connection back, or close it if not all of the answer was read.

        Args:
            drain: Whether the rest is waited for, briefly.
        """
        if self._is_closed:
            return
        self._is_closed = True
        try:
            if drain:
                await self._read_rest(DRAIN_SECONDS)
            if self._has_ended:
                await self._response.aclose()
                return
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await self._response.aclose()
                # httpx and httpcore nest async generators that close each other only by ending. On a closed connection
                # they end at once; left open they would be finalised late, with a warning of trio's.
                await self._read_rest(CLOSE_SECONDS)
        finally:
            self._release()

    async def _read_rest(self, seconds: float) -> None:
        if self._has_ended:
            return
        with anyio.move_on_after(seconds, shield=True):
            try:
                async for _ in self._pieces:
                    await checkpoint()
            except (httpx.HTTPError, httpx.StreamError):
                pass
            self._has_ended = True

    def _too_slow(self) -> ProviderError:
        deadlines = self._deadlines
        if monotonic() >= deadlines.end:
            said = "the answer did not end in time (total_seconds)"
        elif self._has_begun:
            said = f"nothing came for {deadlines.idle_seconds:g} s in the middle of the answer (idle_seconds)"
        else:
            said = "the answer did not begin in time (first_byte_seconds)"
        return self.failures.too_slow(said)


def _pieces_of(response: httpx.Response, *, is_encoded: bool) -> AsyncIterator[bytes]:
    if is_encoded:
        return aiter(response.aiter_bytes())
    assert isinstance(response.stream, httpx.AsyncByteStream)  # an AsyncClient's
    return aiter(response.stream)  # `aiter_raw` is one more generator around it
