"""The run's state machine: which status may follow which. Pure.

Source: OpenAI Assistants v2 reference, "Run lifecycle"; DESIGN section 4.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..types import RunStatus

MOVES: Mapping[RunStatus, frozenset[RunStatus]] = {
    "queued": frozenset({"in_progress", "failed", "cancelling", "expired"}),
    "in_progress": frozenset({"completed", "failed", "incomplete", "requires_action", "cancelling", "expired"}),
    "requires_action": frozenset({"queued", "failed", "incomplete", "cancelling", "expired"}),
    "cancelling": frozenset({"cancelled", "completed", "failed"}),
    "cancelled": frozenset(),
    "failed": frozenset(),
    "completed": frozenset(),
    "incomplete": frozenset(),
    "expired": frozenset(),
}


class IllegalTransition(Exception):
    """A hosted run tried a move that the state machine does not have. A bug of ours."""


def check_move(before: RunStatus, after: RunStatus) -> None:
    """Refuse a move that is not legal.

    Raises:
        IllegalTransition: `after` may not follow `before`.
    """
    if after not in MOVES[before]:
        raise IllegalTransition(f"a run cannot go from {before!r} to {after!r}")
