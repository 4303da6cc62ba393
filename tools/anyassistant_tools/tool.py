"""A tool: a typed callable with the name, description and schema that a model sees, and a validated call."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from anyassistant_tools.calling import bind_by_name, can_suspend, is_async
from anyassistant_tools.describable import check_describable
from anyassistant_tools.errors import ToolDefinitionError, ToolTimeoutError
from anyassistant_tools.naming import validate_tool_name
from anyassistant_tools.results import ToolResult, make_result
from anyassistant_tools.signature import docstring_of, name_of, read_parameters
from anyassistant_tools.threads import WorkerThreads

if TYPE_CHECKING:
    from anyassistant_tools.docstrings import Docstring
    from anyassistant_tools.schema import ParametersSchema

DEFAULT_TIMEOUT = 60.0
"""How many seconds a tool may take unless it says otherwise."""

PRIVATE_THREADS = 8
"""How many calls of one sync tool run at once where the caller brings no `WorkerThreads`."""


class Tool:
    """A typed callable as a model sees it. Made by `Tool.from_callable`.

    Schema and validator are made on first use and kept: its attributes are to be read, not set.

    Attributes:
        name: What a model calls it by.
        description: What a model reads about it.
        parameters: The JSON Schema (draft 2020-12) of the object of its arguments.
        timeout: How many seconds a call may take; `None` is no limit.
        idempotent: Whether a call whose outcome is unknown may be repeated.
        fatal: The exceptions that end a run instead of being told to the model.
    """

    name: str
    timeout: float | None
    idempotent: bool
    fatal: tuple[type[Exception], ...]

    def __init__(
        self,
        fn: Callable[..., object],
        /,
        *,
        name: str,
        description: str | None,
        timeout: float | None,
        idempotent: bool,
        fatal: tuple[type[Exception], ...],
    ) -> None:
        self.name = name
        self.timeout = timeout
        self.idempotent = idempotent
        self.fatal = fatal
        self._fn = fn
        self._given_description = description
        self._parameters = read_parameters(fn, tool=name)
        check_describable(self._parameters, tool=name)

    @classmethod
    def from_callable(
        cls,
        fn: Callable[..., object],
        /,
        *,
        name: str | None = None,
        description: str | None = None,
        timeout: float | None = DEFAULT_TIMEOUT,
        idempotent: bool = False,
        fatal: type[Exception] | tuple[type[Exception], ...] = (),
    ) -> "Tool":
        """Make a tool of a function, method, `partial` or callable object, sync or async.

        Args:
            fn: The callable. Its type hints become the schema, its docstring the descriptions.
            name: What a model calls it by; its own name unless given.
            description: What a model reads about it; what its docstring says before the sections unless given.
            timeout: Seconds a call may take, the wait for a free thread included; `None` is no limit.
            idempotent: Whether a call whose outcome is unknown may be repeated.
            fatal: Exceptions that end a run instead of being told to the model.

        Raises:
            ToolDefinitionError: It cannot become a tool: the message names what is in the way, and a remedy.
        """
        if not callable(fn):
            raise ToolDefinitionError(f"A tool must be callable, and a {type(fn).__name__} is not.", tool=name or "")
        name = validate_tool_name(name if name is not None else name_of(fn))
        if timeout is not None and not (isinstance(timeout, int | float) and timeout > 0):
            raise ToolDefinitionError(f"The timeout of {name} must be above 0 s or None, not {timeout!r}.", tool=name)
        fatal = fatal if isinstance(fatal, tuple) else (fatal,)
        for kind in fatal:
            if not (isinstance(kind, type) and issubclass(kind, Exception)):
                raise ToolDefinitionError(f"`fatal` of {name} must name exception classes, not {kind!r}.", tool=name)
        _refuse_generators(fn, name)
        return cls(fn, name=name, description=description, timeout=timeout, idempotent=idempotent, fatal=fatal)

    def __repr__(self) -> str:
        return f"<Tool {self.name}>"

    @cached_property
    def description(self) -> str:
        """What a model reads about the tool."""
        return self._docstring.description if self._given_description is None else self._given_description

    @cached_property
    def parameters(self) -> Mapping[str, object]:
        """The JSON Schema (draft 2020-12) of the object of arguments."""
        return self._schema.json_schema

    async def call(self, arguments: str, /, *, threads: WorkerThreads | None = None) -> ToolResult:
        """Validate a model's arguments, call the tool, and give its result.

        An async tool is awaited here, under the time-out. A sync tool runs in a worker thread, with the caller's
        context variables.

        Args:
            arguments: The JSON text of the arguments, as the model wrote it; empty is `{}`.
            threads: Where a sync tool runs; a few threads of the tool's own unless given.

        Raises:
            ToolArgumentsError: The arguments do not fit; the tool was not called.
            ToolTimeoutError: It took longer than `timeout`.
            ToolResultError: What it returned has no JSON form.
            WorkerThreadsExhausted: Too many calls that overran still run.
            Exception: Whatever the tool itself raised.
        """
        plan = self._plan
        values = plan.read(arguments)
        if plan.is_immediate:
            value = await plan.invoke(**values)
        elif plan.is_async:
            value = await self._await_in_time(plan.invoke(**values))
        else:
            value = await self._call_in_thread(_Body(plan.invoke, values), threads or self._threads)
        return make_result(value, tool=self.name)

    async def _await_in_time(self, coroutine: Awaitable[object]) -> object:
        import anyio

        with anyio.move_on_after(self.timeout):
            return await coroutine
        raise self._timed_out(orphaned=False)

    async def _call_in_thread(self, body: "_Body", threads: WorkerThreads) -> object:
        import anyio

        with anyio.move_on_after(self.timeout):
            value = await threads.run(body)
            return await value if inspect.isawaitable(value) else value
        raise self._timed_out(orphaned=body.is_running)

    def _timed_out(self, *, orphaned: bool) -> ToolTimeoutError:
        limit = self.timeout or 0.0
        what = f"{self.name} took longer than {limit:g} s."
        if orphaned:
            what += " It still runs in a thread, which cannot be stopped: it may still have side effects."
        return ToolTimeoutError(what, tool=self.name, timeout=limit, orphaned=orphaned)

    @cached_property
    def _docstring(self) -> "Docstring":
        from anyassistant_tools.docstrings import parse_docstring

        return parse_docstring(docstring_of(self._fn), [parameter.name for parameter in self._parameters])

    @cached_property
    def _schema(self) -> "ParametersSchema":
        from anyassistant_tools.schema import ParametersSchema

        return ParametersSchema(self._parameters, self._docstring.parameters, tool=self.name)

    @cached_property
    def _plan(self) -> "_Plan":
        from anyassistant_tools.arguments import ArgumentsReader

        schema = self._schema
        runs_on_loop = is_async(self._fn)
        return _Plan(
            read=ArgumentsReader(self.name, schema).read,
            invoke=bind_by_name(self._fn, self._parameters, schema.factories),
            is_async=runs_on_loop,
            is_immediate=runs_on_loop and (self.timeout is None or not can_suspend(self._fn)),
        )

    @cached_property
    def _threads(self) -> WorkerThreads:
        return WorkerThreads(f"tool-{self.name}", PRIVATE_THREADS)


def _refuse_generators(fn: Callable[..., object], tool: str) -> None:
    for function in (fn, type(fn).__call__):
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise ToolDefinitionError(f"{tool} is a generator function: let it return a list instead.", tool=tool)


@dataclass(slots=True)
class _Plan:
    """All that a call needs, made once."""

    read: Callable[[str], dict[str, object]]
    invoke: Callable[..., Any]
    is_async: bool
    is_immediate: bool


class _Body:
    """A call in a thread, which knows whether it still runs."""

    def __init__(self, invoke: Callable[..., object], values: dict[str, object]) -> None:
        self._invoke = invoke
        self._values = values
        self.is_running = False

    def __call__(self) -> object:
        self.is_running = True
        try:
            return self._invoke(**self._values)
        finally:
            self.is_running = False


ToolLike: TypeAlias = Callable[..., object] | Tool | Mapping[str, object]
"""What an assistant's `tools` may contain: a callable, a `Tool`, or a tool of the wire that the caller runs."""
