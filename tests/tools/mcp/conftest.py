import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from subprocess import PIPE

import pytest
from anyassistant_tools.mcp import MCPToolset

SERVER = str(Path(__file__).with_name("server.py"))


@contextlib.contextmanager
def http_server(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The URL of a server that listens, and its process."""
    with subprocess.Popen([sys.executable, SERVER, "http", *options], stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/mcp", process
        finally:
            process.kill()


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    with http_server() as (url, _):
        yield url


@pytest.fixture(scope="session")
def legacy_url() -> Iterator[str]:
    with http_server("legacy") as (url, _):
        yield url


@pytest.fixture
def own_http_server() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server that the test may kill."""
    with http_server() as url_and_process:
        yield url_and_process


@pytest.fixture(scope="session")
def make_stdio() -> Callable[..., MCPToolset]:
    """The toolset of a server by stdio, given its options."""

    def make(*options: str, env: Mapping[str, str] | None = None, cwd: str | None = None) -> MCPToolset:
        return MCPToolset.stdio(sys.executable, SERVER, "stdio", *options, env=env, cwd=cwd)

    return make


@pytest.fixture(scope="module", params=["stdio", "http", "legacy stdio", "legacy http"])
def toolset(
    request: pytest.FixtureRequest, url: str, legacy_url: str, make_stdio: Callable[..., MCPToolset]
) -> MCPToolset:
    """The test server by each transport, and in each era of the protocol."""
    match request.param:
        case "stdio":
            return make_stdio()
        case "legacy stdio":
            return make_stdio("legacy")
        case "http":
            return MCPToolset.http(url)
        case _:
            return MCPToolset.http(legacy_url)
