"""A service that keeps assistants, threads and runs itself, with what its wire lacks: see `RemoteProvider`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

import anyio

from .. import protocols
from ..errors import StoreError, not_found
from ..host_task import HostTask
from ..hosting.run import HostedRun, list_runs
from ..hosting.store import Store
from ..protocols import AssistantParams, Capabilities, Provider, ThreadParams
from ..types import Page, PageQuery
from .host import RemoteHost
from .thread import RemoteThread

logger = logging.getLogger("anyassistant")

CLOSE_SECONDS = 10.0
"""How long leaving a client waits for its provider to close."""


class RemoteProvider(protocols.Provider):
    """A service's assistants, threads and runs, with the ledger, approvals and event numbers that no wire has.

    Assistants, threads and messages are the service's alone. Of threads and runs an index is kept in the store, with
    each run's events as they were heard: so that they can be listed, replayed by number, and taken over.

    Args:
        provider: The service; it is closed with this.
        task: Where the drivers' tasks live.
        lease: Seconds after which a driver that says nothing counts as gone.
        default_model: The model of assistants that name none; empty leaves it to the service.
    """

    def __init__(
        self, provider: Provider, store: Store, *, task: HostTask, lease: float, default_model: str = ""
    ) -> None:
        self._host = RemoteHost(provider, store, task=task, lease=lease)
        self._provider = provider
        self._default_model = default_model
        self.name = provider.name
        self.capabilities = provider.capabilities

    async def create_assistant(self, params: AssistantParams, /) -> protocols.Assistant:
        if params.model is None and self._default_model:
            params = replace(params, model=self._default_model)
        return await self._provider.create_assistant(params)

    async def get_assistant(self, assistant_id: str, /) -> protocols.Assistant:
        return await self._provider.get_assistant(assistant_id)

    async def list_assistants(self, query: PageQuery, /) -> Page[protocols.Assistant]:
        return await self._provider.list_assistants(query)

    async def create_thread(self, params: ThreadParams, /) -> RemoteThread:
        theirs = await self._provider.create_thread(params)
        await self._host.store.create_thread(theirs.record, ())
        return RemoteThread(self._host, theirs.record, theirs)

    async def get_thread(self, thread_id: str, /) -> RemoteThread:
        theirs = await self._provider.get_thread(thread_id)
        if await self._host.store.get_thread(thread_id) is None:  # begun by somebody else
            try:
                await self._host.store.create_thread(theirs.record, ())
            except StoreError:  # which another reader may have done in this moment
                if await self._host.store.get_thread(thread_id) is None:
                    raise
        return RemoteThread(self._host, theirs.record, theirs)

    async def list_threads(self, query: PageQuery, /) -> Page[protocols.Thread]:
        if self.capabilities.list_threads:
            page = await self._provider.list_threads(query)
            return Page([RemoteThread(self._host, one.record, one) for one in page.data], page.has_more)
        index = await self._host.store.list_threads(query)
        return Page([RemoteThread(self._host, record) for record in index.data], index.has_more)

    async def get_run(self, run_id: str, /) -> HostedRun:
        """A run of any thread, if this store knows it."""
        state = await self._host.store.get_run(run_id)
        if state is None:
            raise not_found("run", run_id)
        return HostedRun(self._host, await self._host.settle(state), None)

    async def list_runs(self, query: PageQuery, /, *, thread_id: str | None = None) -> Page[HostedRun]:
        """The runs that this store knows, of all threads or of one."""
        return await list_runs(self._host, thread_id, query)

    async def capabilities_of(self, model: str, /) -> Capabilities:
        return await self._provider.capabilities_of(model)

    async def complete(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do what must not be left half done in a task of the client."""
        await self._host.drivers.complete(work)

    async def aclose(self) -> None:
        await self._host.drivers.park()
        with anyio.move_on_after(CLOSE_SECONDS) as scope:
            await self._provider.aclose()
        if scope.cancelled_caught:
            logger.warning("provider %r did not close within %s s", self.name, CLOSE_SECONDS)
