"""What all providers share whose runs are in a store, whoever keeps the rest."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import anyio

from .. import protocols
from ..errors import not_found
from ..types import Page, PageQuery
from .host import RunHost
from .run import HostedRun, list_runs

logger = logging.getLogger("anyassistant")

CLOSE_SECONDS = 10.0
"""How long leaving a client waits for its model, or its service, to close."""


class RunProvider(protocols.Provider):
    """The runs of a provider, found without their threads, and their drivers' end."""

    def __init__(self, runs: RunHost) -> None:
        self._runs = runs
        self.name = runs.name

    async def get_run(self, run_id: str, /) -> HostedRun:
        """A run of any thread, if this store knows it."""
        state = await self._runs.store.get_run(run_id)
        if state is None:
            raise not_found("run", run_id)
        return HostedRun(self._runs, await self._runs.settle(state), None)

    async def list_runs(self, query: PageQuery, /, *, thread_id: str | None = None) -> Page[HostedRun]:
        """The runs that this store knows, of all threads or of one."""
        return await list_runs(self._runs, thread_id, query)

    async def complete(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do what must not be left half done in a task of the client."""
        await self._runs.drivers.complete(work)

    async def _park_and_close(self, what: str, close: Callable[[], Awaitable[None]]) -> None:
        """Park what is driven here, and close what is behind it, in bounded time."""
        await self._runs.drivers.park()
        with anyio.move_on_after(CLOSE_SECONDS) as scope:
            await close()
        if scope.cancelled_caught:
            logger.warning("%s %r did not close within %s s", what, self.name, CLOSE_SECONDS)
