"""Checking a provider outside pytest."""

from __future__ import annotations

from functools import partial

import anyio.to_thread

from .catalogue import SUITE, checks_of
from .report import Report, Result
from .runner import run_check, run_check_here
from .scenarios import Scenarios
from .subjects import Provided, is_single, subject_of


async def check(
    provider: Provided, /, *, scenarios: Scenarios | None = None, name: str | None = None, suite: str = SUITE
) -> Report:
    """Hold a provider to the contract.

    Args:
        provider: A function that makes new ones, a manifest, or one provider: it is not closed, it is asked on this
            event loop alone, and the checks that need several are not applicable.
        scenarios: How its model is brought to do what a check needs; by default as `echo` is.
        name: The name that it is announced by, where its package announces several.
        suite: The suite of checks.

    Returns:
        What came of each check; `failures` is empty where the provider holds to the contract.
    """
    subject = subject_of(provider, scenarios=scenarios, name=name)
    results: list[Result] = []
    for one in checks_of(suite):
        if is_single(provider):
            results.append(await run_check_here(one, subject))
        else:
            results.append(await anyio.to_thread.run_sync(partial(run_check, one, subject)))
    return Report(subject.name, suite, results)
