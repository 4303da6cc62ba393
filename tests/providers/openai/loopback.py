"""HTTP on a loopback socket, written by hand, so that a test can break it at any byte."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

import anyio
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

BROKEN = (anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


@dataclass
class Request:
    method: str
    target: str
    """As it came; `path` and `query` are read of it."""
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content) if self.content else None


@dataclass
class Answer:
    """An answer with a length."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Stream:
    """An answer in pieces."""

    pieces: AsyncIterator[bytes]
    headers: Mapping[str, str] = field(default_factory=dict)


Raw: TypeAlias = Sequence[bytes | Callable[[SocketStream], Awaitable[None]]]
"""Bytes and deeds, instead of an answer."""
Handler: TypeAlias = Callable[[Request], Awaitable[Answer | Stream | Raw]]


async def reset(stream: SocketStream) -> None:
    """End the connection by a reset."""
    raw = stream.extra(SocketAttribute.raw_socket)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await stream.aclose()


async def stall(stream: SocketStream) -> None:
    """Say nothing more, until the other side has hung up."""
    try:
        while True:
            await stream.receive()
    except BROKEN:
        await stream.aclose()


class Stop(Exception):
    """Raised by a stream's pieces: do this with the connection instead of ending the answer."""

    def __init__(self, deed: Callable[[SocketStream], Awaitable[None]]) -> None:
        super().__init__(deed.__name__)
        self.deed = deed


@asynccontextmanager
async def listening(handler: Handler) -> AsyncGenerator[str, None]:
    """Serve on a free port; gives the URL."""
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as group:

        async def serve(stream: SocketStream) -> None:
            async with stream:
                try:
                    await _serve(stream, handler)
                except BROKEN:
                    return

        group.start_soon(listener.serve, serve)
        yield f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        group.cancel_scope.cancel()


async def _serve(stream: SocketStream, handler: Handler) -> None:
    buffered = BufferedByteReceiveStream(stream)
    while True:
        request = await _read(buffered)
        answer = await handler(request)
        if isinstance(answer, Answer):
            await stream.send(head(answer.status, answer.media_type, answer.headers, length=len(answer.content)))
            await stream.send(answer.content)
        elif isinstance(answer, Stream):
            await stream.send(head(200, "text/event-stream", answer.headers))
            try:
                async with aclosing(answer.pieces) as pieces:
                    async for piece in pieces:
                        if piece:
                            await stream.send(chunk(piece))
                await stream.send(b"0\r\n\r\n")
            except Stop as stop:
                await stop.deed(stream)
                return
        else:
            for one in answer:
                if isinstance(one, bytes):
                    await stream.send(one)
                else:
                    await one(stream)
                    return


async def _read(buffered: BufferedByteReceiveStream) -> Request:
    text = (await buffered.receive_until(b"\r\n\r\n", 65_536)).decode("latin-1")
    first, *lines = text.split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", 0))
    content = await buffered.receive_exactly(length) if length else b""
    parts = urlsplit(target)
    return Request(method, target, unquote(parts.path), parse_qsl(parts.query), headers, content)


def head(status: int, media_type: str, headers: Mapping[str, str], *, length: int | None = None) -> bytes:
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\n{size}\r\n{more}\r\n".encode()


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)
