"""Lists, blocking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic

from typing_extensions import TypeVar

from ..client import AsyncPaginator
from ..client.handle import Handle
from ..types import Page
from .portal import Portal

T_co = TypeVar("T_co", covariant=True)


class Paginator(Handle, Generic[T_co]):
    """A list: iterate it across all pages, or take its first page."""

    def __init__(self, portal: Portal, inner: AsyncPaginator[Any], wrap: Callable[[Any], T_co]) -> None:
        self._portal = portal
        self._inner = inner
        self._wrap = wrap

    def __iter__(self) -> Iterator[T_co]:
        pages = self._inner.pages()
        while items := self._portal.call(pages.next):
            yield from map(self._wrap, items)

    def page(self) -> Page[T_co]:
        """The first page; `has_more` tells whether there are others."""
        page = self._portal.call(self._inner.page)
        return Page([self._wrap(item) for item in page.data], page.has_more)
