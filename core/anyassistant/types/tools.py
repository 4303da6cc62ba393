"""Tools, calls and outputs as they travel between model, run and caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Self, TypeAlias

from .content import Image

CallOutcome: TypeAlias = Literal["succeeded", "failed", "refused", "rejected", "skipped", "unknown"]
"""What came of a tool call. Three were never made: `refused`, since the arguments did not fit or there is no such tool;
`rejected`, since a person did not approve it; `skipped`, since the run ended first. `unknown`: it was started, and what
came of it is not known."""

CallState: TypeAlias = Literal["started", "succeeded", "failed", "unknown"]
"""Where a call stands in the ledger of calls that were really made."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What a model is told of a tool.

    Attributes:
        name: `[a-zA-Z0-9_-]{1,64}`.
        description: What the tool does, for the model.
        parameters: JSON Schema (draft 2020-12) of the arguments, an object.
    """

    name: str
    description: str
    parameters: Mapping[str, object]

    def to_wire(self) -> Mapping[str, object]:
        function = {"name": self.name, "description": self.description, "parameters": self.parameters}
        return {"type": "function", "function": function}


@dataclass(frozen=True, slots=True)
class HostedTool:
    """A tool that the provider's service runs itself, such as `file_search`: nobody here calls it.

    Attributes:
        type: As the service names it.
        options: What it is told, as the wire has it; empty for what the service does by default.
    """

    type: str
    options: Mapping[str, object] = field(default_factory=dict[str, object])

    def to_wire(self) -> Mapping[str, object]:
        return {"type": self.type, self.type: dict(self.options)} if self.options else {"type": self.type}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided of a call that needed approval.

    Attributes:
        approved: Whether the call may be made.
        by: Who decided, as they said.
        at: When, in UTC epoch seconds.
        reason: Why it was rejected, which the model is told.
        arguments: The JSON text of the arguments that the call is made with, where they were changed.
        expires_at: Until when the call must have begun, in UTC epoch seconds; it needs another approval then.
    """

    approved: bool
    by: str | None = None
    at: float = 0.0
    reason: str | None = None
    arguments: str | None = None
    expires_at: float | None = None

    def rejection(self, call_id: str) -> ToolOutput:
        """What comes of a call that this decision rejects."""
        by = f" by {self.by}" if self.by else ""
        told = f"A person did not approve this call. {self.reason or 'They gave no reason.'}"
        error = f"rejected{by}: {self.reason or 'no reason given'}"
        return ToolOutput(call_id, told, error=error, outcome="rejected")

    def to_wire(self) -> dict[str, object]:
        wire: dict[str, object] = {"approved": self.approved, "by": self.by, "at": self.at, "reason": self.reason}
        if self.arguments is not None:
            wire["arguments"] = self.arguments
        if self.expires_at is not None:
            wire["expires_at"] = self.expires_at
        return wire


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model asked for. `outcome`, `decision` and `metadata` are ours; all else is the wire's.

    Attributes:
        id: Unique for ever (`call_...`).
        name: The tool's name, as the model gave it.
        arguments: JSON text as the model wrote it; not necessarily valid.
        output: What the model is told, or None while there is none.
        error: What went wrong, in full, for people; None where nothing did.
        outcome: What came of it, or None while nothing has.
        decision: Who approved or rejected it, and when; None where nobody had to.
        metadata: What the tool gave for the app alone.
        hosted: Of a call that the service made itself, what it tells of it, as the wire has it; `name` is its type.
    """

    id: str
    name: str
    arguments: str
    output: str | None = None
    error: str | None = None
    outcome: CallOutcome | None = None
    decision: Decision | None = None
    metadata: Mapping[str, object] = field(default_factory=dict[str, object])
    hosted: Mapping[str, object] | None = None

    def as_called(self) -> Self:
        """The call as it is made: with the arguments that a person may have changed."""
        edited = self.decision.arguments if self.decision is not None else None
        return self if edited is None else replace(self, arguments=edited)

    def to_wire(self) -> dict[str, object]:
        if self.hosted is not None:
            return {"id": self.id, "type": self.name, self.name: dict(self.hosted)}
        function = {"name": self.name, "arguments": self.arguments, "output": self.output}
        wire: dict[str, object] = {"id": self.id, "type": "function", "function": function}
        if self.decision is not None:
            wire["decision"] = self.decision.to_wire()
        if self.metadata:
            wire["metadata"] = dict(self.metadata)
        return wire


@dataclass(frozen=True, slots=True)
class PendingCall(ToolCall):
    """A call that nobody who drives the run will execute: it waits for the caller.

    Attributes:
        waits_for: `output` (give it with `submit_tool_outputs`) or `approval` (give it with `approve` or `reject`).
    """

    waits_for: Literal["approval", "output"] = "output"

    def to_wire(self) -> dict[str, object]:
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.arguments}}


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What came of a tool call.

    Attributes:
        tool_call_id: The call.
        output: What the model is told.
        error: What went wrong, in full, for people; None where the tool succeeded.
        outcome: What came of the call.
        fatal: It ends the run.
        metadata: What the tool gave for the app alone; JSON.
        images: What the model is shown beside the text.
        cause: The exception that a fatal failure was, for who catches the run's error; never stored.
    """

    tool_call_id: str
    output: str
    error: str | None = None
    outcome: CallOutcome = "succeeded"
    fatal: bool = False
    metadata: Mapping[str, object] = field(default_factory=dict[str, object])
    images: Sequence[Image] = ()
    cause: Exception | None = field(default=None, compare=False, repr=False)
