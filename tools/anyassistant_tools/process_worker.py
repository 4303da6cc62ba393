"""What runs in the process of a tool with `isolate="process"`: it makes the calls that `processes` sends it.

Messages go both ways as their length and their bytes. The first tells which program to import, each further one is a
call. What a call came to is always told; the process ends when the pipe does.
"""

from __future__ import annotations

import os
import pickle
import runpy
import struct
import sys
import traceback
from collections.abc import Callable
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

_LENGTH = struct.Struct(">Q")


def send(stream: IO[bytes], message: bytes) -> None:
    """Write a message."""
    stream.write(_LENGTH.pack(len(message)))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """Read a message.

    Raises:
        EOFError: The other side is gone.
    """
    head = stream.read(_LENGTH.size)
    if len(head) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        message = stream.read(length)
        if len(message) == length:
            return message
    raise EOFError("the other side is gone")


def serve() -> None:
    """Do what comes through the pipes at standard input and output, until there is no more."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # a tool, and what it starts, must not read or write there
    os.dup2(2, 1)
    try:
        send(answers, _import_program(receive(orders)))
        while True:
            send(answers, _perform(receive(orders)))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


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


def _perform(call: bytes) -> bytes:
    """Make a call; what came of it is in the answer."""
    outcome = _outcome(call)
    try:
        return pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - whatever the value's own methods raise, it is told
        return pickle.dumps(("result cannot be sent", f"{type(outcome[1]).__name__} ({error})"))


def _outcome(call: bytes) -> Outcome:
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


def _survives(error: BaseException) -> bool:
    """Whether an exception can be pickled and read again: one with a constructor of its own often cannot."""
    try:
        return type(pickle.loads(pickle.dumps(error, pickle.HIGHEST_PROTOCOL))) is type(error)
    except Exception:  # noqa: BLE001
        return False
