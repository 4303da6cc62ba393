"""A loopback server that answers by script, for what respx cannot do: the wire itself."""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import anyio
import pytest
from anyassistant.http import WireClient, WireConfig
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

Step: TypeAlias = bytes | Callable[[SocketStream], Awaitable[None]]


async def reset(stream: SocketStream) -> None:
    """End the connection by a reset, not by an end of the stream."""
    raw = stream.extra(SocketAttribute.raw_socket)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await stream.aclose()


async def hang_up(stream: SocketStream) -> None:
    """End the connection as if all were said."""
    await stream.aclose()


async def stall(stream: SocketStream) -> None:
    """Say nothing more, until the other side has hung up."""
    try:
        while True:
            await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        await stream.aclose()


@dataclass
class Server:
    """Plays one list of steps a request; the last one again and again."""

    answers: Sequence[Sequence[Step]]
    url: str = ""
    requests: list[tuple[bytes, bytes]] = field(default_factory=list)
    """The head and the body of each."""
    connections: int = 0
    open_connections: int = 0
    hung_up: anyio.Event = field(default_factory=anyio.Event)
    """Set when a connection was closed by the client."""

    async def handle(self, stream: SocketStream) -> None:
        self.connections += 1
        self.open_connections += 1
        try:
            async with stream:
                await self._answer(stream)
        except (anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            self.hung_up.set()
        finally:
            self.open_connections -= 1

    async def _answer(self, stream: SocketStream) -> None:
        buffered = BufferedByteReceiveStream(stream)
        while True:
            head = await buffered.receive_until(b"\r\n\r\n", 65_536)
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
            )
            body = await buffered.receive_exactly(length) if length else b""
            answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
            self.requests.append((head, body))
            for step in answer:
                if isinstance(step, bytes):
                    await stream.send(step)
                else:
                    await step(stream)


@asynccontextmanager
async def _serving(*answers: Sequence[Step]) -> AsyncGenerator[Server, None]:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        server = Server(answers, f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}")
        async with anyio.create_task_group() as group:
            group.start_soon(listener.serve, server.handle)
            yield server
            group.cancel_scope.cancel()


@pytest.fixture(scope="session")
def serving() -> Callable[..., object]:
    """`async with serving([step, ...], ...) as server:`; a step is bytes, `reset`, `hang_up` or `stall`."""
    return _serving


@pytest.fixture(scope="session")
def steps() -> type:
    """What a scripted server can do beside sending bytes."""

    class Steps:
        reset = staticmethod(reset)
        hang_up = staticmethod(hang_up)
        stall = staticmethod(stall)

    return Steps


@pytest.fixture(scope="session")
def whole() -> Callable[..., bytes]:
    """An answer with a length."""

    def make(body: bytes, *, status: int = 200, headers: str = "", media_type: str = "application/json") -> bytes:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        return head.encode() + body

    return make


@pytest.fixture(scope="session")
def chunked() -> Callable[..., list[bytes]]:
    """The pieces of a chunked answer, without its end unless `end`."""

    def make(*pieces: bytes, media_type: str = "text/event-stream", end: bool = True) -> list[bytes]:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece]
        return [head, *chunks, *([b"0\r\n\r\n"] if end else [])]

    return make


@pytest.fixture
async def make_wire() -> AsyncGenerator[Callable[..., WireClient], None]:
    """Makes clients that are closed after the test; retries are quick to give up."""
    made: list[WireClient] = []

    def make(
        base_url: str = "http://wire.test", *, client: dict[str, object] | None = None, **config: object
    ) -> WireClient:
        config = {"retry_seconds": 5.0, "first_byte_seconds": 20, "idle_seconds": 20, **config}
        made.append(WireClient(WireConfig(base_url=base_url, **config), **(client or {})))
        return made[-1]

    yield make
    for wire in made:
        await wire.aclose()
