"""Runs over the chat wire against the hand-written loop: tool rounds, streamed deltas, many at once."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
from anyassistant import AsyncAssistant, AsyncClient, AsyncThread, Client, Tool
from anyassistant.types.events import MessageDeltaEvent
from chat_double import model_name, running_double
from chat_floor import converse, say
from chat_wire import ChatWire
from measuring import Comparison, compare

Results = AsyncIterator[tuple[str, Comparison]]
Run = Callable[[], Coroutine[Any, Any, None]]

INSTRUCTIONS = "You tell people the weather. Look it up before you answer."
QUESTION = "What is the weather in Oslo?"
ROUNDS_OF_TOOLS = 3
DELTAS, SLOW_DELTAS = 2_000, 300
LONG = 5_000
CONTEXT_TOKENS = 2_000
"""What the long thread's model takes: about a hundred of its messages."""
AT_ONCE = 200
RUNS = 10
"""Runs of one round of measuring."""


async def look_up(city: str, days: int) -> dict[str, object]:
    """Look up the weather.

    Args:
        city: Where.
        days: For how many days.
    """
    return {"city": city, "days": days, "celsius": 21.5, "sky": "clear"}


@dataclass(frozen=True, slots=True)
class Ours:
    """A client on either wire, with an assistant that has the tool."""

    client: AsyncClient
    assistant: AsyncAssistant

    async def run(self) -> None:
        """A thread, a question, a run to its end."""
        thread = await self.client.threads.create()
        await thread.add(QUESTION)
        await self.run_on(thread)

    async def run_on(self, thread: AsyncThread) -> None:
        result = await thread.run(self.assistant).result()
        assert result.text.startswith("word word")

    async def read_deltas(self) -> None:
        """The same, its text taken as it comes."""
        thread = await self.client.threads.create()
        await thread.add(QUESTION)
        texts = [
            event.text async for event in thread.run(self.assistant).events() if isinstance(event, MessageDeltaEvent)
        ]
        assert len(texts) in (DELTAS, SLOW_DELTAS)


@dataclass(frozen=True, slots=True)
class Floor:
    """The hand-written loop, with the same tool."""

    client: httpx.AsyncClient
    url: str
    model: str
    tools: Sequence[dict[str, Any]]

    async def run(self) -> None:
        await self.run_after(())

    async def run_after(self, history: Sequence[dict[str, Any]]) -> None:
        text = await say(*self._arguments(history))
        assert text.startswith("word word")

    async def read_deltas(self) -> None:
        async with aclosing(converse(*self._arguments(()))) as deltas:
            texts = [text async for text in deltas]
        assert len(texts) in (DELTAS, SLOW_DELTAS)

    def _arguments(self, history: Sequence[dict[str, Any]]) -> tuple[Any, ...]:
        messages = [
            {"role": "system", "content": INSTRUCTIONS}, *history, {"role": "user", "content": QUESTION}
        ]  # fmt: skip
        return self.client, self.url, self.model, messages, self.tools, {"look_up": look_up}


@asynccontextmanager
async def sides(
    url: str, model: str, *, store: str = ":memory:", context_tokens: int | None = None
) -> AsyncIterator[tuple[Floor, Ours]]:
    """Both, ready to run."""
    spec = Tool.from_callable(look_up)
    function = {"name": spec.name, "description": spec.description, "parameters": spec.parameters}
    async with (
        httpx.AsyncClient(headers={"Authorization": "Bearer none"}, timeout=60) as http,
        AsyncClient(ChatWire(url, context_tokens=context_tokens), store=store) as client,
    ):
        assistant = await client.assistants.create(model=model, instructions=INSTRUCTIONS, tools=[look_up])
        yield Floor(http, url, model, [{"type": "function", "function": function}]), Ours(client, assistant)


async def tool_rounds(rounds: int) -> Results:
    """Three rounds of a tool and an answer of 20 deltas, each on a thread of its own."""
    for key, store in stores():
        with running_double() as url, store as path:
            async with sides(url, model_name(rounds=ROUNDS_OF_TOOLS), store=path) as (floor, ours):
                yield (
                    f"tool_rounds_{key}",
                    await compare(repeat(floor.run, RUNS), repeat(ours.run, RUNS), rounds=rounds, units=RUNS),
                )


async def long_thread(rounds: int) -> Results:
    """The same at the end of a thread of 5,000 messages, of which the model takes about a hundred.

    The floor sends as many messages as ours does; a floor that sent all would only be slower.
    """
    for key, store in stores():
        with running_double() as url, store as path:
            model = model_name(rounds=ROUNDS_OF_TOOLS)
            async with sides(url, model, store=path, context_tokens=CONTEXT_TOKENS) as (floor, ours):
                thread = await ours.client.threads.create(messages=[message(at) for at in range(LONG)])

                async def add_and_run(thread: AsyncThread = thread, ours: Ours = ours) -> None:
                    await thread.add(QUESTION)
                    await ours.run_on(thread)

                before = await received(url)
                await add_and_run()
                wanted = await received(url) - before
                history, sent = await history_of(floor, url, wanted)
                assert abs(sent - wanted) < 0.03 * wanted, (sent, wanted)

                async def run_after(floor: Floor = floor, history: list[dict[str, Any]] = history) -> None:
                    await floor.run_after(history)

                yield (
                    f"long_thread_{key}",
                    await compare(repeat(run_after, RUNS), repeat(add_and_run, RUNS), rounds=rounds, units=RUNS),
                )


async def deltas(rounds: int) -> Results:
    """2,000 text deltas of one answer, decoded and given to the app."""
    for key, store in stores():
        with running_double() as url, store as path:
            async with sides(url, model_name(deltas=DELTAS), store=path) as (floor, ours):
                yield (
                    f"deltas_{key}",
                    await compare(floor.read_deltas, ours.read_deltas, rounds=2 * rounds, units=DELTAS),
                )


async def deltas_one_by_one(rounds: int) -> Results:
    """Text deltas that come 2 ms apart, so that each is waited for: what most of a real stream is like."""
    for key, store in stores():
        with running_double() as url, store as path:
            async with sides(url, model_name(deltas=SLOW_DELTAS, pause=2), store=path) as (floor, ours):
                yield (
                    f"slow_deltas_{key}",
                    await compare(floor.read_deltas, ours.read_deltas, rounds=rounds, units=SLOW_DELTAS),
                )


async def at_once(rounds: int) -> Results:
    """200 runs of three tool rounds at once, against as many one after the other."""
    with running_double() as url:
        async with sides(url, model_name(rounds=ROUNDS_OF_TOOLS)) as (floor, ours):
            yield "at_once", await compare_at_once(ours.run, rounds=rounds)
            yield "at_once_floor", await compare_at_once(floor.run, rounds=3)


async def compare_at_once(run: Run, *, rounds: int) -> Comparison:
    """200 runs at once, against as many one after the other."""

    async def together() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(AT_ONCE):
                group.start_soon(run)

    return await compare(repeat(run, AT_ONCE), together, rounds=rounds, units=AT_ONCE)


async def blocking(rounds: int) -> Results:
    """The 2,000 deltas through `Client`, against `AsyncClient`."""
    with running_double() as url:
        async with sides(url, model_name(deltas=DELTAS)) as (_, ours):
            with Client(ChatWire(url), store=":memory:") as client:
                assistant = client.assistants.create(model=model_name(deltas=DELTAS), instructions=INSTRUCTIONS)

                async def read_deltas() -> None:
                    thread = client.threads.create()
                    thread.add(QUESTION)
                    events = thread.run(assistant).events()
                    assert len([one.text for one in events if isinstance(one, MessageDeltaEvent)]) == DELTAS

                yield "deltas_blocking", await compare(ours.read_deltas, read_deltas, rounds=rounds, units=DELTAS)


def message(at: int) -> str:
    return f"Message {at}: what will the weather be in Oslo, in Bergen and in Tromsø?"


async def history_of(floor: Floor, url: str, wanted: int) -> tuple[list[dict[str, Any]], int]:
    """The newest of the long thread's messages with which the floor sends as many bytes a run as are wanted."""
    count, sent = 100, 0
    for _ in range(4):
        history = [{"role": "user", "content": message(at)} for at in range(LONG - count, LONG)]
        before = await received(url)
        await floor.run_after(history)
        sent = await received(url) - before
        count = max(1, count + round((wanted - sent) / (sent / count)))
    return history, sent


async def received(url: str) -> int:
    """Bytes of bodies that the double has seen."""
    async with httpx.AsyncClient() as client:
        return int((await client.get(url.removesuffix("/v1") + "/stats")).json()["received"])


def repeat(run: Run, times: int) -> Run:
    async def repeated() -> None:
        for _ in range(times):
            await run()

    return repeated


class _Store:
    """The `store=` of a client, for as long as a block."""

    def __init__(self, kind: str) -> None:
        self._folder = tempfile.TemporaryDirectory() if kind == "sqlite" else None

    def __enter__(self) -> str:
        return ":memory:" if self._folder is None else str(Path(self._folder.name, "kept.db"))

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()


def stores() -> Sequence[tuple[str, _Store]]:
    return [(kind, _Store(kind)) for kind in ("memory", "sqlite")]
