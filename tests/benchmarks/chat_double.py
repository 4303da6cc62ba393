"""A loopback double of a Chat-Completions service that streams.

What it answers is in the model's name: `rounds=3,deltas=20,pause=0` asks for three rounds of one tool call each, then
says a text in 20 deltas; how many rounds were made it counts in the messages behind the last one of the user. With
`pause=2` each event comes 2 ms after the one before it.

Source: OpenAI API reference, "Chat Completions", "Streaming".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cache

from scripted_server import SSE_HEAD, Answer, ScriptedServer, chunk, running

TOOL = "look_up"
"""The tool that it calls: `look_up(city: str, days: int)`."""
WORD = "word "
"""What each text delta says."""


def running_double() -> AbstractContextManager[str]:
    """The base URL of a double that runs until the block is left."""
    return running(__file__)


def model_name(*, rounds: int = 0, deltas: int = 20, pause: int = 0) -> str:
    """The name of a model that answers so; `pause` is in milliseconds."""
    return f"rounds={rounds},deltas={deltas},pause={pause}"


class Double(ScriptedServer):
    """The service."""

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        request = json.loads(body)
        script = dict(pair.split("=") for pair in request["model"].split(","))
        done = 0
        for message in reversed(request["messages"]):
            if message["role"] == "user":
                break
            done += message["role"] == "tool"
        pieces = answer(int(script["rounds"]), int(script["deltas"]), done)
        return Answer(pieces, int(script["pause"]) / 1_000)


@cache
def answer(rounds: int, deltas: int, done: int) -> list[bytes]:
    """The response to a request of a run that has made `done` calls: its head, its chunks, its end."""
    return [SSE_HEAD, *(chunk(event) for event in events(rounds, deltas, done)), b"0\r\n\r\n"]


def events(rounds: int, deltas: int, done: int) -> Iterator[bytes]:
    """The server-sent events of an answer."""
    yield _event({"role": "assistant", "content": None if done < rounds else "", "refusal": None})
    if done < rounds:
        function = {"name": TOOL, "arguments": ""}
        call = {"index": 0, "id": f"call_{done}", "type": "function", "function": function}
        yield _event({"tool_calls": [call]})
        for piece in ('{"', "city", '":"', "Oslo", '","', "days", '":', str(done + 1), "}"):
            yield _event({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    else:
        for _ in range(deltas):
            yield _event({"content": WORD})
    yield _event({}, finish_reason="tool_calls" if done < rounds else "stop")
    yield _event(None)
    yield b"data: [DONE]\n\n"


def _event(delta: dict[str, object] | None, finish_reason: str | None = None) -> bytes:
    """An event with a delta, or the last one, with the usage."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    data = {
        "id": "chatcmpl-CZ8qXk2Hs1fRrV0aYb3dQp9mWnLtE",
        "object": "chat.completion.chunk",
        "created": 1_764_000_000,
        "model": "double-2025-11-24",
        "service_tier": "default",
        "system_fingerprint": "fp_44709d6fcb",
        "choices": [] if delta is None else [choice],
        "usage": usage if delta is None else None,
    }
    return b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n"


if __name__ == "__main__":
    asyncio.run(Double().run())
