"""Ownership of runs: the lease, the watch over it, and parking.

A client's drivers share one ticker, which renews all leases, and which looks at the store when somebody else may have
asked for a cancel or taken a run over.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar, TypeVarTuple

import anyio

from ..errors import StoreError
from ..host_task import HostTask, Waker
from .identity import is_proved_dead, new_driver
from .store import RunState, Store

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")
StopReason = Literal["cancel", "park", "lost"]

logger = logging.getLogger("anyassistant")

MAX_CAUSES = 64
"""How many failed runs' exceptions are kept, for handles that did not see them fail."""

PARK_SECONDS = 10.0
"""How long leaving a client waits for its drivers to write down where they are."""


class OwnedRun:
    """A run that this client drives.

    Attributes:
        accepted: What the driver was begun with is durable, and the run goes on; or it has ended, as `ended`.
        has_accepted: Whether it came to the first.
        is_refused: The answers that the driver was begun with came too late.
        rests: The run was left to its caller.
        stop_reason: Why the driver is to stop, once it is.
        error: What ended the driver without an ending of the run.
        cause: The exception by which the run failed.
    """

    def __init__(self, state: RunState) -> None:
        self.state = state
        self.ended = anyio.Event()
        self.accepted = anyio.Event()
        self.has_accepted = False
        self.is_refused = False
        self.rests = False
        self.stop_reason: StopReason | None = None
        self.error: BaseException | None = None
        self.cause: BaseException | None = None
        self._scope: anyio.CancelScope | None = None
        self._listeners: set[Callable[[], None]] = set()

    def tell_end(self, wake: Callable[[], None]) -> None:
        """Call `wake` when the driver has ended, also where it could write nothing."""
        if self.ended.is_set():
            wake()
        self._listeners.add(wake)

    def accept(self, *, goes_on: bool) -> None:
        """What the driver was begun with is durable; where the run rests again, its end tells."""
        self.has_accepted = True
        if goes_on:
            self.accepted.set()

    def end(self) -> None:
        self.ended.set()
        self.accepted.set()
        for wake in self._listeners:
            wake()

    def stop(self, reason: StopReason) -> None:
        """Tell the driver to stop what it does. The first reason counts, but a lost lease goes before all."""
        if self.stop_reason is None or reason == "lost":
            self.stop_reason = reason
        if self._scope is not None:
            self._scope.cancel()

    def work_in(self, scope: anyio.CancelScope) -> None:
        """The driver works in this scope, which `stop` cancels."""
        self._scope = scope
        if self.stop_reason is not None:
            scope.cancel()


class Drivers:
    """The runs that one client drives.

    Args:
        lease: Seconds after which a driver that says nothing counts as gone.

    Attributes:
        left_watches: Ways out of the watches of readers that went away without closing.
    """

    def __init__(self, store: Store, task: HostTask, *, lease: float) -> None:
        self._store = store
        self._task = task
        self._runs: dict[str, OwnedRun] = {}
        self._failed: dict[str, BaseException] = {}
        self._ticker: Waker | None = None
        self._is_parked = False
        self._unfinished: set[anyio.Event] = set()
        self.lease = lease
        self.identity = new_driver()
        self.left_watches: deque[Callable[[], None]] = deque()

    def lease_until(self) -> float:
        return time.time() + self.lease

    def forget_left_watches(self) -> None:
        """Leave the watches of readers that went away."""
        while self.left_watches:
            self.left_watches.popleft()()

    def owned(self, run_id: str) -> OwnedRun | None:
        """The run, if this client drives it."""
        return self._runs.get(run_id)

    def cause_of(self, run_id: str) -> BaseException | None:
        """The exception by which a run failed that this client drove, if it was one of the latest."""
        driven = self._runs.get(run_id)
        return self._failed.get(run_id) if driven is None else driven.cause

    def start(self, state: RunState, drive: Callable[[OwnedRun], Awaitable[None]]) -> OwnedRun:
        """Drive a run whose lease this client holds, in a task of the client."""
        owned = OwnedRun(state)
        self._runs[state.record.id] = owned

        async def run() -> None:
            try:
                await drive(owned)
            except Exception as error:
                owned.error = error
                raise
            finally:
                if self._runs.get(state.record.id) is owned:
                    del self._runs[state.record.id]
                if owned.cause is not None:
                    self._failed[state.record.id] = owned.cause
                    while len(self._failed) > MAX_CAUSES:
                        del self._failed[next(iter(self._failed))]
                owned.end()

        self._task.start_soon(run)
        if self._is_parked:
            owned.stop("park")
        if self._ticker is None:  # it watches from now on, whenever its task begins
            self._ticker = Waker()
            self._task.start_soon(self._tick, self._ticker, self._store.watch_control(self._ticker.wake))
        if state.epoch > 1:  # somebody may have asked for its end since it was taken over
            self._ticker.wake()
        return owned

    async def complete(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do what must not be left half done in a task of the client: who waits for it may be cancelled.

        Raises:
            StoreError: The client is closed, or is being closed: what is begun now could not be finished.
        """
        if self._is_parked:
            raise StoreError("The client is closed: use it inside `async with`.")
        done = anyio.Event()
        self._unfinished.add(done)
        outcome: list[T] = []
        failure: list[BaseException] = []

        async def run() -> None:
            try:
                outcome.append(await work())
            except Exception as error:  # noqa: BLE001 - raised again where it is waited for
                failure.append(error)
            finally:
                self._unfinished.discard(done)
                done.set()

        try:
            self._task.start_soon(run)
        except RuntimeError as error:
            self._unfinished.discard(done)
            raise StoreError("The client is closed: use it inside `async with`.") from error
        await done.wait()
        if failure:
            raise failure[0]
        if not outcome:
            raise StoreError("The client was closed meanwhile.")
        return outcome[0]

    async def take_over(self, state: RunState) -> RunState | None:
        """Take the lease of a run that nobody drives; None where somebody does."""
        dead = state.driver if state.driver is not None and is_proved_dead(state.driver) else None
        return await self._store.take_over(
            state.record.id, driver=self.identity, lease_until=self.lease_until(), now=time.time(), dead=dead
        )

    async def park(self) -> None:
        """Stop all drivers after what is committed, and give their leases back."""
        self._is_parked = True
        for owned in list(self._runs.values()):
            owned.stop("park")
        with anyio.move_on_after(PARK_SECONDS, shield=True):
            for done in list(self._unfinished):  # a run that begins just now is parked as soon as it has
                await done.wait()
            for owned in list(self._runs.values()):
                await owned.ended.wait()

    async def _tick(self, waker: Waker, leave: Callable[[], None]) -> None:
        renew_at = time.monotonic() + self.lease / 3
        try:
            while self._runs:
                with anyio.move_on_after(max(0.0, renew_at - time.monotonic())):
                    await waker.wait()
                try:
                    await self._look()
                    if time.monotonic() >= renew_at:
                        held = {run_id: owned.state.epoch for run_id, owned in self._runs.items()}
                        await self._store.renew(held, self.lease_until())
                        renew_at = time.monotonic() + self.lease / 3
                except Exception:
                    logger.exception("anyassistant could not look after its leases; it tries again")
                    await anyio.sleep(min(1.0, self.lease / 10))
        finally:
            self._ticker = None
            leave()

    async def _look(self) -> None:
        self.forget_left_watches()
        looked_at = dict(self._runs)  # others begin and end while the store is asked
        found = await self._store.check(list(looked_at))
        for run_id, owned in looked_at.items():
            ownership = found.get(run_id)
            if ownership is None or ownership.epoch > owned.state.epoch:
                owned.stop("lost")
            elif ownership.cancel_requested_at is not None and ownership.epoch == owned.state.epoch:
                owned.stop("cancel")


def is_undriven(state: RunState, now: float) -> bool:
    """Whether nobody drives an open run, as far as can be told from here."""
    return state.driver is None or state.lease_until <= now or is_proved_dead(state.driver)
