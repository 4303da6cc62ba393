"""A process that makes one run through anyassistant: `process_ours.py URL MODEL STORE`."""

import asyncio
import sys

from anyassistant import AsyncClient
from chat_wire import ChatWire


async def main(url: str, model: str, store: str) -> None:
    async with AsyncClient(ChatWire(url), store=store) as client:
        assistant = await client.assistants.create(model=model)
        thread = await client.threads.create()
        await thread.add("What is the weather in Oslo?")
        assert (await thread.run(assistant).result()).text


asyncio.run(main(*sys.argv[1:]))
