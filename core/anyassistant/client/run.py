"""A run, as an app holds it: begun when it is first used, followed, waited for, cancelled."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Generic, Self

import anyio
from anyassistant_tools import Tool
from typing_extensions import TypeVar

from .. import protocols
from ..errors import InvalidRequest
from ..protocols import RunParams, ToolExecutor
from ..types import Event, Message, PageQuery, RunRecord, RunResult, RunStep, Usage
from ..types.events import RunEvent, RunStepEvent
from .decisions import approval, rejection
from .formats import OutputFormat
from .handle import Handle
from .once import Once
from .outcome import outcome_error, unreadable_output
from .outputs import tool_outputs
from .paginator import AsyncPaginator
from .requests import page_query
from .session import Session, SessionGetter

T_co = TypeVar("T_co", covariant=True)

_STEP_ENDS = frozenset(f"thread.run.step.{status}" for status in ("completed", "failed", "cancelled", "expired"))


ANSWER_PAUSE = 0.5
"""Seconds between looks at a run that waits for others to approve or answer its calls."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A run that has not begun: where, how, and with which callables.

    Attributes:
        late: Completes parameters and callables, where a toolset has to be opened first.
    """

    thread: protocols.Thread
    params: RunParams
    bound: Mapping[str, Tool]
    deps: object = None
    late: Callable[[Session], Awaitable[tuple[RunParams, Mapping[str, Tool]]]] | None = None


class AsyncRun(Handle, Generic[T_co]):
    """A run of an assistant on a thread.

    Iterate it for its finished steps; `events()` is the one continuous stream over all tool rounds; `result()` gives
    the outcome, after either too. Unless the run completed, each of the three ends in a `RunError` which carries it.
    Leaving any of them early detaches from the run; it goes on.
    """

    def __init__(
        self,
        session: SessionGetter,
        output: OutputFormat[T_co],
        *,
        beginning: Beginning | None = None,
        backend: protocols.Run | None = None,
        stays: bool = False,
    ) -> None:
        self._session = session
        self._output = output
        self._beginning = beginning
        self._backend = Once(self._begin, made=backend)
        self._stays = stays  # where the run rests for others
        self._executor: ToolExecutor | None = None
        self._steps: EventStream | None = None
        self._seen = 0

    @property
    def id(self) -> str:
        """The run's id, once it has begun."""
        return self.record.id

    @property
    def record(self) -> RunRecord:
        """The run as last seen.

        Raises:
            InvalidRequest: It has not begun.
        """
        return self._existing().record

    async def start(self) -> Self:
        """Begin the run, and return at once; it goes on whether or not anybody reads it.

        Raises:
            ThreadBusy: The thread has an open run.
            NotFound: There is no such assistant, or no such thread.
            UnsupportedCapability: The provider does not claim what the run asks for.
        """
        await self._begun()
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RunStep:
        if self._steps is None:
            self._steps = self.events(after=self._seen)
        try:
            async for event in self._steps:
                self._seen = event.sequence
                if isinstance(event, RunStepEvent) and event.event in _STEP_ENDS:
                    return event.data
        except BaseException:
            self._steps = None
            raise
        self._steps = None
        raise StopAsyncIteration

    def events(self, *, after: int = 0, check: bool = True) -> EventStream:
        """The run's events after a number: replayed, then live, until it ends or rests.

        Leave it early with `break`; `contextlib.aclosing` gives its watch over the log back at once.

        Args:
            after: The `sequence` of the last event already seen.
            check: Whether a run that did not complete ends the stream in a `RunError`.

        Raises:
            InvalidRequest: `after` is not a number that an event may have.
            RunAbandoned: While it is read: the run is open, and nobody drives it; whatever `check` says.
        """
        if isinstance(after, bool) or not isinstance(after, int) or after < 0:
            raise InvalidRequest(
                f"`after` must be the `sequence` of an event, or 0, not {after!r}.", param="after", code="invalid_value"
            )
        return EventStream(self, after, check)

    async def result(self) -> RunResult[T_co]:
        """Wait for the end, and give the outcome.

        Raises:
            RunError: The run did not complete.
        """
        record = await self.wait()
        messages = [message async for message in self.messages()]
        text = messages[-1].text if messages else ""
        if record.status != "completed":
            raise self._error(record, text)
        try:
            output = self._output.read(text)
        except ValueError as error:
            raise unreadable_output(record, error) from error
        steps = [step async for step in self.steps()]
        return RunResult(output, text, record.usage or Usage(0, 0), record, steps, messages)

    async def wait(self, *, timeout: float | None = None) -> RunRecord:
        """Wait until the run ends or rests, and give its record, whatever came of it.

        Args:
            timeout: Seconds, or None to wait as long as it takes.

        Raises:
            TimeoutError: It still goes on, and does so further.
            RunAbandoned: Nobody drives it.
        """
        backend = await self._begun()
        if not (await backend.refresh()).is_open:
            return backend.record
        with anyio.move_on_after(timeout) as scope:
            await self._read_to_the_end(backend)
            while await self._goes_on():
                await self._read_to_the_end(self._existing())
        if scope.cancelled_caught:
            raise TimeoutError(f"Run {backend.record.id} still goes on after {timeout} s; it was not stopped.")
        return self._existing().record

    async def _read_to_the_end(self, backend: protocols.Run) -> None:
        async with aclosing(backend.events(after=self._seen)) as events:
            async for _ in events:
                pass

    def steps(self) -> AsyncPaginator[RunStep]:
        """The run's steps, in order."""

        async def fetch(query: PageQuery) -> protocols.Page[RunStep]:
            return await self._existing().list_steps(query)

        return AsyncPaginator(fetch, page_query(order="asc"), lambda step: step.id)

    def messages(self) -> AsyncPaginator[Message]:
        """The messages that the run wrote, in order."""

        async def fetch(query: PageQuery) -> protocols.Page[Message]:
            record = self.record
            thread = await (await self._session()).provider.get_thread(record.thread_id)
            return await thread.list_messages(query_of(query, record.id))

        return AsyncPaginator(fetch, page_query(order="asc"), lambda message: message.id)

    async def cancel(self) -> None:
        """End the run. Durable on return; a run that has ended stays as it is.

        Before the start it makes the run a cancelled one, which calls neither model nor tools.
        """
        backend = await self._begun(drive=False)
        await backend.cancel()

    async def approve(
        self,
        call_id: str,
        *,
        arguments: Mapping[str, object] | None = None,
        by: str | None = None,
        expires_in: float | None = None,
    ) -> None:
        """Approve a call that waits for it. Durable on return; from any process.

        The run goes on once none of its calls waits any more, driven here if the tool is bound here; else whoever
        resumes it with its tools goes on.

        Args:
            call_id: The call, as in `record.pending_calls`.
            arguments: What the call is made with instead of what the model wrote.
            by: Who approves; it stays with the call, on its run step.
            expires_in: Seconds in which the call must begin; after that it waits for an approval again.

        Raises:
            InvalidRequest: The run does not wait, or not for an approval of that call; or the arguments do not fit.
        """
        await self._existing().decide({call_id: approval(arguments, by, expires_in)})

    async def reject(self, call_id: str, reason: str, *, by: str | None = None) -> None:
        """Do not approve a call that waits for it. Durable on return; from any process.

        Args:
            call_id: The call, as in `record.pending_calls`.
            reason: Why, which the model is told.
            by: Who rejects; it stays with the call, on its run step.

        Raises:
            InvalidRequest: The run does not wait, or not for an approval of that call.
        """
        await self._existing().decide({call_id: rejection(reason, by)})

    async def submit_tool_outputs(self, outputs: Mapping[str, object], /) -> None:
        """Give the outputs of pending calls, by call id; the run goes on once all have one.

        A value is told to the model as a tool's result would be: a text bare, a ToolResult with its images, anything
        else as JSON.

        Raises:
            InvalidRequest: The run does not wait, or not for that call.
        """
        await self._existing().submit_tool_outputs(tool_outputs(outputs), follow=True)

    def _existing(self) -> protocols.Run:
        if self._backend.made is None:
            raise InvalidRequest(
                "The run has not begun: iterate it, or begin it with `start()`.", param="run", code="run_not_started"
            )
        return self._backend.made

    async def _begun(self, *, drive: bool = True) -> protocols.Run:
        if self._backend.made is None:
            # In a task of the client: who waits may be cancelled, and the handle knows its run all the same.
            await (await self._session()).complete(lambda: self._backend.get(drive))
        return self._existing()

    async def _begin(self, drive: bool) -> protocols.Run:
        beginning = self._beginning
        assert beginning is not None  # a handle has either a beginning or a backend
        session = await self._session()
        params, bound = beginning.params, beginning.bound
        if beginning.late is not None:
            params, bound = await beginning.late(session)
        if drive:
            self._executor = await session.executor(bound, beginning.deps)
        return await beginning.thread.create_run(params, executor=self._executor, follow=True)

    async def _goes_on(self) -> bool:
        """Whether there is more to come of a run whose events ended: it rested, and was answered meanwhile.

        Where it rests and that is to be waited for, it is; else the handle has the record of how it ended or rests.
        """
        while (record := await self._existing().refresh()).status == "requires_action":
            if not self._stays:
                return False
            thread = await (await self._session()).provider.get_thread(record.thread_id)
            self._backend.made = await thread.get_run(record.id, executor=self._executor)
            await anyio.sleep(ANSWER_PAUSE)
        return record.is_open

    def _error(self, record: RunRecord, text: str) -> Exception:
        return outcome_error(record, text, self._existing().cause)


class EventStream(AsyncIterator[Event]):
    """The events of a run, then its error if it did not complete."""

    def __init__(self, run: AsyncRun[object], after: int, check: bool) -> None:
        self._run = run
        self._after = after
        self._check = check
        self._source: AsyncGenerator[Event, None] | None = None
        self._is_whole = False  # nothing comes any more: the run had ended when the log was last read to its end

    async def aclose(self) -> None:
        """Stop reading. The run goes on."""
        if self._source is not None:
            await self._source.aclose()

    async def __anext__(self) -> Event:
        source = self._source
        if source is None:
            backend = await self._run._begun()
            source = self._source = backend.events(after=self._after)
        try:
            event = await source.__anext__()
        except StopAsyncIteration:
            if await self._has_more():
                self._source = self._run._existing().events(after=self._after)
                return await self.__anext__()
            await self._end()
            raise
        self._after = event.sequence
        if isinstance(event, RunEvent):
            self._run._existing().record = event.data
            self._is_whole = not event.data.is_open
        return event

    async def _has_more(self) -> bool:
        if self._is_whole:
            return False
        if await self._run._goes_on():
            return True
        self._is_whole = not self._run.record.is_open  # by now, so that its last events are still to be read
        return self._is_whole

    async def _end(self) -> None:
        """Raise what the run ended in, unless it completed."""
        record = self._run.record
        if not self._check or record.status == "completed":
            return
        text = ""
        if record.status == "incomplete":
            messages = [message async for message in self._run.messages()]
            text = messages[-1].text if messages else ""
        raise self._run._error(record, text)


def query_of(query: PageQuery, run_id: str) -> PageQuery:
    """The same page, of one run's messages."""
    return replace(query, run_id=run_id)
