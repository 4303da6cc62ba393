"""Connections by event loop: none outlives the one that it was made in.

One httpx pool looks through all its connections and all that wait for one, for every request: many requests at once are
much cheaper over many small pools (DESIGN section 8).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import anyio
import httpx
from anyio.lowlevel import EventLoopToken, current_token

from ..host_task import Waker, spawn

CONNECTIONS = 4
"""Of one pool."""
MAX_POOLS = 250
KEEP_ALIVE_SECONDS = 30.0
"""How long a connection that is not in use is kept."""
CLOSE_SECONDS = 2.0

MakeTransport = Callable[[httpx.Limits], httpx.AsyncHTTPTransport]


@dataclass(slots=True)
class Pool:
    """A few connections, and how many of them are in use."""

    transport: httpx.AsyncHTTPTransport
    in_use: int = 0


class Pools:
    """Small pools of one event loop, made as they are needed.

    Args:
        make_transport: Makes an httpx transport with the given limits.
    """

    def __init__(self, make_transport: MakeTransport) -> None:
        self._make_transport = make_transport
        self._pools: list[Pool] = []
        self._is_dropped = Waker()
        self._is_closed = anyio.Event()
        self._when_closed: Callable[[], None] | None = None
        self._keeper = spawn(self._keep)

    def enter(self) -> Pool:
        """A pool for one request: the first that has a connection left, so that few are opened."""
        pool = next((one for one in self._pools if one.in_use < CONNECTIONS), None)
        if pool is None and len(self._pools) < MAX_POOLS:
            limits = httpx.Limits(
                max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=KEEP_ALIVE_SECONDS
            )
            pool = Pool(self._make_transport(limits))
            self._pools.append(pool)
        if pool is None:
            pool = min(self._pools, key=lambda one: one.in_use)
        pool.in_use += 1
        return pool

    def leave(self, pool: Pool) -> None:
        """The request has ended."""
        pool.in_use -= 1

    def when_closed(self, call: Callable[[], None]) -> None:
        """Have something called when all connections are closed, by whatever."""
        self._when_closed = call

    def drop(self) -> None:
        """Have all connections closed soon; from any thread."""
        self._is_dropped.wake()

    async def aclose(self) -> None:
        """Close all connections; they are closed, too, where this is cancelled."""
        self.drop()
        await self._is_closed.wait()

    async def _keep(self) -> None:
        """Close the connections when they are dropped, or when the event loop ends, which cancels this."""
        try:
            await self._is_dropped.wait()
        finally:
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                for pool in self._pools:
                    await pool.transport.aclose()
            self._is_closed.set()
            if self._when_closed is not None:
                self._when_closed()


class LoopPools:
    """The pools of each event loop that a client is used in.

    They are closed by `aclose`, else when the event loop ends, or when nobody has the client any more.

    Args:
        make_transport: Makes an httpx transport with the given limits.
    """

    def __init__(self, make_transport: MakeTransport) -> None:
        self._make_transport = make_transport
        self._by_loop: dict[EventLoopToken, Pools] = {}

    def here(self) -> Pools:
        """The pools of the current event loop."""
        token = current_token()
        pools = self._by_loop.get(token)
        if pools is None:
            pools = self._by_loop[token] = Pools(self._make_transport)
            finalizer = weakref.finalize(self, pools.drop)
            finalizer.atexit = False
            pools.when_closed(partial(_forget, pools, token, self._by_loop, finalizer.detach))
        return pools

    async def aclose(self) -> None:
        """Close the connections of the current event loop."""
        pools = self._by_loop.pop(current_token(), None)
        if pools is not None:
            await pools.aclose()


def _forget(
    pools: Pools, token: EventLoopToken, by_loop: dict[EventLoopToken, Pools], detach: Callable[[], object]
) -> None:
    """Keep nothing of an event loop that has ended. A function, so that it does not keep the owner alive."""
    detach()
    if by_loop.get(token) is pools:
        del by_loop[token]
