"""Calls on their way to an output: what waits for the caller, what readers are told of it, what was refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import takewhile

from ..types import Decision, PendingCall, ToolCall


def pending_calls(calls: Iterable[ToolCall], *, for_approval: Collection[str]) -> tuple[PendingCall, ...]:
    """What a run that rests lists for its caller.

    Args:
        calls: The calls that wait.
        for_approval: Ids of those that a person has to approve first.
    """
    return tuple(
        PendingCall(
            call.id,
            call.name,
            call.as_called().arguments,
            decision=call.decision,
            waits_for="approval" if call.id in for_approval else "output",
        )
        for call in calls
    )


def approval_asked(call: ToolCall) -> dict[str, object]:
    """The payload of `anyassistant.approval.asked`."""
    return {"tool_call_id": call.id, "name": call.name, "arguments": call.arguments}


def approval_decided(call_id: str, decision: Decision) -> dict[str, object]:
    """The payload of `anyassistant.approval.decided`."""
    return {"tool_call_id": call_id, **decision.to_wire()}


def refusals(calls: Sequence[ToolCall], name: str) -> int:
    """How many calls of a tool in a row, up to the last that has an outcome, had arguments that did not fit.

    Args:
        calls: The run's calls, in the order in which the model asked for them.
    """
    latest = (call for call in reversed(calls) if call.name == name and call.outcome is not None)
    return sum(1 for _ in takewhile(lambda call: call.outcome == "refused", latest))
