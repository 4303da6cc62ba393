import threading
from collections.abc import Callable, Iterator

import anyio.to_thread
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    # It exists where this folder is named on the command line; elsewhere it is as if it were not given.
    parser.addoption("--fuzz", type=int, metavar="N", help="try N texts on each tool of test_arguments_fuzz.py")


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


class Gate:
    """A function for worker threads that says when it is inside, and stays there until it is let go."""

    def __init__(self) -> None:
        self._entered = threading.Semaphore(0)
        self._opened = threading.Event()
        self._left = threading.Semaphore(0)
        self.visits = 0

    def __call__(self) -> str:
        self.visits += 1
        self._entered.release()
        assert self._opened.wait(60), "the test did not open the gate"
        self._left.release()
        return "through"

    def open(self) -> None:
        self._opened.set()

    async def entered(self) -> None:
        """Wait until one more thread is inside."""
        assert await anyio.to_thread.run_sync(self._entered.acquire, True, 60), "nobody came to the gate"

    async def left(self) -> None:
        """Wait until one more thread has gone through."""
        assert await anyio.to_thread.run_sync(self._left.acquire, True, 60), "nobody left the gate"


@pytest.fixture
def make_gate() -> Iterator[Callable[[], Gate]]:
    gates: list[Gate] = []

    def make() -> Gate:
        gates.append(Gate())
        return gates[-1]

    yield make
    for gate in gates:
        gate.open()
