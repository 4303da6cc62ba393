"""A thread that the service keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
from anyassistant import protocols
from anyassistant.errors import AnyAssistantError, ProviderError
from anyassistant.protocols import MessageParams, RunParams, ThreadParams, ToolExecutor
from anyassistant.types import Image, Message, Page, PageQuery, Part, RunRecord, ThreadRecord

from .bodies import message_body, page_parameters, run_body
from .busy import busy_is_told
from .client import AssistantsClient, path_of
from .mapping import message, run_record, thread_record
from .run import AssistantsRun
from .wire import Json, WireMessage, WireRun, WireThread

UNDO_SECONDS = 10.0
"""How long it may take to delete a thread that could not be made whole."""


class AssistantsThread(protocols.Thread):
    """A thread that the service keeps."""

    def __init__(self, client: AssistantsClient, record: ThreadRecord) -> None:
        self.record = record
        self._client = client
        self._path = path_of("threads", record.id)
        self._runs = path_of("threads", record.id, "runs")
        self._messages = path_of("threads", record.id, "messages")

    async def create_message(self, params: MessageParams, /) -> Message:
        body = message_body(await with_images_uploaded(self._client, params))
        with busy_is_told(self.record.id):
            return message(await self._client.post(self._messages, body, WireMessage, creates=True))

    async def get_message(self, message_id: str, /) -> Message:
        return message(await self._client.get(self._message(message_id), WireMessage))

    async def list_messages(self, query: PageQuery, /) -> Page[Message]:
        page = await self._client.list(self._messages, WireMessage, page_parameters(query))
        return Page([message(one) for one in page.data], page.has_more)

    async def update_message(self, message_id: str, metadata: Mapping[str, str], /) -> Message:
        body = {"metadata": dict(metadata)}
        return message(await self._client.post(self._message(message_id), body, WireMessage))

    async def delete_message(self, message_id: str, /) -> None:
        with busy_is_told(self.record.id):
            await self._client.delete(self._message(message_id))

    async def create_run(self, params: RunParams, /, *, executor: ToolExecutor | None, follow: bool) -> AssistantsRun:
        run_body(params)  # refused before an image is uploaded
        added = [await with_images_uploaded(self._client, one) for one in params.additional_messages]
        body = run_body(replace(params, additional_messages=added))
        with busy_is_told(self.record.id):
            stream = await self._client.stream(self._runs, body, creates=True) if follow else None
            if stream is None:
                record = run_record(await self._client.post(self._runs, body, WireRun, creates=True))
                return AssistantsRun(self._client, record)
        try:
            return AssistantsRun(self._client, await stream.read_run(), stream)
        except ProviderError as error:
            await stream.aclose()
            return await self.find_begun(params, error)
        except BaseException:
            await stream.aclose()
            raise

    async def find_begun(self, params: RunParams, error: ProviderError) -> AssistantsRun:
        """The run whose stream broke before it said which it is of: the open one, since a thread has no other.

        Raises:
            ProviderError: It is not found, so nobody knows whether it began.
        """
        newest = await self.newest_run()
        if newest is None or not newest.record.is_open or newest.record.assistant_id != params.assistant_id:
            raise error
        return newest

    async def newest_run(self) -> AssistantsRun | None:
        """The run that was created last; None where there is none."""
        page = await self._client.list(self._runs, WireRun, {"limit": 1, "order": "desc"})
        return AssistantsRun(self._client, run_record(page.data[0])) if page.data else None

    async def get_run(self, run_id: str, /, *, executor: ToolExecutor | None = None) -> AssistantsRun:
        path = path_of("threads", self.record.id, "runs", run_id)
        return AssistantsRun(self._client, run_record(await self._client.get(path, WireRun)))

    async def list_runs(self, query: PageQuery, /) -> Page[protocols.Run]:
        page = await self._client.list(self._runs, WireRun, page_parameters(query))
        return Page([AssistantsRun(self._client, run_record(one)) for one in page.data], page.has_more)

    async def update(
        self, metadata: Mapping[str, str], /, *, tool_resources: Mapping[str, object] | None = None
    ) -> ThreadRecord:
        body: Json = {"metadata": dict(metadata)}
        if tool_resources is not None:
            body["tool_resources"] = tool_resources
        self.record = thread_record(await self._client.post(self._path, body, WireThread))
        return self.record

    async def delete(self) -> None:
        with busy_is_told(self.record.id):
            await self._client.delete(self._path)

    def _message(self, message_id: str) -> str:
        return path_of("threads", self.record.id, "messages", message_id)


async def create_thread(client: AssistantsClient, body: Json, more: Sequence[MessageParams]) -> AssistantsThread:
    """Create a thread, then add the messages that one request cannot take; without all of them there is no thread."""
    record = thread_record(await client.post("/threads", body, WireThread, creates=True))
    thread = AssistantsThread(client, record)
    try:
        for one in more:
            await thread.create_message(one)
    except BaseException:
        with anyio.move_on_after(UNDO_SECONDS, shield=True), suppress(AnyAssistantError):
            await thread.delete()
        raise
    return thread


async def create_thread_and_run(
    client: AssistantsClient, body: Json, thread: ThreadParams, *, follow: bool
) -> tuple[AssistantsThread, AssistantsRun]:
    """Create both by one request, which makes both or none.

    Raises:
        ProviderError: The service failed; or its answer was lost, and nobody knows whether they were made.
    """
    stream = await client.stream("/threads/runs", body, creates=True) if follow else None
    if stream is None:
        begun = run_record(await client.post("/threads/runs", body, WireRun, creates=True))
        return await _thread_of(client, begun, thread), AssistantsRun(client, begun)
    try:
        begun = await stream.read_run()
        made = AssistantsThread(client, stream.thread) if stream.thread else await _thread_of(client, begun, thread)
    except ProviderError:
        await stream.aclose()
        if stream.thread is None:  # so the run cannot be looked for
            raise
        made = AssistantsThread(client, stream.thread)
        found = await made.newest_run()  # nobody else has made one there, so it is ours though it may have ended
        if found is None:
            raise
        return made, found
    except BaseException:
        await stream.aclose()
        raise
    return made, AssistantsRun(client, begun, stream)


async def _thread_of(client: AssistantsClient, run: RunRecord, params: ThreadParams) -> AssistantsThread:
    """The thread that was made with a run: as the service has it, or as it was asked for where the service fails."""
    record = ThreadRecord(run.thread_id, run.created_at, params.metadata, params.tool_resources)
    with suppress(AnyAssistantError):  # the run goes on, and somebody has to listen to it
        record = thread_record(await client.get(path_of("threads", run.thread_id), WireThread))
    return AssistantsThread(client, record)


async def with_images_uploaded(client: AssistantsClient, params: MessageParams) -> MessageParams:
    """A message whose images the wire can name."""
    content: list[Part] = [
        await client.upload_image(part) if isinstance(part, Image) else part for part in params.content
    ]
    return replace(params, content=content)


if TYPE_CHECKING:
    _thread: type[protocols.Thread] = AssistantsThread
