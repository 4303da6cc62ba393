"""What the writer does for somebody who waits for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

from ...host_task import Waker
from .connection import Connection

T = TypeVar("T")
Wake: TypeAlias = Callable[[], None]
"""A way to tell somebody that something happened; see `Store.watch_events`."""


class Job(Generic[T]):
    """One transaction's work. Made in the event loop that waits for it.

    Args:
        work: What is done; it raises before it writes, or what it wrote is undone.
        is_durable: Synced to disk fully before it counts as done.
        after: Called with the outcome when that is committed, under the writer's lock; it gives whom to wake.
        on_failure: Called in the writer's thread when it failed.

    Whoever waits may be cancelled: the work is done all the same.
    """

    def __init__(
        self,
        work: Callable[[Connection], T],
        *,
        is_durable: bool = True,
        after: Callable[[T], Sequence[Wake]] | None = None,
        on_failure: Callable[[], object] | None = None,
    ) -> None:
        self.work = work
        self.is_durable = is_durable
        self._after = after
        self._on_failure = on_failure
        self._waker = Waker()
        self._outcome: T
        self._error: BaseException | None = None

    def execute(self, connection: Connection) -> None:
        self._outcome = self.work(connection)

    def fail(self, error: BaseException) -> None:
        self._error = error
        if self._on_failure is not None:
            self._on_failure()

    def publish(self) -> Sequence[Wake]:
        """It is committed, or has failed; gives whom to wake."""
        return self._after(self._outcome) if self._error is None and self._after is not None else ()

    def tell(self) -> None:
        """It is over, one way or the other."""
        self._waker.wake()

    async def wait(self) -> T:
        await self._waker.wait()
        if self._error is None:
            return self._outcome
        try:
            raise self._error
        finally:
            self._error = None  # else the traceback's frames and the error keep one another alive
