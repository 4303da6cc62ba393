"""Timing decides no ordinary test run: budgets are measured with `--benchmarks` only.

The option exists where this folder is named on the command line; elsewhere it is as if it were not given.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the modules here are scripts too, and import each other as such


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--benchmarks", action="store_true", help="measure the budgets of DESIGN section 8")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "timing: it measures time, and runs with --benchmarks only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--benchmarks", default=False):
        return
    reason = "it measures time: uv run pytest tests/benchmarks --benchmarks"
    for item in items:
        if item.get_closest_marker("timing"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


@pytest.fixture(scope="session")
def double_url() -> Iterator[str]:
    from chat_double import running_double

    with running_double() as url:
        yield url
