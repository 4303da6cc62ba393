"""Which failed attempts are made again, and when.

Only the opening of an answer is: once a part of it was given away, nothing can be taken back.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

import anyio
from tenacity import AsyncRetrying, RetryCallState, retry_if_result

from ..errors import AnyAssistantError

T = TypeVar("T")

REFUSED = frozenset({408, 409, 429})
"""Statuses by which a service says that it has not done what was asked."""
NOT_REACHED_SECONDS = 5.0
"""How long is tried to reach a service that does not listen, which it rarely does later."""
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 8.0
SHORTEST_ASKED_WAIT_SECONDS = 0.01
"""What is waited at first where a service asks for less, as some do by `Retry-After: 0`; doubled each time."""

logger = logging.getLogger("anyassistant.http")


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed.

    Attributes:
        error: What is raised if it was the last one.
        cause: Of the error.
        may_retry: Whether another one can help, and cannot do twice what is to be done once.
        was_reached: Whether there was a connection.
        retry_after: Seconds after which the service says that another one makes sense.
    """

    error: AnyAssistantError
    cause: BaseException | None = None
    may_retry: bool = False
    was_reached: bool = True
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Success(Generic[T]):
    """An attempt that did not fail, and what it gave."""

    value: T


def may_retry_answer(status: int, headers: Mapping[str, str], *, is_repeatable: bool) -> bool:
    """Whether a request is made again after such an answer.

    Args:
        headers: With names in lower case.
        is_repeatable: Whether doing it twice is as good as once.
    """
    said = headers.get("x-should-retry", "").lower()
    if said == "false":
        return False
    is_passing = status in REFUSED or (status >= 500 and status != 501) or said == "true"
    return is_passing and (is_repeatable or status in REFUSED)


def seconds_before(attempt: int, retry_after: float | None, *, jitter: float) -> float:
    """How long to wait after so many attempts: what the service asks for, else twice as long each time.

    A service that asks for no wait at all gets requests that come ever later, too.

    Args:
        attempt: How many were made, from 1.
        jitter: 0 to 1: how much of the half that is left to chance is waited.
    """
    doubled = 2.0 ** min(attempt - 1, 16)
    if retry_after is not None:
        return max(retry_after, min(FIRST_WAIT_SECONDS, SHORTEST_ASKED_WAIT_SECONDS * doubled))
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * doubled)
    return longest * (0.5 + 0.5 * jitter)


async def retrying(attempt: Callable[[], Awaitable[Success[T] | Failure]], *, seconds: float) -> T:
    """Make attempts until one succeeds, no other may be made, or the next one would begin too late.

    Args:
        seconds: From the first attempt to the begin of the last.

    Raises:
        AnyAssistantError: That of the last attempt.
    """
    began = monotonic()
    outcome = await attempt()
    if isinstance(outcome, Failure) and outcome.may_retry:  # tenacity costs something, also where nothing fails
        outcome = await _go_on(outcome, attempt, seconds=seconds - (monotonic() - began))
    if isinstance(outcome, Failure):
        raise outcome.error from outcome.cause
    return outcome.value


async def _go_on(
    first: Failure, attempt: Callable[[], Awaitable[Success[T] | Failure]], *, seconds: float
) -> Success[T] | Failure:
    made: list[Success[T] | Failure] = [first]

    async def next_outcome() -> Success[T] | Failure:
        return made.pop() if made else await attempt()

    outcome: Success[T] | Failure = await AsyncRetrying(
        sleep=anyio.sleep,
        wait=_wait,
        stop=lambda state: _is_over(state, seconds),
        retry=retry_if_result(lambda outcome: isinstance(outcome, Failure) and outcome.may_retry),
        before_sleep=_log,
        retry_error_callback=_last,
    )(next_outcome)
    return outcome


def _wait(state: RetryCallState) -> float:
    return seconds_before(state.attempt_number, _last(state).retry_after, jitter=random.random())


def _is_over(state: RetryCallState, seconds: float) -> bool:
    budget = seconds if _last(state).was_reached else min(seconds, NOT_REACHED_SECONDS)
    return (state.seconds_since_start or 0.0) + state.upcoming_sleep >= budget


def _log(state: RetryCallState) -> None:
    logger.info("another attempt in %.1f s: %s", state.upcoming_sleep, _last(state).error)


def _last(state: RetryCallState) -> Failure:
    assert state.outcome is not None  # an attempt was made
    failure = state.outcome.result()
    assert isinstance(failure, Failure)  # else no other one is thought of
    return failure
