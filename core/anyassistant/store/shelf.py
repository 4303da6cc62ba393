"""Objects in memory, in the order in which they came, read a page at a time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from ..errors import NotFound
from ..types import Page, PageQuery

T = TypeVar("T")


class Shelf(Generic[T]):
    """Objects by id, in the order in which they came, read a page at a time."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._items: dict[str, T] = {}
        self._number: dict[str, int] = {}
        self._order: list[tuple[int, str]] = []
        self._count = 0

    def get(self, key: str) -> T | None:
        return self._items.get(key)

    def add(self, key: str, item: T) -> None:
        self._count += 1
        self._items[key] = item
        self._number[key] = self._count
        self._order.append((self._count, key))

    def replace(self, key: str, item: T) -> bool:
        if key not in self._items:
            return False
        self._items[key] = item
        return True

    def put(self, key: str, item: T) -> None:
        if not self.replace(key, item):
            self.add(key, item)

    def remove(self, key: str) -> bool:
        if key not in self._items:
            return False
        del self._items[key]
        del self._order[bisect_left(self._order, (self._number.pop(key), ""))]
        return True

    def page(self, query: PageQuery, wanted: Callable[[T], bool], *, among: Sequence[str] | None = None) -> Page[T]:
        """A page of the objects that are wanted.

        Args:
            among: The ids of those that are asked about, in order; None for all. A cursor may be any object's.

        Raises:
            NotFound: There is no object of a cursor's id.
        """
        order = self._order if among is None else [(self._number[key], key) for key in among]
        after, before = self._place(query.after, "after"), self._place(query.before, "before")
        if query.order == "desc":
            after, before = before, after
        first = 0 if after is None else bisect_right(order, (after, "\U0010ffff"))
        end = len(order) if before is None else bisect_left(order, (before, ""))
        places = range(first, end) if query.order == "asc" else range(end - 1, first - 1, -1)
        found: list[T] = []
        for place in places:
            item = self._items[order[place][1]]
            if wanted(item):
                if len(found) == query.limit:
                    return Page(found, True)
                found.append(item)
        return Page(found, False)

    def _place(self, key: str | None, param: str) -> int | None:
        if key is None:
            return None
        number = self._number.get(key)
        if number is None:
            raise NotFound(f"No {self._kind} {key!r} to list {param}.", param=param, code="not_found")
        return number
