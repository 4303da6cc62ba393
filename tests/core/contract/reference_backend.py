"""Correct full backends, which the mutants get wrong in one point each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import ClassVar

from anyassistant import protocols as p
from anyassistant.errors import ProviderError, UnsupportedCapability
from anyassistant.hosting.host import NO_TOOLS
from anyassistant.protocols import Capabilities
from anyassistant.store.memory import MemoryStore
from anyassistant.types import Event, Message, Page, PageQuery, ToolOutput
from pausing_service import PausingProvider, PausingRun, PausingThread
from reference_model import KEY, Plain, Reference, Sequential


class ReferenceRun(PausingRun):
    """A run whose events are numbered, and can be had again."""

    async def events(self, *, after: int = 0) -> AsyncGenerator[Event, None]:
        async with aclosing(self._inner.events(after=after)) as events:
            async for event in events:
                if event.event.startswith("thread."):
                    yield event

    async def submit_tool_outputs(self, outputs: Sequence[ToolOutput], /, *, follow: bool) -> None:
        await self._inner.submit_tool_outputs(outputs, follow=follow)


class ReferenceThread(PausingThread):
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
    )
    service: ClassVar[MemoryStore] = MemoryStore()

    def __init_subclass__(cls) -> None:
        cls.service = MemoryStore()

    def __init__(self) -> None:
        super().__init__(store=self.service, model=self.make_model())
        self.key = KEY

    def make_model(self) -> Reference:
        return Reference()

    async def list_threads(self, query: PageQuery, /) -> Page[p.Thread]:
        page = await (await self.inner()).list_threads(query)
        return Page([self.thread_type(self, one) for one in page.data], page.has_more)

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
        ReferenceBackend.capabilities, parallel_tool_calls=False, event_log=False, list_threads=False
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
