"""Tools in a process of their own: they can be killed, and whatever happens there is said here."""

import functools
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import anyio.to_thread
import pytest
from anyassistant_tools import (
    RunContext,
    Tool,
    ToolDefinitionError,
    ToolError,
    ToolProcessError,
    ToolResultError,
    ToolTimeoutError,
    tool,
)

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def there() -> Iterator[Any]:
    """The module that both processes can import."""
    sys.path.insert(0, str(HERE))
    import process_tools

    yield process_tools
    sys.path.remove(str(HERE))
    del sys.modules["process_tools"]


def isolated(fn: Callable[..., object], **options: Any) -> Tool:
    return Tool.from_callable(fn, **{"isolate": "process", **options})


async def test_it_runs_in_another_process(there: Any) -> None:
    assert (await isolated(there.pid).call("")).value != os.getpid()


async def test_arguments_and_result_are_the_python_values(there: Any) -> None:
    decorated = Tool.from_callable(there.decorated)
    assert decorated.settings.isolate == "process"
    result = await decorated.call('{"order": {"item": "hat"}, "more": [2, 3], "note": "!"}')
    assert result.value == there.Order(item="hat!", count=6)


async def test_methods_and_callable_objects_work(there: Any) -> None:
    shop = there.Shop("ann")
    owner, item, pid = (await Tool.from_callable(shop.who).call('{"item": "hat"}')).content.split()
    assert (owner, item, pid == str(os.getpid())) == ("ann", "hat", False)
    assert (await Tool.from_callable(there.Shop.of_class).call("")).content == "Shop"
    assert (await Tool.from_callable(there.Shop.static).call('{"item": "hat"}')).content == "hat"
    assert (await isolated(shop).call('{"item": "hat"}')).content == "ann hat"
    assert (await isolated(functools.partial(shop, "cap")).call("")).content == "ann cap"


@pytest.mark.parametrize("ending", ["time-out", "cancel"])
async def test_it_is_killed_when_it_is_given_up_on(
    there: Any, tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, scope = tmp_path / "pid", anyio.CancelScope()
    if ending == "time-out":
        monkeypatch.setattr(anyio, "move_on_after", lambda seconds: scope)
    caught: list[ToolTimeoutError] = []

    async def call() -> None:
        try:
            await isolated(there.hang, timeout=60).call(f'{{"path": "{path}"}}')
        except ToolTimeoutError as error:
            caught.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        with anyio.fail_after(60):
            while not path.exists():  # noqa: ASYNC110 - another process makes it
                await anyio.sleep(0.01)
        (scope if ending == "time-out" else tasks.cancel_scope).cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(int(path.read_text()), 0)
    if ending == "time-out":
        [error] = caught
        assert (error.orphaned, error.may_have_taken_effect) == (False, True)
        assert str(error) == "hang took longer than 60 s."


@pytest.mark.parametrize("seconds", [1e-9, 0.001, 0.005])
async def test_a_time_out_while_it_starts_leaves_no_process(
    there: Any, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    tool = isolated(there.pid, timeout=seconds)
    for _ in range(3):
        with pytest.raises(ToolTimeoutError):
            await tool.call("")
    codes = [await anyio.to_thread.run_sync(process.wait, 60) for process in started]
    assert set(codes) <= {-signal.SIGKILL}


async def test_a_process_serves_one_call_after_the_other_and_goes_with_its_tool(there: Any) -> None:
    tool = isolated(there.pid)
    pids = {(await tool.call("")).value for _ in range(3)}
    [pid] = pids
    os.kill(pid, 0)  # type: ignore[arg-type]
    del tool
    gc.collect()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)  # type: ignore[arg-type]


async def test_a_process_that_somebody_killed_meanwhile_is_replaced(there: Any) -> None:
    tool = isolated(there.pid)
    first = (await tool.call("")).value
    os.kill(first, signal.SIGKILL)  # type: ignore[arg-type]
    await anyio.to_thread.run_sync(os.waitid, os.P_PID, first, os.WEXITED | os.WNOWAIT)  # type: ignore[arg-type]
    assert (await tool.call("")).value != first


def test_one_tool_serves_several_event_loops(there: Any) -> None:
    tool = isolated(there.pid)

    async def call() -> object:
        return (await tool.call("")).value

    assert anyio.run(call, backend="asyncio") == anyio.run(call, backend="trio")


async def test_calls_run_beside_one_another(there: Any, tmp_path: Path) -> None:
    meet, met = isolated(there.meet), list[str]()

    async def call(own: str, other: str) -> None:
        met.append((await meet.call(f'{{"own": "{tmp_path / own}", "other": "{tmp_path / other}"}}')).content)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call, "a", "b")
        tasks.start_soon(call, "b", "a")
    assert met == ["met", "met"]


async def test_its_exceptions_come_back_as_themselves(there: Any) -> None:
    fail = isolated(there.fail)
    with pytest.raises(ToolError, match=r"^Ids look like sg-1\.$"):
        await fail.call('{"kind": "tool"}')
    with pytest.raises(KeyError) as caught:
        await fail.call('{"kind": "key"}')
    assert caught.value.args == ("x",)
    assert "in fail\n" in str(caught.value.__cause__)
    with pytest.raises(there.CodedError) as coded:
        await fail.call('{"kind": "coded"}')
    assert coded.value.code == 5
    with pytest.raises(SystemExit) as left:
        await fail.call('{"kind": "exit"}')
    assert left.value.code == 3


@pytest.mark.parametrize(("kind", "shown"), [("refused", "RefusedError: no"), ("lock", "LockError: locked")])
async def test_an_exception_that_cannot_be_sent_is_told_in_words(there: Any, kind: str, shown: str) -> None:
    with pytest.raises(ToolProcessError, match="fail raised what its process cannot send back") as caught:
        await isolated(there.fail).call(f'{{"kind": "{kind}"}}')
    assert shown in str(caught.value)
    assert caught.value.tool == "fail"


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("lock", "give returned what its process cannot send back: lock"),
        ("lambda", "give returned what its process cannot send back: function"),
        ("unreadable", "give .* cannot be read: not here"),
    ],
)
async def test_a_result_that_cannot_be_sent_is_refused(there: Any, what: str, message: str) -> None:
    with pytest.raises(ToolResultError, match=message) as caught:
        await isolated(there.give).call(f'{{"what": "{what}"}}')
    assert caught.value.tool == "give"


async def test_results_of_every_kind_are_as_those_of_a_thread(there: Any) -> None:
    give = isolated(there.give, max_content=1_000)
    result = await give.call('{"what": "result"}')
    assert (result.content, result.value, result.metadata, result.images) == ("shown", 1, {"a": 1}, [b"x"])
    assert len((await give.call('{"what": "long"}')).content) == 1_000
    assert (await give.call('{"what": "none"}')).content == "null"


async def test_arguments_and_deps_that_cannot_be_sent_are_named(there: Any) -> None:
    about = isolated(there.about)
    with pytest.raises(ToolProcessError, match="about was not called: what the run's `deps=` is cannot be sent"):
        await about.call("", context=RunContext(deps=threading.Lock()))


async def test_a_call_that_was_never_sent_has_no_effect(there: Any) -> None:
    with pytest.raises(ToolTimeoutError) as late:
        await isolated(there.pid, timeout=1e-9).call("")
    assert not late.value.may_have_taken_effect
    with pytest.raises(ToolProcessError) as unsent:
        await isolated(there.about).call("", context=RunContext(deps=threading.Lock()))
    assert not unsent.value.may_have_taken_effect


async def test_the_context_goes_there_and_tells_why_it_cannot_emit(there: Any) -> None:
    ids = {"run_id": "r", "thread_id": "t", "assistant_id": "a", "call_id": "c", "idempotency_key": "k"}
    result = await isolated(there.about).call("", context=RunContext(deps="ann", **ids))
    assert result.value == ["ann", "r", "t", "a", "c", "k", False]
    with pytest.raises(RuntimeError, match="in a process of its own cannot emit progress: leave `isolate` at 'thread'"):
        await isolated(there.emit).call("", context=RunContext(on_progress=print))
    with pytest.raises(ToolDefinitionError, match="takes a RunContext"):
        await isolated(there.about).call("")


@pytest.mark.parametrize(("how", "shown"), [("exit", "exit code 3"), ("signal", "killed by SIGKILL")])
async def test_a_process_that_ends_early_is_told_and_the_next_call_has_another(
    there: Any, how: str, shown: str
) -> None:
    end = isolated(there.end)
    with pytest.raises(ToolProcessError, match=rf"process of end ended before it gave a result \({shown}\)") as caught:
        await end.call(f'{{"how": "{how}"}}')
    assert (caught.value.tool, caught.value.may_have_taken_effect) == ("end", True)
    assert isinstance((await isolated(there.pid).call("")).value, int)


async def test_what_it_writes_does_not_get_into_its_answer(there: Any) -> None:
    assert (await isolated(there.noisy).call("")).content == "quiet"
    assert (await isolated(there.noisy).call("")).content == "quiet"


async def test_a_tool_that_forks_is_answered_once(there: Any) -> None:
    forked = isolated(there.forked)
    assert [(await forked.call(f'{{"number": {number}}}')).value for number in (1, 2, 3)] == [1, 2, 3]


async def test_what_a_tool_leaves_behind_keeps_nobody_waiting_and_goes_with_its_process(
    there: Any, tmp_path: Path
) -> None:
    path = tmp_path / "pid"
    with anyio.fail_after(60), pytest.raises(ToolProcessError, match="exit code 3"):
        await isolated(there.left).call(f'{{"path": "{path}"}}')
    await anyio.to_thread.run_sync(await_end, int(path.read_text()))


async def test_who_writes_into_the_pipe_of_the_answers_is_not_believed(there: Any) -> None:
    garbled = isolated(there.garbled)
    for _ in range(2):
        with pytest.raises(ToolProcessError, match="ended before it gave a result"):
            await garbled.call("")


def await_end(pid: int) -> None:
    """Until a process that is nobody's child here runs no more, though nobody may have reaped it yet."""
    for _ in range(6_000):
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout.strip()
        if not state or state.startswith("Z"):
            return
        time.sleep(0.01)
    raise AssertionError(f"{pid} still runs")


def local_function() -> Callable[[], int]:
    def local() -> int:
        return 1

    return local


async def coroutine() -> None: ...


def generator() -> Iterator[int]:
    yield 1


async def async_generator() -> AsyncIterator[int]:
    yield 1


class Locked:
    lock = threading.Lock()

    def __init__(self) -> None:
        self.own = threading.Lock()

    def method(self) -> None: ...


@pytest.mark.parametrize(
    ("fn", "message"),
    [
        (lambda: 1, "could not import it .*: define it at the top level of a module"),
        (local_function(), "could not import it .*local"),
        (Locked().method, "could not import it .*lock"),
        (coroutine, "only a plain sync function can"),
        (generator, "only a plain sync function can"),
        (async_generator, "only a plain sync function can"),
    ],
)
def test_what_cannot_run_there_is_refused_when_the_tool_is_made(fn: Callable[..., object], message: str) -> None:
    with pytest.raises(ToolDefinitionError, match=message):
        isolated(fn, name="work")
    with pytest.raises(ToolDefinitionError, match=message):
        Tool.from_callable(fn, name="work").changed(isolate="process")


def test_a_tool_of_a_schema_cannot_run_there() -> None:
    with pytest.raises(ToolDefinitionError, match="locate cannot run in a process of its own"):
        Tool.from_schema("locate", "Where.", {"type": "object"}, isolate="process")


def test_inline_and_process_exclude_one_another() -> None:
    with pytest.raises(ToolDefinitionError, match="both `inline` and in a process"):
        tool(isolate="process", inline=True)(coroutine)


async def test_a_module_that_only_this_process_has_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("only_here")
    exec("def work() -> int:\n    return 1\n", vars(module))
    monkeypatch.setitem(sys.modules, "only_here", module)
    with pytest.raises(ToolProcessError, match=r"work was not called: .* cannot import it .*only_here"):
        await isolated(module.work).call("")


SCRIPT = """
import os, sys
from dataclasses import dataclass
import anyio
from anyassistant_tools import Tool, tool

@dataclass
class Receipt:
    item: str

class ShopError(Exception):
    pass

@tool(isolate="process")
def order(item: str) -> Receipt:
    if item == "none":
        raise ShopError("no item")
    return Receipt(f"{item} {os.getpid()}")

async def main() -> None:
    result = await Tool.from_callable(order).call('{"item": "hat"}')
    assert type(result.value) is Receipt, type(result.value)
    item, pid = result.value.item.split()
    print(item, pid != str(os.getpid()))
    try:
        await Tool.from_callable(order).call('{"item": "none"}')
    except ShopError as error:
        print(error)

GUARD
    anyio.run(main, backend=sys.argv[1])
"""


def run_script(path: Path, text: str, backend: str) -> "subprocess.CompletedProcess[str]":
    path.write_text(text)
    return subprocess.run(
        [sys.executable, str(path), backend], timeout=120, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_functions_classes_and_errors_of_a_script_work(tmp_path: Path, backend: str) -> None:
    done = run_script(tmp_path / "shop.py", SCRIPT.replace("GUARD", 'if __name__ == "__main__":'), backend)
    assert (done.stdout, done.returncode) == ("hat True\nno item\n", 0), done.stderr


def test_functions_of_a_module_that_is_run_work(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "till.py").write_text(SCRIPT.replace("GUARD", 'if __name__ == "__main__":'))
    command = [sys.executable, "-m", "shop.till", "asyncio"]
    done = subprocess.run(command, cwd=tmp_path, timeout=120, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("hat True\nno item\n", 0), done.stderr


HANGING = """
import os, sys, threading, time
import anyio
from anyassistant_tools import Tool

def hang(path: str) -> None:
    with open(path, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(600)

def leave(path: str) -> None:
    while not os.path.exists(path) or not open(path).read():
        time.sleep(0.01)
    sys.exit(5)

async def main(path: str) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Tool.from_callable(hang, isolate="process").call, '{"path": "%s"}' % path)
        tasks.start_soon(Tool.from_callable(leave).call, '{"path": "%s"}' % path)

if __name__ == "__main__":
    anyio.run(main, sys.argv[1])
"""


def test_what_still_runs_goes_with_the_program(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    assert run_script(tmp_path / "shop.py", HANGING, str(path)).returncode != 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(path.read_text()), 0)


KILLED = """
import os, signal, subprocess, sys, time
import anyio
from anyassistant_tools import Tool

def hang(path: str) -> None:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    open(path, "w").close()
    time.sleep(600)

def leave(path: str) -> None:
    while not os.path.exists(path):
        time.sleep(0.01)
    if sys.argv[2] == "forked" and os.fork() == 0:  # which holds all pipes that are open, until its input ends
        os.close(1)
        os.close(2)
        os.read(0, 1)
        os._exit(0)
    os.kill(os.getpid(), signal.SIGKILL)

async def main(path: str) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Tool.from_callable(hang, isolate="process").call, '{"path": "%s"}' % path)
        tasks.start_soon(Tool.from_callable(leave).call, '{"path": "%s"}' % path)

if __name__ == "__main__":
    anyio.run(main, sys.argv[1])
"""


@pytest.mark.parametrize("how", ["alone", "forked"])
def test_what_still_runs_goes_with_a_program_that_is_killed(tmp_path: Path, how: str) -> None:
    (tmp_path / "shop.py").write_text(KILLED)
    command = [sys.executable, str(tmp_path / "shop.py"), str(tmp_path / "begun"), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        ended = threading.Thread(target=program.stdout.read, daemon=True)  # at its end nobody has it open any more
        ended.start()
        ended.join(60)
        program.stdin.close()
        assert not ended.is_alive()
    assert program.returncode == -signal.SIGKILL


def test_a_script_that_runs_itself_when_it_is_imported_is_told_so(tmp_path: Path) -> None:
    done = run_script(tmp_path / "shop.py", SCRIPT.replace("GUARD", "if True:").replace("sys.argv[1]", "'asyncio'"), "")
    assert done.returncode == 1
    assert 'put what the program does under `if __name__ == "__main__":`' in done.stderr


FORK = """
import os, signal, sys, warnings
import anyio
from anyassistant_tools.processes import Processes

warnings.simplefilter("ignore")  # a fork beside threads is what is tried here
processes = Processes("pid", 1)
ours = anyio.run(processes.run, os.getpid, (), {}, backend=sys.argv[1])
processes._lock.acquire()  # as another thread has it that takes a process
if (child := os.fork()) == 0:
    signal.alarm(30)
    theirs = anyio.run(processes.run, os.getpid, (), {}, backend=sys.argv[1])
    os._exit(0 if theirs not in (ours, os.getpid()) else 1)
processes._lock.release()
assert anyio.run(processes.run, os.getpid, (), {}, backend=sys.argv[1]) == ours
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_forked_process_starts_processes_of_its_own(backend: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK, backend], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
