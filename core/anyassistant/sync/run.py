"""A run, blocking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Generic, Self

from typing_extensions import TypeVar

from ..client import AsyncRun
from ..client.handle import Handle
from ..types import Event, Message, RunRecord, RunResult, RunStep
from .paginator import Paginator
from .portal import Portal
from .stream import Stream

if TYPE_CHECKING:
    from .threads import Thread

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Run(Handle, Generic[T_co]):
    """A run of an assistant on a thread: `AsyncRun`, blocking."""

    def __init__(self, portal: Portal, inner: AsyncRun[T_co]) -> None:
        self._portal = portal
        self._inner = inner

    @property
    def id(self) -> str:
        """The run's id, once it has begun."""
        return self._inner.id

    @property
    def record(self) -> RunRecord:
        """The run as last seen."""
        return self._inner.record

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> RunStep:
        step = self._portal.call(self._next_step)
        if step is None:
            raise StopIteration
        return step

    def start(self) -> Self:
        """Begin the run, and return at once; see `AsyncRun.start`."""
        self._portal.call(self._inner.start)
        return self

    def events(self, *, after: int = 0, check: bool = True) -> Iterator[Event]:
        """The run's events after a number: replayed, then live, until it ends or rests; see `AsyncRun.events`."""
        return Stream(self._portal, lambda: self._inner.events(after=after, check=check))

    def result(self) -> RunResult[T_co]:
        """Wait for the end, and give the outcome.

        Raises:
            RunError: The run did not complete.
        """
        return self._portal.call(self._inner.result)

    def wait(self, *, timeout: float | None = None) -> RunRecord:
        """Wait until the run ends or rests, and give its record, whatever came of it.

        Raises:
            TimeoutError: It still goes on after `timeout` seconds, and does so further.
        """
        return self._portal.call(partial(self._inner.wait, timeout=timeout))

    def thread(self) -> Thread:
        """The thread of the run, once it has begun."""
        from .threads import Thread  # which imports this

        return Thread(self._portal, self._portal.call(self._inner.thread))

    def steps(self) -> Paginator[RunStep]:
        """The run's steps, in order."""
        return Paginator(self._portal, self._inner.steps(), _same)

    def messages(self) -> Paginator[Message]:
        """The messages that the run wrote, in order."""
        return Paginator(self._portal, self._inner.messages(), _same)

    def cancel(self) -> None:
        """End the run. Durable on return; see `AsyncRun.cancel`."""
        self._portal.call(self._inner.cancel)

    def approve(
        self,
        call_id: str,
        *,
        arguments: Mapping[str, object] | None = None,
        by: str | None = None,
        expires_in: float | None = None,
    ) -> None:
        """Approve a call that waits for it, durably and from any process; see `AsyncRun.approve`."""
        self._portal.call(partial(self._inner.approve, call_id, arguments=arguments, by=by, expires_in=expires_in))

    def reject(self, call_id: str, reason: str, *, by: str | None = None) -> None:
        """Do not approve a call that waits for it, durably and from any process; see `AsyncRun.reject`."""
        self._portal.call(partial(self._inner.reject, call_id, reason, by=by))

    def submit_tool_outputs(self, outputs: Mapping[str, object], /) -> None:
        """Give the outputs of pending calls, by call id; see `AsyncRun.submit_tool_outputs`."""
        self._portal.call(partial(self._inner.submit_tool_outputs, outputs))

    async def _next_step(self) -> RunStep | None:
        async for step in self._inner:
            return step
        return None


def _same(item: T) -> T:
    return item
