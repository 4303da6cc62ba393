"""A thread that a service keeps."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

import anyio

from .. import protocols
from ..errors import AnyAssistantError, ThreadBusy, not_found
from ..hosting.host import NO_TOOLS
from ..hosting.refusals import refuse_attachments, refuse_hosted_tools
from ..hosting.run import HostedRun, list_runs, open_run
from ..hosting.store import RunState
from ..protocols import MessageParams, RunParams, ToolExecutor
from ..types import Limits, Message, Page, PageQuery, ThreadRecord
from .drive import RemoteDrive
from .host import RemoteHost
from .loop import RunLoop
from .mirror import Mirror

T = TypeVar("T")

logger = logging.getLogger("anyassistant")

UNDO_SECONDS = 10.0
"""How long it may take to cancel a run that began at the service and could not be kept here."""


class RemoteThread(protocols.Thread):
    """A thread that a service keeps, and of which the store has an index entry."""

    def __init__(self, host: RemoteHost, record: ThreadRecord, theirs: protocols.Thread | None = None) -> None:
        self._host = host
        self._store = host.store
        self._theirs = theirs
        self.record = replace(record, service=host.service)

    async def create_message(self, params: MessageParams, /) -> Message:
        refuse_attachments([params], self._host.provider.capabilities, self._host.name)
        thread = await self._thread()
        async with self._holder_is_known():
            return await thread.create_message(params)

    async def get_message(self, message_id: str, /) -> Message:
        return await (await self._thread()).get_message(message_id)

    async def list_messages(self, query: PageQuery, /) -> Page[Message]:
        return await (await self._thread()).list_messages(query)

    async def update_message(self, message_id: str, metadata: Mapping[str, str], /) -> Message:
        return await (await self._thread()).update_message(message_id, metadata)

    async def delete_message(self, message_id: str, /) -> None:
        await (await self._thread()).delete_message(message_id)

    async def create_run(self, params: RunParams, /, *, executor: ToolExecutor | None, follow: bool) -> HostedRun:
        host = self._host
        refuse_unclaimed_of_run(host, params)
        thread = await self._thread()

        async def create() -> HostedRun:
            now = time.time()
            async with self._holder_is_known():
                theirs = await thread.create_run(
                    as_the_service_has_it(params), executor=None, follow=follow and executor is not None
                )
            return await self.keep_begun(theirs, params, executor, now)

        return await host.drivers.complete(create)

    async def keep_begun(
        self, theirs: protocols.Run, params: RunParams, executor: ToolExecutor | None, began: float
    ) -> HostedRun:
        """Put a run of ours that began at the service into the index, and drive it where there is an executor."""
        host, thread = self._host, await self._thread()
        state = RunState(
            replace(theirs.record, status="queued", pending_calls=(), limits=params.limits or Limits()),
            driver=None if executor is None else host.drivers.identity,
            lease_until=host.drivers.lease_until(),
            epoch=1,
            expires=None if params.expires_in is None else began + params.expires_in,
            service=host.name,
        )
        try:
            await host.unless_held(lambda: self._store.create_run(state, (), ()))
        except BaseException:
            with anyio.move_on_after(UNDO_SECONDS, shield=True):
                await undo(theirs)
            raise
        if executor is not None:
            host.start(state, RemoteDrive(self._store, host.provider, executor, begun=(theirs, thread)))
        return HostedRun(host, state, executor)

    async def get_run(self, run_id: str, /, *, executor: ToolExecutor | None = None) -> HostedRun:
        state = await self._store.get_run(run_id)
        if state is None:
            state = await self._adopt(await (await self._thread()).get_run(run_id))
        if state.record.thread_id != self.record.id:
            raise not_found("run", run_id)
        return await open_run(self._host, state, executor)

    async def _adopt(self, theirs: protocols.Run) -> RunState:
        """Put a run into the index that somebody else began: as it is, and one that has ended with all that it told."""
        record = theirs.record
        state = RunState(record, epoch=1, service=self._host.name)
        await self._host.unless_held(lambda: self._store.create_run(state, (), ()))
        if not record.is_open:
            mirror = Mirror(self._store, state)
            await RunLoop(theirs, await self._thread(), mirror, NO_TOOLS, is_streaming=False, replays=False).catch_up()
            mirror.end(record)
            await mirror.writer.flush()
        return await self._store.get_run(record.id) or state

    async def list_runs(self, query: PageQuery, /) -> Page[protocols.Run]:
        return await list_runs(self._host, self.record.id, query)

    async def update(
        self, metadata: Mapping[str, str], /, *, tool_resources: Mapping[str, object] | None = None
    ) -> ThreadRecord:
        thread = await self._thread()
        if tool_resources is None:
            record = await thread.update(metadata)
        else:
            refuse_hosted_tools((), tool_resources, self._host.provider.capabilities, self._host.name)
            record = await thread.update(metadata, tool_resources=tool_resources)
        self.record = replace(record, service=self._host.service)
        await self._store.replace_thread(self.record)
        return self.record

    async def delete(self) -> None:
        await (await self._thread()).delete()
        await self._host.unless_held(lambda: self._store.delete_thread(self.record.id))

    async def _thread(self) -> protocols.Thread:
        if self._theirs is None:
            self._theirs = await self._host.provider.get_thread(self.record.id)
        return self._theirs

    @asynccontextmanager
    async def _holder_is_known(self) -> AsyncGenerator[None, None]:
        """Put the run that holds the thread into the index: who is told of it can get it, take it over and cancel it.

        Nobody else may: it may be one of ours whose beginning was not heard, as the connection broke.
        """
        try:
            yield
        except ThreadBusy as busy:
            try:
                await self.get_run(busy.run_id)
            except AnyAssistantError as error:  # that the thread is busy matters more
                logger.info("run %r of thread %s is not known", busy.run_id, self.record.id, exc_info=error)
            raise


def as_the_service_has_it(params: RunParams) -> RunParams:
    """A run's parameters without those that are held here."""
    return replace(params, expires_in=None, limits=None)


def refuse_unclaimed_of_run(host: RemoteHost, params: RunParams) -> None:
    """Refuse what a service that does not know of it would leave out.

    Raises:
        UnsupportedCapability: It names `hosted_tools`.
    """
    refuse_hosted_tools(params.hosted_tools, None, host.provider.capabilities, host.name)
    refuse_attachments(params.additional_messages, host.provider.capabilities, host.name)


async def undo(run: protocols.Run) -> None:
    """Cancel a run that began at the service, without hiding why."""
    try:
        try:
            await run.cancel()
        finally:
            await run.aclose()
    except AnyAssistantError as error:
        logger.warning("run %s could not be kept here, nor be cancelled at its service", run.record.id, exc_info=error)
