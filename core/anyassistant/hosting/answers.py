"""What a caller gives a run that rests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..types import Decision, ToolOutput


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers to pending calls.

    Attributes:
        outputs: Outputs of calls that the caller made itself.
        decisions: Of calls that wait for approval, by id.
    """

    outputs: Sequence[ToolOutput] = ()
    decisions: Mapping[str, Decision] = field(default_factory=dict[str, Decision])

    def __bool__(self) -> bool:
        return bool(self.outputs or self.decisions)


NO_ANSWERS = Answers()
