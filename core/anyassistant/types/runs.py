"""Runs and their steps: records, statuses, limits and results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeAlias

from typing_extensions import TypeVar

from .messages import Message
from .tools import HostedTool, PendingCall, ToolCall, ToolSpec
from .usage import Usage
from .wire import Wire

T_co = TypeVar("T_co", covariant=True)

RunStatus: TypeAlias = Literal[
    "queued",
    "in_progress",
    "requires_action",
    "cancelling",
    "cancelled",
    "failed",
    "completed",
    "incomplete",
    "expired",
]
IncompleteReason: TypeAlias = Literal[
    "max_prompt_tokens", "max_completion_tokens", "max_turns", "max_seconds", "repeated_call"
]
StepStatus: TypeAlias = Literal["in_progress", "cancelled", "failed", "completed", "expired"]

TERMINAL: frozenset[RunStatus] = frozenset({"cancelled", "failed", "completed", "incomplete", "expired"})
"""The statuses which a run does not leave; in all others it holds its thread."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a run may go on; reaching one ends it `incomplete`, and the thread is usable at once.

    Attributes:
        turns: Model calls.
        seconds: Active seconds: time spent waiting for a caller's outputs does not count.
        parallel_tools: Tools that run at once.
        repeated_calls: Turns in a row which ask for the same call with the same arguments.
    """

    turns: int = 32
    seconds: float = 600.0
    parallel_tools: int = 8
    repeated_calls: int = 5


@dataclass(frozen=True, slots=True)
class LastError:
    """Why a run or a step failed.

    Attributes:
        code: For programs, such as `rate_limit_exceeded`, `server_error`, `invalid_output`, `tool_failed`.
        message: For people.
        retry_after: Seconds after which the provider says that another try makes sense.
        request_id: The provider's name for the request, to quote to its support.
    """

    code: str
    message: str
    retry_after: float | None = None
    request_id: str | None = None

    def to_wire(self) -> Wire:
        wire: Wire = {"code": self.code, "message": self.message}
        if self.retry_after is not None:
            wire["retry_after"] = self.retry_after
        if self.request_id is not None:
            wire["request_id"] = self.request_id
        return wire


@dataclass(frozen=True, slots=True)
class IncompleteDetails:
    """Which limit ended a run."""

    reason: IncompleteReason


@dataclass(frozen=True, slots=True)
class RunStep:
    """One step of a run: a message written, or a round of tool calls. Times are UTC epoch seconds.

    Source: OpenAI Assistants v2 reference, "The run step object".
    """

    id: str
    type: Literal["message_creation", "tool_calls"]
    status: StepStatus
    tool_calls: Sequence[ToolCall] = ()
    message_id: str | None = None
    usage: Usage | None = None
    last_error: LastError | None = None
    run_id: str = ""
    thread_id: str = ""
    assistant_id: str = ""
    created_at: int = 0
    completed_at: int | None = None
    failed_at: int | None = None
    cancelled_at: int | None = None
    expired_at: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    object: Literal["thread.run.step"] = "thread.run.step"

    def to_wire(self) -> Wire:
        details: Wire = (
            {"type": "message_creation", "message_creation": {"message_id": self.message_id}}
            if self.type == "message_creation"
            else {"type": "tool_calls", "tool_calls": [call.to_wire() for call in self.tool_calls]}
        )
        return {
            "id": self.id,
            "object": self.object,
            "created_at": self.created_at,
            "run_id": self.run_id,
            "assistant_id": self.assistant_id,
            "thread_id": self.thread_id,
            "type": self.type,
            "status": self.status,
            "cancelled_at": self.cancelled_at,
            "completed_at": self.completed_at,
            "expired_at": self.expired_at,
            "failed_at": self.failed_at,
            "last_error": None if self.last_error is None else self.last_error.to_wire(),
            "metadata": dict(self.metadata),
            "step_details": details,
            "usage": None if self.usage is None else self.usage.to_wire(),
        }


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run: its assistant as it was at creation, and how far it has come. Times are UTC epoch seconds.

    `model` is the one that the run resolved. `tools` are functions; `hosted_tools`, which the service runs itself, come
    behind them on the wire. `limits` and `reasoning_effort` are ours; all else is the wire's.

    Source: OpenAI Assistants v2 reference, "The run object".
    """

    id: str
    thread_id: str
    assistant_id: str
    status: RunStatus
    model: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    usage: Usage | None = None
    last_error: LastError | None = None
    pending_calls: Sequence[PendingCall] = ()
    incomplete_details: IncompleteDetails | None = None
    expires_at: int | None = None
    created_at: int = 0
    started_at: int | None = None
    cancelled_at: int | None = None
    failed_at: int | None = None
    completed_at: int | None = None
    instructions: str | None = None
    tools: Sequence[ToolSpec] = ()
    hosted_tools: Sequence[HostedTool] = ()
    temperature: float | None = None
    top_p: float | None = None
    max_prompt_tokens: int | None = None
    max_completion_tokens: int | None = None
    truncation_strategy: Mapping[str, object] = field(default_factory=lambda: {"type": "auto", "last_messages": None})
    response_format: Mapping[str, object] | Literal["auto"] = "auto"
    tool_choice: str | Mapping[str, object] = "auto"
    parallel_tool_calls: bool = True
    reasoning_effort: str | None = None
    limits: Limits = field(default_factory=Limits)
    object: Literal["thread.run"] = "thread.run"

    @property
    def is_open(self) -> bool:
        """Whether the run still holds its thread."""
        return self.status not in TERMINAL

    def to_wire(self) -> Wire:
        required_action: Wire | None = None
        if self.status == "requires_action":
            calls = [call.to_wire() for call in self.pending_calls]
            required_action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
        details = self.incomplete_details
        return {
            "id": self.id,
            "object": self.object,
            "created_at": self.created_at,
            "thread_id": self.thread_id,
            "assistant_id": self.assistant_id,
            "status": self.status,
            "required_action": required_action,
            "last_error": None if self.last_error is None else self.last_error.to_wire(),
            "incomplete_details": None if details is None else {"reason": details.reason},
            "expires_at": self.expires_at,
            "started_at": self.started_at,
            "cancelled_at": self.cancelled_at,
            "failed_at": self.failed_at,
            "completed_at": self.completed_at,
            "model": self.model,
            "instructions": self.instructions or "",
            "tools": [*(tool.to_wire() for tool in self.tools), *(tool.to_wire() for tool in self.hosted_tools)],
            "metadata": dict(self.metadata),
            "usage": None if self.usage is None else self.usage.to_wire(),
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_prompt_tokens": self.max_prompt_tokens,
            "max_completion_tokens": self.max_completion_tokens,
            "truncation_strategy": dict(self.truncation_strategy),
            "response_format": self.response_format
            if isinstance(self.response_format, str)
            else dict(self.response_format),
            "tool_choice": self.tool_choice if isinstance(self.tool_choice, str) else dict(self.tool_choice),
            "parallel_tool_calls": self.parallel_tool_calls,
        }


@dataclass(frozen=True, slots=True)
class RunResult(Generic[T_co]):
    """What a completed run gave.

    Attributes:
        output: The answer: its text, or an instance of the `response_format` model.
        text: The text of the run's last message.
        usage: The sum over all model calls; zero where the provider reports none.
        run: The run's record.
        steps: Its steps, in order.
        messages: The messages that it wrote, in order.
    """

    output: T_co
    text: str
    usage: Usage
    run: RunRecord
    steps: Sequence[RunStep]
    messages: Sequence[Message]
