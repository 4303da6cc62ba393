"""Threads, as an app holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, overload

from anyassistant_tools import Tool, ToolLike
from typing_extensions import Unpack

from .. import protocols
from ..errors import InvalidRequest
from ..protocols import ResponseFormat, RunParams, ThreadParams
from ..types import Attachment, Content, Message, Order, Page, PageQuery, Role, ThreadRecord
from .assistants import AsyncAssistant
from .backend_run import BackendRun, Beginning
from .checks import check_metadata
from .formats import OutputFormat, plain_format, typed_format
from .handle import Handle
from .options import RunOptions
from .paginator import AsyncPaginator
from .requests import check_tool_resources, message_params, page_query, run_params, stays_for_action, thread_params
from .run import AsyncRun
from .session import Session, SessionGetter
from .tools import Toolbox, make_toolbox

M = TypeVar("M")


class AsyncThread(Handle):
    """A thread: messages, and one open run at a time."""

    def __init__(self, session: SessionGetter, backend: protocols.Thread) -> None:
        self._session = session
        self._backend = backend

    @property
    def id(self) -> str:
        """The thread's id (`thread_...`)."""
        return self.record.id

    @property
    def record(self) -> ThreadRecord:
        """The thread as last seen."""
        return self._backend.record

    async def add(
        self,
        content: Content,
        /,
        *,
        role: Role = "user",
        attachments: Sequence[Attachment | Mapping[str, object]] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> Message:
        """Add a message: a text, or a list of parts.

        Args:
            attachments: Files that go with it, for tools that the provider's service runs. They may be among the parts.

        Raises:
            InvalidRequest: It is empty, or has a part of no known kind.
            ThreadBusy: The thread has an open run.
            NotFound: The thread was deleted.
            UnsupportedCapability: The provider takes no images, or no attachments.
        """
        params = message_params(content, role=role, attachments=attachments, pairs=metadata)
        return await self._backend.create_message(params)

    def messages(
        self, *, order: Order = "asc", limit: int = 20, after: str | None = None, run_id: str | None = None
    ) -> AsyncPaginator[Message]:
        """The messages, in the order in which they were said unless asked otherwise.

        Args:
            limit: Messages a page, 1 to 100; iterating goes on across pages.
            after: Begin after the message of this id.
            run_id: Only messages that this run wrote.
        """
        query = page_query(order=order, limit=limit, after=after, run_id=run_id)
        return AsyncPaginator(self._backend.list_messages, query, lambda message: message.id)

    @overload
    def run(
        self, assistant: AsyncAssistant | str, /, *, response_format: type[M], **options: Unpack[RunOptions]
    ) -> AsyncRun[M]: ...
    @overload
    def run(
        self,
        assistant: AsyncAssistant | str,
        /,
        *,
        response_format: ResponseFormat | None = None,
        **options: Unpack[RunOptions],
    ) -> AsyncRun[str]: ...
    def run(
        self,
        assistant: AsyncAssistant | str,
        /,
        *,
        response_format: type[Any] | ResponseFormat | None = None,
        **options: Unpack[RunOptions],
    ) -> AsyncRun[Any]:
        """A run of an assistant on this thread. It begins when it is first iterated, or by `start()` or `result()`.

        Args:
            assistant: The assistant, or its id: then only `tools` can be called here.
            response_format: A pydantic model or another type, whose instance `result().output` is; or the wire's dict.
            options: See `RunOptions`.

        Raises:
            InvalidRequest: A parameter is not as the reference has it.
        """
        return _run_on(self._session, self._backend, assistant, response_format, options)

    @overload
    async def resume(
        self, *, response_format: type[M], tools: Sequence[ToolLike] = (), deps: object = None
    ) -> AsyncRun[M] | None: ...
    @overload
    async def resume(
        self, *, response_format: None = None, tools: Sequence[ToolLike] = (), deps: object = None
    ) -> AsyncRun[str] | None: ...
    @overload
    async def resume(
        self, *, response_format: type[Any] | None = None, tools: Sequence[ToolLike] = (), deps: object = None
    ) -> AsyncRun[Any] | None: ...
    async def resume(
        self, *, response_format: type[Any] | None = None, tools: Sequence[ToolLike] = (), deps: object = None
    ) -> AsyncRun[Any] | None:
        """The thread's open run: taken over where nobody drives it, followed where somebody does. None without one.

        Args:
            tools: The callables that the run may call here. Its tools that are not among them stay pending.
            deps: What its tools find as `RunContext.deps` from now on.
        """
        output = output_format(response_format)
        session = await self._session()
        toolbox = await session.toolbox(tools)
        newest = await self._backend.list_runs(PageQuery(limit=1))
        if not newest.data or not newest.data[0].record.is_open:
            return None
        executor = await session.executor(toolbox.bound, deps)
        backend = await self._backend.get_run(newest.data[0].record.id, executor=executor)
        if not backend.record.is_open:
            return None
        return AsyncRun(BackendRun(self._session, made=backend), output)

    async def delete(self) -> None:
        """Delete the thread with its messages, runs and events.

        Raises:
            ThreadBusy: It has an open run.
        """
        await self._backend.delete()


class AsyncThreads(Handle):
    """`client.threads`."""

    def __init__(self, session: SessionGetter) -> None:
        self._session = session

    async def create(
        self,
        *,
        messages: Sequence[Content] = (),
        metadata: Mapping[str, str] | None = None,
        tool_resources: Mapping[str, object] | None = None,
    ) -> AsyncThread:
        """Make a thread, with user messages to begin with: each is its content, a text or a list of parts.

        Args:
            tool_resources: Files and vector stores of the tools that the provider's service runs, as the wire has them.

        Raises:
            UnsupportedCapability: The provider takes no images, no attachments, or no tool resources.
        """
        params = thread_params(messages, metadata, tool_resources)
        return AsyncThread(self._session, await (await self._session()).provider.create_thread(params))

    @overload
    def create_and_run(
        self,
        assistant: AsyncAssistant | str,
        /,
        *,
        messages: Sequence[Content] = (),
        thread_metadata: Mapping[str, str] | None = None,
        tool_resources: Mapping[str, object] | None = None,
        response_format: type[M],
        **options: Unpack[RunOptions],
    ) -> AsyncRun[M]: ...
    @overload
    def create_and_run(
        self,
        assistant: AsyncAssistant | str,
        /,
        *,
        messages: Sequence[Content] = (),
        thread_metadata: Mapping[str, str] | None = None,
        tool_resources: Mapping[str, object] | None = None,
        response_format: ResponseFormat | None = None,
        **options: Unpack[RunOptions],
    ) -> AsyncRun[str]: ...
    def create_and_run(
        self,
        assistant: AsyncAssistant | str,
        /,
        *,
        messages: Sequence[Content] = (),
        thread_metadata: Mapping[str, str] | None = None,
        tool_resources: Mapping[str, object] | None = None,
        response_format: type[Any] | ResponseFormat | None = None,
        **options: Unpack[RunOptions],
    ) -> AsyncRun[Any]:
        """A run on a thread that is made with it: `await run.thread()` gives it. It begins as one of `thread.run` does.

        There is the thread with its run, or neither.

        Args:
            assistant: The assistant, or its id: then only `tools` can be called here.
            messages: User messages that the thread begins with.
            thread_metadata: Of the thread; `metadata` is the run's.
            tool_resources: Of the thread: files and vector stores of the tools that the provider's service runs.
            response_format: As for `thread.run`.
            options: See `RunOptions`.

        Raises:
            InvalidRequest: A parameter is not as the reference has it.
        """
        params = thread_params(messages, thread_metadata, tool_resources)
        return _run_on(self._session, params, assistant, response_format, options)

    async def get(self, thread_id: str, /) -> AsyncThread:
        """A thread by id.

        Raises:
            NotFound: There is none.
        """
        return AsyncThread(self._session, await (await self._session()).provider.get_thread(thread_id))

    def list(self, *, metadata: Mapping[str, str] | None = None) -> AsyncPaginator[AsyncThread]:
        """All threads, the newest first; with `metadata`, those which carry these pairs."""

        async def fetch(query: PageQuery) -> Page[AsyncThread]:
            page = await (await self._session()).provider.list_threads(query)
            return Page([AsyncThread(self._session, one) for one in page.data], page.has_more)

        return AsyncPaginator(fetch, page_query(metadata=metadata), lambda one: one.id)

    async def update(
        self,
        thread_id: str,
        /,
        *,
        metadata: Mapping[str, str] | None = None,
        tool_resources: Mapping[str, object] | None = None,
    ) -> AsyncThread:
        """Replace a thread's metadata, or the resources of its tools: what is given.

        Raises:
            UnsupportedCapability: The provider takes no tool resources.
        """
        pairs = None if metadata is None else check_metadata(metadata)
        resources = check_tool_resources(tool_resources)
        backend = await (await self._session()).provider.get_thread(thread_id)
        if pairs is None:
            pairs = dict(backend.record.metadata)
        if resources is None:
            await backend.update(pairs)
        else:
            await backend.update(pairs, tool_resources=resources)
        return AsyncThread(self._session, backend)

    async def delete(self, thread_id: str, /) -> None:
        """Delete a thread with its messages, runs and events.

        Raises:
            ThreadBusy: It has an open run.
            NotFound: There is none.
        """
        await (await self.get(thread_id)).delete()


def output_format(wanted: type[Any] | ResponseFormat | None) -> OutputFormat[Any]:
    """What a run's answer is read as."""
    if wanted is str:
        return plain_format(None)
    return plain_format(wanted) if wanted is None or isinstance(wanted, str | Mapping) else typed_format(wanted)


def _run_on(
    session_getter: SessionGetter,
    thread: protocols.Thread | ThreadParams,
    assistant: AsyncAssistant | str,
    response_format: type[Any] | ResponseFormat | None,
    options: RunOptions,
) -> AsyncRun[Any]:
    if not isinstance(assistant, AsyncAssistant | str):
        raise InvalidRequest(
            f"`assistant` must be an assistant of this client or its id, not {type(assistant).__name__}.",
            param="assistant",
            code="invalid_value",
        )
    output = output_format(response_format)
    stays = stays_for_action(options)
    tools = options.get("tools", ())
    toolbox = make_toolbox(tools) if "tools" in options else None
    wanted, bound = _run_tools(assistant, toolbox)
    assistant_id = assistant if isinstance(assistant, str) else assistant.id
    params = run_params(assistant_id, options, wanted_format=output.wanted, tools=wanted)

    async def open_toolsets(session: Session) -> tuple[RunParams, Mapping[str, Tool]]:
        wanted, bound = _run_tools(assistant, await session.toolbox(tools))
        return replace(params, tools=wanted.specs if wanted else None), bound

    late = open_toolsets if toolbox is not None and toolbox.unopened else None
    beginning = Beginning(thread, params, bound, deps=options.get("deps"), late=late)
    return AsyncRun(BackendRun(session_getter, beginning=beginning, stays=stays), output)


def _run_tools(assistant: AsyncAssistant | str, toolbox: Toolbox | None) -> tuple[Toolbox | None, Mapping[str, Tool]]:
    """The tools of a run, where they are not the record's, and the callables that may be called."""
    of_assistant: Mapping[str, Tool] = {} if isinstance(assistant, str) else assistant._bound
    if toolbox is not None:
        names = {spec.name for spec in toolbox.specs}
        return toolbox, {**{k: v for k, v in of_assistant.items() if k in names}, **toolbox.bound}
    return (None if isinstance(assistant, str) else assistant._tools_of_run()), of_assistant
