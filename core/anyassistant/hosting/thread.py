"""A thread in the store."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from .. import protocols
from ..errors import not_found
from ..protocols import MessageParams, RunParams, ToolExecutor
from ..types import Message, Page, PageQuery, ThreadRecord
from ..types.events import RunEvent
from .host import Host
from .records import new_message, run_record
from .refusals import (
    refuse_attachments,
    refuse_hosted_tools,
    refuse_images,
    refuse_unclaimed,
    refuse_unknown_choice,
)
from .run import HostedRun, list_runs, open_run
from .store import RunState

T = TypeVar("T")


class HostedThread(protocols.Thread):
    """A thread in the store."""

    def __init__(self, host: Host, record: ThreadRecord) -> None:
        self._host = host
        self._store = host.store
        self.record = record

    async def create_message(self, params: MessageParams, /) -> Message:
        refuse_images([params], self._host.capabilities, self._host.name)
        refuse_attachments([params], self._host.capabilities, self._host.name)
        message = new_message(self.record.id, params)
        await self._host.unless_held(lambda: self._store.add_message(message))
        return message.message

    async def get_message(self, message_id: str, /) -> Message:
        message = await self._store.get_message(self.record.id, message_id)
        if message is None:
            raise not_found("message", message_id)
        return message

    async def list_messages(self, query: PageQuery, /) -> Page[Message]:
        return await self._store.list_messages(self.record.id, query)

    async def update_message(self, message_id: str, metadata: Mapping[str, str], /) -> Message:
        message = replace(await self.get_message(message_id), metadata=dict(metadata))
        if not await self._store.replace_message(message):
            raise not_found("message", message_id)
        return message

    async def delete_message(self, message_id: str, /) -> None:
        if not await self._host.unless_held(lambda: self._store.delete_message(self.record.id, message_id)):
            raise not_found("message", message_id)

    async def create_run(self, params: RunParams, /, *, executor: ToolExecutor | None, follow: bool) -> HostedRun:
        host = self._host
        assistant = await self._store.get_assistant(params.assistant_id)
        if assistant is None:
            raise not_found("assistant", params.assistant_id)
        now = time.time()
        record = run_record(self.record.id, assistant, params, host.default_model, int(now))
        refuse_unclaimed(record, await host.capabilities_of(record.model), host.name)
        refuse_hosted_tools(params.hosted_tools, None, host.capabilities, host.name)
        refuse_unknown_choice(record, params.tool_choice)
        refuse_images(params.additional_messages, host.capabilities, host.name)
        refuse_attachments(params.additional_messages, host.capabilities, host.name)
        state = RunState(
            record,
            driver=None if executor is None else host.drivers.identity,
            lease_until=host.drivers.lease_until(),
            epoch=1,
            expires=None if params.expires_in is None else now + params.expires_in,
            last_sequence=2,
        )
        messages = [new_message(self.record.id, one) for one in params.additional_messages]
        events = [RunEvent("thread.run.created", record, 1), RunEvent("thread.run.queued", record, 2)]

        async def create() -> HostedRun:
            await self._store.create_run(state, messages, events)
            if executor is not None:
                host.drive(state, executor)
            return HostedRun(host, state, executor)

        return await host.drivers.complete(lambda: self._host.unless_held(create))

    async def get_run(self, run_id: str, /, *, executor: ToolExecutor | None = None) -> HostedRun:
        state = await self._store.get_run(run_id)
        if state is None or state.record.thread_id != self.record.id:
            raise not_found("run", run_id)
        return await open_run(self._host, state, executor)

    async def list_runs(self, query: PageQuery, /) -> Page[protocols.Run]:
        return await list_runs(self._host, self.record.id, query)

    async def update(
        self, metadata: Mapping[str, str], /, *, tool_resources: Mapping[str, object] | None = None
    ) -> ThreadRecord:
        refuse_hosted_tools((), tool_resources, self._host.capabilities, self._host.name)
        record = replace(self.record, metadata=dict(metadata))
        if not await self._store.replace_thread(record):
            raise not_found("thread", record.id)
        self.record = record
        return record

    async def delete(self) -> None:
        if not await self._host.unless_held(lambda: self._store.delete_thread(self.record.id)):
            raise not_found("thread", self.record.id)
