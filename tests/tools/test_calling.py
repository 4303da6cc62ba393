"""Calling a tool: on the event loop or in a thread, in its time, with its own errors."""

import contextvars
import functools
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyassistant_tools import Tool, ToolError, ToolTimeoutError, WorkerThreads, WorkerThreadsExhausted

MakeGate = Callable[[], Any]
VARIABLE = contextvars.ContextVar("VARIABLE", default="unset")


async def test_an_async_tool_runs_on_the_event_loop() -> None:
    async def where() -> str:
        await anyio.lowlevel.checkpoint()
        VARIABLE.set("by the tool")
        return threading.current_thread().name

    VARIABLE.set("by the caller")
    assert (await Tool.from_callable(where).call("")).value == threading.current_thread().name
    assert VARIABLE.get() == "by the tool"


async def test_a_sync_tool_runs_in_a_daemon_thread_with_the_callers_context() -> None:
    def where() -> tuple[bool, str]:
        return threading.current_thread().daemon, VARIABLE.get()

    VARIABLE.set("by the caller")
    assert (await Tool.from_callable(where).call("")).value == (True, "by the caller")


async def test_a_sync_tool_runs_in_the_threads_of_its_caller_if_given() -> None:
    def where() -> str:
        return threading.current_thread().name

    threads = WorkerThreads("shared", 1)
    assert (await Tool.from_callable(where).call("", threads=threads)).content.startswith("shared-")
    assert (await Tool.from_callable(where).call("")).content.startswith("tool-where-")


async def test_sync_tools_run_in_parallel() -> None:
    barrier = threading.Barrier(3)

    def meet() -> int:
        return barrier.wait(60)

    tool = Tool.from_callable(meet)
    values: list[object] = []

    async def call() -> None:
        values.append((await tool.call("")).value)

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(call)
    assert sorted(map(str, values)) == ["0", "1", "2"]


@pytest.mark.parametrize(
    "error", [ToolError("Ids look like sg-1."), KeyError("x"), TimeoutError("mine"), SystemExit(3)]
)
async def test_the_tools_own_exception_passes_out(error: BaseException) -> None:
    def fail() -> None:
        raise error

    async def fail_at_once() -> None:
        raise error

    async def fail_later() -> None:
        await anyio.lowlevel.checkpoint()
        raise error

    for function in (fail, fail_at_once, fail_later):
        with pytest.raises(type(error)) as caught:
            await Tool.from_callable(function).call("")
        assert caught.value is error


async def test_an_async_tool_that_overruns_is_cancelled() -> None:
    ended = anyio.Event()

    async def hang() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    with pytest.raises(ToolTimeoutError, match=r"hang took longer than 0\.01 s\.$") as caught:
        await Tool.from_callable(hang, timeout=0.01).call("")
    assert (caught.value.tool, caught.value.timeout, caught.value.orphaned) == ("hang", 0.01, False)
    assert caught.value.may_have_taken_effect
    assert ended.is_set()


async def test_a_sync_tool_that_overruns_is_reported_as_an_orphan(
    make_gate: MakeGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, threads, time_is_up = make_gate(), WorkerThreads("tools", 1), anyio.CancelScope()
    monkeypatch.setattr(anyio, "move_on_after", lambda seconds: time_is_up)

    async def overrun() -> None:
        with pytest.raises(
            ToolTimeoutError, match=r"60 s\. It still runs in a thread, which cannot be stopped"
        ) as caught:
            await Tool.from_callable(gate, name="hang").call("", threads=threads)
        assert (caught.value.timeout, caught.value.orphaned, threads.orphans) == (60.0, True, 1)
        assert caught.value.may_have_taken_effect

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(overrun)
        await gate.entered()
        time_is_up.cancel()


async def test_a_sync_tool_that_never_got_a_thread_is_no_orphan(make_gate: MakeGate) -> None:
    gate, threads, called = make_gate(), WorkerThreads("tools", 1), list[int]()

    def count() -> None:
        called.append(1)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(threads.run, gate)
        await gate.entered()
        with pytest.raises(ToolTimeoutError) as caught:
            await Tool.from_callable(count, timeout=0.01).call("", threads=threads)
        gate.open()
    assert not caught.value.orphaned
    assert not caught.value.may_have_taken_effect
    assert called == []


async def test_without_a_time_out_a_tool_takes_its_time(make_gate: MakeGate) -> None:
    gate = make_gate()
    values: list[object] = []

    async def call() -> None:
        values.append((await Tool.from_callable(gate, name="pass", timeout=None).call("")).value)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        await gate.entered()
        gate.open()
    assert values == ["through"]


async def test_a_tool_that_hangs_too_often_is_refused(make_gate: MakeGate) -> None:
    gate, threads = make_gate(), WorkerThreads("tools", 1, max_orphans=1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(threads.run, gate)
        await gate.entered()
        tasks.cancel_scope.cancel()
    with pytest.raises(WorkerThreadsExhausted):
        await Tool.from_callable(gate, name="hang").call("", threads=threads)


async def test_a_cancel_of_the_caller_reaches_the_tool() -> None:
    cancelled: list[bool] = []

    async def hang() -> None:
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            cancelled.append(True)
            raise

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Tool.from_callable(hang).call, "")
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert cancelled == [True]


async def test_a_tool_may_open_scopes_and_groups_of_its_own() -> None:
    async def group() -> list[int]:
        found: list[int] = []

        async def find(number: int) -> None:
            await anyio.lowlevel.checkpoint()
            found.append(number)

        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                for number in range(3):
                    tasks.start_soon(find, number)
        return sorted(found)

    assert (await Tool.from_callable(group).call("")).content == "[0,1,2]"


async def test_a_coroutine_that_a_sync_callable_returns_is_awaited_in_its_time() -> None:
    async def hang(seconds: float) -> str:
        await anyio.sleep(seconds)
        return "slept"

    @functools.wraps(hang)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return hang(*args, **kwargs)

    tool = Tool.from_callable(wrapper, timeout=0.05)
    assert (await Tool.from_callable(wrapper).call('{"seconds": 0}')).content == "slept"
    with pytest.raises(ToolTimeoutError):
        await tool.call('{"seconds": 3600}')


HANG = """
import anyio, sys, threading, time
from anyassistant_tools import Tool

started = threading.Event()

def hang() -> None:
    started.set()
    time.sleep(300)

async def main() -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Tool.from_callable(hang).call, "")
        while not started.is_set():
            await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    print("bye")

anyio.run(main, backend=sys.argv[1])
"""


@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_a_process_with_a_tool_that_hangs_exits_at_once(library: str) -> None:
    process = subprocess.run([sys.executable, "-c", HANG, library], timeout=60, capture_output=True, check=True)
    assert process.stdout == b"bye\n"
    assert process.stderr == b""


IMPORT = """
import sys, pydantic
before = set(sys.modules)
import anyassistant_tools
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
heavy = {"jsonschema", "docstring_parser", "anyio", "asyncio", "trio", "pydantic.main", "pydantic.json_schema", "mcp"}
heavy |= {"importlib.metadata", "pickle", "multiprocessing", "subprocess"}
print(*sorted(heavy & set(sys.modules)))
"""


def test_importing_the_package_loads_nothing_heavy() -> None:
    output = subprocess.run([sys.executable, "-c", IMPORT], timeout=60, capture_output=True, check=True).stdout
    assert output.splitlines()[1] == b""
