"""What a service streams, item by item."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping
from typing import Any, Generic, TypeVar

from .body import Body
from .failures import REQUEST_ID_HEADERS
from .items import NOTHING, ItemReader
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
        self._items = self._read()

    @property
    def request_id(self) -> str | None:
        """The service's name for the request."""
        return next((self.headers[name] for name in REQUEST_ID_HEADERS if name in self.headers), None)

    @property
    def is_done(self) -> bool:
        """Whether the service has said that nothing more follows, by `[DONE]`; many never say so."""
        return self._reader.is_done

    def __anext__(self) -> Awaitable[T]:
        return self._items.__anext__()

    async def aclose(self, *, has_said_all: bool = False) -> None:
        """End it: the service sees that nobody listens any more.

        Args:
            has_said_all: Whether nothing more is expected, as behind `[DONE]`: then the end is waited for, briefly, so
                that the connection can be used again.
        """
        try:
            await self._items.aclose()
        finally:
            await self._body.aclose(drain=has_said_all or self._reader.is_done)

    async def _read(self) -> AsyncGenerator[T, None]:
        body, reader = self._body, self._reader
        while (chunk := await body.read()) is not None:
            try:
                found = reader.split(chunk)
            except EventTooLong as error:
                raise body.failures.unreadable(str(error), headers=self.headers) from error
            for raw in found:
                item = reader.read(raw)
                if item is not NOTHING:
                    yield item
                elif reader.is_done:
                    return
            del chunk, found  # many events, perhaps, which are not to be kept while the next one is waited for
        last = reader.finish()
        if last is not NOTHING:
            yield last
