"""Run steps as a driver writes them: how one begins, and how it ends."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from ..types import LastError, RunRecord, RunStep, StepStatus
from ..types.events import RunStepEventName
from .ids import new_id

STEP_EVENTS: Mapping[StepStatus, RunStepEventName] = {
    "in_progress": "thread.run.step.in_progress",
    "completed": "thread.run.step.completed",
    "failed": "thread.run.step.failed",
    "cancelled": "thread.run.step.cancelled",
    "expired": "thread.run.step.expired",
}


def new_step(
    record: RunRecord, kind: Literal["message_creation", "tool_calls"], *, message_id: str | None = None
) -> RunStep:
    """A step of a run that begins now."""
    return RunStep(
        id=new_id("step"),
        type=kind,
        status="in_progress",
        message_id=message_id,
        run_id=record.id,
        thread_id=record.thread_id,
        assistant_id=record.assistant_id,
        created_at=int(time.time()),
    )


def end_step(step: RunStep, status: StepStatus, *, error: LastError | None = None) -> RunStep:
    """A step that has ended now."""
    now = int(time.time())
    return replace(
        step,
        status=status,
        last_error=error,
        completed_at=now if status == "completed" else None,
        failed_at=now if status == "failed" else None,
        cancelled_at=now if status == "cancelled" else None,
        expired_at=now if status == "expired" else None,
    )
