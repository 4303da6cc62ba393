"""What a run that did not complete is raised as."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..errors import (
    ProviderError,
    RunAbandoned,
    RunCancelled,
    RunError,
    RunExpired,
    RunFailed,
    RunIncomplete,
    RunRequiresAction,
)
from ..types import LastError, PendingCall, RunRecord

_LIMITS: Mapping[str, str] = {
    "max_prompt_tokens": "max_prompt_tokens=",
    "max_completion_tokens": "max_completion_tokens=",
    "max_turns": "limits=Limits(turns=)",
    "max_seconds": "limits=Limits(seconds=)",
    "repeated_call": "limits=Limits(repeated_calls=)",
}
"""What sets each limit."""


def outcome_error(record: RunRecord, text: str, cause: BaseException | None) -> RunError:
    """The error of a run that has not completed, its cause attached.

    Args:
        text: What the run had said last.
        cause: What was raised in this process; else the provider's error is made again of what the record keeps.
    """
    error = _error(record, text)
    error.__cause__ = cause if cause is not None else _provider_error(record)
    return error


def unreadable_output(record: RunRecord, error: ValueError) -> RunFailed:
    """The error of an answer that fits its schema, and is refused by the type's own validators."""
    last = LastError("invalid_output", f"The answer was refused by its type: {error}")
    return RunFailed(f"Run {record.id}: {last.message}", run=replace(record, last_error=last))


def _error(record: RunRecord, text: str) -> RunError:
    name = f"Run {record.id}"
    match record.status:
        case "failed":
            last = record.last_error
            return RunFailed(f"{name} failed: {last.message if last else 'unknown error'}", run=record)
        case "incomplete":
            reason = record.incomplete_details.reason if record.incomplete_details else "a limit"
            return RunIncomplete(
                f"{name} reached its limit ({reason}; {_LIMITS.get(reason, 'see its incomplete_details')}); what it "
                "did is kept. Run the assistant again to go on.",
                run=record,
                text=text,
            )
        case "cancelled":
            return RunCancelled(f"{name} was cancelled.", run=record)
        case "expired":
            return RunExpired(f"{name} expired: its `expires_in` was over.", run=record)
        case "requires_action":
            return RunRequiresAction(f"{name} waits for {_what_it_waits_for(record)}.", run=record)
        case "queued" | "in_progress" | "cancelling" | "completed":
            return RunAbandoned(f"{name} is {record.status}, and its events ended.", run=record)


def _what_it_waits_for(record: RunRecord) -> str:
    approved = [call for call in record.pending_calls if call.decision is not None and call.waits_for == "output"]
    outputs, approvals = (
        _named(call for call in record.pending_calls if call.waits_for == kind and call not in approved)
        for kind in ("output", "approval")
    )
    waits: list[str] = []
    if approved:
        waits.append(f"somebody who has the tools of {_named(approved)}, approved (thread.resume(tools=[...]))")
    if outputs:
        waits.append(f"the outputs of {outputs} (give them with run.submit_tool_outputs({{id: value}}))")
    if approvals:
        waits.append(f"approval of {approvals} (run.approve(id) or run.reject(id, reason))")
    return " and ".join(waits)


def _named(calls: Iterable[PendingCall]) -> str:
    return ", ".join(f"{call.name} ({call.id})" for call in calls)


def _provider_error(record: RunRecord) -> ProviderError | None:
    last = record.last_error
    if record.status != "failed" or last is None or last.code == "tool_failed":
        return None
    return ProviderError(last.message, code=last.code, request_id=last.request_id, retry_after=last.retry_after)
