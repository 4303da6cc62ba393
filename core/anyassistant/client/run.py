"""A run, as an app holds it: begun when it is first used, followed, waited for, cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Generic, Self

import anyio
from typing_extensions import TypeVar

from .. import protocols
from ..errors import InvalidRequest, NotFound, RunAbandoned
from ..types import Message, PageQuery, RunRecord, RunResult, RunStep, Usage
from ..types.events import RunStepEvent
from .backend_run import BackendRun
from .decisions import approval, rejection
from .event_stream import EventStream
from .formats import OutputFormat
from .handle import Handle
from .outcome import outcome_error, unreadable_output
from .outputs import tool_outputs
from .paginator import AsyncPaginator
from .requests import page_query

if TYPE_CHECKING:
    from .threads import AsyncThread

T_co = TypeVar("T_co", covariant=True)

_STEP_ENDS = frozenset(f"thread.run.step.{status}" for status in ("completed", "failed", "cancelled", "expired"))


class AsyncRun(Handle, Generic[T_co]):
    """A run of an assistant on a thread.

    Iterate it for its finished steps; `events()` is the one continuous stream over all tool rounds; `result()` gives
    the outcome, after either too. Unless the run completed, each of the three ends in a `RunError` which carries it.
    Leaving any of them early detaches from the run; it goes on.
    """

    def __init__(self, run: BackendRun, output: OutputFormat[T_co]) -> None:
        self._run = run
        self._output = output
        self._steps: EventStream | None = None
        self._seen = 0  # the last event behind the steps that were given
        self._heard = 0  # the last event that `wait` has read

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
        return self._run.existing().record

    async def start(self) -> Self:
        """Begin the run, and return at once; it goes on whether or not anybody reads it.

        Raises:
            ThreadBusy: The thread has an open run.
            NotFound: There is no such assistant, or no such thread.
            UnsupportedCapability: The provider does not claim what the run asks for.
        """
        await self._run.begun()
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
        return EventStream(self._run, after=after, check=check)

    async def result(self) -> RunResult[T_co]:
        """Wait for the end, and give the outcome.

        Raises:
            RunError: The run did not complete.
        """
        record = await self.wait()
        try:
            messages = [message async for message in self.messages()]
        except NotFound:  # its thread was deleted; how a run failed is known without
            if record.status == "completed":
                raise
            messages = []
        text = messages[-1].text if messages else ""
        if record.status != "completed":
            raise outcome_error(record, text, self._run.existing().cause)
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
        run = await self._run.begun()
        if not (await run.refresh()).is_open:
            return run.record
        with anyio.move_on_after(timeout) as scope:
            await self._read_to_the_end()
            while await self._run.goes_on(after=max(self._seen, self._heard)):
                await self._read_to_the_end()
        if scope.cancelled_caught:
            raise TimeoutError(f"Run {run.record.id} still goes on after {timeout} s; it was not stopped.")
        return self.record

    async def _read_to_the_end(self) -> None:
        try:
            await self._read()
        except RunAbandoned:
            if not await self._run.take_over():
                raise
            await self._read()

    async def _read(self) -> None:
        async with aclosing(self._run.existing().events(after=max(self._seen, self._heard))) as events:
            async for event in events:
                self._heard = event.sequence

    async def thread(self) -> AsyncThread:
        """The thread of the run, once it has begun."""
        from .threads import AsyncThread  # which imports this

        self._run.existing()
        return AsyncThread(self._run.session, await self._run.thread())

    def steps(self) -> AsyncPaginator[RunStep]:
        """The run's steps, in order."""

        async def fetch(query: PageQuery) -> protocols.Page[RunStep]:
            return await self._run.existing().list_steps(query)

        return AsyncPaginator(fetch, page_query(order="asc"), lambda step: step.id)

    def messages(self) -> AsyncPaginator[Message]:
        """The messages that the run wrote, in order."""
        return self._run.messages()

    async def cancel(self) -> None:
        """End the run. Durable on return; a run that has ended stays as it is.

        Before the start it makes the run a cancelled one, for which no tool is called here; nor a model, unless a
        service keeps the run: that begins it at once.
        """
        run = await self._run.begun(drive=False)
        await run.cancel()

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
        await self._run.existing().decide({call_id: approval(arguments, by, expires_in)})

    async def reject(self, call_id: str, reason: str, *, by: str | None = None) -> None:
        """Do not approve a call that waits for it. Durable on return; from any process.

        Args:
            call_id: The call, as in `record.pending_calls`.
            reason: Why, which the model is told.
            by: Who rejects; it stays with the call, on its run step.

        Raises:
            InvalidRequest: The run does not wait, or not for an approval of that call.
        """
        await self._run.existing().decide({call_id: rejection(reason, by)})

    async def submit_tool_outputs(self, outputs: Mapping[str, object], /) -> None:
        """Give the outputs of pending calls, by call id; the run goes on once all have one.

        A value is told to the model as a tool's result would be: a text bare, a ToolResult with its images, anything
        else as JSON.

        Raises:
            InvalidRequest: The run does not wait, or not for that call.
        """
        await self._run.existing().submit_tool_outputs(tool_outputs(outputs), follow=True)
