"""What stands between httpcore and its sockets. It reaches into httpx, which a version of httpx could break."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import httpcore
import httpx
import pytest
from anyassistant.http import WireConfig
from anyassistant.http.network import MAX_HELD_BYTES, stand_between
from anyassistant.http.transports import TransportFactory
from anyio.abc import SocketStream


def transport_to(url: str) -> httpx.AsyncHTTPTransport:
    return TransportFactory(WireConfig(base_url=url))(httpx.Limits())


async def send(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> list[bytes]:
    response = await transport.handle_async_request(request)
    assert isinstance(response.stream, httpx.AsyncByteStream)
    pieces = [piece async for piece in response.stream]
    await response.aclose()
    return pieces


async def test_chunks_that_came_together_are_one_piece(serving) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving([head + b"3\r\none\r\n" + b"3\r\ntwo\r\n" + b"0\r\n\r\n"]) as server:
        async with transport_to(server.url) as transport:
            for _ in range(2):  # on one connection
                assert await send(transport, httpx.Request("GET", server.url)) == [b"onetwo"]
        assert server.connections == 1


@pytest.mark.parametrize("size", [0, 1, MAX_HELD_BYTES, 10 * MAX_HELD_BYTES])
async def test_a_request_arrives_whole_whatever_its_size(serving, whole, size: int) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, size, 10_000):
            yield bytes(min(10_000, size - at))

    async with serving([whole(b"{}")]) as server, transport_to(server.url) as transport:
        request = httpx.Request("POST", server.url, content=pieces(), headers={"Content-Length": str(size)})
        assert await send(transport, request) == [b"{}"]
        [(_, body)] = server.requests
        assert body == bytes(size)


async def test_a_request_is_one_write() -> None:
    received: list[bytes] = []

    async def serve(stream: SocketStream) -> None:
        async with stream:
            received.append(await stream.receive())
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, serve)
        url = f"http://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}"
        async with transport_to(url) as transport:
            await send(transport, httpx.Request("POST", url, content=b"body"))
        group.cancel_scope.cancel()
    assert [one.endswith(b"\r\n\r\nbody") for one in received] == [True]


class Refusing(httpcore.AsyncMockStream):
    """A connection of a service that has answered and hung up before it had the request."""

    def __init__(self) -> None:
        super().__init__([b"HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n"])

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        raise httpcore.WriteError("the other side has hung up")


class RefusingBackend(httpcore.AsyncMockBackend):
    async def connect_tcp(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        return Refusing()


@pytest.mark.parametrize("framing", [{"Content-Length": "4"}, {"Transfer-Encoding": "chunked"}])
async def test_the_answer_to_a_request_that_could_not_be_written_is_read(framing: dict[str, str]) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"body"

    transport = httpx.AsyncHTTPTransport()
    transport._pool._network_backend = RefusingBackend([])
    stand_between(transport)
    async with transport:
        request = httpx.Request("POST", "http://service.example.com", content=body(), headers=framing)
        assert (await transport.handle_async_request(request)).status_code == 413


async def test_an_idle_connection_that_the_service_has_closed_is_not_used_again(serving, steps, whole) -> None:
    async with serving([whole(b"1"), steps.hang_up], [whole(b"2")]) as server:
        async with transport_to(server.url) as transport:
            assert await send(transport, httpx.Request("GET", server.url)) == [b"1"]
            await server.hung_up.wait()
            await anyio.wait_all_tasks_blocked()
            assert await send(transport, httpx.Request("GET", server.url)) == [b"2"]
        assert server.connections == 2
