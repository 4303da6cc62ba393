"""Where cassettes come between a provider and the network: at httpx's transports.

Below are only bytes of sockets, above are clients of many kinds: `WireClient`, which uses transports alone, and every
`httpx.AsyncClient` and `httpx.Client`. Transports that reach no network (`MockTransport`, `ASGITransport`) stay as they
are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Protocol, TypeAlias
from unittest.mock import patch

import httpx

Send: TypeAlias = Callable[[httpx.Request], Awaitable[httpx.Response]]
SendBlocking: TypeAlias = Callable[[httpx.Request], httpx.Response]


class Tape(Protocol):
    """What answers in place of the network, from any thread and event loop."""

    async def answer(self, request: httpx.Request, send: Send) -> httpx.Response:
        """The open answer to a request; `send` is the network's."""
        ...

    def answer_blocking(self, request: httpx.Request, send: SendBlocking) -> httpx.Response:
        """The same for a blocking client."""
        ...


@contextmanager
def intercepting(tape: Tape) -> Iterator[None]:
    """Have a tape answer all requests of this process, also those of clients that exist already.

    Raises:
        RuntimeError: Another tape does.
    """
    send, send_blocking = httpx.AsyncHTTPTransport.handle_async_request, httpx.HTTPTransport.handle_request
    if send.__module__ == __name__:
        raise RuntimeError("Two cassettes cannot be used at once in one process: run the checks one after another.")

    async def handle_async_request(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        return await tape.answer(request, partial(send, transport))

    def handle_request(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        return tape.answer_blocking(request, partial(send_blocking, transport))

    with (
        patch.object(httpx.AsyncHTTPTransport, "handle_async_request", handle_async_request),
        patch.object(httpx.HTTPTransport, "handle_request", handle_request),
    ):
        yield
