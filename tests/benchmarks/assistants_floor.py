"""The floor of the Assistants wire: the loop that a person writes by hand with `httpx.AsyncClient`, `json.loads` and
`aiter_lines`.

It keeps no log, no ledger and no index: what anyassistant costs beyond this is what these cost.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
from chat_floor import Functions


async def converse(
    client: httpx.AsyncClient, url: str, assistant_id: str, question: str, functions: Functions
) -> AsyncGenerator[str, None]:
    """Ask on a new thread, and call the tools until there is an answer; gives its text as it comes."""
    answer = await client.post(f"{url}/threads", json={})
    answer.raise_for_status()
    thread = f"{url}/threads/{answer.json()['id']}"
    answer = await client.post(f"{thread}/messages", json={"role": "user", "content": question})
    answer.raise_for_status()
    path: str = f"{thread}/runs"
    body: dict[str, Any] = {"assistant_id": assistant_id}
    while True:
        run: dict[str, Any] = {}
        async with client.stream("POST", path, json={**body, "stream": True}) as response:
            response.raise_for_status()
            event = ""
            async for line in response.aiter_lines():
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: ") and event != "done":
                    data = json.loads(line[6:])
                    if event == "thread.message.delta":
                        for part in data["delta"].get("content", ()):
                            if part["type"] == "text":
                                yield part["text"]["value"]
                    elif event.startswith("thread.run.") and not event.startswith("thread.run.step."):
                        run = data
        if run["status"] != "requires_action":
            if run["status"] != "completed":
                raise RuntimeError(f"the run is {run['status']}: {run['last_error']}")
            return
        outputs = []
        for call in run["required_action"]["submit_tool_outputs"]["tool_calls"]:
            value = await functions[call["function"]["name"]](**json.loads(call["function"]["arguments"]))
            outputs.append({"tool_call_id": call["id"], "output": json.dumps(value)})
        path, body = f"{thread}/runs/{run['id']}/submit_tool_outputs", {"tool_outputs": outputs}
