"""Runs over the Assistants stream wire against the hand-written loop: tool rounds, streamed deltas, many at once, and
the memory of open ones.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from anyassistant import AsyncClient
from anyassistant_openai import Config, OpenAIAssistants
from assistants_double import running_assistants_double
from assistants_floor import converse
from cases_runs import (
    DELTAS,
    INSTRUCTIONS,
    QUESTION,
    ROUNDS_OF_TOOLS,
    RUNS,
    Ours,
    Results,
    compare_at_once,
    look_up,
    repeat,
    stores,
)
from chat_double import model_name
from measuring import Comparison, compare


@dataclass(frozen=True, slots=True)
class Floor:
    """The hand-written loop, with the same tool, on the same assistant."""

    client: httpx.AsyncClient
    url: str
    assistant_id: str

    async def run(self) -> None:
        text = "".join(await self._texts())
        assert text.startswith("word word")

    async def read_deltas(self) -> None:
        assert len(await self._texts()) == DELTAS

    async def _texts(self) -> list[str]:
        said = converse(self.client, self.url, self.assistant_id, QUESTION, {"look_up": look_up})
        async with aclosing(said) as texts:
            return [text async for text in texts]


@asynccontextmanager
async def assistants_sides(url: str, model: str, *, store: str = ":memory:") -> AsyncIterator[tuple[Floor, Ours]]:
    """Both, ready to run."""
    headers = {"Authorization": "Bearer none", "OpenAI-Beta": "assistants=v2"}
    provider = OpenAIAssistants(Config(base_url=url))
    limits = httpx.Limits(max_connections=None)
    async with (
        httpx.AsyncClient(headers=headers, timeout=60, limits=limits) as http,
        AsyncClient(provider, store=store) as client,
    ):
        assistant = await client.assistants.create(model=model, instructions=INSTRUCTIONS, tools=[look_up])
        yield Floor(http, url, assistant.id), Ours(client, assistant)


async def tool_rounds(rounds: int) -> Results:
    """Three rounds of a tool and an answer of 20 deltas, each on a thread of its own."""
    for key, store in stores():
        with running_assistants_double() as url, store as path:
            async with assistants_sides(url, model_name(rounds=ROUNDS_OF_TOOLS), store=path) as (floor, ours):
                yield (
                    f"assistants_tool_rounds_{key}",
                    await compare(repeat(floor.run, RUNS), repeat(ours.run, RUNS), rounds=rounds, units=RUNS),
                )


async def deltas(rounds: int) -> Results:
    """2,000 text deltas of one answer, decoded and given to the app."""
    for key, store in stores():
        with running_assistants_double() as url, store as path:
            async with assistants_sides(url, model_name(deltas=DELTAS), store=path) as (floor, ours):
                yield (
                    f"assistants_deltas_{key}",
                    await compare(floor.read_deltas, ours.read_deltas, rounds=2 * rounds, units=DELTAS),
                )


async def at_once(rounds: int) -> Results:
    """200 runs of three tool rounds at once, against as many one after the other."""
    with running_assistants_double() as url:
        async with assistants_sides(url, model_name(rounds=ROUNDS_OF_TOOLS)) as (floor, ours):
            yield "assistants_at_once", await compare_at_once(ours.run, rounds=rounds)
            yield "assistants_at_once_floor", await compare_at_once(floor.run, rounds=3)


async def open_runs(rounds: int) -> Results:
    """Bytes of memory of a run that waits for the service's next word, each side in a process of its own."""
    script = str(Path(__file__).with_name("open_runs.py"))

    def bytes_per_run(url: str, side: str) -> float:
        command = [sys.executable, script, url, side]
        return float(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)

    with running_assistants_double() as url:
        spent = [[bytes_per_run(url, side) for _ in range(rounds)] for side in ("floor", "ours")]
    yield "open_run_memory", Comparison.of(*spent)
