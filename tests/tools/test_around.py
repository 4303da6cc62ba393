"""Functions that run around each call of a tool."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from anyassistant_tools import Tool, ToolDefinitionError, ToolResult, ToolResultError

Proceed = Callable[[], Awaitable[ToolResult]]


def order() -> str:
    """Order an item."""
    return "ordered"


TOOL = Tool.from_callable(order)


async def passing(tool: Tool, arguments: str, proceed: Proceed) -> ToolResult:
    return await proceed()


async def forgetting(tool: Tool, arguments: str, proceed: Proceed) -> None:
    await proceed()


async def texting(tool: Tool, arguments: str, proceed: Proceed) -> str:
    return (await proceed()).content


async def not_awaiting(tool: Tool, arguments: str, proceed: Proceed) -> object:
    return proceed()


def blocking(tool: Tool, arguments: str, proceed: Proceed) -> str:
    return "blocked"


@pytest.mark.parametrize("around", [5, None, "log"])
def test_what_is_no_function_is_refused_when_it_is_made(around: Any) -> None:
    with pytest.raises(ToolDefinitionError, match=f"^`around` must be an async function .*, not {around!r}.$"):
        TOOL.wrapped(around)


@pytest.mark.parametrize(
    ("around", "gave"),
    [(forgetting, "None"), (texting, "str"), (not_awaiting, "coroutine"), (blocking, "str")],
)
async def test_one_that_gives_something_else_than_a_result_is_named(around: Any, gave: str) -> None:
    expected = f"^`around` of order must return a ToolResult, as `await proceed..` gives it, and gave {gave}.$"
    for tool in (TOOL.wrapped(around), TOOL.wrapped(around).wrapped(passing)):
        with pytest.raises(ToolResultError, match=expected) as caught:
            await tool.call("")
        assert caught.value.tool == "order"


async def test_a_result_of_its_own_is_held_against_what_results_are() -> None:
    async def numbering(tool: Tool, arguments: str, proceed: Proceed) -> ToolResult:
        return ToolResult(5)  # type: ignore[arg-type]

    async def stretching(tool: Tool, arguments: str, proceed: Proceed) -> ToolResult:
        return ToolResult("x" * 200)

    with pytest.raises(ToolResultError, match=r"^order returned a ToolResult whose content is a int"):
        await TOOL.wrapped(numbering).call("")
    assert len((await TOOL.changed(max_content=100).wrapped(stretching).call("")).content) == 100


async def test_a_sync_function_may_give_what_is_awaited() -> None:
    assert (await TOOL.wrapped(lambda _tool, _arguments, proceed: proceed()).call("")).content == "ordered"
