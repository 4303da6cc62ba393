"""One turn of a run: the deltas of a model call in, events and a `Turn` out; then the outputs of its tool calls."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from anyassistant_tools.json_text import without_lone_surrogates

from ..errors import ProviderError
from ..protocols import ModelDelta, ToolCallDelta
from ..types import (
    CallOutcome,
    CallState,
    Decision,
    FinishReason,
    LastError,
    Message,
    MessageIncompleteDetails,
    Part,
    Refusal,
    RunStep,
    StepStatus,
    Text,
    ToolCall,
    ToolOutput,
    Turn,
    TurnCall,
    Usage,
)
from .deltas import check_delta
from .ids import new_id
from .live_call import LiveCall
from .pending import approval_asked, approval_decided
from .steps import STEP_EVENTS, end_step, new_step
from .writer import Draft, Writer

BrokenOff = Literal["content_filter", "max_tokens", "run_cancelled", "run_expired", "run_failed"]


class LiveTurn:
    """A turn that goes on: first the model speaks, then its calls get their outputs.

    The message and the run steps that belong to it are opened when their first piece comes, and closed with the turn.

    Attributes:
        provider: The name of the provider whose model speaks.
        usage: What the model call cost, as far as the provider said.
        provider_state: What the provider gave to be handed back, as it gave it.
        is_open: Whether the model may still speak.
    """

    def __init__(self, writer: Writer, provider: str) -> None:
        self._writer = writer
        self.provider = provider
        self._id = new_id("turn")
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._calls: list[LiveCall] = []
        self._by_index: dict[int, LiveCall] = {}
        self._message_id: str | None = None
        self._calls_step_id: str | None = None
        self._message: Message | None = None
        self._message_step: RunStep | None = None
        self._calls_step: RunStep | None = None
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self.provider_state: object = None
        self.is_open = True

    @classmethod
    def from_turn(cls, writer: Writer, turn: Turn, calls_step: RunStep) -> LiveTurn:
        """Take up a committed turn whose calls do not all have an output."""
        live = cls(writer, turn.provider)
        live._id = turn.id
        live._text, live._refusal = [turn.text], [turn.refusal]
        live.provider_state = turn.provider_state
        live.usage, live.finish_reason = turn.usage, turn.finish_reason
        live._calls = [LiveCall(call) for call in turn.tool_calls]
        live._message_id = turn.message_id
        live._calls_step, live._calls_step_id = calls_step, calls_step.id
        live.is_open = False
        return live

    @property
    def text(self) -> str:
        return "".join(self._text)

    @property
    def is_empty(self) -> bool:
        """Whether the model has given neither text, nor a refusal, nor a call."""
        return not (self.text.strip() or self._refusal or self._calls)

    @property
    def calls(self) -> Sequence[TurnCall]:
        """The tool calls as they are now, in the order in which they began."""
        return [live.freeze() for live in self._calls]

    @property
    def unfinished(self) -> Sequence[TurnCall]:
        """The calls without an output."""
        return [live.freeze() for live in self._calls if not live.has_output]

    @property
    def fatal(self) -> TurnCall | None:
        """The call by which the run ends, if one did that."""
        return next((call for call in self.calls if call.fatal), None)

    def take(self, delta: ModelDelta) -> None:
        """Take what the model gave next.

        Raises:
            ProviderError: It is not as the protocol says; nothing of it was kept.
        """
        check_delta(delta)
        if delta.text:
            text = without_lone_surrogates(delta.text)
            self._writer.text_delta(self._open_message(), text)
            self._text.append(text)
        if delta.tool_call is not None:
            self._take_call(delta.tool_call)
        if delta.refusal:
            refusal = without_lone_surrogates(delta.refusal)
            self._writer.refusal_delta(self._open_message(), refusal)
            self._refusal.append(refusal)
        if delta.reasoning:
            self._writer.extension("anyassistant.reasoning.delta", {"text": without_lone_surrogates(delta.reasoning)})
        if delta.usage is not None:
            self.usage = delta.usage
        if delta.provider_state is not None:
            self.provider_state = delta.provider_state
        if delta.finish_reason is not None:
            if self.finish_reason is not None:
                raise ProviderError("The model gave its finish reason twice.", code="invalid_model_response")
            self.finish_reason = delta.finish_reason

    def close(self, draft: Draft, *, broken_off: BrokenOff | None = None) -> None:
        """The model has said what it had to say: close the message, and write the turn."""
        self.is_open = False
        usage = self.usage  # on one of the turn's steps, so that the steps' sum is the run's
        if self._message is not None and self._message_step is not None:
            now = int(time.time())
            self._message_step, usage = replace(self._message_step, usage=usage), None
            message = replace(self._message, content=self._content())
            if broken_off is None:
                message = replace(message, status="completed", completed_at=now)
                draft.message("thread.message.completed", message)
                self._end_step(draft, self._message_step, "completed")
            else:
                details = MessageIncompleteDetails(broken_off)
                message = replace(message, status="incomplete", incomplete_details=details, incomplete_at=now)
                draft.message("thread.message.incomplete", message)
                self._end_step(draft, self._message_step, _step_status(broken_off))
            self._message = self._message_step = None
        if self._calls_step is not None:
            self._calls_step = replace(self._calls_step, tool_calls=self._tool_calls(), usage=usage)
            draft.update_step(self._calls_step)
        if not self.is_empty:
            draft.turn(self.freeze())

    def record_output(self, draft: Draft, output: ToolOutput, *, was_made: bool = True) -> None:
        """Write what came of a call, in the ledger too if it was made; with the last one the step is complete."""
        index, live = self._find(output.tool_call_id)
        if live.has_output:
            return
        live.take(output)
        step = self._the_calls_step()
        if was_made:
            _enter(draft, output)
        function = {"output": live.call.output}
        draft.step_delta(step.id, {"index": index, "id": live.call.id, "type": "function", "function": function})
        self._calls_step = replace(step, tool_calls=self._tool_calls())
        draft.turn(self.freeze())
        if self.unfinished or self.fatal is not None:  # a fatal failure ends the step with the run
            draft.update_step(self._calls_step)
        else:
            self._end_step(draft, self._calls_step, "completed")
            self._calls_step = None

    def record_question(self, draft: Draft, call_id: str) -> None:
        """Write that a call waits for a person; an approval that was not used in time counts no more."""
        _, live = self._find(call_id)
        live.ask()
        draft.extension("anyassistant.approval.asked", approval_asked(live.freeze()))
        self._calls_step = replace(self._the_calls_step(), tool_calls=self._tool_calls())
        draft.update_step(self._calls_step)
        draft.turn(self.freeze())

    def record_decision(self, draft: Draft, call_id: str, decision: Decision) -> None:
        """Write what a person decided of a call; one that was rejected has its output by that."""
        _, live = self._find(call_id)
        live.decide(decision)
        draft.extension("anyassistant.approval.decided", approval_decided(call_id, decision))
        if decision.approved:
            self._calls_step = replace(self._the_calls_step(), tool_calls=self._tool_calls())
            draft.update_step(self._calls_step)
            draft.turn(self.freeze())
        else:
            self.record_output(draft, decision.rejection(call_id))

    def end_calls(
        self, draft: Draft, status: StepStatus, outputs: Sequence[ToolOutput], error: LastError | None
    ) -> None:
        """Give the calls that have none an output, and end their step: the run ends before they do."""
        for output in outputs:
            _, live = self._find(output.tool_call_id)
            live.take(output)
            _enter(draft, output)
        if self._calls_step is not None:
            self._calls_step = replace(self._calls_step, tool_calls=self._tool_calls())
            self._end_step(draft, self._calls_step, status, error)
            self._calls_step = None
        if self._calls:
            draft.turn(self.freeze())

    def freeze(self) -> Turn:
        """The turn as it is now."""
        return Turn(
            id=self._id,
            run_id=self._writer.record.id,
            thread_id=self._writer.record.thread_id,
            provider=self.provider,
            text=self.text,
            refusal="".join(self._refusal),
            tool_calls=tuple(self.calls),
            usage=self.usage,
            finish_reason=self.finish_reason,
            provider_state=self.provider_state,
            message_id=self._message_id,
            calls_step_id=self._calls_step_id,
        )

    def _content(self) -> tuple[Part, ...]:
        text, refusal = self.text, "".join(self._refusal)
        content: tuple[Part, ...] = (Text(text),) if text else ()
        return (*content, Refusal(refusal)) if refusal else content

    def _tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(call.as_of_step() for call in self.calls)

    def _find(self, call_id: str) -> tuple[int, LiveCall]:
        """A call and its place among the turn's calls."""
        return next((at, live) for at, live in enumerate(self._calls) if live.call.id == call_id)

    def _open_message(self) -> str:
        """The id of the turn's message, which its first piece opens."""
        if self._message_id is not None:
            return self._message_id
        record = self._writer.record
        message = self._message = Message(
            id=new_id("msg"),
            role="assistant",
            content=(),
            run_id=record.id,
            status="in_progress",
            thread_id=record.thread_id,
            assistant_id=record.assistant_id,
            created_at=int(time.time()),
        )
        self._message_id = message.id
        self._message_step = new_step(record, "message_creation", message_id=message.id)
        draft = self._writer.draft()
        draft.step("thread.run.step.created", self._message_step)
        draft.step("thread.run.step.in_progress", self._message_step)
        draft.message("thread.message.created", message)
        draft.message("thread.message.in_progress", message)
        draft.post()
        return message.id

    def _take_call(self, delta: ToolCallDelta) -> None:
        draft = self._writer.draft()
        step = self._calls_step
        if step is None:
            step = self._calls_step = new_step(self._writer.record, "tool_calls")
            self._calls_step_id = step.id
            draft.step("thread.run.step.created", step)
            draft.step("thread.run.step.in_progress", step)
        live = None if delta.index is None else self._by_index.get(delta.index)
        function: dict[str, object] = {}
        if live is None:
            live = LiveCall(TurnCall(new_id("call"), delta.name or "", "", provider_id=delta.id))
            self._calls.append(live)
            if delta.index is not None:
                self._by_index[delta.index] = live
            function["name"] = live.call.name
            function["output"] = None
        arguments = without_lone_surrogates(delta.arguments)
        live.pieces.append(arguments)
        function["arguments"] = arguments
        at = self._calls.index(live)
        draft.step_delta(step.id, {"index": at, "id": live.call.id, "type": "function", "function": function})
        draft.post()

    def _end_step(self, draft: Draft, step: RunStep, status: StepStatus, error: LastError | None = None) -> None:
        draft.step(STEP_EVENTS[status], end_step(step, status, error=error))

    def _the_calls_step(self) -> RunStep:
        assert self._calls_step is not None  # a call opened it
        return self._calls_step


_LEDGER: Mapping[CallOutcome, CallState] = {
    "succeeded": "succeeded",
    "failed": "failed",
    "refused": "failed",  # it was claimed before its arguments were looked at
    "unknown": "unknown",
}


def ledger_state(output: ToolOutput) -> CallState | None:
    """What the ledger says of a call with this output; None of one that was never made, being rejected or skipped."""
    return _LEDGER.get(output.outcome)


def _enter(draft: Draft, output: ToolOutput) -> None:
    state = ledger_state(output)
    if state is not None:
        draft.finish(output.tool_call_id, state)


def _step_status(broken_off: BrokenOff) -> StepStatus:
    match broken_off:
        case "run_cancelled":
            return "cancelled"
        case "run_expired":
            return "expired"
        case "run_failed":
            return "failed"
        case "max_tokens" | "content_filter":
            return "completed"
