"""A process that makes one run by hand: `process_floor.py URL MODEL`."""

import asyncio
import sys

import httpx
from chat_floor import say


async def main(url: str, model: str) -> None:
    async with httpx.AsyncClient(headers={"Authorization": "Bearer none"}, timeout=60) as client:
        assert await say(client, url, model, [{"role": "user", "content": "What is the weather in Oslo?"}])


asyncio.run(main(*sys.argv[1:]))
