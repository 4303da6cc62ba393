"""What type checkers know of tools: `@tool` gives the function itself, with its type."""

from collections.abc import AsyncIterator, Mapping
from typing import assert_type

from anyassistant_tools import RunContext, Tool, ToolResult, Toolset, tool


@tool
def order_item(item_id: str, count: int = 1) -> dict[str, str]:
    return {"id": item_id, "count": str(count)}


def is_dear(item_id: str) -> bool:
    return item_id.startswith("sg-")


@tool(name="buy", timeout=10, requires_approval=is_dear, fatal=(OSError, KeyError))
async def order_later(ctx: RunContext[str], item_id: str) -> str:
    return assert_type(ctx.deps, str) + item_id


async def is_dear_today(ctx: RunContext[str], item_id: str) -> bool:
    return item_id.startswith(ctx.deps)


@tool(requires_approval=is_dear_today)
async def order_today(item_id: str) -> str:
    return item_id


@tool(inline=True)
async def search(words: str) -> AsyncIterator[int]:
    yield len(words)


class Shop:
    @tool(sequential=True)
    def close(self, reason: str) -> bool:
        return bool(reason)

    @tool
    @classmethod
    def open(cls, name: str) -> "Shop":
        return cls()

    @staticmethod
    @tool(isolate="process", max_content=1_000)
    def count(items: list[str]) -> int:
        return len(items)


def without_deps(ctx: RunContext) -> None:
    assert_type(ctx.deps, None)


async def use() -> None:
    assert_type(order_item("hat", count=2), dict[str, str])
    assert_type(await order_later(RunContext(deps="ann"), "hat"), str)
    assert_type(Shop().close("late"), bool)
    assert_type(Shop.open("corner"), Shop)
    assert_type(Shop.count(["hat"]), int)
    async for length in search("two words"):
        assert_type(length, int)
    made = Tool.from_callable(order_item, timeout=None)
    assert_type(made, Tool)
    assert_type(await made.call('{"item_id": "hat"}', context=RunContext(deps=3)), ToolResult)
    assert_type(made.parameters, Mapping[str, object])
    assert_type(Toolset("shop", [made, order_later, Shop().close]).prefix("shop_"), Toolset)
