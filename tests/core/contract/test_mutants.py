"""The kit finds what is wrong, by the check that was meant, and finds nothing where all is right."""

from __future__ import annotations

import pytest
from anyassistant.contract import Check, Patience, checks_of
from anyassistant.contract.runner import run_check
from mutant import Mutant
from mutants import MUTANTS
from reference_model import Plain, Reference, Sequential

CHECKS = {check.id: check for check in checks_of()}
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


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
@pytest.mark.parametrize("kind", [Reference, Plain, Sequential])
def test_a_right_model_is_caught_by_none(kind: type[Reference], check: Check) -> None:
    result = run_check(check, Mutant(check.id, "nothing", kind, patience=Patience()).subject)
    assert result.result != "failed", result


def test_each_check_has_a_mutant() -> None:
    assert CHECKS.keys() - {mutant.check for mutant in MUTANTS} == WITHOUT_MUTANT


def test_each_check_is_applicable_to_one_of_the_right_models() -> None:
    applicable: set[str] = set()
    for kind in (Reference, Plain, Sequential):
        subject = Mutant("", "", kind, patience=Patience()).subject
        applicable |= {id for id, check in CHECKS.items() if run_check(check, subject).result == "passed"}
    assert CHECKS.keys() - applicable == {
        "secrets: a config does not show them",
        *(id for id in CHECKS if id.startswith(("config: ", "discovery: "))),
    }
