"""The run loop over a backend that pauses for outputs: follow, execute, submit, follow on."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace

import anyio

from .. import protocols
from ..errors import InvalidRequest, ProviderError
from ..hosting.answers import NO_ANSWERS, Answers
from ..hosting.endings import Ending, ended_by_call, failed, incomplete
from ..hosting.pending import pending_calls
from ..hosting.rounds import repeats
from ..protocols import Journal, Screening, ToolExecutor, unknown_tool_output
from ..types import PageQuery, PendingCall, RunRecord, RunStep, ToolCall, ToolOutput
from ..types.events import RunEvent
from .mirror import Mirror

FIRST_PAUSE = 0.1
"""Seconds before a run is looked at again; each further look comes later, up to `LONGEST_PAUSE`."""
LONGEST_PAUSE = 2.0
LONGEST_ASKED_PAUSE = 30.0
"""What a service may ask for instead."""

FLUSH_EVERY = 32
"""Events after which it is looked how many wait for the store."""
EXPIRY_GRACE = 60.0
"""How long behind a run's `expires_at` a service may go on telling that the run is open; clocks differ."""

PAUSED = "requires_action"
STALE_SECONDS = 10.0
"""How long a service may go on telling that it waits for outputs which it has taken."""


class RunEnds(Exception):
    """The run is to end, for what came of a call or by a limit: the service does not know yet."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.status)
        self.ending = ending


class RunLoop:
    """One driver's way through a run that a service keeps.

    Args:
        run: The run at the service.
        thread: Its thread there.
        mirror: What is told of it here.
        executor: What may call the bound tools.
        is_streaming: Whether the call that began it asked for its stream.
        replays: Whether the service numbers its events, and each stream of a run can begin behind one of them.
    """

    def __init__(
        self,
        run: protocols.Run,
        thread: protocols.Thread,
        mirror: Mirror,
        executor: ToolExecutor,
        *,
        is_streaming: bool,
        replays: bool,
    ) -> None:
        self._run = run
        self._thread = thread
        self._mirror = mirror
        self._executor = executor
        self._is_streaming = is_streaming
        self._replays = replays
        self._after = 0
        self._journal = _Journal(mirror)
        self._submitted: frozenset[str] = frozenset()
        self._stale_until = 0.0
        self._for_approval = frozenset(call.id for call in mirror.record.pending_calls if call.waits_for == "approval")

    async def answer(self, answers: Answers) -> None:
        """Write what the caller gave for pending calls; durable on return."""
        if answers and any(self._mirror.call(call.id) is None for call in self._mirror.record.pending_calls):
            await self.catch_up()  # a run of which somebody else heard, or nobody
            self._mirror.adopt(self._mirror.record.pending_calls)
        for output in answers.outputs:
            self._mirror.record_output(output)
        for call_id, decision in answers.decisions.items():
            self._mirror.record_decision(call_id, decision)
        self._for_approval -= answers.decisions.keys()
        if answers:
            self._mirror.rest(self._run.record, self._pending())
            await self._mirror.writer.flush()

    async def go(self, answers: Answers = NO_ANSWERS) -> RunRecord | None:
        """Go on until the run has ended, and give its record; None where it rests for its caller.

        Raises:
            RunEnds: What came of a call ends it, or a limit.
            ProviderError: The service cannot be reached; the run goes on there. Or it does not tell that the run has
                expired.
        """
        is_answered = bool(answers)
        while True:
            record = await self._follow()
            if not record.is_open:
                return record
            self._mirror.adopt(record.pending_calls)
            if not await self._call_tools(is_answered=is_answered):
                return None
            self._mirror.end_steps_of_ours()
            self._check_limits()
            is_answered = False
            calls = self._run.record.pending_calls
            outputs = [ToolOutput(call.id, self._output_of(call)) for call in calls]
            self._mirror.go_on(self._run.record)
            self._is_streaming = await self._submit(outputs)

    async def aclose(self) -> None:
        """Give back a stream that nobody has listened to."""
        await self._run.aclose()

    async def follow_to_the_end(self) -> RunRecord:
        """Follow a run that was cancelled until it has ended, and make no call for it."""
        return await self._follow(and_pauses=False)

    async def _submit(self, outputs: Sequence[ToolOutput]) -> bool:
        """Give the service all that it waits for. Whether it streams what comes of it.

        Raises:
            InvalidRequest: The service waits for these outputs and does not take them.
        """
        try:
            await self._mirror.writer.flush()  # only who still drives the run may submit
            await self._run.submit_tool_outputs(outputs, follow=True)
            self._submitted |= {output.tool_call_id for output in outputs}
            self._stale_until = time.monotonic() + STALE_SECONDS
        except InvalidRequest:
            # It has ended meanwhile, or has the outputs by a request whose answer was lost.
            record = await self._run.refresh()
            if {call.id for call in record.pending_calls} == {output.tool_call_id for output in outputs}:
                raise
            return False
        return True

    async def _follow(self, *, and_pauses: bool = True) -> RunRecord:
        """Follow the run until it pauses or has ended."""
        if self._is_streaming:
            self._is_streaming = False
            with suppress(ProviderError):  # what the stream did not tell is looked up
                if await self._listen():
                    return self._run.record
        pause = FIRST_PAUSE
        while True:
            record = await self._run.refresh()
            await self.catch_up()
            if not record.is_open or (and_pauses and record.status == PAUSED and not self._is_stale(record)):
                return record
            _check_expiry(record)
            if record.status != PAUSED:
                self._mirror.move(record, record.status)
            await anyio.sleep(pause if self._run.poll_after is None else min(self._run.poll_after, LONGEST_ASKED_PAUSE))
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _is_stale(self, record: RunRecord) -> bool:
        """Whether it is told that the run waits for outputs which the service took just now: it says so too late."""
        if record.status != PAUSED or not self._submitted or time.monotonic() > self._stale_until:
            return False
        return all(call.id in self._submitted for call in record.pending_calls)

    async def _listen(self) -> bool:
        """Tell what a stream tells. Whether it told that the run paused or has ended."""
        has_told = False
        count = 0
        async with aclosing(self._run.events(after=self._after)) as events:
            async for event in events:
                if self._replays:
                    self._after = event.sequence
                if isinstance(event, RunEvent):
                    if self._is_stale(event.data):
                        continue
                    self._run.record = event.data
                    has_told = event.data.status == PAUSED or not event.data.is_open
                    if not has_told:
                        self._mirror.move(event.data, event.data.status)
                else:
                    self._mirror.take(event)
                count += 1
                if count % FLUSH_EVERY == 0:
                    await self._mirror.writer.flush_if_full()
        return has_told

    async def catch_up(self) -> None:
        """Tell what the service's steps and messages say, and nobody told yet."""
        self._mirror.begin(self._run.record)
        query = PageQuery(limit=100, order="asc")
        while True:
            page = await self._run.list_steps(query)
            for step in page.data:
                await self._catch_up_with(step)
            if not page.has_more:
                return
            query = replace(query, after=page.data[-1].id)

    async def _catch_up_with(self, step: RunStep) -> None:
        step = self._mirror.as_told(step)
        if self._mirror.has_ended(step):
            return
        self._mirror.take_step(step)
        if step.message_id is not None:
            self._mirror.take_message(await self._thread.get_message(step.message_id))
        self._mirror.end_step(step)

    async def _call_tools(self, *, is_answered: bool) -> bool:
        """Make the calls that can be made here. Whether all that the run waits for have an output now.

        Args:
            is_answered: The caller gave answers: then no call is made while any other waits, as one answer comes after
                another.
        """
        record = self._run.record
        self._refuse_repeated_ids(record)
        if self._mirror.fatal is not None:  # its driver went away before it could end the run
            raise RunEnds(Ending("failed", self._mirror.fatal))
        offered = frozenset(tool.name for tool in record.tools)
        for call in self._unfinished():
            if call.name not in offered and call.name not in self._executor.names:
                await self._journal.finish(unknown_tool_output(call, offered))
        unfinished = self._unfinished()
        screening = await self._screen(unfinished)
        for output in screening.refused:
            await self._finish(output)
        todo = [call for call in self._unfinished() if not self._waits(call)]
        waiting = len(self._unfinished()) - len(todo)
        if todo and not (is_answered and waiting):
            self._mirror.go_on(record)
            for output in await self._executor.execute(todo, journal=self._journal):
                self._raise_if_fatal(output)
            self._ask_again({call.id for call in todo})
        if not self._unfinished():
            return True
        self._mirror.rest(record, self._pending())
        await self._mirror.writer.flush()
        return False

    async def _screen(self, calls: Sequence[ToolCall]) -> Screening:
        calls = [call for call in calls if call.id not in self._mirror.started]  # of which it is too late to ask
        screening = await self._executor.screen(calls, journal=self._journal)
        undecided = {call.id for call in calls if call.decision is None}
        self._for_approval = self._for_approval & undecided
        self._ask_again(screening.for_approval)
        return screening

    def _ask_again(self, call_ids: Collection[str]) -> None:
        """Have those of the calls that have no output wait for a person: what was decided of them is over."""
        for call in self._unfinished():
            if call.id in call_ids:
                self._for_approval |= {call.id}
                self._mirror.forget_decision(call.id)

    async def _finish(self, output: ToolOutput) -> None:
        await self._journal.finish(output)
        self._raise_if_fatal(output)

    def _raise_if_fatal(self, output: ToolOutput) -> None:
        if output.fatal:
            name = self._known(output.tool_call_id).name
            raise RunEnds(ended_by_call(name, output.outcome, output.cause))

    def _refuse_repeated_ids(self, record: RunRecord) -> None:
        """End a run whose service gives a second call the id of one that was made, which would answer for it."""
        for call in record.pending_calls:
            known = self._known(call.id)
            if known.outcome is not None and (known.name, known.arguments) != (call.name, call.arguments):
                what = f"The service gave two calls the id {call.id!r}: {known.name} and {call.name}."
                raise RunEnds(failed("invalid_response", what))

    def _check_limits(self) -> None:
        """End a run that would go on for ever: the service may have no limits of its own."""
        limits, rounds = self._mirror.record.limits, self._mirror.rounds
        if len(rounds) >= limits.turns:
            raise RunEnds(incomplete("max_turns"))
        if repeats(rounds) >= limits.repeated_calls:
            raise RunEnds(incomplete("repeated_call"))

    def _unfinished(self) -> list[ToolCall]:
        """The calls that the service waits for and that have no output here, as they are to be made."""
        calls = [self._known(call.id) for call in self._run.record.pending_calls]
        return [call.as_called() for call in calls if call.output is None]

    def _pending(self) -> Sequence[PendingCall]:
        """The calls that only the caller can answer."""
        waiting = [call for call in self._unfinished() if self._waits(call)]
        return pending_calls(waiting, for_approval=self._for_approval)

    def _waits(self, call: ToolCall) -> bool:
        return call.name not in self._executor.names or call.id in self._for_approval

    def _output_of(self, call: PendingCall) -> str:
        return self._known(call.id).output or ""

    def _known(self, call_id: str) -> ToolCall:
        call = self._mirror.call(call_id)
        assert call is not None  # it was adopted
        return call


def _check_expiry(record: RunRecord) -> None:
    """Leave a run of which the service should have told long ago that it is over; whoever resumes it asks again.

    Raises:
        ProviderError: It is such a run (`timeout`).
    """
    expires_at = record.expires_at
    if expires_at is not None and expires_at > record.created_at and time.time() > expires_at + EXPIRY_GRACE:
        raise ProviderError(
            f"The service says that run {record.id} is {record.status}, though it has expired "
            f"{time.time() - expires_at:.0f} s ago.",
            code="timeout",
        )


class _Journal(Journal):
    """What makes a call of this run happen once: claims and outcomes are kept here, under the driver's epoch."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    @property
    def run(self) -> RunRecord:
        return self._mirror.record

    @property
    def started(self) -> Collection[str]:
        return self._mirror.started

    async def claim(self, call_id: str, /, *, repeatable: bool) -> bool:
        is_mine = await self._mirror.writer.claim(call_id, repeatable=repeatable)
        self._mirror.started.add(call_id)
        return is_mine

    def progress(self, call_id: str, data: object, /) -> None:
        self._mirror.writer.extension("anyassistant.tool.progress", {"tool_call_id": call_id, "progress": data})

    def refusals(self, name: str, /) -> int:
        return self._mirror.refusals(name)

    async def finish(self, output: ToolOutput, /) -> None:
        self._mirror.record_output(output)
        await self._mirror.writer.flush()
