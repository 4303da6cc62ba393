"""Something that is made when it is first needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, ParamSpec, TypeVar

import anyio

P = ParamSpec("P")
T = TypeVar("T")


class Once(Generic[P, T]):
    """What is made by the first task that asks for it, while others that ask at the same time wait.

    Args:
        make: Makes it; called with the arguments of the `get` that is first.
        made: It, where it is there already.

    Attributes:
        made: It, or None before it was made.
    """

    def __init__(self, make: Callable[P, Awaitable[T]], made: T | None = None) -> None:
        self.made = made
        self._make = make
        self._making: anyio.Event | None = None

    async def get(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """It, made if need be.

        Raises:
            Exception: What `make` raises, to the task that called it; the next that asks calls it again.
        """
        while self.made is None:
            if self._making is not None:  # another task is at it
                await self._making.wait()
                continue
            self._making = anyio.Event()
            try:
                self.made = await self._make(*args, **kwargs)
            finally:
                self._making.set()
                self._making = None
        return self.made

    def take(self) -> T | None:
        """It, for its end: the next `get` makes another. None if there is none."""
        made, self.made = self.made, None
        return made
