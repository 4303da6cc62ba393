"""What the tests run in processes: such a process imports it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from anyassistant_tools import RunContext, ToolError, ToolResult, tool
from pydantic import BaseModel


class Order(BaseModel):
    item: str
    count: int = 1


class RefusedError(Exception):
    """Can be pickled, and cannot be read again."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


class CodedError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class LockError(Exception):
    def __init__(self) -> None:
        super().__init__("locked")
        self.lock = threading.Lock()


class UnreadableResult(BaseModel):
    """Breaks where it is read again."""

    def __setstate__(self, state: object) -> None:
        raise ValueError("not here")


@dataclass
class Shop:
    owner: str
    lock: object = None

    @tool(isolate="process")
    def who(self, item: str) -> str:
        return f"{self.owner} {item} {os.getpid()}"

    @classmethod
    @tool(isolate="process")
    def of_class(cls) -> str:
        return cls.__name__

    @staticmethod
    @tool(isolate="process")
    def static(item: str) -> str:
        return item

    def __call__(self, item: str) -> str:
        return f"{self.owner} {item}"


def pid() -> int:
    return os.getpid()


@tool(isolate="process", timeout=30)
def decorated(order: Order, /, *more: int, note: str = "") -> Order:
    return Order(item=f"{order.item}{note}", count=order.count + sum(more))


def hang(path: Path) -> None:
    """Say who it is, then hang."""
    partial = path.with_suffix(".partial")
    partial.write_text(str(os.getpid()))
    partial.rename(path)
    time.sleep(600)


def fail(kind: str) -> None:
    errors: dict[str, BaseException] = {
        "tool": ToolError("Ids look like sg-1."),
        "key": KeyError("x"),
        "coded": CodedError(5),
        "refused": RefusedError(5, "no"),
        "lock": LockError(),
        "exit": SystemExit(3),
    }
    raise errors[kind]


def end(how: str) -> None:
    if how == "exit":
        os._exit(3)
    os.kill(os.getpid(), signal.SIGKILL)


def give(what: str) -> object:
    values: dict[str, Callable[[], object]] = {
        "lock": threading.Lock,
        "lambda": lambda: lambda: 1,
        "unreadable": UnreadableResult,
        "result": lambda: ToolResult("shown", value=1, metadata={"a": 1}, images=[b"x"]),
        "long": lambda: "x" * 200_000,
        "none": lambda: None,
    }
    return values[what]()


def about(ctx: RunContext[str]) -> list[object]:
    ids = [ctx.run_id, ctx.thread_id, ctx.assistant_id, ctx.call_id, ctx.idempotency_key]
    return [ctx.deps, *ids, ctx.cancel_token.is_cancelled]


def emit(ctx: RunContext[object]) -> None:
    ctx.emit("progress")


def noisy() -> str:
    """Write where the worker's answer goes, and read where its orders come from."""
    print("from python")
    os.write(1, b"from below\n")
    child = "import sys; print('from a child'); sys.stdout.flush(); print(repr(sys.stdin.read()))"
    subprocess.run([sys.executable, "-c", child], check=True)
    return "quiet"


def meet(own: Path, other: Path) -> str:
    """End only when another call has begun."""
    own.touch()
    for _ in range(6_000):
        if other.exists():
            return "met"
        time.sleep(0.01)
    return "alone"


def forked(number: int) -> int:
    """Come back twice: here, and in a process in which nobody waits for it."""
    os.fork()
    return number


def left(path: Path) -> None:
    """End with a child that goes on, which says who it is."""
    child = os.fork()
    if child:
        path.write_text(str(child))
        os._exit(3)
    time.sleep(600)


def garbled() -> str:
    """Write into each pipe that is open."""
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(number, b"what is no answer at all")
    return "written"
