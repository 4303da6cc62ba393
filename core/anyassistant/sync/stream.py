"""An async stream read by blocking code, in batches: a call into the loop costs 250 µs, an item more almost nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import aclosing
from typing import Generic, Protocol, Self, TypeVar

import anyio

from .portal import Portal

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

MAX_WAITING = 1024
"""Items that wait for their reader before the pump waits too."""


class Source(Protocol[T_co]):
    """An async iterator that can be closed."""

    def __aiter__(self) -> AsyncIterator[T_co]: ...
    async def aclose(self) -> None:
        """Give back what reading holds; it may be called again."""
        ...


class Stream(Iterator[T]):
    """Reads an async iterator of the portal's loop. Leaving it early detaches; nothing blocks when it is dropped.

    What has come lies in `_items`, where the loop puts it and the reader takes it: an interrupt loses nothing.
    """

    def __init__(self, portal: Portal, open_source: Callable[[], Source[T]]) -> None:
        self._portal = portal
        self._open_source = open_source
        self._items: deque[T] = deque()
        self._pump: _Pump[T] | None = None
        self._pumping: Future[None] | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        while not self._items:
            if not self._portal.call(self._started().wait):
                self.close()
                raise StopIteration
        return self._items.popleft()

    def close(self) -> None:
        """Stop reading."""
        if self._pumping is not None:
            self._pumping.cancel()

    def __del__(self) -> None:
        self.close()

    def _started(self) -> _Pump[T]:
        if self._pump is None:
            pump = self._pump = _Pump(self._open_source(), self._items)
            self._pumping = self._portal.start(pump.run)
        return self._pump


class _Pump(Generic[T]):
    """Takes items as they come, in the portal's loop."""

    def __init__(self, source: Source[T], items: deque[T]) -> None:
        self._source = source
        self._items = items
        self._error: Exception | None = None
        self._is_over = False
        self._arrived: anyio.Event | None = None
        self._taken: anyio.Event | None = None

    async def run(self) -> None:
        try:
            async with aclosing(self._source) as source:
                async for item in source:
                    self._items.append(item)
                    self._tell()
                    if len(self._items) >= MAX_WAITING:
                        self._taken = anyio.Event()
                        await self._taken.wait()
        except Exception as error:  # noqa: BLE001 - raised where the stream is read
            self._error = error
        finally:
            self._is_over = True
            self._tell()

    async def wait(self) -> bool:
        """Wait for an item. False at the end, where an error is raised once."""
        if self._taken is not None:
            self._taken.set()
        while not self._items and not self._is_over:
            self._arrived = anyio.Event()
            await self._arrived.wait()
        if not self._items and self._error is not None:
            error, self._error = self._error, None
            raise error
        return bool(self._items)

    def _tell(self) -> None:
        if self._arrived is not None:
            self._arrived.set()
