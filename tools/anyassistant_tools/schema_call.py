"""What runs a tool of a given schema."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from types import FunctionType
from typing import TypeAlias

from anyassistant_tools.calling import is_async
from anyassistant_tools.context import RunContext
from anyassistant_tools.errors import ToolDefinitionError

SchemaCall: TypeAlias = Callable[[dict[str, object], RunContext[object] | None], Awaitable[object]]
"""What runs a tool of a given schema: it takes the validated arguments as one dict."""


def check_schema_call(call: Callable[..., object], *, tool: str) -> None:
    """Refuse what could not run a tool of a given schema; where that cannot be told, its first call will tell.

    Raises:
        ToolDefinitionError: It cannot be called, is not async, or does not take the arguments and the context.
    """
    if not callable(call):
        raise ToolDefinitionError(f"`call` of {tool} must be an async function, not {call!r}.", tool=tool)
    if _is_sync(call):
        raise ToolDefinitionError(
            f"`call` of {tool} must be an async function (async def): what blocks would hold up the event loop.",
            tool=tool,
        )
    if not _takes_two(call):
        raise ToolDefinitionError(
            f"`call` of {tool} must take two arguments by position, the dict of a call's arguments and its context: "
            f"async def call(arguments, context), not {_signature(call)}.",
            tool=tool,
        )


def _is_sync(call: Callable[..., object]) -> bool:
    """Whether it is known to be no async function: a lambda, a class or what is not written in Python may be one."""
    while isinstance(call, functools.partial):
        call = call.func
    if inspect.isclass(call) or is_async(call):
        return False
    function: object = call if inspect.isroutine(call) else type(call).__call__
    function = getattr(function, "__func__", function)
    if isinstance(function, FunctionType):
        function = inspect.unwrap(function, stop=inspect.iscoroutinefunction)  # what is around it may pass it on
    return isinstance(function, FunctionType) and function.__name__ != "<lambda>" and not is_async(function)


def _takes_two(call: Callable[..., object]) -> bool:
    signature = _signature(call)
    if signature is None:
        return True
    try:
        signature.bind({}, None)
    except TypeError:
        return False
    return True


def _signature(call: Callable[..., object]) -> inspect.Signature | None:
    try:
        return inspect.signature(call, follow_wrapped=False)  # what is around a function may take other arguments
    except (ValueError, TypeError):  # of a builtin
        return None
