"""What runs in the process of a tool with `isolate="process"`: it makes the calls that `processes` sends it.

Messages go both ways as their number, their length and their bytes. The first tells which program to import, each
further one is a call, and its answer has its number. What a call came to is always told; the process ends when the pipe
does, also in the middle of a call, and with it all that its calls started.
"""

from __future__ import annotations

import os
import pickle
import runpy
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from itertools import count
from queue import SimpleQueue
from types import ModuleType
from typing import IO, Literal, TypeAlias

Outcome: TypeAlias = tuple[
    Literal["returned", "raised", "cannot be imported", "result cannot be sent", "error cannot be sent"], object
]
"""What came of a call, with the value, the exception and its trace, or a text about it."""

Program: TypeAlias = tuple[list[str], list[str], str | None, str | None]
"""`sys.path`, `sys.argv`, and the name or the path by which the program's `__main__` is imported."""

MAIN = "__mp_main__"
"""What `__main__` is called here, as `multiprocessing` has it: the program then knows that it is not to begin."""

LOOK_SECONDS = 0.5
"""How often it is seen whether the other process is still there."""

_HEAD = struct.Struct(">QQ")


def send(stream: IO[bytes], number: int, message: bytes) -> None:
    """Write a message."""
    stream.write(_HEAD.pack(number, len(message)))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes], number: int) -> bytes:
    """Read the message of that number.

    Raises:
        EOFError: The other side is gone, or something else wrote into the pipe.
    """
    head = stream.read(_HEAD.size)
    if len(head) == _HEAD.size:
        told, length = _HEAD.unpack(head)
        if told != number:
            raise EOFError("the pipe holds something else")
        message = stream.read(length)
        if len(message) == length:
            return message
    raise EOFError("the other side is gone")


def serve() -> None:
    """Do what comes through the pipes at standard input and output."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)  # a tool, and what it starts, must not read or write there
    os.dup2(2, 1)
    _keep_from_forks(nothing, orders, answers)
    inbox = SimpleQueue[bytes]()
    threading.Thread(target=_read, args=(orders, inbox), daemon=True).start()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    worker = os.getpid()
    try:
        problem = _import_program(inbox.get())
        _leave_if_forked(worker, has_failed=bool(problem))
        send(answers, 0, problem)
        for number in count(1):
            outcome = _outcome(inbox.get())
            _leave_if_forked(worker, has_failed=outcome[0] != "returned")
            send(answers, number, _pickled(outcome))
    except (BrokenPipeError, KeyboardInterrupt):
        _end()


def _keep_from_forks(nothing: int, *pipes: IO[bytes]) -> None:
    """What a tool forks must not answer, nor keep the other side from seeing that this process has ended."""

    def let_go() -> None:
        for pipe in pipes:
            os.dup2(nothing, pipe.fileno(), inheritable=False)  # a number that is closed would be given away again

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=let_go)


def _leave_if_forked(worker: int, *, has_failed: bool) -> None:
    """End what a tool forked and let come back to here, where the process that it forked goes on."""
    if os.getpid() != worker:
        os._exit(int(has_failed))


def _read(orders: IO[bytes], inbox: SimpleQueue[bytes]) -> None:
    """Take in what is to be done, in a thread, so that the end of the pipe is seen in the middle of a call too."""
    try:
        for number in count():
            inbox.put(receive(orders, number))
    except EOFError:
        _end()


def _end_with(parent: int) -> None:
    """End when the other process does, though one that it forked may hold the pipe open.

    Linux could see to it (`PR_SET_PDEATHSIG`), but goes by the thread that started this process, which may end first.
    """
    while os.getppid() == parent:  # on Windows it stays the same
        time.sleep(LOOK_SECONDS)
    _end()


def _end() -> None:
    """End at once, with all that calls have started and left in this process's group."""
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _import_program(message: bytes) -> bytes:
    """Import what the other process runs; the answer is what went wrong, or empty."""
    program: Program = pickle.loads(message)
    sys.path[:], sys.argv[:], name, path = program
    del sys.modules["__main__"]
    try:
        if name is not None:
            content = runpy.run_module(name, run_name=MAIN)
        else:
            content = runpy.run_path(path, run_name=MAIN) if path is not None else {}
    except BaseException as error:  # a program may raise anything, also a SystemExit  # noqa: BLE001
        return f"{type(error).__name__}: {error}".encode(errors="replace")
    main = ModuleType(MAIN)
    vars(main).update(content)
    sys.modules["__main__"] = sys.modules[MAIN] = main
    return b""


def _outcome(call: bytes) -> Outcome:
    """Make a call, and give what came of it."""
    fn: Callable[..., object]
    try:
        fn, args, kwargs = pickle.loads(call)
    except Exception as error:  # noqa: BLE001 - a module may raise anything, and it is told
        return "cannot be imported", f"{type(error).__name__}: {error}"
    try:
        return "returned", fn(*args, **kwargs)
    except BaseException as error:  # a SystemExit too belongs to the caller  # noqa: BLE001
        trace = "".join(traceback.format_exception(error))
        return ("raised", (error, trace)) if _survives(error) else ("error cannot be sent", trace)


def _pickled(outcome: Outcome) -> bytes:
    try:
        return pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - whatever the value's own methods raise, it is told
        return pickle.dumps(("result cannot be sent", f"{type(outcome[1]).__name__} ({error})"))


def _survives(error: BaseException) -> bool:
    """Whether an exception can be pickled and read again: one with a constructor of its own often cannot."""
    try:
        return type(pickle.loads(pickle.dumps(error, pickle.HIGHEST_PROTOCOL))) is type(error)
    except Exception:  # noqa: BLE001
        return False
