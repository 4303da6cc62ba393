"""An event loop in a daemon thread of our own, and a way to call into it and wait.

So blocking code and async code have one source of behaviour, blocking code works inside a running event loop, and a
process can end without closing anything.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TypeVar

import anyio
from anyio.from_thread import BlockingPortal

T = TypeVar("T")

STOP_SECONDS = 10.0


class Portal:
    """Calls async functions from blocking code. The thread starts with the first call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._thread: threading.Thread | None = None
        self._portal: BlockingPortal | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    @property
    def is_running(self) -> bool:
        """Whether there is a loop, and with it something to end."""
        return self._portal is not None

    def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """Run a function in the loop and wait for what it returns or raises; an interrupt cancels it.

        Raises:
            RuntimeError: Called from the loop's own thread, or after a fork.
        """
        future = self.start(function)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # an interrupt came while waiting; a finished future does not mind
            raise

    def start(self, function: Callable[[], Awaitable[T]]) -> Future[T]:
        """Run a function in the loop, and go on."""
        return self._open().start_task_soon(function)

    def close(self) -> None:
        """End the loop and its thread; the next call starts another."""
        with self._lock:
            portal, thread = self._portal, self._thread
            self._portal = self._thread = None
        if portal is None or thread is None or self._process != os.getpid():
            return
        portal.start_task_soon(portal.stop, True)
        thread.join(STOP_SECONDS)

    def _open(self) -> BlockingPortal:
        if self._process != os.getpid():
            raise RuntimeError("This client was made before a fork, which its thread did not survive: make a new one.")
        with self._lock:
            if self._portal is None:
                self._ready.clear()
                self._thread = threading.Thread(target=self._main, name="anyassistant-client", daemon=True)
                self._thread.start()
                self._ready.wait()
                if self._portal is None:
                    raise RuntimeError("The client's event loop could not start.") from self._failure
            if self._thread is threading.current_thread():
                raise RuntimeError(
                    "A blocking client cannot be used inside its own event loop, such as in an async tool: use "
                    "AsyncClient there."
                )
            return self._portal

    def _main(self) -> None:
        async def serve() -> None:
            async with BlockingPortal() as portal:
                self._portal = portal
                self._ready.set()
                await portal.sleep_until_stopped()

        try:
            anyio.run(serve)
        except BaseException as error:  # noqa: BLE001 - told to whoever opens the portal
            self._failure = error
        finally:
            self._ready.set()
