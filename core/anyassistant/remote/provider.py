"""A service that keeps assistants, threads and runs itself, with what its wire lacks: see `RemoteProvider`."""

from __future__ import annotations

import time
from dataclasses import replace

import anyio

from .. import protocols
from ..errors import StoreError
from ..host_task import HostTask
from ..hosting.refusals import refuse_attachments, refuse_hosted_tools
from ..hosting.run import HostedRun
from ..hosting.run_provider import RunProvider
from ..hosting.store import Store
from ..protocols import AssistantParams, Capabilities, Provider, RunParams, ThreadParams, ToolExecutor
from ..types import Page, PageQuery
from .host import RemoteHost
from .thread import UNDO_SECONDS, RemoteThread, as_the_service_has_it, refuse_unclaimed_of_run, undo


class RemoteProvider(RunProvider):
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
        super().__init__(self._host)
        self.capabilities = provider.capabilities

    async def create_assistant(self, params: AssistantParams, /) -> protocols.Assistant:
        refuse_hosted_tools(params.hosted_tools, params.tool_resources, self.capabilities, self.name)
        if params.model is None and self._default_model:
            params = replace(params, model=self._default_model)
        return await self._provider.create_assistant(params)

    async def get_assistant(self, assistant_id: str, /) -> protocols.Assistant:
        return await self._provider.get_assistant(assistant_id)

    async def list_assistants(self, query: PageQuery, /) -> Page[protocols.Assistant]:
        return await self._provider.list_assistants(query)

    async def create_thread(self, params: ThreadParams, /) -> RemoteThread:
        self._refuse_unclaimed(params)
        theirs = await self._provider.create_thread(params)
        return await self._indexed(theirs)

    async def get_thread(self, thread_id: str, /) -> RemoteThread:
        known = await self._host.store.get_thread(thread_id)
        if known is not None:
            self._host.refuse_foreign(known)
        theirs = await self._provider.get_thread(thread_id)
        if known is not None:
            return RemoteThread(self._host, theirs.record, theirs)
        try:
            return await self._indexed(theirs)  # begun by somebody else
        except StoreError:  # which another reader may have done in this moment
            if await self._host.store.get_thread(thread_id) is None:
                raise
            return RemoteThread(self._host, theirs.record, theirs)

    async def _indexed(self, theirs: protocols.Thread) -> RemoteThread:
        thread = RemoteThread(self._host, theirs.record, theirs)
        await self._host.store.create_thread(thread.record, ())
        return thread

    async def create_thread_and_run(
        self, thread: ThreadParams, run: RunParams, /, *, executor: ToolExecutor | None, follow: bool
    ) -> tuple[RemoteThread, HostedRun]:
        self._refuse_unclaimed(thread)
        refuse_unclaimed_of_run(self._host, run)

        async def create() -> tuple[RemoteThread, HostedRun]:
            began = time.time()
            theirs, begun = await self._provider.create_thread_and_run(
                thread, as_the_service_has_it(run), executor=None, follow=follow and executor is not None
            )
            try:
                made = await self._indexed(theirs)
            except BaseException:
                with anyio.move_on_after(UNDO_SECONDS, shield=True):
                    await undo(begun)
                raise
            return made, await made.keep_begun(begun, run, executor, began)

        return await self._host.drivers.complete(create)

    def _refuse_unclaimed(self, params: ThreadParams) -> None:
        refuse_attachments(params.messages, self.capabilities, self.name)
        refuse_hosted_tools((), params.tool_resources, self.capabilities, self.name)

    async def list_threads(self, query: PageQuery, /) -> Page[protocols.Thread]:
        if self.capabilities.list_threads:
            page = await self._provider.list_threads(query)
            return Page([RemoteThread(self._host, one.record, one) for one in page.data], page.has_more)
        index = await self._host.store.list_threads(query, service=self._host.service)
        return Page([RemoteThread(self._host, record) for record in index.data], index.has_more)

    def files(self) -> protocols.Files:
        return self._provider.files()

    def vector_stores(self) -> protocols.VectorStores:
        return self._provider.vector_stores()

    async def capabilities_of(self, model: str, /) -> Capabilities:
        return await self._provider.capabilities_of(model)

    async def aclose(self) -> None:
        await self._park_and_close("provider", self._provider.aclose)
