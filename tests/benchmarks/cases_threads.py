"""Whether a message costs more on a long thread than on a short one."""

from __future__ import annotations

from anyassistant import AsyncClient, AsyncThread
from cases_runs import Results, message, stores
from measuring import compare

SHORT, LENGTHS = 10, (1_000, 10_000)
ADDED = 20
"""Messages added in one round of measuring; the threads of a round are new, so that a short one stays short."""


async def one_more_message(rounds: int) -> Results:
    """`thread.add` on a thread of 10, against the same on a thread of 1,000 and of 10,000."""
    for key, store in stores():
        with store as path:
            async with AsyncClient("echo", store=path) as client:
                short = [
                    await client.threads.create(messages=[message(at) for at in range(SHORT)])
                    for _ in range((rounds + 1) * ADDED)
                ]
                for length in LENGTHS:
                    long = await client.threads.create(messages=[message(at) for at in range(length)])
                    left = iter(short)

                    async def add_to_short() -> None:
                        for _ in range(ADDED):
                            await next(left).add("And tomorrow?")  # noqa: B023 - called before the next round

                    async def add_to_long(long: AsyncThread = long) -> None:
                        for _ in range(ADDED):
                            await long.add("And tomorrow?")

                    yield f"add_{length}_{key}", await compare(add_to_short, add_to_long, rounds=rounds, units=ADDED)
