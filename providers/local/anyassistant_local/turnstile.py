"""First in, first out, across threads and event loops."""

import threading
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio

from .bell import Bell


class Turnstile:
    """Lets one task through at a time, in the order in which they came.

    Whoever waits can be cancelled at any moment and is forgotten at once. The tasks may belong to different event loops
    in different threads, which `anyio.Lock` does not allow.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: deque[Bell] = deque()

    @property
    def waiting(self) -> int:
        """How many wait at this moment."""
        return len(self._waiting)

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None, None]:
        """Waits for the caller's turn and keeps it until the block is left."""
        await self._enter()
        try:
            yield
        finally:
            self._leave()

    async def _enter(self) -> None:
        await anyio.lowlevel.checkpoint_if_cancelled()
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return
            bell = Bell()
            self._waiting.append(bell)
        with bell:
            try:
                await bell.wait()
            except BaseException:
                with self._lock:
                    was_called = bell not in self._waiting
                    if not was_called:
                        self._waiting.remove(bell)
                if was_called:  # at the very moment in which it was cancelled: the turn goes to the next
                    self._leave()
                raise

    def _leave(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().ring()
            else:
                self._is_taken = False
