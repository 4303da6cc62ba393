"""Wire in, wire out: HTTP to the llama.cpp server of this process, over the loopback device.

llama.cpp's own server is how it can be called from every event loop without a thread per call, and how a call can be
given up at any moment: whoever closes the connection has cancelled. It answers one request a connection here, whole or
in chunks, so a real HTTP client would only be weight.
"""

import os
import socket
import threading
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from enum import Enum

import anyio
import anyio.lowlevel
from anyassistant.errors import ProviderError
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream
from pydantic_core import from_json, to_json

from .json_values import as_object

MAX_HEAD_BYTES = 65_536
"""Of an answer's status line and headers."""

_EVENT = b"data: "


class ClientEnd(Enum):
    """Why a client takes no more calls."""

    CLOSED = "the model has been closed"
    EXIT = "the process ends"


class LoopbackClient:
    """Calls one llama.cpp server; usable from several threads and event loops at once.

    Args:
        address: `http://127.0.0.1:41709`.
        key: The server's key, sent as a bearer token.
    """

    def __init__(self, address: str, *, key: str) -> None:
        host, _, port = address.removeprefix("http://").rpartition(":")
        self._host, self._port, self._key = host, int(port), key
        self._lock = threading.Lock()
        self._calls = 0
        self._connections: set[SocketStream] = set()
        self._end: ClientEnd | None = None

    async def call(self, path: str, body: Mapping[str, object] | None = None) -> object:
        """The JSON of one answer; a `GET` where there is no body.

        Raises:
            ProviderError: The server refused (`context_length_exceeded`, or its own code), its connection broke
                (`connection_error`), or the model has been closed (`model_closed`).
        """
        async with self._request(path, body) as (head, stream):
            received = b"".join([part async for part in _read_body(head, stream)])
        answer: object = from_json(received)
        _check_status(head, answer)
        return answer

    async def stream(self, path: str, body: Mapping[str, object]) -> AsyncGenerator[dict[str, object], None]:
        """The server-sent events of one answer, decoded. Closing the generator cancels the generation.

        Raises:
            ProviderError: As for `call`.
        """
        async with self._request(path, {**body, "stream": True}) as (head, stream):
            if b"text/event-stream" not in head:
                _check_status(head, from_json(b"".join([part async for part in _read_body(head, stream)])))
            async with aclosing(_read_lines(_read_body(head, stream))) as lines:
                async for line in lines:
                    if line.startswith(_EVENT) and line != b"data: [DONE]":
                        event = from_json(line[len(_EVENT) :])
                        if "error" in event:
                            raise _provider_error(event)
                        await anyio.lowlevel.checkpoint()  # several events may have come at once
                        yield event

    def end(self, reason: ClientEnd) -> None:
        """Takes no more calls and ends the open ones, from any thread; may be repeated.

        At the end of the process who waits for an answer waits on instead of failing, so that what is being computed
        stays interrupted, as by a kill, and is not written down as a failure.
        """
        with self._lock:
            self._end = reason
            connections = list(self._connections)
        for connection in connections:
            _hang_up(connection)

    @property
    def open_calls(self) -> int:
        """How many calls have not ended yet."""
        return self._calls

    def is_idle(self, *, timeout: float) -> bool:
        """Whether nothing is being generated; blocks for at most `timeout` seconds.

        Raises:
            OSError: The server did not answer in time.
        """
        with socket.create_connection((self._host, self._port), timeout=timeout) as connection:
            connection.sendall(self._head("GET", "/slots", 0))
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        return b'"is_processing":false' in answer and b'"is_processing":true' not in answer

    def _head(self, method: str, path: str, length: int) -> bytes:
        lines = (
            f"{method} {path} HTTP/1.1",
            f"Host: {self._host}:{self._port}",
            f"Authorization: Bearer {self._key}",
            "Connection: close",
            "Content-Type: application/json",
            f"Content-Length: {length}",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    @asynccontextmanager
    async def _request(
        self, path: str, body: Mapping[str, object] | None
    ) -> AsyncGenerator[tuple[bytes, BufferedByteReceiveStream], None]:
        content = b"" if body is None else to_json(body)
        head = self._head("GET" if body is None else "POST", path, len(content))
        with self._lock:
            self._calls += self._end is None
            end = self._end
        if end is not None:
            raise await self._after_the_end(end)
        try:
            async with await anyio.connect_tcp(self._host, self._port) as connection:
                self._connections.add(connection)
                try:
                    await connection.send(head + content)
                    stream = BufferedByteReceiveStream(connection)
                    yield await stream.receive_until(b"\r\n\r\n", MAX_HEAD_BYTES), stream
                finally:
                    self._connections.discard(connection)
                    _hang_up(connection)  # closing is not enough where a forked child has it too
        except (OSError, anyio.BrokenResourceError, anyio.EndOfStream, anyio.IncompleteRead) as error:
            if self._end is not None:
                raise await self._after_the_end(self._end) from error
            raise ProviderError("The embedded model's server broke off its answer.", code="connection_error") from error
        finally:
            with self._lock:
                self._calls -= 1

    async def _after_the_end(self, end: ClientEnd) -> ProviderError:
        if end is ClientEnd.EXIT:
            await anyio.sleep_forever()
        return ProviderError("The embedded model has been closed.", code="model_closed")


def _hang_up(connection: SocketStream) -> None:
    with suppress(OSError):  # closed at this moment
        descriptor = os.dup(connection.extra(SocketAttribute.raw_socket).fileno())
        with socket.socket(fileno=descriptor) as twin:
            twin.shutdown(socket.SHUT_RDWR)


async def _read_body(head: bytes, stream: BufferedByteReceiveStream) -> AsyncGenerator[bytes, None]:
    headers = head.lower()
    if b"transfer-encoding: chunked" in headers:
        while size := int(await stream.receive_until(b"\r\n", 64), 16):
            yield await stream.receive_exactly(size)
            await stream.receive_exactly(2)
        return
    length = int(headers.partition(b"content-length:")[2].partition(b"\r\n")[0])
    yield await stream.receive_exactly(length)


async def _read_lines(parts: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    rest = b""
    async with aclosing(parts):
        async for part in parts:
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                yield line.strip()


def _check_status(head: bytes, answer: object) -> None:
    status = int(head.split(b" ", 2)[1])
    if status != 200:
        raise _provider_error(answer, status)


def _provider_error(answer: object, status: int | None = None) -> ProviderError:
    error = as_object(as_object(answer).get("error", answer))
    kind = str(error.get("type", "server_error"))
    code = "context_length_exceeded" if kind == "exceed_context_size_error" else kind
    return ProviderError(f"The embedded model refused: {error.get('message', answer)}", code=code, status_code=status)
