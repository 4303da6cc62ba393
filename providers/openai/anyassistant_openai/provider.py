"""The provider `openai-assistants`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anyassistant import protocols
from anyassistant.protocols import AssistantParams, Capabilities, RunParams, ThreadParams, ToolExecutor
from anyassistant.types import Page, PageQuery

from .assistant import ServiceAssistant
from .bodies import MAX_MESSAGES, assistant_body, page_parameters, thread_and_run_body, thread_body
from .client import AssistantsClient, path_of
from .config import Config
from .files import ServiceFiles
from .mapping import thread_record
from .thread import AssistantsThread, create_thread, create_thread_and_run, with_images_uploaded
from .vector_stores import ServiceVectorStores
from .wire import WireAssistant, WireThread


class OpenAIAssistants(protocols.Provider):
    """A service that speaks the wire of OpenAI's Assistants API v2.

    Args:
        config: Where it is, and what it can do.

    Raises:
        ConfigError: The configured key is not there.
    """

    name = "openai-assistants"

    def __init__(self, config: Config) -> None:
        self._client = AssistantsClient(config)
        self.capabilities = Capabilities(
            tools=True,
            parallel_tool_calls=True,
            images=True,
            json_schema=True,
            streaming=config.stream,
            usage=True,
            cancel=True,
            list_threads=config.list_threads,
            hosted_tools=True,
            files=True,
        )

    async def create_assistant(self, params: AssistantParams, /) -> ServiceAssistant:
        body = assistant_body(params)
        return ServiceAssistant(self._client, await self._client.post("/assistants", body, WireAssistant, creates=True))

    async def get_assistant(self, assistant_id: str, /) -> ServiceAssistant:
        path = path_of("assistants", assistant_id)
        return ServiceAssistant(self._client, await self._client.get(path, WireAssistant))

    async def list_assistants(self, query: PageQuery, /) -> Page[protocols.Assistant]:
        page = await self._client.list("/assistants", WireAssistant, page_parameters(query))
        return Page([ServiceAssistant(self._client, one) for one in page.data], page.has_more)

    async def create_thread(self, params: ThreadParams, /) -> AssistantsThread:
        messages = [await with_images_uploaded(self._client, one) for one in params.messages]
        body = thread_body(replace(params, messages=messages))
        return await create_thread(self._client, body, messages[MAX_MESSAGES:])

    async def create_thread_and_run(
        self, thread: ThreadParams, run: RunParams, /, *, executor: ToolExecutor | None, follow: bool
    ) -> tuple[protocols.Thread, protocols.Run]:
        if thread_and_run_body(thread, run) is None:
            return await super().create_thread_and_run(thread, run, executor=executor, follow=follow)
        thread = replace(thread, messages=[await with_images_uploaded(self._client, one) for one in thread.messages])
        added = [await with_images_uploaded(self._client, one) for one in run.additional_messages]
        run = replace(run, additional_messages=added)
        body = thread_and_run_body(thread, run)
        assert body is not None  # it was none of the others before
        return await create_thread_and_run(self._client, body, thread, follow=follow)

    async def get_thread(self, thread_id: str, /) -> AssistantsThread:
        wire = await self._client.get(path_of("threads", thread_id), WireThread)
        return AssistantsThread(self._client, thread_record(wire))

    async def list_threads(self, query: PageQuery, /) -> Page[protocols.Thread]:
        if not self.capabilities.list_threads:
            return await super().list_threads(query)
        page = await self._client.list("/threads", WireThread, page_parameters(query))
        return Page([AssistantsThread(self._client, thread_record(one)) for one in page.data], page.has_more)

    def files(self) -> ServiceFiles:
        return ServiceFiles(self._client)

    def vector_stores(self) -> ServiceVectorStores:
        return ServiceVectorStores(self._client)

    async def aclose(self) -> None:
        await self._client.aclose()


if TYPE_CHECKING:
    _provider: type[protocols.Provider] = OpenAIAssistants
