"""Threads, blocking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeVar, overload

from anyassistant_tools import ToolLike
from typing_extensions import Unpack

from ..client import AsyncThread, AsyncThreads, ResponseFormat, RunOptions
from ..client.handle import Handle
from ..types import Attachment, Content, Message, Order, Role, ThreadRecord
from .assistants import Assistant
from .paginator import Paginator
from .portal import Portal
from .run import Run

M = TypeVar("M")


class Thread(Handle):
    """A thread: messages, and one open run at a time. `AsyncThread`, blocking."""

    def __init__(self, portal: Portal, inner: AsyncThread) -> None:
        self._portal = portal
        self._inner = inner

    @property
    def id(self) -> str:
        """The thread's id (`thread_...`)."""
        return self._inner.id

    @property
    def record(self) -> ThreadRecord:
        """The thread as last seen."""
        return self._inner.record

    def add(
        self,
        content: Content,
        /,
        *,
        role: Role = "user",
        attachments: Sequence[Attachment | Mapping[str, object]] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> Message:
        """Add a message: a text, or a list of parts; see `AsyncThread.add`."""
        add = partial(self._inner.add, content, role=role, attachments=attachments, metadata=metadata)
        return self._portal.call(add)

    def messages(
        self, *, order: Order = "asc", limit: int = 20, after: str | None = None, run_id: str | None = None
    ) -> Paginator[Message]:
        """The messages, in the order in which they were said; see `AsyncThread.messages`."""
        inner = self._inner.messages(order=order, limit=limit, after=after, run_id=run_id)
        return Paginator(self._portal, inner, lambda message: message)

    @overload
    def run(
        self, assistant: Assistant | str, /, *, response_format: type[M], **options: Unpack[RunOptions]
    ) -> Run[M]: ...
    @overload
    def run(
        self,
        assistant: Assistant | str,
        /,
        *,
        response_format: ResponseFormat | None = None,
        **options: Unpack[RunOptions],
    ) -> Run[str]: ...
    def run(
        self,
        assistant: Assistant | str,
        /,
        *,
        response_format: type[Any] | ResponseFormat | None = None,
        **options: Unpack[RunOptions],
    ) -> Run[Any]:
        """A run of an assistant on this thread; see `AsyncThread.run`."""
        who = (
            assistant._inner if isinstance(assistant, Assistant) else assistant
        )  # what is neither, the inner one names
        return Run(self._portal, self._inner.run(who, response_format=response_format, **options))

    @overload
    def resume(
        self, *, response_format: type[M], tools: Sequence[ToolLike] = (), deps: object = None
    ) -> Run[M] | None: ...
    @overload
    def resume(
        self, *, response_format: None = None, tools: Sequence[ToolLike] = (), deps: object = None
    ) -> Run[str] | None: ...
    def resume(
        self, *, response_format: type[Any] | None = None, tools: Sequence[ToolLike] = (), deps: object = None
    ) -> Run[Any] | None:
        """The thread's open run, taken over or followed; None without one. See `AsyncThread.resume`."""
        resume = partial(self._inner.resume, response_format=response_format, tools=tools, deps=deps)
        inner = self._portal.call(resume)
        return None if inner is None else Run(self._portal, inner)

    def delete(self) -> None:
        """Delete the thread with its messages, runs and events."""
        self._portal.call(self._inner.delete)


class Threads(Handle):
    """`client.threads`."""

    def __init__(self, portal: Portal, inner: AsyncThreads) -> None:
        self._portal = portal
        self._inner = inner

    def create(
        self,
        *,
        messages: Sequence[Content] = (),
        metadata: Mapping[str, str] | None = None,
        tool_resources: Mapping[str, object] | None = None,
    ) -> Thread:
        """Make a thread, with user messages to begin with; see `AsyncThreads.create`."""
        create = partial(self._inner.create, messages=messages, metadata=metadata, tool_resources=tool_resources)
        return self._wrap(self._portal.call(create))

    @overload
    def create_and_run(
        self,
        assistant: Assistant | str,
        /,
        *,
        messages: Sequence[Content] = (),
        thread_metadata: Mapping[str, str] | None = None,
        tool_resources: Mapping[str, object] | None = None,
        response_format: type[M],
        **options: Unpack[RunOptions],
    ) -> Run[M]: ...
    @overload
    def create_and_run(
        self,
        assistant: Assistant | str,
        /,
        *,
        messages: Sequence[Content] = (),
        thread_metadata: Mapping[str, str] | None = None,
        tool_resources: Mapping[str, object] | None = None,
        response_format: ResponseFormat | None = None,
        **options: Unpack[RunOptions],
    ) -> Run[str]: ...
    def create_and_run(
        self,
        assistant: Assistant | str,
        /,
        *,
        messages: Sequence[Content] = (),
        thread_metadata: Mapping[str, str] | None = None,
        tool_resources: Mapping[str, object] | None = None,
        response_format: type[Any] | ResponseFormat | None = None,
        **options: Unpack[RunOptions],
    ) -> Run[Any]:
        """A run on a thread that is made with it; see `AsyncThreads.create_and_run`."""
        inner = self._inner.create_and_run(
            assistant._inner if isinstance(assistant, Assistant) else assistant,
            messages=messages,
            thread_metadata=thread_metadata,
            tool_resources=tool_resources,
            response_format=response_format,
            **options,
        )
        return Run(self._portal, inner)

    def get(self, thread_id: str, /) -> Thread:
        """A thread by id."""
        return self._wrap(self._portal.call(partial(self._inner.get, thread_id)))

    def list(self, *, metadata: Mapping[str, str] | None = None) -> Paginator[Thread]:
        """All threads, the newest first; with `metadata`, those which carry these pairs."""
        return Paginator(self._portal, self._inner.list(metadata=metadata), self._wrap)

    def update(
        self,
        thread_id: str,
        /,
        *,
        metadata: Mapping[str, str] | None = None,
        tool_resources: Mapping[str, object] | None = None,
    ) -> Thread:
        """Replace a thread's metadata, or the resources of its tools; see `AsyncThreads.update`."""
        update = partial(self._inner.update, thread_id, metadata=metadata, tool_resources=tool_resources)
        return self._wrap(self._portal.call(update))

    def delete(self, thread_id: str, /) -> None:
        """Delete a thread with its messages, runs and events."""
        self._portal.call(partial(self._inner.delete, thread_id))

    def _wrap(self, inner: AsyncThread) -> Thread:
        return Thread(self._portal, inner)
