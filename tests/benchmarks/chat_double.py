"""A loopback double of a Chat-Completions service that streams, in a process of its own so that it costs the client
no CPU.

What it answers is in the model's name: `rounds=3,deltas=20,pause=0` asks for three rounds of one tool call each, then
says a text in 20 deltas; how many rounds were made it counts in the messages behind the last one of the user. Each
server-sent event is an HTTP chunk of its own, as services send them. All of an answer is written at once, so that the
double's own speed decides nothing; with `pause=2` each event comes 2 ms after the one before it. `GET /stats` tells
what it has seen.

Source: OpenAI API reference, "Chat Completions", "Streaming".
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

TOOL = "look_up"
"""The tool that it calls: `look_up(city: str, days: int)`."""
WORD = "word "
"""What each text delta says."""


@contextmanager
def running_double() -> Iterator[str]:
    """The base URL of a double that runs until the block is left."""
    with subprocess.Popen([sys.executable, str(Path(__file__))], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # asked for above
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.terminate()


def model_name(*, rounds: int = 0, deltas: int = 20, pause: int = 0) -> str:
    """The name of a model that answers so; `pause` is in milliseconds."""
    return f"rounds={rounds},deltas={deltas},pause={pause}"


class Double:
    """The service; it counts what it sees."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests = 0
        self.received = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, one after the other."""
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_content_length(head))
                if head.startswith(b"GET"):
                    writer.write(self._stats())
                else:
                    await self._complete(body, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _complete(self, body: bytes, writer: asyncio.StreamWriter) -> None:
        self.requests += 1
        self.received += len(body)
        request = json.loads(body)
        script = dict(pair.split("=") for pair in request["model"].split(","))
        done = 0
        for message in reversed(request["messages"]):
            if message["role"] == "user":
                break
            done += message["role"] == "tool"
        chunks = answer(int(script["rounds"]), int(script["deltas"]), done)
        pause = int(script["pause"]) / 1_000
        if not pause:
            writer.write(b"".join(chunks))
            return
        for chunk in chunks:
            writer.write(chunk)
            await asyncio.sleep(pause)

    def _stats(self) -> bytes:
        body = json.dumps(
            {"connections": self.connections, "requests": self.requests, "received": self.received}
        ).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


@cache
def answer(rounds: int, deltas: int, done: int) -> list[bytes]:
    """The response to a request of a run that has made `done` calls: its head, its chunks, its end."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
    return [head, *(_chunk(event) for event in events(rounds, deltas, done)), b"0\r\n\r\n"]


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


def _chunk(event: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(event), event)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def main() -> None:
    """Serve on a free port, which is printed, until the process is ended."""
    server = await asyncio.start_server(Double().serve, "127.0.0.1", 0, limit=2**24, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
