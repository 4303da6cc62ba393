"""Correct full backends, which the mutants get wrong in one point each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from anyassistant import protocols as p
from anyassistant.errors import ProviderError, UnsupportedCapability
from anyassistant.hosting.host import NO_TOOLS
from anyassistant.protocols import Capabilities
from anyassistant.store.memory import MemoryStore
from anyassistant.types import (
    AssistantRecord,
    Event,
    Message,
    Page,
    PageQuery,
    RunEvent,
    RunRecord,
    RunStep,
    ThreadRecord,
    ToolCall,
    ToolOutput,
)
from memory_files import Archive, MemoryFiles, MemoryVectorStores
from pausing_service import PausingProvider, PausingRun, PausingThread
from reference_model import KEY, SEARCHING, Plain, Reference, Sequential

R = TypeVar("R", AssistantRecord, ThreadRecord, Message, RunRecord)


class Beside:
    """What hosting has no place for, by the object's id: tools of the service's own, resources, attachments."""

    def __init__(self) -> None:
        self._fields: dict[str, dict[str, Any]] = {}
        self.steps: dict[str, RunStep] = {}
        """By the run's id."""

    def keep(self, record: R, **fields: Any) -> R:
        self._fields.setdefault(record.id, {}).update(fields)
        return self.told(record)

    def told(self, record: R) -> R:
        return replace(record, **self._fields.get(record.id, {}))

    def of(self, id: str, name: str) -> Any:
        return self._fields.get(id, {}).get(name, ())


class ReferenceAssistant(p.Assistant):
    def __init__(self, provider: ReferenceBackend, inner: p.Assistant) -> None:
        self._beside = provider.beside
        self._inner = inner
        self.record: AssistantRecord = self._beside.told(inner.record)

    async def update(self, params: p.AssistantParams, /) -> AssistantRecord:
        record = await self._inner.update(replace(params, hosted_tools=(), tool_resources=None))
        kept = {"hosted_tools": params.hosted_tools, "tool_resources": params.tool_resources}
        self.record = self._beside.keep(record, **kept)
        return self.record

    async def delete(self) -> None:
        await self._inner.delete()


class ReferenceRun(PausingRun):
    """A run whose events are numbered, and can be had again."""

    _provider: ReferenceBackend

    def __init__(self, provider: ReferenceBackend, inner: p.Run, *, begins_at: int | None = 0) -> None:
        super().__init__(provider, inner, begins_at=begins_at)
        self.record = provider.beside.told(inner.record)

    async def events(self, *, after: int = 0) -> AsyncGenerator[Event, None]:
        async with aclosing(self._inner.events(after=after)) as events:
            async for event in events:
                if isinstance(event, RunEvent):
                    yield replace(event, data=self._provider.beside.told(event.data))
                elif event.event.startswith("thread."):
                    yield event

    async def list_steps(self, query: PageQuery, /) -> Page[RunStep]:
        """Its steps; that of the service's own tool is there to be read, and not streamed."""
        page = await super().list_steps(query)
        searched = self._provider.beside.steps.get(self.record.id)
        if searched is None or query.after is not None:
            return page
        steps = [searched, *page.data] if query.order == "asc" else [*page.data, searched]
        return Page(steps, page.has_more)

    async def refresh(self) -> RunRecord:
        self.record = self._provider.beside.told(await super().refresh())
        return self.record

    async def submit_tool_outputs(self, outputs: Sequence[ToolOutput], /, *, follow: bool) -> None:
        await self._inner.submit_tool_outputs(outputs, follow=follow)


class ReferenceThread(PausingThread):
    _provider: ReferenceBackend

    def __init__(self, provider: ReferenceBackend, inner: p.Thread) -> None:
        super().__init__(provider, inner)
        self.record = provider.beside.told(inner.record)

    async def create_message(self, params: p.MessageParams, /) -> Message:
        made = await super().create_message(replace(params, attachments=()))
        return self._provider.beside.keep(made, attachments=params.attachments)

    async def get_message(self, message_id: str, /) -> Message:
        return self._provider.beside.told(await super().get_message(message_id))

    async def list_messages(self, query: PageQuery, /) -> Page[Message]:
        page = await super().list_messages(query)
        return Page([self._provider.beside.told(one) for one in page.data], page.has_more)

    async def update(
        self, metadata: Mapping[str, str], /, *, tool_resources: Mapping[str, object] | None = None
    ) -> ThreadRecord:
        kept = {} if tool_resources is None else {"tool_resources": tool_resources}
        self.record = self._provider.beside.keep(await super().update(metadata), **kept)
        return self.record

    async def create_run(self, params: p.RunParams, /, *, executor: p.ToolExecutor | None, follow: bool) -> p.Run:
        beside = self._provider.beside
        ours = beside.of(params.assistant_id, "hosted_tools") if params.tools is None else params.hosted_tools
        inner = await self._inner.create_run(replace(params, hosted_tools=()), executor=NO_TOOLS, follow=follow)
        beside.keep(inner.record, hosted_tools=ours)
        if ours:
            said = [one.text for one in (await self._inner.list_messages(PageQuery())).data if one.role == "user"]
            if said[:1] == [SEARCHING]:
                beside.steps[inner.record.id] = searched(inner.record)
        return self._provider.run_type(self._provider, inner)

    async def update_message(self, message_id: str, metadata: Mapping[str, str], /) -> Message:
        return await self._inner.update_message(message_id, metadata)

    async def delete_message(self, message_id: str, /) -> None:
        await self._inner.delete_message(message_id)

    async def get_run(self, run_id: str, /, *, executor: p.ToolExecutor | None = None) -> p.Run:
        # A service goes on, whichever client asks: here whoever asks drives on what was left.
        return self._provider.run_type(self._provider, await self._inner.get_run(run_id, executor=NO_TOOLS))

    async def list_runs(self, query: PageQuery, /) -> Page[p.Run]:
        page = await self._inner.list_runs(query)
        return Page([self._provider.run_type(self._provider, one) for one in page.data], page.has_more)


def searched(run: RunRecord) -> RunStep:
    """A call that the service made itself."""
    call = ToolCall(f"call_of_{run.id}", "file_search", "", hosted={"results": []})
    origin = {"run_id": run.id, "thread_id": run.thread_id, "assistant_id": run.assistant_id}
    return RunStep(f"step_of_{run.id}", "tool_calls", "completed", [call], created_at=run.created_at, **origin)


class ReferenceBackend(PausingProvider):
    """A backend that claims all there is. What one object makes, another of the same class finds."""

    thread_type = ReferenceThread
    run_type: type[PausingRun] = ReferenceRun
    capabilities = Capabilities(
        tools=True,
        parallel_tool_calls=True,
        images=True,
        json_schema=True,
        streaming=True,
        usage=True,
        cancel=True,
        event_log=True,
        list_threads=True,
        hosted_tools=True,
        files=True,
    )
    files_type: type[MemoryFiles] = MemoryFiles
    vector_stores_type: type[MemoryVectorStores] = MemoryVectorStores
    service: ClassVar[MemoryStore] = MemoryStore()
    archive: ClassVar[Archive] = Archive()
    beside: ClassVar[Beside] = Beside()

    def __init_subclass__(cls) -> None:
        cls.service, cls.archive, cls.beside = MemoryStore(), Archive(), Beside()

    def __init__(self) -> None:
        super().__init__(store=self.service, model=self.make_model())
        self.key = KEY

    def make_model(self) -> Reference:
        return Reference()

    async def create_assistant(self, params: p.AssistantParams, /) -> p.Assistant:
        kept = {"hosted_tools": params.hosted_tools, "tool_resources": params.tool_resources}
        inner = await super().create_assistant(replace(params, hosted_tools=(), tool_resources=None))
        self.beside.keep(inner.record, **kept)
        return ReferenceAssistant(self, inner)

    async def get_assistant(self, assistant_id: str, /) -> p.Assistant:
        return ReferenceAssistant(self, await super().get_assistant(assistant_id))

    async def list_assistants(self, query: PageQuery, /) -> Page[p.Assistant]:
        page = await super().list_assistants(query)
        return Page([ReferenceAssistant(self, one) for one in page.data], page.has_more)

    async def create_thread(self, params: p.ThreadParams, /) -> p.Thread:
        messages = [replace(one, attachments=()) for one in params.messages]
        inner = await (await self.inner()).create_thread(replace(params, messages=messages, tool_resources=None))
        self.beside.keep(inner.record, tool_resources=params.tool_resources)
        if any(one.attachments for one in params.messages):
            made = await inner.list_messages(PageQuery(limit=100, order="asc"))
            for message, wanted in zip(made.data, params.messages, strict=True):
                self.beside.keep(message, attachments=wanted.attachments)
        return self.thread_type(self, inner)

    async def list_threads(self, query: PageQuery, /) -> Page[p.Thread]:
        page = await (await self.inner()).list_threads(query)
        return Page([self.thread_type(self, one) for one in page.data], page.has_more)

    def files(self) -> p.Files:
        return self.files_type(self.archive) if self.capabilities.files else p.Provider.files(self)

    def vector_stores(self) -> p.VectorStores:
        return self.vector_stores_type(self.archive) if self.capabilities.files else p.Provider.vector_stores(self)

    def __repr__(self) -> str:
        return "ReferenceBackend()"


class WireRun(PausingRun):
    """A run as the Assistants wire has it: one stream for each call that begins it or goes on with it."""

    def __init__(self, provider: PausingProvider, inner: p.Run, *, begins_at: int | None = None) -> None:
        super().__init__(provider, inner, begins_at=begins_at)

    async def submit_tool_outputs(self, outputs: Sequence[ToolOutput], /, *, follow: bool) -> None:
        last = max([0, *[event.sequence for event in await self._provider.store.read_events(self.record.id, 0)]])
        await self._inner.submit_tool_outputs(outputs, follow=follow)
        self._begins_at = last if follow else None


class WireThread(PausingThread):
    """A thread with as little as the protocol asks for."""

    async def create_run(self, params: p.RunParams, /, *, executor: p.ToolExecutor | None, follow: bool) -> p.Run:
        inner = await self._inner.create_run(params, executor=NO_TOOLS, follow=follow)
        return WireRun(self._provider, inner, begins_at=0 if follow else None)

    async def get_run(self, run_id: str, /, *, executor: p.ToolExecutor | None = None) -> p.Run:
        return WireRun(self._provider, await self._inner.get_run(run_id, executor=NO_TOOLS))

    async def list_runs(self, query: PageQuery, /) -> Page[p.Run]:
        page = await self._inner.list_runs(query)
        return Page([WireRun(self._provider, one) for one in page.data], page.has_more)


class WireBackend(ReferenceBackend):
    """A backend that claims what the Assistants wire can do, makes one call a turn, and lists no threads."""

    thread_type = WireThread  # type: ignore[assignment]  # a thread without what is optional
    capabilities = replace(
        ReferenceBackend.capabilities,
        parallel_tool_calls=False,
        event_log=False,
        list_threads=False,
        hosted_tools=False,
        files=False,
    )

    def make_model(self) -> Reference:
        return Sequential()

    async def list_threads(self, query: PageQuery, /) -> Page[p.Thread]:
        return await p.Provider.list_threads(self, query)


class PlainRun(WireRun):
    async def events(self, *, after: int = 0) -> AsyncGenerator[Event, None]:
        raise ProviderError("This service does not stream.", code="no_stream")
        yield  # it is a generator all the same

    async def cancel(self) -> None:
        raise UnsupportedCapability("This service cannot cancel a run.", capability="cancel")


class PlainThread(WireThread):
    async def create_run(self, params: p.RunParams, /, *, executor: p.ToolExecutor | None, follow: bool) -> p.Run:
        return PlainRun(self._provider, await self._inner.create_run(params, executor=NO_TOOLS, follow=False))

    async def get_run(self, run_id: str, /, *, executor: p.ToolExecutor | None = None) -> p.Run:
        return PlainRun(self._provider, await self._inner.get_run(run_id, executor=NO_TOOLS))


class PlainBackend(WireBackend):
    """A backend that claims nothing."""

    thread_type = PlainThread
    capabilities = Capabilities()

    def make_model(self) -> Reference:
        return Plain()
