"""The options of the contract's tests.

pytest loads this in every session of an environment that has anyassistant, so it imports nothing, and adds the options
of `pytest --pyargs anyassistant.contract` only where the contract is asked for: an app's own `--provider` is not in its
way.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

CONTRACT = "anyassistant.contract"
RECORD_FLAG = "--record-cassettes"
RECORD_VARIABLE = "ANYASSISTANT_RECORD_CASSETTES"
"""Read by `anyassistant.contract.Cassettes`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that classes of an author's own tests need."""
    group = parser.getgroup(CONTRACT, "the contract of a provider")
    group.addoption(RECORD_FLAG, action="store_true", help="record what live services answer, instead of replaying it")


def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Add the other options before the command line is read in full."""
    if not any(one == CONTRACT or one.startswith((f"{CONTRACT}.", f"{CONTRACT}::")) for one in args):
        return
    group = parser.getgroup(CONTRACT, "the contract of a provider")
    group.addoption("--provider", metavar="NAME", help="the provider or profile that is checked: NAME or NAME:MODEL")
    group.addoption("--config", metavar="FILE", help="the config file with the profile (default: anyassistant.toml)")
    group.addoption("--scenarios", metavar="MODULE:NAME", help="a Scenarios or its class (default: EchoScenarios)")
    group.addoption("--contract-report", metavar="FILE", help="where the report is written as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Have cassettes recorded until the session ends."""
    if not config.getoption(RECORD_FLAG):
        return
    before = os.environ.get(RECORD_VARIABLE)
    os.environ[RECORD_VARIABLE] = "1"

    def restore() -> None:
        if before is None:
            del os.environ[RECORD_VARIABLE]
        else:
            os.environ[RECORD_VARIABLE] = before

    config.add_cleanup(restore)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say that services are asked for real."""
    return "cassettes: recording from live services" if config.getoption(RECORD_FLAG) else None
