"""Tools that are generators: each yield is progress, what comes last is the result."""

import functools
import inspect
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyassistant_tools import RunContext, Tool, ToolError, ToolResult, ToolResultError, ToolTimeoutError


def returning(count: int) -> Generator[int, None, str]:
    yield from range(count)
    return f"{count} done"


def yielding(count: int) -> Iterator[int]:
    yield from range(count)


async def yielding_async(count: int) -> AsyncIterator[int]:
    for number in range(count):
        await anyio.lowlevel.checkpoint()
        yield number


def returning_none(count: int) -> Generator[int, None, None]:
    yield from range(count)
    return None


class Counter:
    def count(self, count: int) -> Iterator[int]:
        yield from range(count)

    def __call__(self, count: int) -> Iterator[int]:
        yield from range(count)


class AsyncCounter:
    async def __call__(self, count: int) -> AsyncIterator[int]:
        for number in range(count):
            yield number


def passing_on(fn: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(fn)
    def wrapper(*args: Any, **kwargs: Any) -> object:
        return fn(*args, **kwargs)

    return wrapper


@functools.wraps(yielding_async)
async def awaited_first(*args: Any, **kwargs: Any) -> object:
    await anyio.lowlevel.checkpoint()
    return yielding_async(*args, **kwargs)


@functools.wraps(yielding_async)
async def given_at_once(*args: Any, **kwargs: Any) -> object:
    return yielding_async(*args, **kwargs)


async def heard_of(tool: Tool, arguments: str = '{"count": 3}') -> tuple[list[object], ToolResult]:
    heard: list[object] = []
    result = await tool.call(arguments, context=RunContext(on_progress=heard.append))
    return heard, result


GENERATORS: list[Callable[..., object]] = [
    *(yielding, yielding_async, returning_none, Counter().count, Counter(), AsyncCounter()),
    *(passing_on(yielding), passing_on(yielding_async), passing_on(passing_on(yielding))),
    *(awaited_first, given_at_once),
    *(functools.partial(yielding), functools.partial(yielding_async)),
]


@pytest.mark.parametrize("fn", GENERATORS)
async def test_each_yield_is_progress_and_the_last_is_the_result(fn: Callable[..., object]) -> None:
    heard, result = await heard_of(Tool.from_callable(fn))
    assert heard == [0, 1, 2]
    assert (result.value, result.content) == (2, "2")


@pytest.mark.parametrize("fn", GENERATORS)
async def test_without_a_yield_the_result_is_null(fn: Callable[..., object]) -> None:
    heard, result = await heard_of(Tool.from_callable(fn), '{"count": 0}')
    assert (heard, result.content) == ([], "null")


@pytest.mark.parametrize("inline", [False, True])
async def test_what_is_returned_goes_before_what_was_yielded_last(inline: bool) -> None:
    heard, result = await heard_of(Tool.from_callable(returning, inline=inline))
    assert (heard, result.content) == ([0, 1, 2], "3 done")


@pytest.mark.parametrize("fn", GENERATORS)
async def test_nobody_has_to_listen(fn: Callable[..., object]) -> None:
    assert (await Tool.from_callable(fn).call('{"count": 3}')).value == 2


async def test_a_sync_one_runs_in_one_thread_and_inline_on_the_loops() -> None:
    def where() -> Iterator[int]:
        yield threading.get_ident()
        yield threading.get_ident()

    heard, _ = await heard_of(Tool.from_callable(where), "")
    assert heard[0] == heard[1] != threading.get_ident()
    heard, _ = await heard_of(Tool.from_callable(where, inline=True), "")
    assert heard == [threading.get_ident()] * 2


async def test_an_exception_in_the_middle_passes_out_after_the_progress() -> None:
    def fail() -> Iterator[int]:
        yield 1
        raise ToolError("Broken.")

    async def fail_async() -> AsyncIterator[int]:
        yield 1
        raise ToolError("Broken.")

    for fn in (fail, fail_async):
        heard: list[object] = []
        with pytest.raises(ToolError, match=r"^Broken\.$"):
            await Tool.from_callable(fn).call("", context=RunContext(on_progress=heard.append))
        assert heard == [1]


@pytest.mark.parametrize("inline", [False, True])
async def test_progress_without_a_json_form_ends_the_call_and_closes_the_generator(inline: bool) -> None:
    closed: list[str] = []

    def bad() -> Iterator[object]:
        try:
            yield threading.Lock()
        finally:
            closed.append("sync")

    async def bad_async() -> AsyncIterator[object]:
        try:
            yield threading.Lock()
        finally:
            closed.append("async")

    for fn in (bad, bad_async):
        with pytest.raises(ToolResultError, match="progress of a tool, a lock, has no JSON form"):
            await Tool.from_callable(fn, inline=inline).call("", context=RunContext())
    assert closed == ["sync", "async"]


async def test_a_listener_that_fails_closes_the_generator() -> None:
    closed: list[str] = []

    async def count() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append("yes")

    def refuse(_: object) -> None:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        await Tool.from_callable(count).call("", context=RunContext(on_progress=refuse))
    assert closed == ["yes"]


async def test_a_cancel_closes_an_async_one_where_it_waits() -> None:
    closed: list[bool] = []

    async def hang() -> AsyncIterator[int]:
        try:
            yield 1
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            closed.append(True)
            raise

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Tool.from_callable(hang).call, "")
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert closed == [True]


@pytest.mark.parametrize("wrap", [lambda fn: fn, passing_on])
async def test_a_time_out_closes_an_async_one_and_leaves_no_orphan(
    wrap: Callable[[Callable[..., object]], Callable[..., object]],
) -> None:
    closed: list[AsyncGenerator[int]] = []
    heard: list[object] = []

    async def hang() -> AsyncGenerator[int]:
        try:
            yield 1
            await anyio.sleep_forever()
        finally:
            closed.append(made[0])

    def make() -> AsyncGenerator[int]:
        made.append(hang())
        return made[0]

    made: list[AsyncGenerator[int]] = []
    tool = Tool.from_callable(wrap(make), timeout=0.05, name="hang")
    with pytest.raises(ToolTimeoutError, match=r"took longer than 0\.05 s\.$") as caught:
        await tool.call("", context=RunContext(on_progress=heard.append))
    assert not caught.value.orphaned
    assert heard == [1]
    assert closed == made
    assert inspect.isasyncgen(made[0])
    assert made[0].ag_frame is None


async def test_a_yielded_result_of_its_own_is_the_result_and_no_progress() -> None:
    def work() -> Iterator[object]:
        yield "half"
        yield ToolResult("shown", value=object(), metadata={"secret": 1})

    async def work_async() -> AsyncIterator[object]:
        for item in work():
            yield item

    for fn in (work, work_async):
        heard, result = await heard_of(Tool.from_callable(fn), "")
        assert (heard, result.content, result.metadata) == (["half"], "shown", {"secret": 1})


async def test_a_list_that_is_returned_is_no_generator() -> None:
    def listing() -> list[int]:
        return [1, 2]

    heard, result = await heard_of(Tool.from_callable(listing), "")
    assert (heard, result.content) == ([], "[1,2]")
