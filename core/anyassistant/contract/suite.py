"""The contract as a class of tests, for pytest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ..protocols import ChatModel, Provider
from ..pytest_plugin import RESULT, gather_reports
from .catalogue import Check, checks_of
from .echo_scenarios import EchoScenarios
from .runner import event_loops, run_check
from .scenarios import Scenarios
from .subject import Patience, Subject
from .subjects import subject_of

if TYPE_CHECKING:
    import pytest
    from pydantic import BaseModel


class ProviderContract(ABC):
    """A class of tests with one for each check. Subclass it under a name that begins with `Test`.

    Attributes:
        suite: The suite of checks, whose checks never become more; set it to a newer one when you are ready for it.
        scenarios: How the model is brought to do what a check needs.
        name: The name that the provider is announced by; found by its package where it is None.
        model: The model that is asked; by default the manifest's.
        config: A config that can be used, where the manifest's has fields without defaults.
        secrets: What must never be shown, beside the secrets of the config's defaults.
        loops: The event loops that each check runs on.
        patience: How long the provider may take.
        report: Where the report is written as JSON when all checks have run; None for nowhere. It is written when the
            session ends, by pytest's own process: with pytest-xdist the tests of a class may run in several others.
    """

    suite: str = "1"
    scenarios: Scenarios = EchoScenarios()
    name: str | None = None
    model: str | None = None
    config: BaseModel | None = None
    secrets: Sequence[str] = ()
    loops: Sequence[str] = event_loops()
    patience: Patience = Patience()
    report: str | PathLike[str] | None = None

    @abstractmethod
    def create_provider(self) -> ChatModel | Provider:
        """A new provider. It is called once for each check and more often, and what it gives is closed.

        Objects of a full backend belong to one service: what one has made, another finds.
        """

    def make_subject(self) -> Subject:
        """What the checks are run against."""
        return subject_of(
            self.create_provider,
            scenarios=self.scenarios,
            name=self.name,
            model=self.model,
            config=self.config,
            secrets=self.secrets,
            patience=self.patience,
        )

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test for each check."""
        if "check" in metafunc.fixturenames:
            gather_reports(metafunc.config)  # where pytest was told not to look for plugins
            metafunc.parametrize("check", checks_of(self.suite), ids=lambda check: check.id)

    def test_contract(self, check: Check, request: pytest.FixtureRequest) -> None:
        """The provider holds to this check; skipped with the reason where it does not apply."""
        import pytest

        subject = self.make_subject()
        result = run_check(check, subject, loops=self.loops)
        if self.report is not None:
            told = {"file": str(Path(self.report).absolute()), "provider": subject.name, "suite": self.suite}
            request.node.user_properties.append((RESULT, {**told, "check": check.id, "result": asdict(result)}))
        if result.result == "failed":
            pytest.fail(str(result), pytrace=False)
        if result.result == "not_applicable":
            pytest.skip(f"not applicable: {result.reason}")
