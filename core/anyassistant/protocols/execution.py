"""Calling tools: who may, and what makes a call happen once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from ..types import RunRecord, ToolCall, ToolOutput


class Journal(Protocol):
    """What makes a call happen once: bound to a run and its driver's epoch."""

    @property
    def run(self) -> RunRecord:
        """The run whose calls these are."""
        ...

    async def claim(self, call_id: str, /, *, repeatable: bool) -> bool:
        """Record durably that the call starts now. False: it was started before, and nobody knows what came of it.

        Args:
            repeatable: The tool is declared idempotent, so a call whose outcome is unknown may be made again.
        """
        ...

    def progress(self, call_id: str, data: object, /) -> None:
        """Tell readers how far a call is."""
        ...

    async def finish(self, output: ToolOutput, /) -> None:
        """Record durably what came of a call."""
        ...


class ToolExecutor(Protocol):
    """Calls the tools bound to a run: `hosting` is handed one, and the loop uses it for a backend that pauses."""

    @property
    def names(self) -> frozenset[str]:
        """The tools that it can call."""
        ...

    async def execute(self, calls: Sequence[ToolCall], /, *, journal: Journal) -> Sequence[ToolOutput]:
        """Make calls of tools in `names`, and give one output for each, in their order, whatever happens in a tool.

        Only a fatal output ends the others, which then have none.
        """
        ...


def unknown_tool_output(call: ToolCall, known: Collection[str]) -> ToolOutput:
    """What a model is told that called a tool which the run does not have."""
    tools = ", ".join(sorted(known)) or "none"
    return ToolOutput(call.id, f"There is no tool {call.name!r}. Tools: {tools}.", error="unknown tool")
