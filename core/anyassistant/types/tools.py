"""Tools, calls and outputs as they travel between model, run and caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


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
class ToolCall:
    """A call that a model asked for.

    Attributes:
        id: Unique for ever (`call_...`).
        name: The tool's name, as the model gave it.
        arguments: JSON text as the model wrote it; not necessarily valid.
        output: What the model is told, or None while there is none.
        error: What went wrong, in full, for people; None where nothing did.
    """

    id: str
    name: str
    arguments: str
    output: str | None = None
    error: str | None = None

    def to_wire(self) -> dict[str, object]:
        function = {"name": self.name, "arguments": self.arguments, "output": self.output}
        return {"id": self.id, "type": "function", "function": function}


@dataclass(frozen=True, slots=True)
class PendingCall(ToolCall):
    """A call that nobody who drives the run will execute: it waits for the caller.

    Attributes:
        waits_for: `output` (give it with `submit_tool_outputs`) or `approval`.
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
        fatal: The failure ends the run.
        cause: The exception that a fatal failure was, for who catches the run's error; never stored.
    """

    tool_call_id: str
    output: str
    error: str | None = None
    fatal: bool = False
    cause: Exception | None = field(default=None, compare=False, repr=False)
