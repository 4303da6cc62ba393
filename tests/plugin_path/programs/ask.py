"""An app that asks a provider by its name, and prints what the run was."""

import json
import sys

import anyio
from anyassistant import AsyncClient


async def main(target: str, question: str) -> None:
    async with AsyncClient(target, store=":memory:") as client:
        assistant = await client.assistants.create(instructions="You answer briefly.", temperature=0)
        thread = await client.threads.create(messages=[question])
        run = thread.run(assistant, max_completion_tokens=24)
        pieces = [event.text async for event in run.events(check=False) if event.event == "thread.message.delta"]
        record = await run.wait()
        said = [message.text async for message in run.messages()]
    usage = record.usage
    told = {"status": record.status, "model": record.model, "pieces": pieces, "messages": said}
    print(json.dumps(told | {"tokens": usage.completion_tokens if usage else None}))


for backend in ("asyncio", "trio"):
    anyio.run(main, *sys.argv[1:], backend=backend)
