"""The provider over a `ChatModel` and a `Store`: assistants, threads and runs for a model that has none."""

from __future__ import annotations

import time

from .. import protocols
from ..errors import not_found
from ..host_task import HostTask
from ..protocols import AssistantParams, Capabilities, ChatModel, ThreadParams
from ..types import AssistantRecord, Page, PageQuery, ThreadRecord
from .host import Host
from .ids import new_id
from .records import assistant_record, new_message
from .refusals import refuse_attachments, refuse_hosted_tools, refuse_images
from .run_provider import RunProvider
from .store import Store
from .thread import HostedThread


class HostedProvider(RunProvider):
    """A chat model with assistants, threads and runs in a store.

    Args:
        name: The provider's name, which marks its turns: their opaque state goes back to the same provider only.
        model: The chat model; it is closed with the provider.
        task: Where the drivers' tasks live.
        default_model: The model of runs whose assistant names none.
        lease: Seconds after which a driver that says nothing counts as gone.
    """

    def __init__(
        self,
        name: str,
        model: ChatModel,
        store: Store,
        *,
        task: HostTask,
        default_model: str,
        lease: float,
    ) -> None:
        self._host = Host(name, model, store, task=task, default_model=default_model, lease=lease)
        super().__init__(self._host)
        self.capabilities = self._host.capabilities

    async def create_assistant(self, params: AssistantParams, /) -> HostedAssistant:
        refuse_hosted_tools(params.hosted_tools, params.tool_resources, self.capabilities, self.name)
        record = assistant_record(new_id("asst"), int(time.time()), params)
        await self._host.store.create_assistant(record)
        return HostedAssistant(self._host, record)

    async def get_assistant(self, assistant_id: str, /) -> HostedAssistant:
        record = await self._host.store.get_assistant(assistant_id)
        if record is None:
            raise not_found("assistant", assistant_id)
        return HostedAssistant(self._host, record)

    async def list_assistants(self, query: PageQuery, /) -> Page[protocols.Assistant]:
        page = await self._host.store.list_assistants(query)
        return Page([HostedAssistant(self._host, record) for record in page.data], page.has_more)

    async def create_thread(self, params: ThreadParams, /) -> HostedThread:
        record = ThreadRecord(new_id("thread"), int(time.time()), dict(params.metadata))
        refuse_images(params.messages, self.capabilities, self.name)
        refuse_attachments(params.messages, self.capabilities, self.name)
        refuse_hosted_tools((), params.tool_resources, self.capabilities, self.name)
        messages = [new_message(record.id, one) for one in params.messages]
        await self._host.store.create_thread(record, messages)
        return HostedThread(self._host, record)

    async def get_thread(self, thread_id: str, /) -> HostedThread:
        record = await self._host.store.get_thread(thread_id)
        if record is None:
            raise not_found("thread", thread_id)
        self._host.refuse_foreign(record)
        return HostedThread(self._host, record)

    async def list_threads(self, query: PageQuery, /) -> Page[protocols.Thread]:
        page = await self._host.store.list_threads(query)
        return Page([HostedThread(self._host, record) for record in page.data], page.has_more)

    async def capabilities_of(self, model: str, /) -> Capabilities:
        return await self._host.capabilities_of(model)

    async def aclose(self) -> None:
        await self._park_and_close("model of provider", self._host.model.aclose)


class HostedAssistant(protocols.Assistant):
    """An assistant in the store."""

    def __init__(self, host: Host, record: AssistantRecord) -> None:
        self._host = host
        self._store = host.store
        self.record = record

    async def update(self, params: AssistantParams, /) -> AssistantRecord:
        refuse_hosted_tools(params.hosted_tools, params.tool_resources, self._host.capabilities, self._host.name)
        record = assistant_record(self.record.id, self.record.created_at, params)
        if not await self._store.replace_assistant(record):
            raise not_found("assistant", record.id)
        self.record = record
        return record

    async def delete(self) -> None:
        if not await self._store.delete_assistant(self.record.id):
            raise not_found("assistant", self.record.id)
