"""Providers that are somebody else's: clients that are done with them do not close them."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from ..protocols import (
    Assistant,
    AssistantParams,
    Capabilities,
    ChatModel,
    Files,
    ModelDelta,
    ModelRequest,
    Provider,
    Run,
    RunParams,
    Thread,
    ThreadParams,
    ToolExecutor,
    VectorStores,
)
from ..types import Page, PageQuery


class LentModel(ChatModel):
    """A chat model, lent."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self.capabilities: Capabilities = model.capabilities

    def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        return self._model.respond(request)

    async def capabilities_of(self, model: str, /) -> Capabilities:
        return await self._model.capabilities_of(model)

    async def count_tokens(self, request: ModelRequest, /) -> int | None:
        return await self._model.count_tokens(request)

    async def cancel(self, run_id: str, provider_state: object, /) -> None:
        await self._model.cancel(run_id, provider_state)

    def __repr__(self) -> str:
        return repr(self._model)


class LentBackend(Provider):
    """A full backend, lent."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.name = provider.name
        self.capabilities: Capabilities = provider.capabilities

    async def create_assistant(self, params: AssistantParams, /) -> Assistant:
        return await self._provider.create_assistant(params)

    async def get_assistant(self, assistant_id: str, /) -> Assistant:
        return await self._provider.get_assistant(assistant_id)

    async def list_assistants(self, query: PageQuery, /) -> Page[Assistant]:
        return await self._provider.list_assistants(query)

    async def create_thread(self, params: ThreadParams, /) -> Thread:
        return await self._provider.create_thread(params)

    async def get_thread(self, thread_id: str, /) -> Thread:
        return await self._provider.get_thread(thread_id)

    async def list_threads(self, query: PageQuery, /) -> Page[Thread]:
        return await self._provider.list_threads(query)

    async def create_thread_and_run(
        self, thread: ThreadParams, run: RunParams, /, *, executor: ToolExecutor | None, follow: bool
    ) -> tuple[Thread, Run]:
        return await self._provider.create_thread_and_run(thread, run, executor=executor, follow=follow)

    def files(self) -> Files:
        return self._provider.files()

    def vector_stores(self) -> VectorStores:
        return self._provider.vector_stores()

    async def capabilities_of(self, model: str, /) -> Capabilities:
        return await self._provider.capabilities_of(model)

    async def aclose(self) -> None:
        return

    def __repr__(self) -> str:
        return repr(self._provider)
