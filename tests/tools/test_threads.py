"""The daemon worker threads: slots, queue, cancels, orphans, several event loops."""

import asyncio
import contextvars
import functools
import gc
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from anyassistant_tools import WorkerThreads, WorkerThreadsExhausted

MakeGate = Callable[[], Any]


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(60):
        while not condition():  # noqa: ASYNC110 - a thread's own end has no event
            await anyio.sleep(0.001)


async def test_a_function_runs_in_a_daemon_thread_and_gives_its_value() -> None:
    thread = await WorkerThreads("tools", 2).run(threading.current_thread)
    assert thread is not threading.current_thread()
    assert thread.daemon
    assert thread.name == "tools-1"


async def test_threads_are_used_again() -> None:
    threads = WorkerThreads("tools", 4)
    names = {(await threads.run(threading.current_thread)).name for _ in range(200)}
    assert len(names) < 100


async def test_context_variables_are_carried_over_and_not_back() -> None:
    variable = contextvars.ContextVar[str]("variable")
    variable.set("outside")

    def look_and_set() -> str:
        seen = variable.get()
        variable.set("inside")
        return seen

    assert await WorkerThreads("tools", 1).run(look_and_set) == "outside"
    assert variable.get() == "outside"


@pytest.mark.parametrize("library", ["asyncio", "trio"])
async def test_a_function_may_run_an_event_loop_of_its_own(library: str) -> None:
    async def inner() -> str:
        await anyio.lowlevel.checkpoint()
        return "inner"

    assert await WorkerThreads("tools", 1).run(functools.partial(anyio.run, inner, backend=library)) == "inner"


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt(), BaseException("base")])
async def test_what_the_function_raises_reaches_its_caller_alone(error: BaseException) -> None:
    threads = WorkerThreads("tools", 1)

    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        await threads.run(fail)
    assert caught.value is error
    assert await threads.run(lambda: "still there") == "still there"


async def test_a_value_is_not_kept_alive_by_an_idle_thread() -> None:
    class Value:
        pass

    threads = WorkerThreads("tools", 1)
    reference = weakref.ref(await threads.run(Value))

    def is_gone() -> bool:
        gc.collect()
        return reference() is None

    await until(is_gone)


async def test_no_more_functions_than_the_limit_run_at_once() -> None:
    threads = WorkerThreads("tools", 3)
    lock = threading.Lock()
    inside = most = 0

    def count() -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.001)
        with lock:
            inside -= 1

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(threads.run, count)
    assert 1 <= most <= 3
    assert inside == 0


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        WorkerThreads("tools", 0)


async def test_functions_start_in_the_order_in_which_they_came(make_gate: MakeGate) -> None:
    threads, gate, order = WorkerThreads("tools", 1), make_gate(), list[int]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(threads.run, gate)
        await gate.entered()
        for number in range(5):
            tasks.start_soon(threads.run, functools.partial(order.append, number))
            await anyio.wait_all_tasks_blocked()
        assert order == []
        gate.open()
    assert order == [0, 1, 2, 3, 4]


async def test_a_cancel_while_waiting_for_a_slot_never_starts_the_function(make_gate: MakeGate) -> None:
    threads, gate, started = WorkerThreads("tools", 1), make_gate(), list[str]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(threads.run, gate)
        await gate.entered()
        for abandon in (True, False):
            with anyio.CancelScope() as scope:
                tasks.start_soon(cancel_when_all_wait, scope)
                await threads.run(lambda: started.append("cancelled"), abandon_on_cancel=abandon)
            assert scope.cancelled_caught
        gate.open()
        await threads.run(lambda: started.append("next"))
    assert started == ["next"]
    assert threads.orphans == 0


async def cancel_when_all_wait(scope: anyio.CancelScope) -> None:
    await anyio.wait_all_tasks_blocked()
    scope.cancel()


async def test_a_cancelled_caller_starts_nothing() -> None:
    started: list[str] = []
    with anyio.CancelScope() as scope:
        scope.cancel()
        await WorkerThreads("tools", 1).run(lambda: started.append("started"))
    assert started == []


async def test_a_cancel_leaves_the_function_as_an_orphan_and_frees_its_slot(make_gate: MakeGate) -> None:
    threads, gate = WorkerThreads("tools", 1), make_gate()
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(threads.run, gate)
            await gate.entered()
            scope.cancel()
    assert threads.orphans == 1
    assert await threads.run(lambda: "free") == "free"
    gate.open()
    await until(lambda: threads.orphans == 0)


async def test_a_cancel_waits_for_a_function_that_is_not_to_be_abandoned(make_gate: MakeGate) -> None:
    threads, gate = WorkerThreads("tools", 1), make_gate()
    over = anyio.Event()

    async def run() -> None:
        with anyio.CancelScope() as scope:
            cancel.append(scope)
            await threads.run(gate, abandon_on_cancel=False)
        assert scope.cancelled_caught
        over.set()

    cancel: list[anyio.CancelScope] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        await gate.entered()
        cancel[0].cancel()
        await anyio.wait_all_tasks_blocked()
        assert not over.is_set()
        gate.open()
    assert over.is_set()
    assert threads.orphans == 0


def test_cancels_of_asyncio_itself_wait_as_well(make_gate: MakeGate) -> None:
    threads, gate = WorkerThreads("tools", 1), make_gate()

    async def main() -> None:
        task = asyncio.create_task(threads.run(gate, abandon_on_cancel=False))
        await gate.entered()
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        assert not task.done()
        gate.open()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


async def test_when_too_many_orphans_run_a_call_is_refused_until_they_have_ended(make_gate: MakeGate) -> None:
    threads, gates = WorkerThreads("tools", 1, max_orphans=2), [make_gate(), make_gate()]
    for gate in gates:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(threads.run, gate)
            await gate.entered()
            tasks.cancel_scope.cancel()
    with pytest.raises(WorkerThreadsExhausted, match=r"2 functions .* in the threads of 'tools'") as caught:
        await threads.run(lambda: "refused")
    assert caught.value.orphans == 2
    gates[0].open()
    await until(lambda: threads.orphans == 1)
    assert await threads.run(lambda: "taken") == "taken"


async def test_who_already_waits_when_too_many_orphans_run_is_refused_too(make_gate: MakeGate) -> None:
    threads, gate, refused = WorkerThreads("tools", 1, max_orphans=1), make_gate(), list[int]()

    async def wait_in_line() -> None:
        with pytest.raises(WorkerThreadsExhausted) as caught:
            await threads.run(lambda: "never")
        refused.append(caught.value.orphans)

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            tasks.start_soon(wait_in_line_after, gate, wait_in_line, scope)
            await threads.run(gate)
    assert refused == [1]


async def wait_in_line_after(gate: Any, wait_in_line: Callable[[], Any], scope: anyio.CancelScope) -> None:
    await gate.entered()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait_in_line)
        await anyio.wait_all_tasks_blocked()
        scope.cancel()


def test_one_object_serves_many_event_loops_at_once() -> None:
    threads = WorkerThreads("tools", 3)
    sums: list[int] = []

    async def work() -> None:
        values: list[int] = []

        async def one(number: int) -> None:
            values.append(await threads.run(lambda: number))

        async with anyio.create_task_group() as tasks:
            for number in range(50):
                tasks.start_soon(one, number)
        sums.append(sum(values))

    loops = [threading.Thread(target=anyio.run, args=(work,), kwargs={"backend": b}) for b in ("asyncio", "trio") * 3]
    for loop in loops:
        loop.start()
    for loop in loops:
        loop.join(60)
    assert sums == [sum(range(50))] * 6


@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_an_orphan_that_outlives_its_event_loop_harms_nobody(make_gate: MakeGate, library: str) -> None:
    threads, gate = WorkerThreads("tools", 1), make_gate()

    async def give_up() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(threads.run, gate)
            await gate.entered()
            tasks.cancel_scope.cancel()

    anyio.run(give_up, backend=library)
    assert threads.orphans == 1
    gate.open()
    anyio.run(until, lambda: threads.orphans == 0, backend=library)
    assert anyio.run(threads.run, lambda: "still there", backend=library) == "still there"


def test_a_caller_whose_event_loop_was_closed_under_it_harms_nobody(make_gate: MakeGate) -> None:
    threads, gate = WorkerThreads("tools", 1), make_gate()
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda loop, context: None)  # "Task was destroyed but it is pending!"
    task = loop.create_task(threads.run(gate))
    loop.run_until_complete(gate.entered())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    gate.open()
    assert anyio.run(threads.run, lambda: "still there") == "still there"
    assert not task.done()


FORK = """
import anyio, os, warnings
from anyassistant_tools import WorkerThreads

warnings.simplefilter("ignore")  # a fork beside threads is what is tried here
threads = WorkerThreads("tools", 1)
anyio.run(threads.run, os.getpid)
if (child := os.fork()) == 0:
    os._exit(0 if anyio.run(threads.run, os.getpid) == os.getpid() else 1)
os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="this system has no fork")
def test_a_forked_process_starts_threads_of_its_own() -> None:
    assert subprocess.run([sys.executable, "-c", FORK], timeout=60, check=False).returncode == 0
