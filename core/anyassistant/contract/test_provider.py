"""The contract of an installed provider: `pytest --pyargs anyassistant.contract --provider NAME`."""

from __future__ import annotations

from pkgutil import resolve_name

import pytest

from ..errors import ConfigError
from ..protocols import ChatModel, Provider
from .catalogue import SUITE
from .scenarios import Scenarios
from .subject import Subject
from .subjects import subject_of_target
from .suite import ProviderContract


class TestProvider(ProviderContract):
    """The provider or profile that the command line names."""

    subject: Subject

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        kind = type(self)
        kind.suite = SUITE
        kind.subject = _subject_from(metafunc.config)
        kind.report = metafunc.config.getoption("--contract-report")
        super().pytest_generate_tests(metafunc)

    def make_subject(self) -> Subject:
        return self.subject

    def create_provider(self) -> ChatModel | Provider:
        return self.subject.create()


def _subject_from(options: pytest.Config) -> Subject:
    target = options.getoption("--provider", None)
    if target is None:
        raise pytest.UsageError("Say which provider is checked: --provider NAME, or NAME:MODEL.")
    try:
        scenarios = _scenarios(options.getoption("--scenarios"))
        return subject_of_target(target, config=options.getoption("--config"), scenarios=scenarios)
    except ConfigError as error:
        raise pytest.UsageError(str(error)) from error


def _scenarios(reference: str | None) -> Scenarios | None:
    if reference is None:
        return None
    try:
        found = resolve_name(reference)
    except (ValueError, ImportError, AttributeError) as error:
        raise ConfigError(f"Cannot find scenarios {reference!r}: {error}.") from error
    if isinstance(found, type) and issubclass(found, Scenarios):
        return found()
    if not isinstance(found, Scenarios):
        raise ConfigError(f"{reference!r} is no Scenarios.")
    return found
