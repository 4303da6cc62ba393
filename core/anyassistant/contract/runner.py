"""Running checks: each on every event loop, with a deadline, and whatever it raises becomes a result."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import cast

import anyio
import anyio.to_thread

from ..errors import UnsupportedCapability
from ..protocols import Capabilities
from .catalogue import AsyncCheck, Check, SyncCheck
from .report import Outcome, Result
from .subject import Subject
from .verdicts import NotApplicable, Overdue, Unmet


def event_loops() -> Sequence[str]:
    """The event loops of this environment: `asyncio`, and `trio` where it is installed."""
    return ["asyncio", "trio"] if find_spec("trio") is not None else ["asyncio"]


def run_check(check: Check, subject: Subject, *, loops: Iterable[str] | None = None) -> Result:
    """Run a check on each event loop in turn; the first failure counts. Not to be called on one."""
    began = time.perf_counter()
    if not check.is_async:
        return _result(check, _run_outside(check, subject), began)
    ending = _PASSED
    for loop in event_loops() if loops is None else loops:
        ending = anyio.run(_run_on_this_loop, check, subject, backend=loop)
        if ending.outcome == "failed":
            return _result(check, _Ending("failed", f"{ending.reason}\nevent loop: {loop}"), began)
        if ending.outcome == "not_applicable":
            break
    return _result(check, ending, began)


async def run_check_here(check: Check, subject: Subject) -> Result:
    """Run a check on the event loop that is running."""
    began = time.perf_counter()
    if check.is_async:
        return _result(check, await _run_on_this_loop(check, subject), began)
    return _result(check, await anyio.to_thread.run_sync(_run_outside, check, subject), began)


@dataclass(frozen=True, slots=True)
class _Ending:
    outcome: Outcome
    reason: str = ""


_PASSED = _Ending("passed")


async def _run_on_this_loop(check: Check, subject: Subject) -> _Ending:
    function = cast("AsyncCheck", check.function)
    limit = subject.patience.check
    try:
        with subject.scenarios.staged(check.id, secrets=subject.secrets):
            with anyio.move_on_after(limit) as scope:
                await function(subject)
            if scope.cancelled_caught:
                raise Overdue(f"an end within {limit} s", "none")
    except Exception as error:  # noqa: BLE001 - whatever a provider raises is a result
        return _ending_of(error)
    return _PASSED


def _run_outside(check: Check, subject: Subject) -> _Ending:
    try:
        with subject.scenarios.staged(check.id, secrets=subject.secrets):
            cast("SyncCheck", check.function)(subject)
    except Exception as error:  # noqa: BLE001 - whatever a provider raises is a result
        return _ending_of(error)
    return _PASSED


def _ending_of(error: BaseException) -> _Ending:
    match error:
        case BaseExceptionGroup():  # of tasks side by side: the first tells what happened
            return _ending_of(error.exceptions[0])
        case NotApplicable():
            return _Ending("not_applicable", str(error))
        case UnsupportedCapability(capability=name) if name not in Capabilities.__slots__:
            return _Ending("not_applicable", f"the backend refuses `{name}`, for which there is no claim: {error}")
        case Unmet():
            return _Ending("failed", f"expected: {error.expected}\ncame: {error.came}")
        case _:
            where = traceback.extract_tb(error.__traceback__)[-1]
            came = f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"
            return _Ending("failed", f"expected: no exception\ncame: {came}")


def _result(check: Check, ending: _Ending, began: float) -> Result:
    seconds = time.perf_counter() - began
    return Result(
        check.name, check.group, ending.outcome, ending.reason, seconds, check.rule, check.trap, check.since
    )  # fmt: skip
