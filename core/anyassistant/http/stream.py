"""What a service streams, item by item."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Generic, TypeVar

from .body import Body
from .failures import REQUEST_ID_HEADERS
from .items import NOTHING, ItemReader, OrNothing
from .sse import EventTooLong

T = TypeVar("T")


class WireStream(AsyncIterator[T], Generic[T]):
    """An open stream. Iterate it once; nothing follows an error.

    Attributes:
        headers: Of the answer, with names in lower case.
    """

    def __init__(self, body: Body, reader: ItemReader[Any, T]) -> None:
        self.headers: Mapping[str, str] = body.headers
        self._body = body
        self._reader = reader
        self._waiting: list[Any] = []  # to be read, the next one last
        self._has_ended = False

    @property
    def request_id(self) -> str | None:
        """The service's name for the request."""
        return next((self.headers[name] for name in REQUEST_ID_HEADERS if name in self.headers), None)

    @property
    def is_done(self) -> bool:
        """Whether the service has said that nothing more follows, by `[DONE]`; many never say so."""
        return self._reader.is_done

    async def __anext__(self) -> T:
        while not self._has_ended:
            try:
                item = self._reader.read(self._waiting.pop()) if self._waiting else await self._read_on()
            except BaseException:
                self._has_ended = True
                raise
            if item is not NOTHING:
                return item
            self._has_ended = self._has_ended or self._reader.is_done
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End it: the service sees that nobody listens any more."""
        self._has_ended = True
        await self._body.aclose(drain=self._reader.is_done)

    async def _read_on(self) -> OrNothing[T]:
        chunk = await self._body.read()
        if chunk is None:
            self._has_ended = True
            return self._reader.finish()
        try:
            self._waiting = self._reader.split(chunk)
        except EventTooLong as error:
            raise self._body.failures.unreadable(str(error), headers=self.headers) from error
        self._waiting.reverse()
        return NOTHING
