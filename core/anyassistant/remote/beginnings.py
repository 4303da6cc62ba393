"""Runs and steps as they were when they began, of which the service told only later."""

from __future__ import annotations

from dataclasses import replace

from ..types import Limits, RunRecord, RunStatus, RunStep


def run_as_it_began(run: RunRecord, status: RunStatus, limits: Limits) -> RunRecord:
    return replace(
        run,
        status=status,
        pending_calls=(),
        limits=limits,
        usage=None,
        last_error=None,
        incomplete_details=None,
        completed_at=None,
        failed_at=None,
        cancelled_at=None,
    )


def step_as_it_began(step: RunStep) -> RunStep:
    return replace(
        step,
        status="in_progress",
        usage=None,
        last_error=None,
        completed_at=None,
        failed_at=None,
        cancelled_at=None,
        expired_at=None,
    )
