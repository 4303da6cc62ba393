import sys

import anyio
from anyassistant import AsyncClient
from shop import TOOLS


async def main() -> None:
    async with AsyncClient() as client:
        assistant = await client.assistants.create(tools=[TOOLS])
        thread = await client.threads.create()
        await thread.add("What did I buy last year?\nCALL get_shopping_history {}")
        async for step in thread.run(assistant, deps="ann"):
            print(step)
        async for event in thread.run(assistant, deps="ann").events():
            if event.event == "thread.message.delta":
                print(event.text, end="", flush=True)
            elif event.event == "thread.run.step.completed":
                print([call.output for call in event.data.tool_calls])
        async for message in thread.messages():
            print(message.role, message.text)


if __name__ == "__main__":
    anyio.run(main, backend=sys.argv[1])
