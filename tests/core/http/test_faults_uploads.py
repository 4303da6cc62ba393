"""Uploads to services that take their time, or that answer before they have all of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest
from anyassistant.errors import ProviderError
from anyassistant.http.form import PIECE_BYTES
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

SIZE = 2**24
"""Bytes that no socket's buffer holds."""
SECONDS = 2.0
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@asynccontextmanager
async def _listening(handle: Callable[[SocketStream], Awaitable[None]]) -> AsyncGenerator[str, None]:
    async def serve(stream: SocketStream) -> None:
        async with stream:
            try:
                await handle(stream)
            except (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, anyio.ClosedResourceError):
                return

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, serve)
        yield f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        group.cancel_scope.cancel()


async def _read_head(buffered: BufferedByteReceiveStream) -> int:
    head = await buffered.receive_until(b"\r\n\r\n", 65_536)
    return next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))


@pytest.fixture(params=["path", "bytes"])
def content(request: pytest.FixtureRequest, tmp_path: Path) -> bytes | Path:
    if request.param == "bytes":
        return bytes(SIZE)
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(SIZE))
    return path


async def test_the_time_for_the_answer_begins_when_the_file_is_sent(make_wire, content: bytes | Path) -> None:
    """A large file over a slow line takes longer than an answer may."""

    async def read_slowly(stream: SocketStream) -> None:
        buffered = BufferedByteReceiveStream(stream)
        length = await _read_head(buffered)
        await buffered.receive_exactly(length // 4)
        await anyio.sleep(1.3 * SECONDS)
        await buffered.receive_exactly(length - length // 4)
        await stream.send(OK)

    async with _listening(read_slowly) as url:
        wire = make_wire(url, first_byte_seconds=SECONDS)
        with anyio.fail_after(20):
            assert (await wire.upload("/files", content, filename="a.bin")).json() == {}


async def test_a_service_that_does_not_answer_a_file_is_not_waited_for_ever(make_wire, content: bytes | Path) -> None:
    async def read_and_say_nothing(stream: SocketStream) -> None:
        while True:
            await stream.receive()

    async with _listening(read_and_say_nothing) as url:
        wire = make_wire(url, first_byte_seconds=0.3)
        with anyio.fail_after(15), pytest.raises(ProviderError, match="first_byte_seconds"):
            await wire.upload("/files", content, filename="a.bin")


async def test_the_time_for_a_write_is_that_of_a_piece(make_wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else bytes would have to be sent as a whole within `idle_seconds`."""
    sizes: list[int] = []

    async def handle(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        sizes.extend([len(piece) async for piece in request.stream])
        return httpx.Response(200, json={}, request=request)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle)
    await make_wire().upload("/files", bytes(SIZE), filename="a.bin")
    assert sum(sizes) > SIZE
    assert max(sizes) <= PIECE_BYTES
