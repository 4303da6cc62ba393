"""Tools against the same made by hand with pydantic."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import anyio.to_thread
from anyassistant_tools import Tool
from cases_runs import Results, look_up
from measuring import compare
from pydantic import TypeAdapter
from typing_extensions import TypedDict

SCHEMAS, CALLS, THREAD_CALLS = 50, 5_000, 500
ARGUMENTS = '{"city":"Oslo","days":3}'


class Arguments(TypedDict):
    city: str
    days: int


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
    for case in (schema, call, call_in_thread):
        async for result in case(rounds):
            yield result
