"""The options of the contract's tests, and their reports.

pytest loads this in every session of an environment that has anyassistant, so it imports nothing, and adds the options
of `pytest --pyargs anyassistant.contract` only where the contract is asked for: an app's own `--provider` is not in its
way.
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING, Any

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
    """Have reports written, and cassettes recorded until the session ends."""
    gather_reports(config)
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


RESULT = "anyassistant.contract.result"
"""The property of a test that has the result of its check."""


def gather_reports(config: pytest.Config) -> None:
    """Have this process write the reports of contracts, unless it is a worker of pytest-xdist, or does so already."""
    if not hasattr(config, "workerinput") and not config.pluginmanager.has_plugin(RESULT):
        config.pluginmanager.register(ContractReports(), RESULT)


class ContractReports:
    """Writes the report of each contract when the session ends.

    Results come with the reports of tests, so it is the same in which process a test ran, and which others it ran with.
    """

    def __init__(self) -> None:
        self._results: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            for name, value in report.user_properties:
                if name == RESULT and isinstance(value, dict):
                    self._results[value["file"]][value["check"]] = value

    def pytest_sessionfinish(self) -> None:
        for file, results in self._results.items():
            _write_report(file, results)


def _write_report(file: str, results: dict[str, dict[str, Any]]) -> None:
    """Write a report, if all checks of its suite have run."""
    from pathlib import Path

    from .contract import Report, Result, checks_of

    last = next(reversed(results.values()))
    ids = [one.id for one in checks_of(last["suite"])]
    if set(ids) <= results.keys():
        report = Report(last["provider"], last["suite"], [Result(**results[id]["result"]) for id in ids])
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(report.to_json() + "\n", "utf-8")
