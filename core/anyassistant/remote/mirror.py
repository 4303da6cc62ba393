"""What is kept here of a run that a service keeps: its events, numbered; its steps, with what came of their calls.

A service's events have no numbers, or numbers of its own, and a stream that broke cannot be joined again. So what is
heard of a run, by stream or by polling, goes through here: nothing is told twice, and what a stream left out is told
when polling finds it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..hosting.context import said_of_images
from ..hosting.endings import Ending, EndStatus, ended_by_call, output_at_end
from ..hosting.pending import approval_asked, approval_decided, refusals
from ..hosting.steps import STEP_EVENTS, end_step, new_step
from ..hosting.store import Change, RunState, Store
from ..hosting.turn import ledger_state
from ..hosting.writer import RUN_EVENTS, Draft, Writer
from ..types import (
    Decision,
    Event,
    IncompleteDetails,
    LastError,
    Message,
    MessageDeltaEvent,
    MessageEvent,
    PageQuery,
    PendingCall,
    RunRecord,
    RunStatus,
    RunStep,
    RunStepDeltaEvent,
    RunStepEvent,
    StepStatus,
    ToolCall,
    ToolOutput,
)
from ..types.events import MessageEventName, RunEvent, RunEventName, RunStepEventName, message_delta
from .beginnings import run_as_it_began, step_as_it_began

MADE_HERE: Mapping[str, str] = {"made_by": "anyassistant"}
"""Marks a step of which the service told nothing."""

_STEP_ENDS: Mapping[StepStatus, RunStepEventName] = {
    status: name for status, name in STEP_EVENTS.items() if status != "in_progress"
}
_STEP_STATUS: Mapping[RunStatus, StepStatus] = {
    "completed": "completed",
    "cancelled": "cancelled",
    "expired": "expired",
}
_MESSAGE_ENDS: Mapping[str, MessageEventName] = {
    "completed": "thread.message.completed",
    "incomplete": "thread.message.incomplete",
}
_FIRST: frozenset[RunStatus] = frozenset({"queued", "in_progress", "cancelling"})
"""The statuses in which a run may be when it is told first."""
_BEGUN: frozenset[RunStatus] = frozenset({"requires_action", "completed", "incomplete"})
"""The statuses that a run has only once it was `in_progress`."""
_ENDS = frozenset([*_STEP_ENDS.values(), *_MESSAGE_ENDS.values()])


class Mirror:
    """One run of a service, as it is kept here by one driver.

    Attributes:
        writer: Writes for that driver.
        started: Ids of calls that were claimed and of which nothing has come yet.
    """

    def __init__(self, store: Store, state: RunState) -> None:
        self._store = store
        self.writer = Writer(store, state)
        self._steps: dict[str, RunStep] = {}
        self._told: set[tuple[str, str]] = set()
        self._ended: set[str] = set()  # ids of steps and messages of which it was told
        self._heard: dict[str, list[str]] = {}  # by message
        self.started: set[str] = set()

    @property
    def record(self) -> RunRecord:
        """The run as it is told here."""
        return self.writer.record

    async def recover(self) -> None:
        """Read what an earlier driver told."""
        run_id, after = self.record.id, 0
        while events := await self._store.read_events(run_id, after):
            for event in events:
                self._remember(event)
            after = events[-1].sequence
        query = PageQuery(limit=100, order="asc")
        while True:
            page = await self._store.list_steps(run_id, query)
            self._steps.update((step.id, step) for step in page.data)
            if not page.has_more:
                break
            query = replace(query, after=page.data[-1].id)
        ledger = await self._store.list_claims(run_id)
        self.started = {call_id for call_id, state in ledger.items() if state == "started"}

    def take(self, event: Event) -> None:
        """Tell what the service told; its own word on the run's status goes by `move`.

        What was told before, or belongs to what has ended, is not told again.
        """
        writer = self.writer
        match event:
            case MessageDeltaEvent():  # first, and without `replace`: this is done for every delta of every run
                if event.data["id"] not in self._ended:
                    self._remember(event)
                    writer.post(MessageDeltaEvent(event.event, event.data, writer.next_sequence()))
            case RunStepDeltaEvent():
                if event.data["id"] not in self._ended:
                    writer.post(RunStepDeltaEvent(event.event, event.data, writer.next_sequence()))
            case RunStepEvent():
                step = self.as_told(event.data)
                if (event.event, step.id) not in self._told:
                    step = self._with_ours(step)
                    numbered = RunStepEvent(event.event, step, writer.next_sequence())
                    self._remember(numbered)
                    writer.post(Change(events=[numbered], steps=[step]))
            case MessageEvent():
                if (event.event, event.data.id) not in self._told:
                    self._remember(event)
                    writer.post(MessageEvent(event.event, event.data, writer.next_sequence()))
            case RunEvent():
                return
            case _:
                writer.post(replace(event, sequence=writer.next_sequence()))

    def take_step(self, step: RunStep) -> None:
        """Tell of a step what a stream did not tell; a message that it wrote comes by `take_message` in between."""
        begun = step if step.status == "in_progress" else step_as_it_began(step)
        self.take(RunStepEvent("thread.run.step.created", begun))
        self.take(RunStepEvent("thread.run.step.in_progress", begun))

    def end_step(self, step: RunStep) -> None:
        """Tell how a step ended, if it did and nobody told."""
        name = _STEP_ENDS.get(step.status)
        if name is not None:
            self.take(RunStepEvent(name, step))

    def has_ended(self, step: RunStep) -> bool:
        """Whether it was told that a step has ended."""
        return step.id in self._ended

    def as_told(self, step: RunStep) -> RunStep:
        """The service's step under the id by which it was told.

        A service may ask for calls before it tells of the step that they belong to. They have one of ours by then,
        which the service's becomes.
        """
        if step.id in self._steps:
            return step
        ids = {call.id for call in step.tool_calls if call.hosted is None}
        known = (one for one in self._steps.values() if not ids.isdisjoint(call.id for call in one.tool_calls))
        ours = next(known, None)
        return step if ours is None else replace(step, id=ours.id)

    def take_message(self, message: Message) -> None:
        """Tell of a message what a stream did not tell: the rest of its text, and that it has ended."""
        begun = replace(message, content=(), status="in_progress", completed_at=None, incomplete_at=None)
        begun = replace(begun, incomplete_details=None)
        self.take(MessageEvent("thread.message.created", begun))
        self.take(MessageEvent("thread.message.in_progress", begun))
        heard = "".join(self._heard.get(message.id, ()))
        if message.text.startswith(heard) and len(message.text) > len(heard):
            self.take(message_delta(message.id, message.text[len(heard) :], 0))
        end = _MESSAGE_ENDS.get(message.status)
        if end is not None:
            self.take(MessageEvent(end, message))

    def begin(self, theirs: RunRecord) -> None:
        """Tell that the run was created and began, before all else, where nobody told: it may have ended since."""
        if ("thread.run.created", theirs.id) not in self._told:
            known = self.record.status
            is_first = known in _FIRST
            record = run_as_it_began(theirs, known if is_first else "queued", self.record.limits)
            events = [self._numbered("thread.run.created", record)]
            if is_first:
                events.append(self._numbered(RUN_EVENTS[known], record))
            self.writer.post(Change(events=events))
        if self.record.status == "queued" and theirs.status in _BEGUN:
            self.move(run_as_it_began(theirs, "in_progress", self.record.limits), "in_progress")

    def _numbered(self, name: RunEventName, record: RunRecord) -> RunEvent:
        self._told.add((name, record.id))
        return RunEvent(name, record, self.writer.next_sequence())

    def move(self, theirs: RunRecord, status: RunStatus, *, pending: Sequence[PendingCall] = ()) -> None:
        """Tell that the run has a status, with all else as the service has it.

        A run whose calls are made here pauses at the service alone: it is told as one that goes on. One that is to be
        cancelled is told so until it ends.
        """
        if self.record.status == "cancelling" or (status == "queued" and self.record.status == "in_progress"):
            status = self.record.status  # which a service may not know yet
        record = replace(theirs, status=status, pending_calls=tuple(pending), limits=self.record.limits)
        self.begin(record)
        name = RUN_EVENTS[status]
        is_told = record.status == self.record.status and (name, record.id) in self._told
        events = [] if is_told else [self._numbered(name, record)]
        if events or record != self.record:
            self.writer.record = record
            self.writer.post(Change(events=events, record=record))

    def rest(self, theirs: RunRecord, pending: Sequence[PendingCall]) -> None:
        """Tell that the run waits for its caller, and which calls for approval."""
        asked = {call.id for call in self.record.pending_calls if call.waits_for == "approval"}
        for call in pending:
            if call.waits_for == "approval" and call.id not in asked:
                self.writer.extension("anyassistant.approval.asked", approval_asked(call))
        self.move(theirs, "requires_action", pending=pending)

    def go_on(self, theirs: RunRecord) -> None:
        """Tell that a run which waited for its caller goes on."""
        if self.record.status == "requires_action":
            self.move(theirs, "queued")
            self.move(theirs, "in_progress")

    def end(self, theirs: RunRecord, ending: Ending | None = None) -> None:
        """Tell how the run ended, and give it back.

        Args:
            theirs: The run as the service has it.
            ending: How it ended, where the service was only told to cancel it.
        """
        self.begin(theirs)
        record = replace(theirs, pending_calls=(), limits=self.record.limits)
        if ending is not None:
            details = None if ending.reason is None else IncompleteDetails(ending.reason)
            record = replace(record, status=ending.status, last_error=ending.error, incomplete_details=details)
        self._end_open_calls(record.status)
        self._end_open_steps(record.status)
        self.writer.record = record
        event = RunEvent(RUN_EVENTS[record.status], record, self.writer.next_sequence())
        self.writer.post(Change(events=[event], record=record, release=True, durable=True))

    def _end_open_calls(self, status: RunStatus) -> None:
        """Tell of calls that nothing came of what is known of them here: the service does not know if one was begun."""
        calls = [call for step in self.rounds for call in step.tool_calls if call.hosted is None]
        for call in [call for call in calls if call.outcome is None]:
            was_started = call.id in self.started
            if was_started or call.output is None:
                self.record_output(output_at_end(call.id, _end_status(status), was_started=was_started))

    def _end_open_steps(self, status: RunStatus) -> None:
        """Tell that the steps have ended of which the service did not tell it."""
        for step in list(self._steps.values()):
            if not self.has_ended(step):
                is_complete = bool(step.tool_calls) and all(call.output is not None for call in step.tool_calls)
                ended = "completed" if is_complete else _STEP_STATUS.get(status, "failed")
                changes: dict[str, Any] = {"status": ended, f"{ended}_at": int(time.time())}
                self.end_step(replace(step, **changes))

    @property
    def rounds(self) -> Sequence[RunStep]:
        """The rounds of tool calls, in order, but for those of the service's own."""
        steps = [step for step in self._steps.values() if step.type == "tool_calls"]
        return [step for step in steps if not step.tool_calls or any(call.hosted is None for call in step.tool_calls)]

    # Calls

    def call(self, call_id: str) -> ToolCall | None:
        """A call, with what came of it, if it was heard of."""
        return next((one for step in self._steps.values() for one in step.tool_calls if one.id == call_id), None)

    def adopt(self, calls: Sequence[ToolCall]) -> None:
        """Put calls of which no step told into the service's open step, or into one of ours where it has none."""
        unknown = [ToolCall(call.id, call.name, call.arguments) for call in calls if self.call(call.id) is None]
        self._complete_arguments(calls)
        if not unknown:
            return
        step = next((step for step in self.rounds if not self.has_ended(step)), None)
        if step is None:
            step = self._step_of_ours()
            self.take_step(step)
        changed = self._steps[step.id] = replace(step, tool_calls=(*step.tool_calls, *unknown))
        self.writer.post(Change(steps=[changed]))

    def _complete_arguments(self, calls: Sequence[ToolCall]) -> None:
        """Take what is to be called from the service's last word: a step may have told of it while it was written."""
        draft = self.writer.draft()
        is_changed = False
        for call in calls:
            known = self.call(call.id)
            if (
                known is not None
                and known.outcome is None
                and (known.name, known.arguments) != (call.name, call.arguments)
            ):
                self._change_call(draft, call.id, name=call.name, arguments=call.arguments)
                is_changed = True
        if is_changed:
            draft.post()

    def _step_of_ours(self) -> RunStep:
        return replace(new_step(self.record, "tool_calls"), metadata=MADE_HERE)

    def end_steps_of_ours(self) -> None:
        """Tell that the rounds have ended of which the service tells no step: all their calls have outputs."""
        for step in self.rounds:
            if step.metadata == MADE_HERE and not self.has_ended(step):
                self.end_step(end_step(step, "completed"))

    @property
    def fatal(self) -> LastError | None:
        """Why the run is to end by what came of a call, if it is."""
        return next((step.last_error for step in self.rounds if step.last_error and not self.has_ended(step)), None)

    def record_output(self, output: ToolOutput) -> None:
        """Write what came of a call."""
        draft = self.writer.draft()
        self._put_output(draft, output)
        draft.post(durable=True)

    def record_decision(self, call_id: str, decision: Decision) -> None:
        """Write what a person decided of a call; one that was rejected has its output by that."""
        draft = self.writer.draft()
        draft.extension("anyassistant.approval.decided", approval_decided(call_id, decision))
        self._change_call(draft, call_id, decision=decision)
        if not decision.approved:
            self._put_output(draft, decision.rejection(call_id))
        draft.post(durable=True)

    def forget_decision(self, call_id: str) -> None:
        """Write that a call waits for a person again: what was decided of it counts no more."""
        known = self.call(call_id)
        if known is not None and known.decision is not None:
            draft = self.writer.draft()
            self._change_call(draft, call_id, decision=None)
            draft.post()

    def refusals(self, name: str) -> int:
        """How many of the run's latest calls of a tool had arguments that did not fit."""
        return refusals([call for step in self._steps.values() for call in step.tool_calls], name)

    def _put_output(self, draft: Draft, output: ToolOutput) -> None:
        told = output.output + (said_of_images(len(output.images)) if output.images else "")
        index, step_id = self._change_call(
            draft,
            output.tool_call_id,
            output=told,
            error=output.error,
            outcome=output.outcome,
            metadata=output.metadata,
        )
        if output.fatal:
            call = self._steps[step_id].tool_calls[index]
            error = ended_by_call(call.name, output.outcome, None).error
            step = self._steps[step_id] = replace(self._steps[step_id], last_error=error)
            draft.update_step(step)
        self.started.discard(output.tool_call_id)
        state = ledger_state(output)
        if state is not None:
            draft.finish(output.tool_call_id, state)
        function = {"output": told}
        draft.step_delta(step_id, {"index": index, "id": output.tool_call_id, "type": "function", "function": function})

    def _change_call(self, draft: Draft, call_id: str, **changes: object) -> tuple[int, str]:
        for step in self._steps.values():
            for index, call in enumerate(step.tool_calls):
                if call.id == call_id:
                    calls = list(step.tool_calls)
                    calls[index] = replace(call, **changes)  # type: ignore[arg-type]  # fields of a ToolCall
                    changed = self._steps[step.id] = replace(step, tool_calls=tuple(calls))
                    draft.update_step(changed)
                    return index, step.id
        raise KeyError(call_id)

    def _with_ours(self, step: RunStep) -> RunStep:
        """A step of the service's, its calls with what only we know of them."""
        known = self._steps.get(step.id)
        if known is not None and known.tool_calls:
            ours = {call.id: call for call in known.tool_calls}
            calls = [_joined(call, ours.get(call.id)) for call in step.tool_calls] or known.tool_calls
            step = replace(step, tool_calls=tuple(calls), last_error=step.last_error or known.last_error)
        self._steps[step.id] = step
        return step

    def _remember(self, event: Event) -> None:
        match event:
            case MessageDeltaEvent():
                self._heard.setdefault(str(event.data["id"]), []).append(event.text)
            case MessageEvent() | RunStepEvent() | RunEvent():
                self._told.add((event.event, event.data.id))
                if event.event in _ENDS:
                    self._ended.add(event.data.id)
            case _:
                return


def _joined(theirs: ToolCall, ours: ToolCall | None) -> ToolCall:
    if ours is None or theirs.hosted is not None:  # what came of its own calls only the service knows
        return theirs
    output = ours.output if ours.output is not None else theirs.output
    return replace(ours, name=theirs.name, arguments=theirs.arguments, output=output)


def _end_status(status: RunStatus) -> EndStatus:
    match status:
        case "completed" | "failed" | "incomplete" | "cancelled" | "expired":
            return status
        case _:  # the service was told to cancel it, and has not said yet how it ended
            return "cancelled"
