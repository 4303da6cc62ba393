"""A loopback HTTP server that answers from precomputed bytes, in a process of its own so that it costs the client no
CPU.

All of an answer is written at once, so that the server's own speed decides nothing, unless a script asks for a pause
between its pieces. `GET /stats` tells what it has seen.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

SSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextmanager
def running(script: str) -> Iterator[str]:
    """The base URL of a server that this file starts, until the block is left."""
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # asked for above
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.terminate()


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent: its pieces, and seconds between them."""

    pieces: Sequence[bytes]
    pause: float = 0.0


class ScriptedServer(ABC):
    """The service; it counts what it sees."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests = 0
        self.received = 0

    @abstractmethod
    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """The answer to a request; `path` is without the base, and with its parameters."""
        ...

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, one after the other."""
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_content_length(head))
                method, target, _ = head.split(b" ", 2)
                if target == b"/stats":
                    writer.write(self._stats())
                else:
                    self.requests += 1
                    self.received += len(body)
                    await _write(self.answer(method.decode(), target.decode().removeprefix("/v1"), body), writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _stats(self) -> bytes:
        return json_answer({"connections": self.connections, "requests": self.requests, "received": self.received})

    async def run(self) -> None:
        """Serve on a free port, which is printed, until the process is ended."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, limit=2**24, backlog=1024)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


def json_answer(value: object) -> bytes:
    """An answer with a JSON body."""
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def chunk(event: bytes) -> bytes:
    """An HTTP chunk of its own, in which services send each event."""
    return b"%x\r\n%b\r\n" % (len(event), event)


async def _write(answer: Answer, writer: asyncio.StreamWriter) -> None:
    if not answer.pause:
        writer.write(b"".join(answer.pieces))
        return
    for piece in answer.pieces:
        writer.write(piece)
        await asyncio.sleep(answer.pause)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
