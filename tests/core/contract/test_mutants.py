"""The kit finds what is wrong, by the check that was meant, and finds nothing where all is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import pytest
from anyassistant.contract import Patience, Result, checks_of
from anyassistant.contract.runner import run_check
from mutant import Mutant
from mutants import MUTANTS
from reference_backend import PlainBackend, ReferenceBackend, WireBackend
from reference_model import Plain, Reference, Sequential

CHECKS = {check.id: check for check in checks_of()}
RIGHT: Sequence[Callable[[], object]] = (Reference, Plain, Sequential, ReferenceBackend, WireBackend, PlainBackend)
WITHOUT_MUTANT = frozenset({"resume: without an open run there is nothing to resume"})


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_a_mutant_is_caught_by_the_check_that_was_meant(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in mutant.patches.items():
        monkeypatch.setattr(name, value)
    check = CHECKS[mutant.check]
    result = run_check(check, mutant.subject, loops=mutant.loops)
    assert result.result == "failed", result
    assert result.reason.startswith("expected: ")
    assert "\ncame: " in result.reason
    assert check.rule in str(result)
    assert check.trap in str(result)


@cache
def result_of(kind: Callable[[], object], check_id: str) -> Result:
    """What comes of a check of a right provider, which is wanted twice."""
    return run_check(CHECKS[check_id], Mutant(check_id, "nothing", kind, patience=Patience()).subject)


@pytest.mark.parametrize("check_id", CHECKS)
@pytest.mark.parametrize("kind", RIGHT)
def test_a_right_provider_is_caught_by_none(kind: Callable[[], object], check_id: str) -> None:
    result = result_of(kind, check_id)
    assert result.result != "failed", result


def test_each_check_has_a_mutant() -> None:
    assert CHECKS.keys() - {mutant.check for mutant in MUTANTS} == WITHOUT_MUTANT


def test_each_check_is_applicable_to_one_of_the_right_providers() -> None:
    applicable = {id for kind in RIGHT for id in CHECKS if result_of(kind, id).result == "passed"}
    assert CHECKS.keys() - applicable == {
        "secrets: a config does not show them",
        "backend capabilities: it is named as it is registered",
        *(id for id in CHECKS if id.startswith(("config: ", "discovery: "))),
    }
