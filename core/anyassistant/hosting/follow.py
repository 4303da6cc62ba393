"""Readers of the event log: replay, then live, until the run has ended or rests."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from types import TracebackType
from typing import Any

import anyio

from ..errors import NotFound, RunAbandoned
from ..host_task import Waker
from ..types import Event
from .driver import OwnedRun, is_undriven
from .host import RunHost
from .store import RunState

RESTS = frozenset({"thread.run.requires_action"})
ENDS = frozenset(f"thread.run.{status}" for status in ("completed", "failed", "incomplete", "cancelled", "expired"))


class Follower(AsyncGenerator[Event, None]):
    """One reader of a run's events. A class, since trio warns about a native generator that a `break` leaves open.

    It ends after the event by which the run ended, or came to rest.

    Raises:
        RunAbandoned: All events were given, the run is open, and nobody drives it.
        StoreError: The log cannot be read; or the driver, in this process, could not write how the run ended.
    """

    def __init__(self, host: RunHost, run_id: str, *, after: int) -> None:
        self._host = host
        self._store = host.store
        self._drivers = host.drivers
        self._run_id = run_id
        self._after = after
        self._leave: Callable[[], None] | None = None
        self._ready: deque[Event] = deque()
        self._is_over = False
        self._owned: OwnedRun | None = None
        self._waker: Waker | None = None

    async def __anext__(self) -> Event:
        while not self._ready:
            if self._is_over:
                await self.aclose()
                raise StopAsyncIteration
            await self._fetch()
        return self._ready.popleft()

    def __del__(self) -> None:
        if self._leave is not None:  # a `break` left it open; a finaliser must not take the store's locks
            self._drivers.left_watches.append(self._leave)

    async def asend(self, value: None) -> Event:
        return await self.__anext__()

    async def athrow(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
    ) -> Any:
        await self.aclose()
        raise typ if isinstance(typ, BaseException) else typ(val)

    async def aclose(self) -> None:
        """Stop reading. The run goes on."""
        self._is_over = True
        if self._leave is not None:
            self._leave()
            self._leave = None

    async def _fetch(self) -> None:
        """Take what is there; wait where that is nothing."""
        if self._waker is None:
            self._drivers.forget_left_watches()
            self._waker = Waker()
            self._leave = self._store.watch_events(self._run_id, self._waker.wake)
        events = await self._read()
        if not events:
            await self._wait(self._waker)
            return
        self._after = events[-1].sequence
        self._ready.extend(events)
        last = events[-1]
        if last.event in ENDS or (last.event in RESTS and await self._still_rests()):
            self._is_over = True

    async def _read(self) -> Sequence[Event]:
        events = self._store.recent_events(self._run_id, self._after)
        return await self._store.read_events(self._run_id, self._after) if events is None else events

    async def _wait(self, waker: Waker) -> None:
        owned = self._drivers.owned(self._run_id)
        if owned is not None:
            self._owned = owned
            owned.tell_end(waker.wake)
            await waker.wait()
            return
        if self._owned is not None and self._owned.error is not None:
            raise self._owned.error  # its driver, here, could not write how it ended
        state = await self._host.settle(await self._state())  # an end that was asked for comes, though its driver went
        if state.last_sequence > self._after:
            return
        if not state.record.is_open or _rests(state):
            self._is_over = True
            return
        now = time.time()
        is_awaited = state.driver is None and state.lease_until > now  # somebody may begin to drive it
        if is_undriven(state, now) and not is_awaited:
            raise RunAbandoned(
                f"Run {state.record.id} is {state.record.status}, and nobody drives it: take it over with "
                "thread.resume(tools=[...]).",
                run=state.record,
            )
        with anyio.move_on_after(min(1.0, state.lease_until - now)):
            await waker.wait()

    async def _still_rests(self) -> bool:
        state = await self._state()
        return state.last_sequence == self._after and _rests(state)

    async def _state(self) -> RunState:
        state = await self._store.get_run(self._run_id)
        if state is None:
            raise NotFound(f"Run {self._run_id!r} was deleted.", param="run_id", code="not_found")
        return state


def _rests(state: RunState) -> bool:
    """Whether the run waits for its caller, with nobody about to go on."""
    return state.record.status == "requires_action" and is_undriven(state, time.time())
