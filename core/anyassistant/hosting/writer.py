"""What a driver writes: events numbered, statuses checked, changes posted in order.

A `Draft` gathers what belongs into one transaction; a `Writer` posts single events by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..types import CallState, Event, ExtensionEvent, Message, RunRecord, RunStatus, RunStep, Turn
from ..types.events import (
    ExtensionEventName,
    MessageEvent,
    MessageEventName,
    RunEvent,
    RunEventName,
    RunStepDeltaEvent,
    RunStepEvent,
    RunStepEventName,
    message_delta,
)
from .store import Change, RunState, Store
from .tokens import estimate_turn
from .transitions import check_move

RUN_EVENTS: Mapping[RunStatus, RunEventName] = {
    "queued": "thread.run.queued",
    "in_progress": "thread.run.in_progress",
    "requires_action": "thread.run.requires_action",
    "cancelling": "thread.run.cancelling",
    "cancelled": "thread.run.cancelled",
    "failed": "thread.run.failed",
    "completed": "thread.run.completed",
    "incomplete": "thread.run.incomplete",
    "expired": "thread.run.expired",
}

MAX_PENDING = 256
"""Changes that may wait for their commit before a driver waits too."""


class Writer:
    """Writes for one driver of one run.

    Attributes:
        record: The run as this driver has made it.
        epoch: The driver's; writes are refused once the run has another.
    """

    def __init__(self, store: Store, state: RunState) -> None:
        self._store = store
        self._sequence = state.last_sequence
        self.record: RunRecord = state.record
        self.epoch = state.epoch

    def next_sequence(self) -> int:
        self._sequence += 1
        return self._sequence

    def draft(self) -> Draft:
        return Draft(self)

    def text_delta(self, message_id: str, text: str) -> None:
        self._sequence += 1  # not by `next_sequence` and `post`: this is done for every delta of every run
        self._store.post(self.record.id, self.epoch, message_delta(message_id, text, self._sequence))

    def refusal_delta(self, message_id: str, text: str) -> None:
        self.post(message_delta(message_id, text, self.next_sequence(), kind="refusal"))

    def extension(self, name: ExtensionEventName, data: Mapping[str, object]) -> None:
        self.post(ExtensionEvent(name, data, self.next_sequence()))

    def post(self, change: Change | Event) -> None:
        self._store.post(self.record.id, self.epoch, change)

    async def flush(self) -> None:
        """Wait until all is durable.

        Raises:
            LostLease: The run has another driver.
        """
        await self._store.flush(self.record.id, self.epoch)

    async def claim(self, call_id: str, *, repeatable: bool) -> bool:
        return await self._store.claim_call(self.record.id, self.epoch, call_id, repeatable=repeatable)

    async def flush_if_full(self) -> None:
        """Wait where too much is pending, so that memory stays bounded."""
        if self._store.pending(self.record.id) > MAX_PENDING:
            await self.flush()


class Draft:
    """One transaction in the making."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._events: list[Event] = []
        self._messages: dict[str, Message] = {}
        self._steps: dict[str, RunStep] = {}
        self._turn: Turn | None = None
        self._claims: list[str] = []
        self._finished: dict[str, CallState] = {}
        self._record: RunRecord | None = None

    @property
    def record(self) -> RunRecord:
        return self._writer.record

    def run(self, status: RunStatus, **changes: Any) -> None:
        """Move the run to a status, with an event.

        Raises:
            IllegalTransition: The status may not follow.
        """
        check_move(self._writer.record.status, status)
        self.update_run(status=status, **changes)
        self._events.append(RunEvent(RUN_EVENTS[status], self._writer.record, self._writer.next_sequence()))

    def update_run(self, **changes: Any) -> None:
        """Change the run's record without an event."""
        self._record = self._writer.record = replace(self._writer.record, **changes)

    def step(self, event: RunStepEventName, step: RunStep) -> None:
        self._steps[step.id] = step
        self._events.append(RunStepEvent(event, step, self._writer.next_sequence()))

    def step_delta(self, step_id: str, tool_call: Mapping[str, object]) -> None:
        self._events.append(step_delta(step_id, tool_call, self._writer.next_sequence()))

    def update_step(self, step: RunStep) -> None:
        self._steps[step.id] = step

    def message(self, event: MessageEventName, message: Message) -> None:
        self._messages[message.id] = message
        self._events.append(MessageEvent(event, message, self._writer.next_sequence()))

    def turn(self, turn: Turn) -> None:
        self._turn = turn

    def claim(self, call_id: str) -> None:
        self._claims.append(call_id)

    def finish(self, call_id: str, state: CallState) -> None:
        self._finished[call_id] = state

    def extension(self, name: ExtensionEventName, data: Mapping[str, object]) -> None:
        self._events.append(ExtensionEvent(name, data, self._writer.next_sequence()))

    def post(self, *, durable: bool = False, release: bool = False, active_seconds: float | None = None) -> None:
        """Hand it to the store."""
        self._writer.post(
            Change(
                events=self._events,
                record=self._record,
                messages=list(self._messages.values()),
                steps=list(self._steps.values()),
                turn=self._turn,
                turn_tokens=0 if self._turn is None else estimate_turn(self._turn),
                claims=self._claims,
                finished=self._finished,
                active_seconds=active_seconds,
                release=release,
                durable=durable,
            )
        )


def step_delta(step_id: str, tool_call: Mapping[str, object], sequence: int) -> RunStepDeltaEvent:
    """The event of a piece of a tool call."""
    details = {"type": "tool_calls", "tool_calls": [tool_call]}
    data = {"id": step_id, "object": "thread.run.step.delta", "delta": {"step_details": details}}
    return RunStepDeltaEvent("thread.run.step.delta", data, sequence)
