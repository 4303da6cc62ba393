"""Connections: few, used again, and none beyond the end of its event loop."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import weakref
from collections.abc import Iterator

import anyio
import pytest
from anyassistant.http import WireClient, WireConfig
from anyassistant.http.pools import CONNECTIONS

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class ThreadedServer:
    """Outlives event loops; says when its connections were closed."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.opened = 0
        self.closed = threading.Semaphore(0)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.opened += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while connection.recv(65_536):
                connection.sendall(ANSWER)
        self.closed.release()


@pytest.fixture
def server() -> Iterator[ThreadedServer]:
    server = ThreadedServer()
    yield server
    server.close()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_event_loop_takes_its_connections_along(server: ThreadedServer, backend: str) -> None:
    wire = WireClient(WireConfig(base_url=server.url))

    async def ask() -> None:
        for _ in range(2):
            assert (await wire.get("/")).json() == {}

    for count in (1, 2):
        anyio.run(ask, backend=backend)
        assert server.opened == count
        assert server.closed.acquire(timeout=10)


def test_nothing_is_kept_of_an_event_loop_that_has_ended(server: ThreadedServer) -> None:
    wire = WireClient(WireConfig(base_url=server.url))
    loops: list[weakref.ref[object]] = []

    async def ask() -> None:
        await wire.get("/")
        loops.append(weakref.ref(asyncio.get_running_loop()))

    for _ in range(2):
        asyncio.run(ask())
    gc.collect()
    assert [loop() for loop in loops] == [None, None]


def test_one_client_serves_several_event_loops_at_once(server: ThreadedServer) -> None:
    wire = WireClient(WireConfig(base_url=server.url))
    meet = threading.Barrier(4, timeout=10)

    async def ask() -> None:
        await wire.get("/")
        await anyio.to_thread.run_sync(meet.wait)
        await wire.get("/")

    threads = [
        threading.Thread(target=anyio.run, args=(ask,), kwargs={"backend": backend}, daemon=True)
        for backend in ("asyncio", "trio") * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert server.opened == 4
    assert all(server.closed.acquire(timeout=10) for _ in range(4))


async def test_closing_closes_and_using_it_again_opens(server: ThreadedServer) -> None:
    wire = WireClient(WireConfig(base_url=server.url))
    await wire.aclose()
    for count in (1, 2):
        await wire.get("/")
        await wire.aclose()
        await wire.aclose()
        assert server.opened == count
        assert await anyio.to_thread.run_sync(server.closed.acquire, True, 10)


async def test_a_client_that_nobody_has_any_more_leaves_no_connection(server: ThreadedServer) -> None:
    wire = WireClient(WireConfig(base_url=server.url))
    await wire.get("/")
    del wire
    gc.collect()
    assert await anyio.to_thread.run_sync(server.closed.acquire, True, 10)


async def test_closing_while_cancelled_closes(server: ThreadedServer) -> None:
    wire = WireClient(WireConfig(base_url=server.url))
    await wire.get("/")
    with anyio.CancelScope() as scope:
        scope.cancel()
        await wire.aclose()
    assert await anyio.to_thread.run_sync(server.closed.acquire, True, 10)


async def test_many_at_once_have_many_connections_that_are_used_again(make_wire, serving, whole) -> None:
    count = 3 * CONNECTIONS + 1
    all_are_here, arrived = anyio.Event(), []

    async def wait_for_all(stream) -> None:
        arrived.append(stream)
        if len(arrived) == count:
            all_are_here.set()
        await all_are_here.wait()

    async with serving([wait_for_all, whole(b"{}")]) as server:
        wire = make_wire(server.url)
        for _ in range(2):
            async with anyio.create_task_group() as group:
                for _ in range(count):
                    group.start_soon(wire.get, "/")
        assert server.connections == count
        assert len(server.requests) == 2 * count
