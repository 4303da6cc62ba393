"""Lists that are read a page at a time, without the reader thinking of pages."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Generic, Self

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
        return self.pages()

    async def page(self) -> Page[T_co]:
        """The first page; `has_more` tells whether there are others."""
        return await self._fetch(self._query)

    def pages(self) -> Pages[T_co]:
        """A way through the whole list."""
        return Pages(self)


class Pages(AsyncIterator[T_co]):
    """One way through a list. A class, since trio warns about a native generator that a `break` leaves open."""

    def __init__(self, of: AsyncPaginator[T_co]) -> None:
        self._of = of
        self._query: PageQuery | None = of._query
        self._held: Sequence[T_co] = ()
        self._items: deque[T_co] = deque()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T_co:
        if not self._items:
            self._items.extend(await self.next())
        if not self._items:
            raise StopAsyncIteration
        return self._items.popleft()

    async def next(self) -> Sequence[T_co]:
        """The next items, one at least; none behind the last.

        The last item of a page is given with the next one, which is read before: whoever deletes what he iterates would
        else delete the cursor.
        """
        while self._query is not None and len(self._held) < 2:
            page = await self._of._fetch(self._query)
            self._held = [*self._held, *page.data]
            goes_on = page.has_more and bool(page.data)
            self._query = replace(self._query, after=self._of._key(page.data[-1])) if goes_on else None
        items = self._held
        self._held = () if self._query is None else items[-1:]
        return items[: len(items) - len(self._held)]
