"""A run as one store object knows it: what is posted and not committed, its newest events, and who waits for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...errors import StoreError
from ...types import Event
from .changes import KnownRun

KEPT_EVENTS = 4096
"""How many of a run's newest events are kept in memory, at most, while it is driven or watched here."""


class Channel:
    """The state of one run. The writer's lock guards all but `known` and `confirmed`, which only its thread uses.

    Attributes:
        pending: Changes that were posted and are not committed.
        failures: By epoch, what a change failed by; the next flush says so, and until then nothing is written.
        watchers: Called after a commit that adds events.
        driver_epoch: The epoch of the run's driver, while that is here, so that nobody else adds events.
        last: The number of the newest event that was committed here.
        seen: What another process may change, as it was when last looked at.
    """

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.pending = 0
        self.failures: dict[int, StoreError] = {}
        self.watchers: list[Callable[[], None]] = []
        self.driver_epoch: int | None = None
        self.last = 0
        self.seen: object = None
        self.known: KnownRun | None = None
        self.confirmed: tuple[int, int] | None = None
        self._events: list[Event] = []

    @property
    def is_driven(self) -> bool:
        return self.driver_epoch is not None

    @property
    def is_idle(self) -> bool:
        """Whether it can be forgotten."""
        return not (self.pending or self.failures or self.watchers or self.is_driven)

    def drive(self, epoch: int, last: int, events: Sequence[Event] = ()) -> None:
        """The run has a driver here from now on."""
        self.driver_epoch = epoch
        self.last = last
        self._events = list(events)

    def publish(self, events: Sequence[Event], *, ends: bool) -> None:
        """Events were committed.

        Args:
            ends: Nobody drives the run any more.
        """
        if events:
            if self._events and events[0].sequence != self.last + 1:
                self._events.clear()
            is_whole = events[-1].sequence - events[0].sequence == len(events) - 1
            if is_whole and (self.is_driven or self.watchers):
                self._events += events
                if len(self._events) > KEPT_EVENTS:
                    del self._events[: -KEPT_EVENTS // 2]
            else:
                self._events.clear()
            self.last = events[-1].sequence
        if ends:
            self.driver_epoch = None

    def fail(self, epoch: int, failure: StoreError, *, ends: bool, is_told: bool) -> None:
        """A change of an epoch's driver was not written.

        Args:
            ends: It was the driver's last one.
            is_told: Whether a flush may come that asks for it.
        """
        self.known = None
        if is_told:
            self.failures[epoch] = failure
        else:
            self.failures.pop(epoch, None)
        if ends and self.driver_epoch == epoch:
            self.driver_epoch = None

    def lose(self) -> None:
        """Somebody else drives the run, or it is gone."""
        self.driver_epoch = None
        self._events.clear()

    def recent(self, after: int) -> Sequence[Event] | None:
        """The events after a number; None where they are not all here."""
        if self._events:
            skipped = after + 1 - self._events[0].sequence
            if 0 <= skipped < len(self._events):
                return self._events[skipped:]
        return () if self.is_driven and after >= self.last else None
