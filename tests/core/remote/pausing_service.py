"""A service that pauses for outputs, made of what is here: `echo` on a store of its own, which calls no tool.

It claims little, as a wire does: its streams are asked for with the call that begins them, and cannot be joined again.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

from anyassistant import protocols as p
from anyassistant.echo import Echo
from anyassistant.errors import ProviderError
from anyassistant.host_task import HostTask
from anyassistant.hosting import HostedProvider
from anyassistant.hosting.host import NO_TOOLS
from anyassistant.store.memory import MemoryStore
from anyassistant.types import (
    Event,
    Message,
    Page,
    PageQuery,
    RunRecord,
    RunStep,
    ThreadRecord,
    ToolOutput,
)


class PausingProvider(p.Provider):
    """The service.

    Attributes:
        submitted: The outputs that were submitted, call by call.
        cancelled: Ids of runs that were cancelled.
        on_event: Called before an event of a stream is given; what it raises breaks the stream.
        thread_type: The class of its threads.
        run_type: The class of its runs.
    """

    thread_type: type[PausingThread]
    run_type: type[PausingRun]

    name = "pausing"
    capabilities = p.Capabilities(tools=True, parallel_tool_calls=True, streaming=True, usage=True, cancel=True)

    def __init__(
        self,
        *,
        on_event: Callable[[Event], None] = lambda _: None,
        store: MemoryStore | None = None,
        model: p.ChatModel | None = None,
    ) -> None:
        self.model = model or Echo()
        self.store = store or MemoryStore()
        self.on_event = on_event
        self.submitted: list[Sequence[ToolOutput]] = []
        self.cancelled: list[str] = []
        self.is_closed = False
        self._host: HostTask | None = None
        self._inner: HostedProvider | None = None

    async def inner(self) -> HostedProvider:
        if self._inner is None:
            self._host = HostTask()  # on the loop that it is used on
            await self._host.start()
            self._inner = HostedProvider(
                "echo", self.model, self.store, task=self._host, default_model="echo", lease=30.0
            )
        return self._inner

    async def create_assistant(self, params: p.AssistantParams, /) -> p.Assistant:
        return await (await self.inner()).create_assistant(params)

    async def get_assistant(self, assistant_id: str, /) -> p.Assistant:
        return await (await self.inner()).get_assistant(assistant_id)

    async def list_assistants(self, query: PageQuery, /) -> Page[p.Assistant]:
        return await (await self.inner()).list_assistants(query)

    async def create_thread(self, params: p.ThreadParams, /) -> p.Thread:
        return self.thread_type(self, await (await self.inner()).create_thread(params))

    async def get_thread(self, thread_id: str, /) -> p.Thread:
        return self.thread_type(self, await (await self.inner()).get_thread(thread_id))

    async def aclose(self) -> None:
        if self._inner is not None and self._host is not None:
            await self._inner.aclose()
            await self._host.aclose()
        self.is_closed = True


class PausingThread(p.Thread):
    def __init__(self, provider: PausingProvider, inner: p.Thread) -> None:
        self._provider = provider
        self._inner = inner
        self.record: ThreadRecord = inner.record

    async def create_message(self, params: p.MessageParams, /) -> Message:
        return await self._inner.create_message(params)

    async def get_message(self, message_id: str, /) -> Message:
        return await self._inner.get_message(message_id)

    async def list_messages(self, query: PageQuery, /) -> Page[Message]:
        return await self._inner.list_messages(query)

    async def create_run(self, params: p.RunParams, /, *, executor: p.ToolExecutor | None, follow: bool) -> p.Run:
        assert executor is None  # a service never sees our tools
        return self._provider.run_type(
            self._provider, await self._inner.create_run(params, executor=NO_TOOLS, follow=follow)
        )

    async def get_run(self, run_id: str, /, *, executor: p.ToolExecutor | None = None) -> p.Run:
        assert executor is None
        return self._provider.run_type(self._provider, await self._inner.get_run(run_id), begins_at=None)

    async def list_runs(self, query: PageQuery, /) -> Page[p.Run]:
        return await self._inner.list_runs(query)

    async def update(self, metadata: Mapping[str, str], /) -> ThreadRecord:
        self.record = await self._inner.update(metadata)
        return self.record

    async def delete(self) -> None:
        await self._inner.delete()


class PausingRun(p.Run):
    """A run of the service; `begins_at` is where the stream begins that was asked for, if one was."""

    def __init__(self, provider: PausingProvider, inner: p.Run, *, begins_at: int | None = 0) -> None:
        self._provider = provider
        self._inner = inner
        self._begins_at = begins_at
        self._last = 0
        self.record: RunRecord = inner.record

    async def events(self, *, after: int = 0) -> AsyncGenerator[Event, None]:
        if self._begins_at is None:
            raise ProviderError("no stream was asked for", code="no_stream")
        begins_at, self._begins_at = self._begins_at, None
        async for event in self._inner.events(after=begins_at):
            self._last = event.sequence
            self._provider.on_event(event)
            yield event

    async def refresh(self) -> RunRecord:
        self.record = await self._inner.refresh()
        return self.record

    async def submit_tool_outputs(self, outputs: Sequence[ToolOutput], /, *, follow: bool) -> None:
        self._provider.submitted.append(outputs)
        await self._inner.submit_tool_outputs(outputs, follow=follow)
        self._begins_at = self._last or None

    async def cancel(self) -> None:
        self._provider.cancelled.append(self.record.id)
        await self._inner.cancel()

    async def list_steps(self, query: PageQuery, /) -> Page[RunStep]:
        return await self._inner.list_steps(query)


PausingProvider.thread_type = PausingThread
PausingProvider.run_type = PausingRun
