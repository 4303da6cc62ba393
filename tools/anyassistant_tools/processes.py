"""Calls in processes, which can be killed at any time, also while they start.

A thread talks to each process through its pipes, so one `Processes` serves any number of event loops. A process stays
for the next call, until its `Processes` is forgotten or the program ends. What a call starts and leaves behind goes
with it: each process has a process group of its own (not on Windows).
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from anyassistant_tools.context import RunContext
from anyassistant_tools.errors import ToolDefinitionError, ToolProcessError, ToolResultError
from anyassistant_tools.process_worker import MAIN, Outcome, Program, receive, send
from anyassistant_tools.threads import WorkerThreads

SECONDS_TO_DIE = 5.0
"""How long a killed process is waited for, which only one in the depths of the kernel needs."""

_COMMAND = "import sys; sys.path.insert(0, sys.argv[1]); from anyassistant_tools.process_worker import serve; serve()"
_PACKAGES = str(Path(__file__).parents[1])


def check_importable(fn: Callable[..., object], *, tool: str) -> None:
    """Refuse what another process could not import.

    Raises:
        ToolDefinitionError: It is a lambda, a function inside a function, or bound to something that cannot be pickled.
    """
    try:
        pickle.dumps(fn)
    except Exception as error:
        raise ToolDefinitionError(
            f"{tool} cannot run in a process of its own, which could not import it ({error}): define it at the top "
            "level of a module.",
            tool=tool,
        ) from error


class Processes:
    """The processes of one tool.

    Args:
        tool: The tool's name, for the errors.
        limit: How many calls run at once.
    """

    def __init__(self, tool: str, limit: int) -> None:
        self._tool = tool
        self._threads = WorkerThreads(f"process-of-{tool}", limit)
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        weakref.finalize(self, _kill_all, self._all, self._process)

    async def run(
        self,
        fn: Callable[..., object],
        args: Sequence[object],
        kwargs: dict[str, object],
        *,
        on_begin: Callable[[], object] = bool,
    ) -> object:
        """Call a function in a process and give what it returned. A cancel kills the process.

        Args:
            fn: The function.
            args: Its arguments by position.
            kwargs: Its arguments by name.
            on_begin: Called in a thread when the call is about to be sent, after which it may take effect.

        Raises:
            ToolProcessError: The call could not be sent, or the process ended before it told what came of it.
            ToolResultError: What the function returned cannot be sent back.
            BaseException: Whatever the function raised.
        """
        import anyio

        if "__main__" not in sys.modules:  # of a process which only just imports the program
            raise ToolProcessError(
                f"{self._tool} was called while its process still imports the program: put what the program does "
                'under `if __name__ == "__main__":`.',
                tool=self._tool,
            )
        if self._process != os.getpid():  # a fork: the processes are the parent's, and its lock may be held for ever
            self._begin()
        pack, unpack = partial(_packed, fn, args, kwargs, self._tool), partial(_unpacked, tool=self._tool)
        call = _Call(self, pack, unpack, on_begin)
        try:
            return await self._threads.run(call)
        except BaseException as error:
            killed = call.give_up()
            if killed is not None and not isinstance(error, GeneratorExit):  # a coroutine that is closed cannot wait
                with anyio.CancelScope(shield=True):
                    await self._threads.run(killed.await_end)
            raise

    def take(self) -> _Worker:
        """Give a process that waits for a call, or a new one."""
        while (worker := self._take_idle()) is not None:
            if worker.is_alive:
                return worker
            worker.end()
            self.forget(worker)
        worker = _Worker(self._tool)
        with self._lock:
            self._all.add(worker)
        return worker

    def give_back(self, worker: _Worker) -> None:
        """Keep a process for the next call."""
        with self._lock:
            self._idle.append(worker)

    def forget(self, worker: _Worker) -> None:
        """Be done with a process that has ended."""
        with self._lock:
            self._all.discard(worker)

    def _take_idle(self) -> _Worker | None:
        with self._lock:
            return self._idle.pop() if self._idle else None


class _Call:
    """A call on its way through a process. It runs in a thread, and any other may give it up."""

    def __init__(
        self,
        processes: Processes,
        pack: Callable[[], bytes],
        unpack: Callable[[bytes], object],
        on_begin: Callable[[], object],
    ) -> None:
        self._processes = processes
        self._pack = pack
        self._unpack = unpack
        self._on_begin = on_begin
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._is_given_up = False

    def __call__(self) -> object:
        return self._unpack(self._answer(self._pack()))  # here, since a large value would hold up the event loop

    def _answer(self, message: bytes) -> bytes:
        worker = self._processes.take()
        with self._lock:
            self._worker = worker
            if self._is_given_up:
                worker.kill()
        has_answered = False
        try:
            answer = worker.call(message, self._on_begin)
            has_answered = True
            return answer
        finally:
            with self._lock:
                self._worker = None
                is_usable = has_answered and not self._is_given_up
            if is_usable:
                self._processes.give_back(worker)
            else:
                worker.end()
                self._processes.forget(worker)

    def give_up(self) -> _Worker | None:
        """Kill the process, and give it if there was one."""
        with self._lock:
            self._is_given_up = True
            if self._worker is not None:
                self._worker.kill()
            return self._worker


class _Worker:
    """A process that makes one call after the other."""

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self._popen = subprocess.Popen(
            [sys.executable, "-c", _COMMAND, _PACKAGES],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,
        )
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._orders = self._popen.stdin
        self._answers = self._popen.stdout
        self._number = 0
        self._has_ended = False

    @property
    def is_alive(self) -> bool:
        return self._popen.poll() is None

    def call(self, message: bytes, on_begin: Callable[[], object]) -> bytes:
        """Send a call, before which `on_begin` is called, and give the answer.

        Raises:
            ToolProcessError: The process could not import the program, or it ended.
        """
        is_sent = False
        try:
            if self._number == 0:
                send(self._orders, 0, pickle.dumps(_program()))
                if problem := receive(self._answers, 0).decode():
                    raise ToolProcessError(
                        f"The process of {self._tool} could not import the program: {problem}", tool=self._tool
                    )
            self._number += 1
            on_begin()
            send(self._orders, self._number, message)
            is_sent = True
            return receive(self._answers, self._number)
        except (EOFError, BrokenPipeError) as error:
            raise ToolProcessError(
                f"The process of {self._tool} ended before it gave a result ({self.end()}). What it did until then "
                "is done.",
                tool=self._tool,
                may_have_taken_effect=is_sent,
            ) from error

    def kill(self) -> None:
        """Kill it, and what is left of what its calls started."""
        if self._has_ended:  # its number may be another's by now
            return
        if sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses where all have ended
                os.killpg(self._popen.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            self._popen.kill()

    def await_end(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(SECONDS_TO_DIE)

    def end(self) -> str:
        """Make sure that it has ended, and say how it did."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(0.1)  # one whose pipe ended is about to
        self.kill()
        self._has_ended = True
        self.await_end()
        with contextlib.suppress(BrokenPipeError):
            self._orders.close()
        self._answers.close()
        code = self._popen.returncode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return f"killed by {signal.Signals(-code).name}"
        return f"exit code {code}"


def _kill_all(workers: set[_Worker], process: int) -> None:
    if process == os.getpid():
        for worker in list(workers):
            worker.kill()
            worker.end()


def _program() -> Program:
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    path = getattr(main, "__file__", None)
    is_file = path is not None and os.path.isfile(path)
    return list(sys.path), list(sys.argv), spec.name if spec is not None else None, path if is_file else None


def _packed(fn: Callable[..., object], args: Sequence[object], kwargs: dict[str, object], tool: str) -> bytes:
    try:
        return pickle.dumps((fn, args, kwargs), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        named = [*((str(index), value) for index, value in enumerate(args)), *kwargs.items()]
        what = next((_called(name, value) for name, value in named if not _can_be_sent(value)), "the function")
        raise ToolProcessError(
            f"{tool} was not called: {what} cannot be sent to its process ({error}).", tool=tool
        ) from error


def _called(name: str, value: object) -> str:
    return "what the run's `deps=` is" if isinstance(value, RunContext) else f"argument {name!r}"


def _can_be_sent(value: object) -> bool:
    try:
        pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    except Exception:  # whatever the value's own methods raise  # noqa: BLE001
        return False
    return True


def _unpacked(answer: bytes, tool: str) -> object:
    try:
        outcome: Outcome = _FromProcess(io.BytesIO(answer)).load()
    except Exception as error:
        raise ToolResultError(
            f"{tool} gave its process's result in a form that cannot be read: {error}.", tool=tool
        ) from error
    match outcome:
        case "returned", value:
            return value
        case "raised", (BaseException() as raised, str() as trace):
            raise raised from _InProcessError(trace)
        case "result cannot be sent", why:
            raise ToolResultError(f"{tool} returned what its process cannot send back: {why}.", tool=tool)
        case "error cannot be sent", why:
            raise ToolProcessError(f"{tool} raised what its process cannot send back: {why}", tool=tool)
        case _, why:
            raise ToolProcessError(f"{tool} was not called: its process cannot import it ({why}).", tool=tool)


class _InProcessError(Exception):
    """Stands as the cause of an exception for where it was raised, which a traceback here cannot show."""

    def __str__(self) -> str:
        return f"in the process of the tool\n\n{self.args[0]}"


class _FromProcess(pickle.Unpickler):
    """Finds the classes of the program, which the other process has under another name, in the program."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        return super().find_class("__main__" if module_name == MAIN else module_name, global_name)
