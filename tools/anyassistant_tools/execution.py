"""Where the body of a tool runs: on the event loop, in a thread, in a process; and how long it may.

Each function here makes an `Execute`, once per tool.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing
from functools import partial
from types import AsyncGeneratorType
from typing import TYPE_CHECKING, Any, TypeAlias

from anyassistant_tools.calling import Arrangement, can_suspend, is_async, is_generator
from anyassistant_tools.context import CancelToken, RunContext
from anyassistant_tools.errors import ToolDefinitionError, ToolTimeoutError
from anyassistant_tools.options import Settings
from anyassistant_tools.results import ToolResult
from anyassistant_tools.threads import WorkerThreads

if TYPE_CHECKING:
    from anyassistant_tools.processes import Processes

Context: TypeAlias = RunContext[object] | None
Execute: TypeAlias = Callable[[dict[str, object], Context, WorkerThreads | None], Awaitable[object]]

PRIVATE_THREADS = 8
"""How many calls of one sync tool run at once where the caller brings no `WorkerThreads`; as many processes."""


def make_execute(fn: Callable[..., Any], arrangement: Arrangement, settings: Settings, *, tool: str) -> Execute:
    """Give what runs a callable as its settings say."""
    invoke = _invoke(fn, arrangement)
    if is_async(fn):
        if is_generator(fn) or (settings.timeout is not None and can_suspend(fn)):
            return _on_loop(invoke, settings.timeout, tool)
        return _at_once(fn, arrangement)
    if settings.inline:
        return _inline(invoke, settings.timeout, tool)
    if settings.isolate == "process":
        return _in_process(fn, arrangement, settings.timeout, tool)
    return _in_thread(invoke, settings.timeout, tool)


def check_executable(fn: Callable[..., object], settings: Settings, *, tool: str) -> None:
    """Refuse what cannot run in a process of its own.

    Raises:
        ToolDefinitionError: It is async, a generator, or nothing that another process could import.
    """
    if settings.isolate != "process":
        return
    if is_async(fn) or is_generator(fn):
        raise ToolDefinitionError(
            f"{tool} cannot run in a process of its own: only a plain sync function can. An async one is cancelled "
            "where it is.",
            tool=tool,
        )
    from anyassistant_tools.processes import check_importable

    check_importable(fn, tool=tool)


def call_on_loop(
    call: Callable[[dict[str, object], Context], Awaitable[object]], timeout: float | None, tool: str
) -> Execute:
    """Give what awaits an async callable that takes the arguments as one dict."""

    def start(values: dict[str, object], context: Context) -> Any:
        started = call(values, context)
        if inspect.isawaitable(started) or isinstance(started, AsyncGenerator):
            return started
        raise ToolDefinitionError(
            f"`call` of {tool} must be an async function: what blocks would hold up the event loop.", tool=tool
        )

    return _on_loop(start, timeout, tool)


def _invoke(fn: Callable[..., Any], arrangement: Arrangement) -> Callable[[dict[str, object], Context], Any]:
    if arrangement.is_plain:
        return lambda values, _: fn(**values)

    def invoke(values: dict[str, object], context: Context) -> Any:
        args, kwargs = arrangement(values, context)
        return fn(*args, **kwargs)

    return invoke


def _at_once(fn: Callable[..., Any], arrangement: Arrangement) -> Execute:
    """Of an async function that awaits nothing, or that may take as long as it likes."""

    async def execute(values: dict[str, object], context: Context, _: WorkerThreads | None) -> object:
        args, kwargs = ((), values) if arrangement.is_plain else arrangement(values, context)
        value = await fn(*args, **kwargs)
        return await _drained(value, context) if type(value) is AsyncGeneratorType else value

    return execute


def _on_loop(invoke: Callable[[dict[str, object], Context], Any], timeout: float | None, tool: str) -> Execute:
    async def execute(values: dict[str, object], context: Context, _: WorkerThreads | None) -> object:
        import anyio

        with anyio.move_on_after(timeout):
            return await _outcome(invoke(values, context), context)
        raise _timed_out(tool, timeout, has_begun=True)

    return execute


def _inline(invoke: Callable[[dict[str, object], Context], Any], timeout: float | None, tool: str) -> Execute:
    """Of a sync function that only computes."""
    finish = _on_loop(lambda values, _: values["value"], timeout, tool)

    async def execute(values: dict[str, object], context: Context, threads: WorkerThreads | None) -> object:
        value = _exhausted(invoke(values, context), context)
        if inspect.isawaitable(value) or isinstance(value, AsyncGenerator):
            return await finish({"value": value}, context, threads)
        return value

    return execute


def _in_thread(invoke: Callable[[dict[str, object], Context], Any], timeout: float | None, tool: str) -> Execute:
    own: list[WorkerThreads] = []

    async def execute(values: dict[str, object], context: Context, threads: WorkerThreads | None) -> object:
        import anyio

        if threads is None:
            if not own:
                own.append(WorkerThreads(f"tool-{tool}", PRIVATE_THREADS))
            threads = own[0]
        body = _Body(partial(invoke, values, context), context)
        try:
            with anyio.move_on_after(timeout):
                return await _outcome(await threads.run(body), context)
        finally:
            body.give_up()
        raise _timed_out(tool, timeout, has_begun=body.has_begun, orphaned=body.is_running)

    return execute


def _in_process(fn: Callable[..., Any], arrangement: Arrangement, timeout: float | None, tool: str) -> Execute:
    own: list[Processes] = []

    async def execute(values: dict[str, object], context: Context, _: WorkerThreads | None) -> object:
        import anyio

        from anyassistant_tools.processes import Processes

        if not own:
            own.append(Processes(tool, PRIVATE_THREADS))
        args, kwargs = arrangement(values, context)
        begun = threading.Event()
        with anyio.move_on_after(timeout):
            return await own[0].run(fn, args, kwargs, on_begin=begun.set)
        raise _timed_out(tool, timeout, has_begun=begun.is_set())

    return execute


async def _outcome(value: Any, context: Context) -> object:
    """What came of a call, which may have to be awaited or iterated first."""
    if inspect.isawaitable(value):
        value = await value
    return await _drained(value, context) if isinstance(value, AsyncGenerator) else value


async def _drained(generator: AsyncGenerator[object, None], context: Context) -> object:
    """The last of what an async generator yields; each is progress."""
    last: object = None
    async with aclosing(generator):
        async for last in generator:
            _tell(last, context)
    return last


def _exhausted(value: object, context: Context, token: CancelToken | None = None) -> object:
    """What a generator returned, or yielded last, where each that it yields is progress; any other value as it is.

    It goes on only while somebody waits, by the token.
    """
    if not isinstance(value, Generator):
        return value
    generator: Generator[object, None, object] = value
    last: object = None
    try:
        while True:
            last = next(generator)
            if token is not None:
                token.check()
            _tell(last, context)
    except StopIteration as end:
        return last if end.value is None else end.value
    finally:
        generator.close()


def _tell(progress: object, context: Context) -> None:
    if context is not None and not isinstance(progress, ToolResult):  # which can only be meant as the result
        context.emit(progress)


def _timed_out(tool: str, timeout: float | None, *, has_begun: bool, orphaned: bool = False) -> ToolTimeoutError:
    limit = timeout or 0.0
    what = f"{tool} took longer than {limit:g} s."
    if orphaned:
        what += " It still runs in a thread, which cannot be stopped."
    return ToolTimeoutError(what, tool=tool, timeout=limit, orphaned=orphaned, may_have_taken_effect=has_begun)


class _Body:
    """A call in a thread, which knows whether it runs and whether somebody waits for it.

    Either whoever gives it up sees that it runs, or it sees that it was given up on, and does not begin.
    """

    def __init__(self, call: Callable[[], object], context: Context) -> None:
        self._call = call
        self._context = context
        self._token = CancelToken()
        self.has_begun = False
        self.is_running = False

    def give_up(self) -> None:
        self._token.cancel()

    def __call__(self) -> object:
        self.has_begun = self.is_running = True
        try:
            self._token.check()
            return _exhausted(self._call(), self._context, self._token)
        finally:
            self.is_running = False
