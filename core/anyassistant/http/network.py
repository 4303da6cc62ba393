"""What stands between httpcore and its sockets, and spares both work that is done for every request and every event.

A request is one write, not one for its head and one for its body; chunks of an answer that came together are one (see
`chunks`); and whether an idle connection is still open, which a pool asks of all of them for each request, is asked of
the socket itself. Decision 0021 has the figures.
"""

from __future__ import annotations

import select
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from .chunks import ChunkJoiner

MAX_HELD_BYTES = 2**16
"""Of a request, before they are written."""
_LAST_CHUNK = b"0\r\n\r\n"
"""What httpcore ends a request in chunks with; any other it ends with nothing."""


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._joiner = ChunkJoiner()
        self._held = b""
        self._socket = stream.get_extra_info("socket")  # anyio finds it anew, with its addresses, each time

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._held:  # what is no HTTP, as to a SOCKS proxy
            await self._flush(timeout)
        return self._joiner.feed(await self._stream.read(max_bytes, timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._joiner.begin()
        self._held += buffer
        if not buffer or buffer.endswith(_LAST_CHUNK) or len(self._held) > MAX_HELD_BYTES:
            await self._flush(timeout)

    async def _flush(self, timeout: float | None) -> None:
        held, self._held = self._held, b""
        await self._stream.write(held, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and self._socket is not None and hasattr(select, "poll"):  # Windows has none
            return _is_readable(self._socket.fileno())
        return self._stream.get_extra_info(info)


class _Backend(httpcore.AsyncNetworkBackend):
    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._backend.connect_tcp(host, port, timeout, local_address, socket_options))

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


def stand_between(transport: httpx.AsyncHTTPTransport) -> None:
    """Have a transport use its sockets in this way; it must have no connection yet.

    httpcore takes a network backend, which httpx has no argument for: hence the two private names. httpx 0.28 is the
    last of its kind, and the tests would tell.
    """
    pool = transport._pool
    pool._network_backend = _Backend(pool._network_backend)


def _is_readable(number: int) -> bool:
    """Whether there is something to read from a socket, as there is from one that the other side has closed."""
    if number < 0:
        return True
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))
