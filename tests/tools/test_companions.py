"""Functions that go with a tool: one says whether a call needs approval, one finds out what came of a call."""

import threading
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyassistant_tools import (
    CallHadNoEffect,
    RunContext,
    Tool,
    ToolArgumentsError,
    ToolDefinitionError,
    ToolResultError,
    ToolTimeoutError,
    WorkerThreads,
)
from pydantic import BaseModel, Field

Companion = Callable[..., object]


class Price(BaseModel):
    amount: int


def buy(item: str, price: Price, count: int = 1, tags: list[str] = Field(default_factory=list)) -> str:  # noqa: B008
    return item


BUY = '{"item": "hat", "price": {"amount": 5}}'


def is_dear(price: Price, count: int) -> bool:
    return price.amount * count > 9


async def is_dear_async(price: Price, count: int) -> bool:
    await anyio.lowlevel.checkpoint()
    return price.amount * count > 9


def is_dear_with_context(ctx: RunContext[int], price: Price, count: int) -> bool:
    return price.amount * count > ctx.deps


def is_dear_by_position(price: Price, count: int, /) -> bool:
    return price.amount * count > 9


def is_dear_by_all(**arguments: Any) -> bool:
    assert set(arguments) == {"item", "price", "count", "tags"}
    return bool(arguments["price"].amount * arguments["count"] > 9)


class Limit:
    def is_dear(self, price: Price, count: int, of_another: str = "") -> bool:
        return price.amount * count > 9


@pytest.mark.parametrize(
    "fn",
    [is_dear, is_dear_async, is_dear_with_context, is_dear_by_position, is_dear_by_all, Limit().is_dear],
)
async def test_a_function_of_the_arguments_says_whether_a_call_needs_approval(fn: Callable[..., bool]) -> None:
    """It gets Python values, with the defaults of those that the model left out."""
    tool = Tool.from_callable(buy, requires_approval=fn)
    context = RunContext(deps=9)
    assert await tool.needs_approval(BUY, context=context) is False
    assert await tool.needs_approval('{"item": "hat", "price": {"amount": 5}, "count": 2}', context=context) is True


@pytest.mark.parametrize("answer", [True, False])
async def test_or_it_always_or_never_does(answer: bool) -> None:
    assert await Tool.from_callable(buy, requires_approval=answer).needs_approval(BUY) is answer


async def test_a_sync_function_that_says_it_holds_up_no_event_loop() -> None:
    began, go_on = threading.Event(), threading.Event()

    def look_up(item: str) -> bool:
        began.set()
        return go_on.wait(10)

    tool = Tool.from_callable(buy, requires_approval=look_up)
    async with anyio.create_task_group() as group:
        answers: list[bool] = []

        async def ask() -> None:
            answers.append(await tool.needs_approval(BUY, threads=WorkerThreads("tools", 1)))

        group.start_soon(ask)
        while not began.is_set():
            await anyio.lowlevel.checkpoint()
        go_on.set()
    assert answers == [True]


async def test_a_function_that_takes_too_long_to_say_it_is_told_so() -> None:
    go_on = threading.Event()
    tool = Tool.from_callable(buy, requires_approval=lambda item: go_on.wait(30), timeout=0.05)
    with pytest.raises(ToolTimeoutError):
        await tool.needs_approval(BUY)
    go_on.set()


async def test_arguments_that_do_not_fit_need_no_approval_but_mending() -> None:
    for approval in (True, is_dear):
        with pytest.raises(ToolArgumentsError, match="buy was not called"):
            await Tool.from_callable(buy, requires_approval=approval).needs_approval("{}")


async def test_what_it_raises_passes_out_and_a_missing_context_is_told() -> None:
    def fail(item: str) -> bool:
        raise ConnectionError(item)

    with pytest.raises(ConnectionError, match="hat"):
        await Tool.from_callable(buy, requires_approval=fail).needs_approval(BUY)
    with pytest.raises(ToolDefinitionError, match="`requires_approval` of buy takes a RunContext"):
        await Tool.from_callable(buy, requires_approval=is_dear_with_context).needs_approval(BUY)


@pytest.mark.parametrize("option", ["requires_approval", "reconcile"])
def test_a_function_of_other_arguments_is_refused_when_the_tool_is_made(option: str) -> None:
    def wrong(itme: str) -> bool:
        return True

    with pytest.raises(ToolDefinitionError, match=f"`{option}` of buy takes 'itme', which is no argument") as caught:
        Tool.from_callable(buy, **{option: wrong})  # type: ignore[arg-type]
    assert (caught.value.tool, caught.value.parameter) == ("buy", "itme")


async def test_it_works_for_tools_of_a_schema_and_of_a_model() -> None:
    schema = {"type": "object", "properties": {"amount": {"type": "integer"}}, "required": ["amount"]}

    def is_much(amount: int) -> bool:
        return amount > 9

    for tool in (
        Tool.from_schema("pay", "", schema, requires_approval=is_much),
        Tool.from_pydantic(Price).changed(requires_approval=is_much),
    ):
        assert await tool.needs_approval('{"amount": 9}') is False
        assert await tool.needs_approval('{"amount": 10}') is True


async def test_a_changed_tool_keeps_it_and_may_have_another() -> None:
    tool = Tool.from_callable(buy, requires_approval=is_dear).changed(name="get")
    assert await tool.needs_approval('{"item": "hat", "price": {"amount": 10}}') is True
    assert await tool.changed(requires_approval=False).needs_approval(BUY) is False


def found(item: str) -> str:
    return f"had bought {item} in {threading.current_thread().name}"


async def found_async(item: str, ctx: RunContext[str]) -> str:
    await anyio.lowlevel.checkpoint()
    return f"had bought {item} by {ctx.idempotency_key}"


async def test_reconcile_gives_the_result_that_the_call_had() -> None:
    threads = WorkerThreads("tools", 1)
    result = await Tool.from_callable(buy, reconcile=found).reconcile(BUY, threads=threads)
    assert result.content == "had bought hat in tools-1"
    context = RunContext(deps="ann", idempotency_key="key")
    result = await Tool.from_callable(buy, reconcile=found_async).reconcile(BUY, context=context)
    assert result.content == "had bought hat by key"


async def test_reconcile_may_find_that_nothing_was_done_or_not_find_out() -> None:
    def nothing(item: str) -> str:
        raise CallHadNoEffect("no order")

    def unknown(item: str) -> str:
        raise ConnectionError("shop is closed")

    for fn, error in ((nothing, CallHadNoEffect), (unknown, ConnectionError)):
        with pytest.raises(error):
            await Tool.from_callable(buy, reconcile=fn).reconcile(BUY)


async def test_reconcile_is_held_to_the_tools_time_and_form() -> None:
    async def hang(item: str) -> None:
        await anyio.sleep_forever()

    def formless(item: str) -> object:
        return threading.Lock()

    context = RunContext()
    with pytest.raises(ToolTimeoutError, match=r"^`reconcile` of buy took longer than 0\.01 s"):
        await Tool.from_callable(buy, reconcile=hang, timeout=0.01).reconcile(BUY, context=context)
    with pytest.raises(ToolResultError):
        await Tool.from_callable(buy, reconcile=formless).reconcile(BUY)


async def test_a_tool_without_reconcile_has_none() -> None:
    with pytest.raises(LookupError, match="buy has no `reconcile` function"):
        await Tool.from_callable(buy).reconcile(BUY)


async def test_in_a_process_tool_the_companions_stay_here() -> None:
    result = await Tool.from_callable(len, name="len", isolate="process", reconcile=lambda obj: "found").reconcile(
        '{"obj": [1]}'
    )
    assert result.content == "found"
