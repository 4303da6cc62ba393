"""What a store must do for hosted runs: transactions named by intent.

`anyassistant.store.memory` is the specification of this protocol, `anyassistant.store.sql` is held against it by a
stateful property test.

Rules that hold for all methods:

- A method is one transaction: it happens whole or not at all, and what it returned is durable.
- Objects of another tenant do not exist. The tenant is fixed when the store is made.
- Lists are in order of creation; ids of items are their cursors. An unknown cursor is `NotFound`.
- Times are UTC epoch seconds, as floats where a lease or an expiry is meant.
- A store is used from several event loops and threads at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..types import (
    AssistantRecord,
    CallState,
    Event,
    HistoryItem,
    Message,
    Page,
    PageQuery,
    RunRecord,
    RunStep,
    ThreadRecord,
    Turn,
)


class LostLease(Exception):
    """The run has another driver by now (its epoch moved on): whoever gets this stops and writes nothing more."""


@dataclass(frozen=True, slots=True)
class RunState:
    """A run with what its drivers must know and no reader sees.

    Attributes:
        driver: Who drives it (`identity.new_driver`), or None.
        lease_until: The driver has to renew its lease before; for an undriven run, until when a driver may be awaited.
        epoch: Counts the drivers; writes of an earlier one are refused.
        cancel_requested_at: Somebody asked for its end.
        expires: When it ends `expired`, whatever it does; None for never.
        active_seconds: How long drivers have worked on it.
        last_sequence: The number of its newest event.
        service: The provider that keeps the run itself, of which this is an index entry; None where it is kept here.
    """

    record: RunRecord
    driver: str | None = None
    lease_until: float = 0.0
    epoch: int = 0
    cancel_requested_at: float | None = None
    expires: float | None = None
    active_seconds: float = 0.0
    last_sequence: int = 0
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Ownership:
    """What others may have changed under a run's driver.

    Attributes:
        epoch: As in `RunState`.
        cancel_requested_at: As in `RunState`.
    """

    epoch: int
    cancel_requested_at: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a driver writes at once. All of it is committed together, or none.

    Attributes:
        events: In order; their `sequence` goes on from the run's last one.
        record: The run's record from now on.
        messages: Written by id; a new one takes the next position of the thread.
        steps: Written by id.
        turn: Written by id; a new one takes the next position of the thread's history.
        turn_tokens: What the turn costs in a prompt, an estimate.
        claims: Ids of calls that this driver is about to start: the ledger says `started`.
        finished: What the ledger says of calls that have an output now, by id.
        active_seconds: What the run's `active_seconds` is now; None leaves it.
        release: Nobody drives the run from now on.
        durable: Synced to disk fully before it counts as committed (ledger, terminal states); deltas need not be.
    """

    events: Sequence[Event] = ()
    record: RunRecord | None = None
    messages: Sequence[Message] = ()
    steps: Sequence[RunStep] = ()
    turn: Turn | None = None
    turn_tokens: int = 0
    claims: Sequence[str] = ()
    finished: Mapping[str, CallState] = field(default_factory=dict[str, CallState])
    active_seconds: float | None = None
    release: bool = False
    durable: bool = False

    @property
    def is_last_word(self) -> bool:
        """Whether it is but a driver's leave, which is posted and not waited for."""
        is_waited_for = self.durable or self.active_seconds is not None
        has_content = self.events or self.record or self.messages or self.steps or self.turn
        return self.release and not (is_waited_for or has_content or self.claims or self.finished)


@dataclass(frozen=True, slots=True)
class HistoryMessage:
    """A message that goes into a thread's history.

    Attributes:
        tokens: What it costs in a prompt, an estimate.
    """

    message: Message
    tokens: int


class Store(Protocol):
    """Where hosted assistants, threads and runs live. DESIGN section 7."""

    async def open(self) -> None:
        """Make it ready; it may be called again, by each client that uses it."""
        ...

    async def aclose(self) -> None:
        """Undo one `open`; what was posted is durable on return."""
        ...

    # Assistants

    async def create_assistant(self, record: AssistantRecord, /) -> None: ...
    async def get_assistant(self, assistant_id: str, /) -> AssistantRecord | None: ...
    async def replace_assistant(self, record: AssistantRecord, /) -> bool:
        """Write an assistant that exists; False where there is none."""
        ...

    async def delete_assistant(self, assistant_id: str, /) -> bool: ...
    async def list_assistants(self, query: PageQuery, /) -> Page[AssistantRecord]: ...

    # Threads and messages

    async def create_thread(self, record: ThreadRecord, messages: Sequence[HistoryMessage], /) -> None: ...
    async def get_thread(self, thread_id: str, /) -> ThreadRecord | None: ...
    async def replace_thread(self, record: ThreadRecord, /) -> bool:
        """Write a thread that exists; its metadata is all that may have changed."""
        ...

    async def delete_thread(self, thread_id: str, /) -> bool:
        """Delete a thread with its messages, runs, steps and events.

        Raises:
            ThreadBusy: It has an open run.
        """
        ...

    async def list_threads(self, query: PageQuery, /, *, service: str | None = None) -> Page[ThreadRecord]:
        """The threads that this service keeps; without one, those that are kept here."""
        ...

    async def add_message(self, message: HistoryMessage, /) -> None:
        """Add a message to its thread's history.

        Raises:
            NotFound: There is no such thread.
            ThreadBusy: It has an open run.
        """
        ...

    async def get_message(self, thread_id: str, message_id: str, /) -> Message | None: ...
    async def replace_message(self, message: Message, /) -> bool:
        """Write a message that exists; its metadata is all that may have changed."""
        ...

    async def delete_message(self, thread_id: str, message_id: str, /) -> bool:
        """Take a message out of the list and out of the history: a turn that wrote it loses its text.

        Raises:
            ThreadBusy: The thread has an open run.
        """
        ...

    async def list_messages(self, thread_id: str, query: PageQuery, /) -> Page[Message]: ...

    async def read_history(self, thread_id: str, *, before: int | None, limit: int) -> Sequence[HistoryItem]:
        """The newest `limit` items of the history at positions below `before`, newest first."""
        ...

    # Runs

    async def create_run(self, run: RunState, messages: Sequence[HistoryMessage], events: Sequence[Event], /) -> None:
        """Begin a run with its additional messages and first events; it takes the thread and the lease at once.

        Raises:
            NotFound: There is no such thread.
            ThreadBusy: It has an open run.
        """
        ...

    async def get_run(self, run_id: str, /) -> RunState | None: ...
    async def list_runs(self, thread_id: str | None, query: PageQuery, /) -> Page[RunState]: ...
    async def list_steps(self, run_id: str, query: PageQuery, /) -> Page[RunStep]: ...

    async def list_turns(self, run_id: str, /) -> Sequence[Turn]:
        """All turns of a run, oldest first."""
        ...

    async def list_claims(self, run_id: str, /) -> Mapping[str, CallState]:
        """The ledger of a run: where each call stands, by id."""
        ...

    async def request_cancel(self, run_id: str, at: float, /) -> RunState | None:
        """Ask for the end of an open run, durably, and tell its driver. Gives the run as it is now, if there is one."""
        ...

    async def take_over(
        self, run_id: str, /, *, driver: str, lease_until: float, now: float, dead: str | None = None
    ) -> RunState | None:
        """Become the driver of an open run that nobody drives: a new epoch.

        Allowed where it has no driver, where the lease ran out before `now`, or where its driver is `dead`, which the
        caller has proved. None where somebody else was faster, or the run is not open.
        """
        ...

    async def renew(self, runs: Mapping[str, int], lease_until: float, /) -> None:
        """Extend the leases of runs, given with the epoch at which they are held; those lost are left alone."""
        ...

    async def check(self, run_ids: Sequence[str], /) -> Mapping[str, Ownership]:
        """How the runs stand, for their drivers, who ask often; those that do not exist are left out."""
        ...

    async def claim_call(self, run_id: str, epoch: int, call_id: str, /, *, repeatable: bool) -> bool:
        """Compare and swap in the ledger: True if the call may start now.

        True where it was never started, where this epoch claimed it with its turn, or where an earlier epoch did and it
        is `repeatable` and has not finished.

        Raises:
            LostLease: The run's epoch is another.
        """
        ...

    def post(self, run_id: str, epoch: int, change: Change | Event, /) -> None:
        """Write a driver's change: synchronous, in order, grouped with its neighbours into one commit.

        A bare event (a delta) stands for a change with nothing else in it.

        What fails, fails at the next `flush`; nothing after a failure is written. But a driver's last word
        (`Change.is_last_word`), for which no `flush` comes, is written after a failure too, and where it fails itself,
        nobody is told.
        """
        ...

    async def flush(self, run_id: str, epoch: int, /) -> None:
        """Wait until all that was posted for the run is durable; deltas alone outlive the process, not a power cut.

        A failure is told once: what is posted after that is written again, so that a driver can write how its run ends.

        Raises:
            LostLease: The run's epoch is another, and nothing of it was written.
            StoreError: It could not be written.
        """
        ...

    def pending(self, run_id: str, /) -> int:
        """How many posted changes of the run are not committed yet, so that a driver can wait when there are many."""
        ...

    # Events

    def recent_events(self, run_id: str, after: int, /) -> Sequence[Event] | None:
        """The committed events after a number, from memory; None where they have to be read. Replay may join deltas."""
        ...

    async def read_events(self, run_id: str, after: int, /) -> Sequence[Event]:
        """The committed events after a number, some or all of them, in order; empty where there is none yet."""
        ...

    def watch_events(self, run_id: str, wake: Callable[[], None], /) -> Callable[[], None]:
        """Call `wake` after every commit that adds events to a run, here or by another process; gives the way out.

        A run that does not exist is `NotFound`, or never wakes anybody. After a failed write numbers can be left out;
        none is used twice.

        `wake` may be called from any thread, more often than needed, and must not block or raise.
        """
        ...

    def watch_control(self, wake: Callable[[], None], /) -> Callable[[], None]:
        """Call `wake` after a commit by somebody else that may concern a driver: a cancel request, a take-over.

        A driver's own posts do not count. `wake` as in `watch_events`; gives the way out.
        """
        ...
