"""Calls in a worker process, which can be killed: what goes there and comes back is pickled here, and said clearly."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import sys
import traceback
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from anyassistant_tools.context import RunContext
from anyassistant_tools.errors import ToolDefinitionError, ToolProcessError, ToolResultError

if TYPE_CHECKING:
    import anyio

Outcome: TypeAlias = tuple[
    Literal["returned", "raised", "cannot be imported", "result cannot be sent", "error cannot be sent"], object
]
"""What came of a call in the other process, with the value, the exception and its trace, or a text about it."""


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


async def run_in_process(
    fn: Callable[..., object],
    args: Sequence[object],
    kwargs: dict[str, object],
    *,
    limiter: anyio.CapacityLimiter,
    tool: str,
) -> object:
    """Call a function in a worker process and give what it returned. A cancel kills the process.

    Raises:
        ToolProcessError: The call could not be sent, or the process ended before it told what came of it.
        ToolResultError: What the function returned cannot be sent back.
        BaseException: Whatever the function raised.
    """
    import anyio
    import anyio.to_process

    if "__main__" not in sys.modules:  # of a worker which only just imports the program
        raise ToolProcessError(
            f"{tool} was called while its process still imports the program: put what the program does under "
            '`if __name__ == "__main__":`.',
            tool=tool,
        )
    call = _packed(fn, args, kwargs, tool)
    try:
        answer = await anyio.to_process.run_sync(_perform, call, cancellable=True, limiter=limiter)
    except anyio.BrokenWorkerProcess as error:
        if (why := error.__cause__) is not None and "initialization" in str(error):
            raise ToolProcessError(f"The process of {tool} could not import the program: {why}", tool=tool) from error
        raise ToolProcessError(
            f"The process of {tool} ended before it gave a result: it exited, or was killed. What it did until then "
            "is done.",
            tool=tool,
        ) from error
    return _unpacked(answer, tool)


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
        outcome: Outcome = _FromWorker(io.BytesIO(answer)).load()
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


class _FromWorker(pickle.Unpickler):
    """Finds the classes of the program, which a worker has under another name, in the program."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        return super().find_class("__main__" if module_name == "__mp_main__" else module_name, global_name)


def _perform(call: bytes) -> bytes:
    """Make a call, in the worker process. It never raises: what came of it is in the answer."""
    with _own_streams():
        outcome = _outcome(call)
    try:
        return pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - whatever the value's own methods raise, it is told
        why = f"{type(outcome[1]).__name__} ({error})"
        return pickle.dumps(("result cannot be sent", why))


def _outcome(call: bytes) -> Outcome:
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


@contextlib.contextmanager
def _own_streams() -> Generator[None]:
    """Keep a tool, and what it starts, off the pipes that the worker is talked to by; what it prints goes to stderr."""
    pipes = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    sys.stdout = sys.stderr = sys.__stderr__
    try:
        yield
    finally:
        for number, pipe in enumerate(pipes):
            os.dup2(pipe, number)
            os.close(pipe)
