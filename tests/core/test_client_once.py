"""What is made once, however many tasks ask for it."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest
from anyassistant.client.once import Once


async def test_tasks_that_ask_at_once_get_the_same() -> None:
    calls: list[str] = []

    async def make(name: str) -> str:
        calls.append(name)
        await anyio.lowlevel.checkpoint()
        return f"made by {name}"

    once = Once(make)
    found: list[str] = []

    async def ask(name: str) -> None:
        found.append(await once.get(name))

    async with anyio.create_task_group() as tasks:
        for name in ("a", "b", "c"):
            tasks.start_soon(ask, name)
    assert len(calls) == 1
    assert found == [f"made by {calls[0]}"] * 3
    assert once.take() == f"made by {calls[0]}"
    assert once.take() is None
    assert await once.get("d") == "made by d"


async def test_what_fails_is_told_to_one_and_tried_again_by_the_next() -> None:
    tries = iter([ValueError("not yet"), None])

    async def make() -> str:
        await anyio.lowlevel.checkpoint()
        if (error := next(tries)) is not None:
            raise error
        return "made"

    once = Once(make)
    outcomes: list[object] = []

    async def ask() -> None:
        try:
            outcomes.append(await once.get())
        except ValueError as error:
            outcomes.append(str(error))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        tasks.start_soon(ask)
    assert outcomes == ["not yet", "made"]
    assert once.made == "made"


async def test_what_is_there_already_is_not_made() -> None:
    async def make() -> str:
        pytest.fail("it was made")

    assert await Once(make, made="there").get() == "there"
