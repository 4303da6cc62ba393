"""Daemon worker threads for what blocks: sync tools, the SQL store, a local model.

anyio's own worker threads make the exit of a process wait for a function that was given up on. These do not: they
are daemon threads, which report through anyio, so they serve asyncio and trio alike, and one `WorkerThreads` serves
any number of event loops at once. A function runs in one of `limit` slots; who has no slot waits in one queue, first
come first served. A function that its caller gave up on cannot be stopped: it becomes an orphan, which gives its slot
back and is counted.
"""

import contextlib
import contextvars
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from anyassistant_tools.errors import WorkerThreadsExhausted

if TYPE_CHECKING:
    import anyio
    from anyio.lowlevel import EventLoopToken

T = TypeVar("T")

IDLE_SECONDS = 10.0
"""How long a thread without work waits for more before it ends."""


class WorkerThreads:
    """A bounded set of daemon threads that run functions for awaiting callers.

    Args:
        name: What the threads are called, followed by a number: `tools-3`.
        limit: How many functions run at once (at least 1), orphans not counted.
        max_orphans: While so many orphans run, no further function is started.

    Raises:
        ValueError: `limit` is below 1.
    """

    def __init__(self, name: str, limit: int, *, max_orphans: int = 32) -> None:
        if limit < 1:
            raise ValueError(f"limit must be at least 1, got {limit}")
        self.name = name
        self.limit = limit
        self.max_orphans = max_orphans
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._queue: deque[_Job[Any]] = deque()
        self._idle: list[SimpleQueue[_Job[Any]]] = []
        self._running = 0
        self._orphans = 0
        self._threads_started = 0

    @property
    def orphans(self) -> int:
        """How many functions that their callers gave up on still run."""
        return self._orphans

    async def run(self, fn: Callable[[], T], /, *, abandon_on_cancel: bool = True) -> T:
        """Run a function in a worker thread and await what it returns.

        It runs in a copy of the caller's context (`contextvars`). Waiting for a free slot can be cancelled at any
        time; the function is then never started.

        Args:
            fn: The function; bind its arguments with `functools.partial`.
            abandon_on_cancel: Whether a cancel of the caller leaves the running function to itself, as an orphan
                (the default), or waits until it has ended and raises the cancel then.

        Returns:
            What the function returned.

        Raises:
            WorkerThreadsExhausted: `max_orphans` functions that were given up on still run.
            BaseException: Whatever the function raised, also a `SystemExit`.
        """
        import anyio
        import anyio.lowlevel

        await anyio.lowlevel.checkpoint_if_cancelled()
        if self._process != os.getpid():  # a fork: the parent's threads do not exist here
            self._begin()
        job: _Job[T] = _Job(fn, anyio.Event(), anyio.lowlevel.current_token())
        self._submit(job)
        try:
            await job.ended.wait()
        except BaseException as error:
            if self._withdraw(job):
                raise
            if abandon_on_cancel or isinstance(error, GeneratorExit):  # a coroutine that is closed cannot wait
                self._abandon(job)
            else:
                await _wait_shielded(job.ended)
            raise
        return job.outcome()

    def _submit(self, job: "_Job[Any]") -> None:
        with self._lock:
            if self._orphans >= self.max_orphans:
                raise self._exhausted()
            self._queue.append(job)
            try:
                self._start_waiting_jobs()
            except RuntimeError:  # the system has no thread left
                self._queue.remove(job)
                raise

    def _withdraw(self, job: "_Job[Any]") -> bool:
        """Take a job out of the queue; whether it was still in there."""
        with self._lock:
            try:
                self._queue.remove(job)
            except ValueError:
                return False
            return True

    def _abandon(self, job: "_Job[Any]") -> None:
        with self._lock:
            if job.has_ended:
                return
            job.is_abandoned = True
            self._running -= 1
            self._orphans += 1
            self._try_to_start_waiting_jobs()

    def _start_waiting_jobs(self) -> None:
        """Hand queued jobs to threads while slots are free. The lock is held."""
        while self._queue and self._running < self.limit:
            if self._idle:
                inbox = self._idle.pop()
            else:
                inbox = SimpleQueue[_Job[Any]]()
                self._threads_started += 1
                name = f"{self.name}-{self._threads_started}"
                threading.Thread(target=self._serve, args=(inbox,), name=name, daemon=True).start()
            inbox.put(self._queue.popleft())
            self._running += 1

    def _try_to_start_waiting_jobs(self) -> None:
        """The same where no thread more is no failure: a thread that ends its job looks into the queue anyway."""
        with contextlib.suppress(RuntimeError):
            self._start_waiting_jobs()

    def _exhausted(self) -> WorkerThreadsExhausted:
        return WorkerThreadsExhausted(
            f"{self._orphans} functions that overran or were cancelled are still running in the threads of "
            f"{self.name!r}, and a thread cannot be stopped: nothing further is started until some have ended.",
            orphans=self._orphans,
        )

    def _serve(self, inbox: "SimpleQueue[_Job[Any]]") -> None:
        """What a thread does, from its first job until it has been idle for `IDLE_SECONDS`."""
        job: _Job[Any] | None = inbox.get()
        while job is not None:
            self._execute(job)
            job = None  # or an idle thread would keep the last job's values alive
            job = self._next_job(inbox)

    def _execute(self, job: "_Job[Any]") -> None:
        """Run a job and give its slot back, then tell the caller.

        The slot is free before the caller is told, since telling blocks until the caller's event loop has come round.
        """
        if self._orphans >= self.max_orphans:
            job.error = self._exhausted()
        else:
            job.execute()
        with self._lock:
            job.has_ended = True
            if job.is_abandoned:
                self._orphans -= 1
            else:
                self._running -= 1
            self._try_to_start_waiting_jobs()
        if not job.is_abandoned:
            job.tell_caller()

    def _next_job(self, inbox: "SimpleQueue[_Job[Any]]") -> "_Job[Any] | None":
        """Wait for a thread's next job; `None` when it has been idle for long enough."""
        with self._lock:
            if self._queue and self._running < self.limit:
                self._running += 1
                return self._queue.popleft()
            self._idle.append(inbox)
        try:
            return inbox.get(timeout=IDLE_SECONDS)
        except Empty:
            pass
        with self._lock:
            if inbox in self._idle:
                self._idle.remove(inbox)
                return None
        return inbox.get()  # it was handed a job at the last moment


class _Job(Generic[T]):
    """A function on its way through a thread, and what became of it."""

    def __init__(self, fn: Callable[[], T], ended: "anyio.Event", token: "EventLoopToken") -> None:
        self.fn = fn
        self.ended = ended
        self.token = token
        self.context = contextvars.copy_context()
        self.context.run(_forget_event_loop)
        self.error: BaseException | None = None
        self.value: T
        self.has_ended = False
        self.is_abandoned = False

    def execute(self) -> None:
        try:
            self.value = self.context.run(self.fn)
        except BaseException as error:  # a SystemExit too belongs to the caller, not to this thread  # noqa: BLE001
            self.error = error

    def tell_caller(self) -> None:
        """Wake the caller, without waiting for its event loop: a thread that waits cannot work."""
        native: Any = self.token.native_token
        tell = getattr(native, "run_sync_soon", None) or native.call_soon_threadsafe  # trio's token, asyncio's loop
        with contextlib.suppress(RuntimeError):  # the event loop has been closed: nobody waits any more
            tell(self.ended.set)

    def outcome(self) -> T:
        if self.error is None:
            return self.value
        try:
            raise self.error
        finally:
            self.error = None  # else the traceback's frames and the error keep one another alive


def _forget_event_loop() -> None:
    """Let a function start an event loop of its own: `sniffio` notes the caller's in a context variable."""
    if (sniffio := sys.modules.get("sniffio")) is not None:
        sniffio.current_async_library_cvar.set(None)


async def _wait_shielded(event: "anyio.Event") -> None:
    """Wait for an event through any number of cancels, also those of asyncio that no scope shields from."""
    import anyio

    while not event.is_set():
        try:
            with anyio.CancelScope(shield=True):
                await event.wait()
        except anyio.get_cancelled_exc_class():
            continue
