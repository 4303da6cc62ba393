"""An app that asks a provider by its name: a question, and prints what the run was, or for a typed answer."""

import json
import sys

import anyio
from anyassistant import AsyncClient
from pydantic import BaseModel, Field


class Place(BaseModel):
    """A country."""

    country: str = Field(max_length=20)


async def ask(target: str, question: str) -> None:
    async with AsyncClient(target, store=":memory:") as client:
        assistant = await client.assistants.create(instructions="You answer briefly.", temperature=0)
        thread = await client.threads.create(messages=[question])
        run = thread.run(assistant, max_completion_tokens=24)
        pieces = [event.text async for event in run.events(check=False) if event.event == "thread.message.delta"]
        record = await run.wait()
        said = [message.text async for message in run.messages()]
    usage = record.usage
    failure = record.last_error
    told = {
        "status": record.status,
        "code": failure.code if failure else None,
        "model": record.model,
        "pieces": pieces,
        "messages": said,
    }
    print(json.dumps(told | {"tokens": usage.completion_tokens if usage else None}))


async def ask_for_a_type(target: str) -> None:
    """What the service itself holds to a JSON Schema."""
    async with AsyncClient(target, store=":memory:") as client:
        thread = await client.threads.create(messages=["Rome is the capital of which country?"])
        assistant = await client.assistants.create(temperature=0)
        result = await thread.run(assistant, response_format=Place).result()
    print(result.output.model_dump_json())


target, *questions = sys.argv[1:]
for backend in ("asyncio", "trio"):
    if questions:
        anyio.run(ask, target, *questions, backend=backend)
    else:
        anyio.run(ask_for_a_type, target, backend=backend)
