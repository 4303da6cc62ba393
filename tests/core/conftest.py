from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.errors import InvalidRequest
from anyassistant.hosting import Store
from anyassistant.protocols import (
    AssistantMessage,
    Capabilities,
    ChatModel,
    ModelDelta,
    ModelRequest,
    ToolCallDelta,
    ToolMessage,
    Usage,
)
from anyassistant.store.memory import MemoryStore

Item: TypeAlias = str | ModelDelta | BaseException | Callable[[], Awaitable[None]]
ALL = Capabilities(tools=True, parallel_tool_calls=True, images=True, json_schema=True, streaming=True, usage=True)


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


@pytest.fixture
async def client() -> AsyncGenerator[AsyncClient, None]:
    async with AsyncClient("echo", store=":memory:") as client:
        yield client


@pytest.fixture(params=["memory", "sqlite"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store | str]:
    """Makes stores for `store=` which several clients may share: one in memory, or the path of a database."""
    count = itertools.count()
    if request.param == "memory":
        return MemoryStore
    return lambda: str(tmp_path / f"{next(count)}.sqlite3")


class Scripted(ChatModel):
    """A model that plays one list of items a call: a text, a delta, an exception to raise, a function to await.

    A turn without a finish reason gets the one that fits, unless it ends in an exception or in `Scripted.CUT`.
    """

    CUT = ModelDelta()

    def __init__(self, *turns: Sequence[Item], capabilities: Capabilities = ALL) -> None:
        self.capabilities = capabilities
        self.requests: list[ModelRequest] = []
        self._turns = iter(turns)

    async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        self.requests.append(request)
        assert_valid(request)
        is_finished = False
        called = False
        for item in next(self._turns, ["done"]):
            if item is self.CUT:
                return
            if isinstance(item, str):
                yield ModelDelta(text=item)
            elif isinstance(item, ModelDelta):
                is_finished = is_finished or item.finish_reason is not None
                called = called or item.tool_call is not None
                yield item
            elif isinstance(item, BaseException):
                raise item
            else:
                await item()
        if not is_finished:
            yield ModelDelta(usage=Usage(1, 1), finish_reason="tool_calls" if called else "stop")


def assert_valid(request: ModelRequest) -> None:
    """Each call has exactly one output, directly behind its turn and in the order of the calls."""
    waiting: list[str] = []
    for message in request.messages:
        if isinstance(message, ToolMessage):
            assert waiting, f"an output for no call: {message}"
            assert message.call_id == waiting.pop(0)
        else:
            assert not waiting, f"calls without an output: {waiting}"
        if isinstance(message, AssistantMessage):
            waiting = [call.id for call in message.tool_calls]
    assert not waiting, f"calls without an output: {waiting}"
    ids = [call.id for one in request.messages if isinstance(one, AssistantMessage) for call in one.tool_calls]
    assert len(ids) == len(set(ids)), "an id is used twice"


def call(name: str, arguments: str = "{}", *, index: int | None = None, id: str | None = None) -> ModelDelta:
    return ModelDelta(tool_call=ToolCallDelta(name, arguments, index, id))


class Gate:
    """A place for async code to stop at: it says when somebody is there, and lets all through once it is opened."""

    def __init__(self) -> None:
        self._reached = anyio.Event()
        self._opened = anyio.Event()
        self.visits = 0

    async def __call__(self) -> None:
        self.visits += 1
        self._reached.set()
        await self._opened.wait()

    def open(self) -> None:
        self._opened.set()

    async def reached(self) -> None:
        with anyio.fail_after(10):
            await self._reached.wait()


@pytest.fixture(scope="session")
def scripted() -> type[Scripted]:
    return Scripted


@pytest.fixture(scope="session", name="assert_valid")
def assert_valid_fixture() -> Callable[[ModelRequest], None]:
    return assert_valid


@pytest.fixture(scope="session")
def make_call() -> Callable[..., ModelDelta]:
    return call


@pytest.fixture(scope="session")
def make_gate() -> type[Gate]:
    return Gate


@pytest.fixture(scope="session")
def refused() -> Callable[..., Iterator[None]]:
    """`with refused("metadata", "too_many_items"):` - an InvalidRequest that names parameter and code."""
    from contextlib import contextmanager

    @contextmanager
    def expect(param: str, code: str = "invalid_value") -> Iterator[None]:
        with pytest.raises(InvalidRequest) as caught:
            yield
        assert (caught.value.param, caught.value.code) == (param, code), str(caught.value)

    return expect


async def _until(condition: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    with anyio.fail_after(seconds):
        while not await condition():  # noqa: ASYNC110 - nobody tells of it
            await anyio.sleep(0.005)


@pytest.fixture(scope="session")
def until() -> Callable[..., Awaitable[None]]:
    """Wait for a condition that nobody tells of."""
    return _until
