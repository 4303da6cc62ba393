"""Every way in which a run ends, and what is written then: the open message, the open steps, calls without output."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from anyassistant_tools.json_text import without_lone_surrogates

from ..errors import InvalidRequest, ProviderError
from ..types import (
    CallOutcome,
    IncompleteDetails,
    IncompleteReason,
    LastError,
    StepStatus,
    ToolOutput,
    Usage,
)
from .turn import BrokenOff, LiveTurn
from .writer import Draft

EndStatus: TypeAlias = Literal["completed", "failed", "incomplete", "cancelled", "expired"]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends.

    Attributes:
        broken_off: Why its open message breaks off, if there is one.
        cause: What was raised, where it was raised here.
    """

    status: EndStatus
    error: LastError | None = None
    reason: IncompleteReason | None = None
    broken_off: BrokenOff = "run_failed"
    cause: BaseException | None = None


COMPLETED = Ending("completed")
CANCELLED = Ending("cancelled", broken_off="run_cancelled")
EXPIRED = Ending("expired", broken_off="run_expired")


def incomplete(reason: IncompleteReason) -> Ending:
    """The run reached a limit."""
    return Ending("incomplete", reason=reason, broken_off="run_expired" if reason == "max_seconds" else "max_tokens")


def failed(code: str, message: str, *, cause: BaseException | None = None) -> Ending:
    """The run failed by what the model or a tool did."""
    return Ending("failed", LastError(code, message), cause=cause)


def ended_by_call(name: str, outcome: CallOutcome | None, cause: BaseException | None) -> Ending:
    """The run ends by what came of a call."""
    if outcome == "refused":
        message = f"Tool {name!r} was called with arguments that do not fit as often as its max_attempts allows."
        return failed("invalid_tool_arguments", message, cause=cause)
    return failed("tool_failed", f"Tool {name!r} failed with an error that is declared fatal.", cause=cause)


def failed_by(error: BaseException) -> Ending:
    """The run failed by an exception of the provider, the store or ours."""
    match error:
        case BaseExceptionGroup():  # of tasks side by side: the first tells what happened
            return failed_by(error.exceptions[0])
        case ProviderError():
            last = LastError(str(error.code), said(error), _seconds(error.retry_after), _text(error.request_id))
        case InvalidRequest():
            last = LastError(error.code, said(error), request_id=_text(error.request_id))
        case _:
            last = LastError("server_error", f"{type(error).__name__}: {said(error)}")
    return Ending("failed", last, cause=error)


def write_ending(
    draft: Draft, ending: Ending, turn: LiveTurn | None, *, usage: Usage | None, started: Collection[str]
) -> None:
    """Write all that an ending changes.

    Args:
        turn: The turn that is open, or whose calls are.
        usage: The sum over the run's turns.
        started: Ids of calls that were claimed: what came of them is not known.
    """
    if turn is not None:
        if turn.is_open:
            turn.close(draft, broken_off=None if ending.status == "completed" else ending.broken_off)
        if turn.calls and ending.status != "completed":
            outputs = [
                output_at_end(call.id, ending.status, was_started=call.id in started) for call in turn.unfinished
            ]
            turn.end_calls(draft, _STEP[ending.status], outputs, ending.error)
    if ending.status == "cancelled" and draft.record.status != "cancelling":
        draft.run("cancelling", pending_calls=())
    stamp = _STAMP.get(ending.status)
    changes: dict[str, object] = {} if stamp is None else {stamp: int(time.time())}
    draft.run(
        ending.status,
        usage=usage,
        last_error=ending.error,
        incomplete_details=None if ending.reason is None else IncompleteDetails(ending.reason),
        pending_calls=(),
        expires_at=None,
        **changes,
    )


def total_usage(usages: Sequence[Usage | None]) -> Usage | None:
    """The sum of what was reported; None where nothing was."""
    reported = [one for one in usages if one is not None]
    return sum(reported, Usage(0, 0)) if reported else None


_STEP: Mapping[EndStatus, StepStatus] = {
    "completed": "completed",
    "failed": "failed",
    "incomplete": "failed",
    "cancelled": "cancelled",
    "expired": "expired",
}
_STAMP: Mapping[EndStatus, str] = {"completed": "completed_at", "failed": "failed_at", "cancelled": "cancelled_at"}

_WHY: Mapping[EndStatus, str] = {
    "completed": "the run had completed",
    "failed": "the run failed",
    "incomplete": "the run reached a limit",
    "cancelled": "the run was cancelled",
    "expired": "the run expired",
}


def output_at_end(call_id: str, status: EndStatus, *, was_started: bool) -> ToolOutput:
    """What is told of a call that had no output when its run ended."""
    why = _WHY[status]
    if was_started:
        told = f"Not finished: {why} first. It may have taken effect."
        return ToolOutput(call_id, told, error=f"started; then {why}", outcome="unknown")
    return ToolOutput(call_id, f"Not called: {why} first.", error=f"not started; {why}", outcome="skipped")


def said(error: BaseException) -> str:
    """An exception's message, whatever its class makes of it, without what no store can carry."""
    try:
        return without_lone_surrogates(str(error))
    except Exception:  # noqa: BLE001 - an app's exception may fail to say what it is
        return "(its message cannot be shown)"


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _text(value: object) -> str | None:
    return without_lone_surrogates(value) if isinstance(value, str) else None
