"""Functions that run around each call of a tool."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from anyassistant_tools.errors import ToolDefinitionError, ToolResultError
from anyassistant_tools.results import ToolResult, make_result

if TYPE_CHECKING:
    from anyassistant_tools.tools import Tool

Around: TypeAlias = "Callable[[Tool, str, Callable[[], Awaitable[ToolResult]]], Awaitable[ToolResult]]"
"""Runs around each call: it gets the tool, the text of the arguments, and what makes the call."""


def refuse_uncallable_around(around: object) -> None:
    """Refuse what cannot be called around a call.

    Raises:
        ToolDefinitionError: It is no function.
    """
    if not callable(around):
        raise ToolDefinitionError(
            "`around` must be an async function of the tool, the text of its arguments and what makes the call, "
            f"not {around!r}."
        )


def giving_a_result(around: Around) -> Around:
    """The same, but that says so where it gives something else: it would fail later, where nobody knows whose it was.

    The functions of an app that is not type-checked may forget a `return` or an `await`.
    """

    async def checked(tool: Tool, arguments: str, proceed: Callable[[], Awaitable[ToolResult]]) -> ToolResult:
        result: object = around(tool, arguments, proceed)
        if inspect.isawaitable(result):
            result = await result
        if isinstance(result, ToolResult):
            return make_result(result, tool=tool.name, max_content=tool.settings.max_content)
        if inspect.iscoroutine(result):
            result.close()  # else Python warns of it, too
        gave = "None" if result is None else type(result).__name__
        raise ToolResultError(
            f"`around` of {tool.name} must return a ToolResult, as `await proceed()` gives it, and gave {gave}.",
            tool=tool.name,
        )

    return checked


def nested(outer: Around, inner: Around) -> Around:
    """One around the other."""

    async def around(tool: Tool, arguments: str, proceed: Callable[[], Awaitable[ToolResult]]) -> ToolResult:
        return await outer(tool, arguments, lambda: inner(tool, arguments, proceed))

    return around
