"""The history of a thread as a model sees it: user messages and turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .content import Image
from .messages import Message
from .tools import ToolCall
from .usage import Usage

FinishReason: TypeAlias = Literal["stop", "tool_calls", "length", "content_filter", "refusal"]


@dataclass(frozen=True, slots=True)
class TurnCall(ToolCall):
    """A tool call within a turn.

    Attributes:
        provider_id: The provider's own id, which goes back to it as it gave it; None where it gave none.
        fatal: What came of it ends the run.
        images: What the model is shown beside the output.
        is_asked: Its approval was asked for, so that it is not made without, whoever drives the run by then.
    """

    provider_id: str | None = None
    fatal: bool = False
    images: Sequence[Image] = ()
    is_asked: bool = False

    @property
    def awaits_decision(self) -> bool:
        """Whether a person was asked and has not decided."""
        return self.is_asked and self.decision is None and self.output is None

    def as_of_step(self) -> ToolCall:
        """The call as a run step has it."""
        return ToolCall(
            self.id,
            self.name,
            self.arguments,
            output=self.output,
            error=self.error,
            outcome=self.outcome,
            decision=self.decision,
            metadata=self.metadata,
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """What one model call gave. The wire's messages and run steps are written from it, in the same transaction.

    Attributes:
        id: `turn_...`.
        run_id: The run that made the call.
        provider: The name of the provider; `provider_state` goes back to the same one and never to another.
        text: What the model said; it may have broken off (`finish_reason` None).
        tool_calls: What it asked for, with their outputs as far as there are any.
        finish_reason: None where the call did not come to its end.
        message_id: The message that the text became.
        calls_step_id: The run step of the tool calls.
    """

    id: str
    run_id: str
    thread_id: str
    provider: str
    text: str = ""
    refusal: str = ""
    tool_calls: Sequence[TurnCall] = ()
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    provider_state: object = None
    message_id: str | None = None
    calls_step_id: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One place in a thread's history.

    Attributes:
        position: Counts up along the thread; gaps are possible.
        entry: What an app added (a message of either role), or a turn.
        tokens: An estimate of what it costs in a prompt.
    """

    position: int
    entry: Message | Turn
    tokens: int
