"""Lists that are read a page at a time, without the reader thinking of pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Generic

from typing_extensions import TypeVar

from ..types import Page, PageQuery
from .handle import Handle

T_co = TypeVar("T_co", covariant=True)


class AsyncPaginator(Handle, Generic[T_co]):
    """A list: iterate it across all pages, or take its first page."""

    def __init__(
        self,
        fetch: Callable[[PageQuery], Awaitable[Page[T_co]]],
        query: PageQuery,
        key: Callable[[T_co], str],
    ) -> None:
        self._fetch = fetch
        self._query = query
        self._key = key

    def __aiter__(self) -> AsyncIterator[T_co]:
        return _Items(self._fetch, self._query, self._key)

    async def page(self) -> Page[T_co]:
        """The first page; `has_more` tells whether there are others."""
        return await self._fetch(self._query)


class _Items(AsyncIterator[T_co]):
    """One way through the list. A class, since trio warns about a native generator that a `break` leaves open."""

    def __init__(
        self,
        fetch: Callable[[PageQuery], Awaitable[Page[T_co]]],
        query: PageQuery,
        key: Callable[[T_co], str],
    ) -> None:
        self._fetch = fetch
        self._query: PageQuery | None = query
        self._key = key
        self._page: Page[T_co] = Page(())
        self._next = 0

    async def __anext__(self) -> T_co:
        while self._next >= len(self._page.data):
            if self._query is None:
                raise StopAsyncIteration
            self._page = await self._fetch(self._query)
            self._next = 0
            has_more = self._page.has_more and bool(self._page.data)
            self._query = replace(self._query, after=self._key(self._page.data[-1])) if has_more else None
        self._next += 1
        return self._page.data[self._next - 1]
