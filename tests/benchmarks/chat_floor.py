"""The floor: the loop that a person writes by hand with `httpx.AsyncClient`, `json.loads` and `aiter_lines`.

It keeps no thread, no log, no status and no ledger: what anyassistant costs beyond this is what these cost.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any

import httpx

Functions = dict[str, Callable[..., Awaitable[object]]]


async def converse(
    client: httpx.AsyncClient,
    url: str,
    model: str,
    messages: list[dict[str, Any]],
    tools: Sequence[dict[str, Any]] = (),
    functions: Functions | None = None,
) -> AsyncGenerator[str, None]:
    """Call the model and its tools until it has answered; gives the text as it comes, and extends `messages`."""
    body: dict[str, Any] = {"model": model, "stream": True, "stream_options": {"include_usage": True}}
    if tools:
        body["tools"] = list(tools)
    while True:
        text: list[str] = []
        calls: dict[int, dict[str, Any]] = {}
        async with client.stream("POST", f"{url}/chat/completions", json={**body, "messages": messages}) as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                if not line.startswith("data: ") or line == "data: [DONE]":
                    continue
                chunk = json.loads(line[6:])
                for choice in chunk["choices"]:
                    delta = choice["delta"]
                    if delta.get("content"):
                        text.append(delta["content"])
                        yield delta["content"]
                    for piece in delta.get("tool_calls") or ():
                        call = calls.setdefault(piece["index"], {"id": "", "name": "", "arguments": ""})
                        call["id"] += piece.get("id") or ""
                        call["name"] += piece["function"].get("name") or ""
                        call["arguments"] += piece["function"].get("arguments") or ""
        message: dict[str, Any] = {"role": "assistant", "content": "".join(text)}
        messages.append(message)
        if not calls:
            return
        message["tool_calls"] = [
            {
                "id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
            for call in calls.values()
        ]
        for call in calls.values():
            value = await (functions or {})[call["name"]](**json.loads(call["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": json.dumps(value)})


async def say(
    client: httpx.AsyncClient,
    url: str,
    model: str,
    messages: list[dict[str, Any]],
    tools: Sequence[dict[str, Any]] = (),
    functions: Functions | None = None,
) -> str:
    """The whole answer."""
    async with aclosing(converse(client, url, model, messages, tools, functions)) as texts:
        return "".join([text async for text in texts])
