"""Tools against the same made by hand with pydantic."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias

import anyio
import anyio.to_process
import anyio.to_thread
from anyassistant_tools import Tool
from cases_runs import Results, look_up
from measuring import Comparison, compare
from ordering import Order, add, add_later, add_sync, new_ordering, order, order_sync
from pydantic import TypeAdapter
from typing_extensions import TypedDict

SCHEMAS, FUNCTIONS, CALLS, THREAD_CALLS, PROCESS_CALLS = 50, 200, 5_000, 500, 50
ARGUMENTS = '{"city":"Oslo","days":3}'


Calling: TypeAlias = Callable[..., Awaitable[object]]

NUMBERS = '{"a":2,"b":3}'
ORDER = '{"order":{"lines":[{"item":"hat","count":2}],"address":{"street":"Grove 1","city":"Oslo"}},"note":"soon"}'


class Arguments(TypedDict):
    city: str
    days: int


class Numbers(TypedDict):
    a: int
    b: int


class OrderArguments(TypedDict):
    order: Order
    note: str


def look_up_sync(city: str, days: int) -> dict[str, object]:
    return {"city": city, "days": days, "celsius": 21.5, "sky": "clear"}


async def schema(rounds: int) -> Results:
    """The schema of a function with a docstring, made anew each time."""

    async def floor() -> None:
        for _ in range(SCHEMAS):
            TypeAdapter(new_function()).json_schema()

    async def ours() -> None:
        for _ in range(SCHEMAS):
            assert Tool.from_callable(new_function()).parameters

    yield "schema", await compare(floor, ours, rounds=rounds, units=SCHEMAS)


async def schemas_of_nested_models(rounds: int) -> Results:
    """The schemas of 200 different functions, each with models of its own, one in the other."""
    functions = [new_ordering() for _ in range(FUNCTIONS)]

    async def floor() -> None:
        for function in functions:
            TypeAdapter(function).json_schema()

    async def ours() -> None:
        for function in functions:
            assert Tool.from_callable(function).parameters

    yield "schemas_nested", await compare(floor, ours, rounds=rounds, units=FUNCTIONS)


async def calls_by_kind(rounds: int) -> Results:
    """The same two functions, async, inline, in a thread and in a process, each against the same by hand.

    Of a process only what this one spends is measured.
    """
    numbers, orders = TypeAdapter(Numbers), TypeAdapter(OrderArguments)
    later = Tool.from_callable(add_later)
    yield "call_add_later", await against_by_hand(rounds, numbers, NUMBERS, in_time(add_later), later)
    for kind, validator, text, function, blocking in (
        ("add", numbers, NUMBERS, add, add_sync),
        ("order", orders, ORDER, order, order_sync),
    ):
        yield f"call_{kind}", await against_by_hand(rounds, validator, text, function, Tool.from_callable(function))
        ways: dict[str, tuple[Calling, Tool, int]] = {
            "inline": (at_once(blocking), Tool.from_callable(blocking, inline=True), CALLS),
            "thread": (in_thread(blocking), Tool.from_callable(blocking), THREAD_CALLS),
            "process": (in_process(blocking), Tool.from_callable(blocking, isolate="process"), PROCESS_CALLS),
        }
        for way, (by_hand, tool, calls) in ways.items():
            found = await against_by_hand(rounds, validator, text, by_hand, tool, calls=calls)
            yield f"call_{kind}_{way}", found


async def against_by_hand(
    rounds: int, validator: TypeAdapter[Any], text: str, function: Calling, tool: Tool, *, calls: int = CALLS
) -> Comparison:
    """A call of a tool against validating the text of the arguments, calling the function, and writing its result."""
    validate = validator.validate_python

    async def floor() -> None:
        for _ in range(calls):
            json.dumps(await function(**validate(json.loads(text))))

    async def ours() -> None:
        for _ in range(calls):
            await tool.call(text)

    return await compare(floor, ours, rounds=rounds, units=calls)


def in_time(function: Calling) -> Calling:
    async def call_in_time(**arguments: object) -> object:
        with anyio.fail_after(60):
            return await function(**arguments)

    return call_in_time


def at_once(function: Callable[..., object]) -> Calling:
    async def call_at_once(**arguments: object) -> object:
        return function(**arguments)

    return call_at_once


def in_thread(function: Callable[..., object]) -> Calling:
    async def call_in_a_thread(**arguments: object) -> object:
        return await anyio.to_thread.run_sync(partial(function, **arguments))

    return call_in_a_thread


def in_process(function: Callable[..., object]) -> Calling:
    async def call_in_a_process(**arguments: object) -> object:
        return await anyio.to_process.run_sync(partial(function, **arguments))

    return call_in_a_process


async def call(rounds: int) -> Results:
    """A call of a small async function, from the text of its arguments to the text of its result."""
    tool = Tool.from_callable(look_up)
    validate = TypeAdapter(Arguments).validate_python

    async def floor() -> None:
        for _ in range(CALLS):
            arguments = validate(json.loads(ARGUMENTS))
            json.dumps(await look_up(**arguments))

    async def ours() -> None:
        for _ in range(CALLS):
            await tool.call(ARGUMENTS)

    yield "tool_call", await compare(floor, ours, rounds=rounds, units=CALLS)


async def call_in_thread(rounds: int) -> Results:
    """A call of a small sync function in a worker thread, against the same with anyio's threads."""
    tool = Tool.from_callable(look_up_sync)
    validate = TypeAdapter(Arguments).validate_python

    async def floor() -> None:
        for _ in range(THREAD_CALLS):
            arguments = validate(json.loads(ARGUMENTS))
            json.dumps(await anyio.to_thread.run_sync(lambda: look_up_sync(**arguments)))  # noqa: B023 - awaited

    async def ours() -> None:
        for _ in range(THREAD_CALLS):
            await tool.call(ARGUMENTS)

    yield "tool_in_thread", await compare(floor, ours, rounds=rounds, units=THREAD_CALLS)


def new_function() -> Callable[..., Awaitable[object]]:
    """A function that nobody has seen before."""

    async def look_up(city: str, days: int = 3, unit: str = "celsius", cities: list[str] | None = None) -> str:
        """Look up the weather.

        Args:
            city: Where.
            days: For how many days.
            unit: Of temperatures.
            cities: Further places.
        """
        return city

    return look_up


async def all_cases(rounds: int) -> Results:
    """All of these."""
    for case in (schema, schemas_of_nested_models, call, call_in_thread, calls_by_kind):
        async for result in case(rounds):
            yield result
