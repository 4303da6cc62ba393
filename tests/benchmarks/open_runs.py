"""How much memory open runs take: `open_runs.py URL SIDE` prints bytes a run, of the resident set of this process.

Each run has said its first word and waits for the next. Those before the first measurement fill the caches.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import anyio
from anyassistant.types.events import MessageDeltaEvent
from assistants_floor import converse
from cases_assistants import assistants_sides
from cases_runs import QUESTION, Run, look_up
from chat_double import model_name

FIRST, MORE = 50, 200
LONG = 600_000
"""Milliseconds: longer than it is measured."""


async def bytes_per_run(url: str, side: str) -> float:
    async with (
        assistants_sides(url, model_name(pause=LONG)) as (floor, ours),
        anyio.create_task_group() as group,
    ):
        spoken = anyio.Semaphore(0)

        async def by_hand() -> None:
            async for _ in converse(floor.client, url, floor.assistant_id, QUESTION, {"look_up": look_up}):
                spoken.release()

        async def by_us() -> None:
            thread = await ours.client.threads.create()
            await thread.add(QUESTION)
            async for event in thread.run(ours.assistant).events():
                if isinstance(event, MessageDeltaEvent):
                    spoken.release()

        async def open_runs(count: int) -> int:
            run: Run = by_us if side == "ours" else by_hand
            for _ in range(count):
                group.start_soon(run)
            for _ in range(count):
                await spoken.acquire()
            gc.collect()
            return resident_bytes()

        before = await open_runs(FIRST)
        grown = await open_runs(MORE) - before
        group.cancel_scope.cancel()
        return grown / MORE
    raise AssertionError("the group was left by its cancel")


def resident_bytes() -> int:
    """Of this process; Linux only."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    print(anyio.run(bytes_per_run, sys.argv[1], sys.argv[2]))
