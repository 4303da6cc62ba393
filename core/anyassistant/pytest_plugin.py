"""The options of `pytest --pyargs anyassistant.contract`.

pytest loads this in every session of an environment that has anyassistant, so it imports nothing, and adds the options
only where the contract is asked for: an app's own `--provider` is not in its way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

CONTRACT = "anyassistant.contract"


def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Add the options before the command line is read in full."""
    if not any(one == CONTRACT or one.startswith((f"{CONTRACT}.", f"{CONTRACT}::")) for one in args):
        return
    group = parser.getgroup(CONTRACT, "the contract of a provider")
    group.addoption("--provider", metavar="NAME", help="the provider or profile that is checked: NAME or NAME:MODEL")
    group.addoption("--config", metavar="FILE", help="the config file with the profile (default: anyassistant.toml)")
    group.addoption("--scenarios", metavar="MODULE:NAME", help="a Scenarios or its class (default: EchoScenarios)")
    group.addoption("--contract-report", metavar="FILE", help="where the report is written as JSON")
