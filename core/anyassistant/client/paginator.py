"""Lists that are read a page at a time, without the reader thinking of pages."""

from __future__ import annotations

from collections import deque
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
        return _Items(self.pages())

    async def page(self) -> Page[T_co]:
        """The first page; `has_more` tells whether there are others."""
        return await self._fetch(self._query)

    def pages(self) -> Pages[T_co]:
        """A way through the list, page by page."""
        return Pages(self._fetch, self._query, self._key)


class Pages(Generic[T_co]):
    """One way through a list, page by page."""

    def __init__(
        self,
        fetch: Callable[[PageQuery], Awaitable[Page[T_co]]],
        query: PageQuery,
        key: Callable[[T_co], str],
    ) -> None:
        self._fetch = fetch
        self._query: PageQuery | None = query
        self._key = key

    async def next(self) -> Page[T_co] | None:
        """The next page; None behind the last."""
        if self._query is None:
            return None
        page = await self._fetch(self._query)
        goes_on = page.has_more and bool(page.data)
        self._query = replace(self._query, after=self._key(page.data[-1])) if goes_on else None
        return page


class _Items(AsyncIterator[T_co]):
    """The items of all pages. A class, since trio warns about a native generator that a `break` leaves open."""

    def __init__(self, pages: Pages[T_co]) -> None:
        self._pages = pages
        self._items: deque[T_co] = deque()
        self._is_last = False

    async def __anext__(self) -> T_co:
        while True:
            if len(self._items) > 1 or (self._items and self._is_last):
                return self._items.popleft()
            # The next page is read before the last item of this one is given away: whoever deletes what he iterates
            # would else delete the cursor.
            page = await self._pages.next()
            if page is None:
                self._is_last = True
                if not self._items:
                    raise StopAsyncIteration
            else:
                self._items.extend(page.data)
