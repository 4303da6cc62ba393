"""`@tool`: options that stay with a function, which itself stays what it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar, overload

from typing_extensions import Unpack

from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.naming import validate_tool_name
from anyassistant_tools.options import Settings, ToolOptions
from anyassistant_tools.signature import name_of

F = TypeVar("F", bound=Callable[..., object])

_ATTRIBUTE = "__anyassistant_tool__"


@overload
def tool(fn: F, /) -> F: ...
@overload
def tool(**options: Unpack[ToolOptions]) -> Callable[[F], F]: ...
def tool(fn: Callable[..., object] | None = None, /, **options: Unpack[ToolOptions]) -> object:
    """Say how a function is called as a tool. Gives the function itself: it can be called as before.

    Use it as `@tool` or `@tool(requires_approval=True, timeout=10)`; below `@classmethod` and `@staticmethod` or above.

    Args:
        options: See `ToolOptions` and `CallOptions`.

    Raises:
        ToolDefinitionError: An option does not exist, or cannot have that value.
    """

    def remember(function: F) -> F:
        target: Callable[..., object] = getattr(function, "__func__", function)  # of a classmethod, the function
        if not callable(target):
            raise ToolDefinitionError(f"@tool goes above a function, and its options go by name: not {target!r}.")
        name = validate_tool_name(options["name"]) if "name" in options else name_of(target)
        Settings().changed(options, tool=name)
        try:
            setattr(target, _ATTRIBUTE, {**options_of(target), **options})
        except (AttributeError, TypeError) as error:
            raise ToolDefinitionError(
                f"@tool can leave nothing at {name}: make it a tool with Tool.from_callable(...).", tool=name
            ) from error
        return function

    return remember if fn is None else remember(fn)


def options_of(fn: Callable[..., object]) -> ToolOptions:
    """What `@tool` said of a callable; of a `partial`, of its function; of a callable object, of its `__call__`."""
    while isinstance(fn, functools.partial) and not hasattr(fn, _ATTRIBUTE):
        fn = fn.func
    where = fn if hasattr(fn, _ATTRIBUTE) else type(fn).__call__
    options: ToolOptions = getattr(where, _ATTRIBUTE, ToolOptions())
    return options
