"""Calling tools: who may, and what makes a call happen once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..types import RunRecord, ToolCall, ToolOutput


@dataclass(frozen=True, slots=True)
class Screening:
    """What becomes of a turn's calls before any of them is made.

    Attributes:
        refused: Outputs of calls whose arguments do not fit, where that had to be known beforehand.
        for_approval: Ids of calls that a person has to approve first.
        starting: Ids of the calls that begin at once, so that they can be claimed with the turn.
    """

    refused: Sequence[ToolOutput] = ()
    for_approval: frozenset[str] = frozenset()
    starting: Sequence[str] = ()


class Journal(Protocol):
    """What makes a call happen once: bound to a run and its driver's epoch."""

    @property
    def run(self) -> RunRecord:
        """The run whose calls these are."""
        ...

    @property
    def started(self) -> Collection[str]:
        """Ids of the calls that were claimed, by this driver or an earlier one, and have no output yet."""
        ...

    async def claim(self, call_id: str, /, *, repeatable: bool) -> bool:
        """Record durably that the call starts now. False: it was started before, and nobody knows what came of it.

        Args:
            repeatable: The tool is declared idempotent, so a call whose outcome is unknown may be made again.
        """
        ...

    def progress(self, call_id: str, data: object, /) -> None:
        """Tell readers how far a call is; from the driver's event loop."""
        ...

    def refusals(self, name: str, /) -> int:
        """How many of the run's latest calls of a tool had arguments that did not fit, up to the last that did."""
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

    async def screen(self, calls: Sequence[ToolCall], /, *, journal: Journal) -> Screening:
        """Tell what becomes of a turn's calls; a call that was approved carries the decision."""
        ...

    async def execute(self, calls: Sequence[ToolCall], /, *, journal: Journal) -> Sequence[ToolOutput]:
        """Make calls of tools in `names`, and give one output for each, in their order, whatever happens in a tool.

        A fatal output ends the others, which then have none. Neither has a call whose approval is over when it would
        begin: it waits for a person again.
        """
        ...


def unknown_tool_output(call: ToolCall, known: Collection[str]) -> ToolOutput:
    """What a model is told that called a tool which the run does not have."""
    tools = ", ".join(sorted(known)) or "none"
    told = f"There is no tool {call.name!r}. Tools: {tools}."
    return ToolOutput(call.id, told, error="unknown tool", outcome="refused")
