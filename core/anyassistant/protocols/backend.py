"""The full set: what a service that keeps assistants, threads and runs itself implements.

A backend subclasses these. The optional methods have bodies which refuse.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

import anyio

from ..errors import AnyAssistantError, UnsupportedCapability
from ..types import (
    AssistantRecord,
    Decision,
    Event,
    Message,
    Page,
    PageQuery,
    RunRecord,
    RunStep,
    ThreadRecord,
    ToolOutput,
)
from .capabilities import Capabilities
from .execution import ToolExecutor
from .files import Files, VectorStores
from .params import AssistantParams, MessageParams, RunParams, ThreadParams

UNDO_SECONDS = 10.0
"""How long it may take to delete a thread whose run could not begin."""


class Run(Protocol):
    """A run of a backend. It owns its stream until `aclose`.

    Attributes:
        record: As last seen.
    """

    record: RunRecord

    @property
    def cause(self) -> BaseException | None:
        """The exception which ended the run, where it was raised in this process."""
        return None

    @property
    def poll_after(self) -> float | None:
        """Seconds after which the service wants to be asked for the run again, as it said last; None if it did not."""
        return None

    @abstractmethod
    def events(self, *, after: int = 0) -> AsyncGenerator[Event, None]:
        """The run's events after that number, replayed and then live, until it ends or needs action."""
        ...

    @abstractmethod
    async def submit_tool_outputs(self, outputs: Sequence[ToolOutput], /, *, follow: bool) -> None:
        """Give outputs for pending calls; the run goes on once all have one.

        Raises:
            InvalidRequest: The run does not wait, or not for that call.
        """
        ...

    async def decide(self, decisions: Mapping[str, Decision], /) -> None:
        """Approve or reject pending calls, by id; the run goes on once nothing waits for a person or for outputs.

        Raises:
            InvalidRequest: The run does not wait, or not for an approval of that call.
        """
        raise _cannot("approvals", "hold calls for approval")

    @abstractmethod
    async def cancel(self) -> None:
        """End the run; durable on return. Does nothing to a run that has ended."""
        ...

    @abstractmethod
    async def refresh(self) -> RunRecord:
        """The run as it is now, which becomes `record`."""
        ...

    @abstractmethod
    async def list_steps(self, query: PageQuery, /) -> Page[RunStep]: ...

    async def aclose(self) -> None:
        """Give back the stream, if there is one. The run goes on."""
        return

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self.aclose()


class Thread(Protocol):
    """A thread of a backend."""

    record: ThreadRecord

    @abstractmethod
    async def create_message(self, params: MessageParams, /) -> Message:
        """Add a message.

        Raises:
            ThreadBusy: The thread has an open run.
        """
        ...

    @abstractmethod
    async def get_message(self, message_id: str, /) -> Message: ...

    @abstractmethod
    async def list_messages(self, query: PageQuery, /) -> Page[Message]: ...

    async def update_message(self, message_id: str, metadata: Mapping[str, str], /) -> Message:
        """Replace a message's metadata."""
        raise _cannot("update_message", "change a message")

    async def delete_message(self, message_id: str, /) -> None:
        """Take a message out of the thread; the model does not see it any more."""
        raise _cannot("delete_message", "delete a message")

    @abstractmethod
    async def create_run(self, params: RunParams, /, *, executor: ToolExecutor | None, follow: bool) -> Run:
        """Begin a run.

        Args:
            executor: What may call the bound tools; a hosted run without one is driven by nobody yet.
            follow: Ask for the stream with the call that starts it, where the service knows only that way.

        Raises:
            ThreadBusy: The thread has an open run.
            UnsupportedCapability: The parameters ask for what the backend does not claim.
        """
        ...

    @abstractmethod
    async def get_run(self, run_id: str, /, *, executor: ToolExecutor | None = None) -> Run:
        """A run by id; with an executor, an undriven hosted run is taken over."""
        ...

    @abstractmethod
    async def list_runs(self, query: PageQuery, /) -> Page[Run]: ...

    async def update(
        self, metadata: Mapping[str, str], /, *, tool_resources: Mapping[str, object] | None = None
    ) -> ThreadRecord:
        """Replace the thread's metadata, and the resources of its tools where some are given."""
        raise _cannot("update_thread", "change a thread")

    async def delete(self) -> None:
        raise _cannot("delete_thread", "delete a thread")


class Assistant(Protocol):
    """An assistant of a backend."""

    record: AssistantRecord

    async def update(self, params: AssistantParams, /) -> AssistantRecord:
        """Replace what the assistant is."""
        raise _cannot("update_assistant", "change an assistant")

    async def delete(self) -> None:
        raise _cannot("delete_assistant", "delete an assistant")


@runtime_checkable
class Provider(Protocol):
    """A backend that keeps assistants, threads and runs.

    Attributes:
        name: As registered, and as people write it in config.
    """

    name: str
    capabilities: Capabilities

    @abstractmethod
    async def create_assistant(self, params: AssistantParams, /) -> Assistant: ...

    @abstractmethod
    async def get_assistant(self, assistant_id: str, /) -> Assistant:
        """An assistant by id.

        Raises:
            NotFound: There is none.
        """
        ...

    @abstractmethod
    async def list_assistants(self, query: PageQuery, /) -> Page[Assistant]: ...

    @abstractmethod
    async def create_thread(self, params: ThreadParams, /) -> Thread: ...

    @abstractmethod
    async def get_thread(self, thread_id: str, /) -> Thread:
        """A thread by id.

        Raises:
            NotFound: There is none.
        """
        ...

    async def list_threads(self, query: PageQuery, /) -> Page[Thread]:
        raise _cannot("list_threads", "list threads")

    async def create_thread_and_run(
        self, thread: ThreadParams, run: RunParams, /, *, executor: ToolExecutor | None, follow: bool
    ) -> tuple[Thread, Run]:
        """A new thread, and a run on it; the arguments are those of `create_thread` and `Thread.create_run`.

        Here it is one after the other, and a thread without its run is deleted. A service that does both by one request
        has it in place of this.
        """
        made = await self.create_thread(thread)
        try:
            return made, await made.create_run(run, executor=executor, follow=follow)
        except BaseException:
            with anyio.move_on_after(UNDO_SECONDS, shield=True), suppress(AnyAssistantError):
                await made.delete()
            raise

    def files(self) -> Files:
        """Its files."""
        raise _cannot("files", "keep files")

    def vector_stores(self) -> VectorStores:
        """Its vector stores."""
        raise _cannot("files", "keep vector stores")

    async def capabilities_of(self, model: str, /) -> Capabilities:
        """What one model can do, where that differs by model."""
        return self.capabilities

    @abstractmethod
    async def aclose(self) -> None:
        """Give back connections and the like; runs that this process drives are parked."""
        ...


def _cannot(capability: str, verb: str) -> UnsupportedCapability:
    return UnsupportedCapability(f"This provider cannot {verb}.", capability=capability)
