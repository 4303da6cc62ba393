"""The one module that names asyncio and trio: a task of its own to live in, and a wake-up from any thread.

anyio can start a task only inside a task group, and a task group must be left by the task that entered it. A client
is entered and left by different tasks (fixtures, web lifespans), so its task group lives in a task that belongs to
nobody but the event loop.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, Unpack

if TYPE_CHECKING:
    import anyio
    from anyio.abc import TaskGroup

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

logger = logging.getLogger("anyassistant")

CLOSE_SECONDS = 2.0
"""How long leaving a client waits for tasks that were cancelled."""
LEAVE_SECONDS = 2.0
"""How long work in a task of its own has to heed a cancellation, before it is left behind."""


class HostTask:
    """A task group in a task of its own, until `aclose`.

    What fails in it is logged and ends nothing else: every function started here is to handle its own errors.
    """

    def __init__(self) -> None:
        import anyio

        self._ready = anyio.Event()
        self._ended = anyio.Event()
        self._group: TaskGroup | None = None
        self._keep: object = None

    async def start(self) -> None:
        """Begin; returns when functions can be started."""
        self._keep = spawn(self._main)
        await self._ready.wait()

    def start_soon(self, function: Callable[[Unpack[Arguments]], Awaitable[object]], *arguments: *Arguments) -> None:
        """Run a function in the group.

        Raises:
            RuntimeError: The task has not begun, or has ended.
        """
        if self._group is None:
            raise RuntimeError("the client is closed: use it inside `async with`")
        self._group.start_soon(self._guard, function, *arguments)

    async def run_apart(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do work in a task of its own, which is left behind where it heeds no cancellation.

        Args:
            work: What is done. It is cancelled when the caller is, and has `LEAVE_SECONDS` to end.

        Raises:
            BaseException: What the work raised, a cancellation of its own too.
        """
        import anyio

        cancelled = anyio.get_cancelled_exc_class()
        done = anyio.Event()
        scope = anyio.CancelScope()
        outcome: list[T] = []
        failure: list[BaseException] = []

        async def run() -> None:
            try:
                with scope:
                    outcome.append(await work())
            except BaseException as error:
                # By the scope alone: that the task is being cancelled tells nothing, since work may cancel it itself.
                if isinstance(error, cancelled) and _is_in_cancelled_scope():
                    raise  # the client is being closed, and whoever waits here is cancelled too
                failure.append(error)
            finally:
                done.set()

        self.start_soon(run)
        try:
            await done.wait()
        except BaseException:
            scope.cancel()
            with anyio.move_on_after(LEAVE_SECONDS, shield=True):
                await done.wait()
            raise
        if failure:
            raise failure.pop()  # else its frames and the error keep one another alive
        if not outcome:
            await anyio.sleep_forever()  # until the cancellation is here, too
        return outcome[0]

    async def aclose(self) -> None:
        """Cancel what still runs, and wait for its end; what does not heed the cancel is left to itself."""
        import anyio

        if self._group is None:
            return
        self._group.cancel_scope.cancel()
        with anyio.move_on_after(CLOSE_SECONDS) as scope:
            await self._ended.wait()
        if scope.cancelled_caught:
            logger.warning("a tool or model does not heed its cancellation; it is left to itself")

    async def _main(self) -> None:
        import anyio

        try:
            async with anyio.create_task_group() as group:
                self._group = group
                self._ready.set()
                await anyio.sleep_forever()
        except BaseException as error:
            if not isinstance(error, anyio.get_cancelled_exc_class()):
                logger.error("anyassistant's host task failed", exc_info=error)
        finally:
            self._group = None
            self._ready.set()
            self._ended.set()

    async def _guard(self, function: Callable[[Unpack[Arguments]], Awaitable[object]], *arguments: *Arguments) -> None:
        """Let a function's failure end its task and no other: a SystemExit, a GeneratorExit, a cancellation too."""
        import anyio.lowlevel

        cancelled = anyio.get_cancelled_exc_class()
        try:
            await function(*arguments)
            # A cancel that a tool asked of its task and did not wait for comes out here: at its end it would be taken
            # for the group's.
            await anyio.lowlevel.checkpoint()
        except cancelled:
            return  # ours, the event loop's at its end, or the task's own
        except BaseException as error:
            name = getattr(function, "__qualname__", function)
            logger.error("a task of anyassistant failed: %s", name, exc_info=error)


class Waker:
    """A flag that a task waits for and that any thread can raise. Made in the event loop that waits.

    Raised in its own event loop it acts at once; from elsewhere the loop is told without waiting for it.
    """

    def __init__(self) -> None:
        import anyio

        self._event: anyio.Event = anyio.Event()
        self._thread = threading.get_ident()
        self._call_soon = _call_soon()

    def wake(self) -> None:
        """Raise the flag. Never blocks; does nothing where the event loop has ended."""
        if threading.get_ident() == self._thread:
            self._event.set()
        else:
            self._call_soon(self._set)

    async def wait(self) -> None:
        """Wait until the flag is up, and take it down. One task waits at a time."""
        import anyio

        await self._event.wait()
        self._event = anyio.Event()

    def _set(self) -> None:
        self._event.set()


def is_cancelling() -> bool:
    """Whether the current task is being cancelled, by a cancel scope or by its event loop."""
    if _is_in_cancelled_scope():
        return True
    if _in_trio():
        return False
    import asyncio

    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _is_in_cancelled_scope() -> bool:
    import anyio

    return anyio.current_effective_deadline() == float("-inf")


def spawn(main: Callable[[], Awaitable[None]]) -> object:
    """Start a task that belongs to the event loop, which cancels it at its end; what is returned keeps it alive.

    The function is to handle its own errors.
    """
    if _in_trio():
        import trio

        return trio.lowlevel.spawn_system_task(main)
    import asyncio

    async def run() -> None:
        await main()

    return asyncio.create_task(run(), name="anyassistant")


def _call_soon() -> Callable[[Callable[[], None]], None]:
    """A way to call something in the current event loop from any thread, which does nothing once that has ended."""
    if _in_trio():
        import trio

        token = trio.lowlevel.current_trio_token()

        def call_in_trio(function: Callable[[], None]) -> None:
            try:
                token.run_sync_soon(function, idempotent=True)
            except trio.RunFinishedError:
                return

        return call_in_trio
    import asyncio

    loop = asyncio.get_running_loop()

    def call_in_asyncio(function: Callable[[], None]) -> None:
        try:
            loop.call_soon_threadsafe(function)
        except RuntimeError:  # the loop is closed
            return

    return call_in_asyncio


def _in_trio() -> bool:
    """Whether this code runs under trio; trio is not imported to find out."""
    trio = sys.modules.get("trio")
    return trio is not None and bool(trio.lowlevel.in_trio_run())
