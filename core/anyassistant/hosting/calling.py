"""The calls of one turn: what is refused, what waits for the caller, and what is made, once each."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..protocols import Journal, Screening, ToolExecutor, unknown_tool_output
from ..types import PendingCall, RunRecord, ToolOutput, Turn, TurnCall
from .answers import Answers
from .endings import Ending, ended_by_call
from .pending import pending_calls, refusals
from .turn import LiveTurn
from .writer import Draft, Writer


class Calling:
    """One driver's way through the calls of one turn, from the model's last word to their outputs.

    Args:
        earlier: The run's turns before this one.
        started: Ids of the calls that an earlier driver claimed and that have no output.

    Attributes:
        turn: The turn.
    """

    def __init__(
        self,
        writer: Writer,
        executor: ToolExecutor,
        turn: LiveTurn,
        *,
        earlier: Sequence[Turn],
        started: Collection[str] = (),
    ) -> None:
        self._writer = writer
        self._executor = executor
        self._journal = _Journal(writer, turn, earlier, started)
        self._offered = frozenset(tool.name for tool in writer.record.tools)
        self._screening: Screening | None = None
        self._lapsed: frozenset[str] = frozenset()
        self.turn = turn

    @property
    def started(self) -> Collection[str]:
        """Ids of the calls that were claimed and have no output yet."""
        return self._journal.started

    async def claim(self, draft: Draft) -> None:
        """Claim the calls that are about to start, in the transaction that writes the turn."""
        starting = (await self._screened()).starting
        for call_id in starting:
            draft.claim(call_id)
        self._journal.expect(starting)

    async def take(self, answers: Answers) -> None:
        """Write what the caller gave for pending calls; durable on return."""
        draft = self._writer.draft()
        for output in answers.outputs:
            self.turn.record_output(draft, output)
        for call_id, decision in answers.decisions.items():
            self.turn.record_decision(draft, call_id, decision)
        draft.update_run(pending_calls=self._pending())
        draft.post(durable=True)
        await self._writer.flush()

    async def can_go(self, *, is_answered: bool) -> bool:
        """Whether there is anything to do for a run that rests.

        Args:
            is_answered: The caller gave something just now. Then the run goes on only when nothing is left to wait
                for, so that a caller can answer one call after another.
        """
        refused = {output.tool_call_id for output in (await self._screened()).refused}
        waiting = [call for call in self._waiting() if call.id not in refused]
        return not waiting if is_answered else len(waiting) < len(self.turn.unfinished)

    async def make(self) -> Ending | None:
        """Make the calls that do not wait for the caller. An ending, if what came of one ends the run."""
        turn = self.turn
        if turn.fatal is not None:  # its driver went away before it could end the run
            return ended_by_call(turn.fatal.name, turn.fatal.outcome, None)
        for call in turn.unfinished:
            if call.name not in self._offered:
                await self._journal.finish(unknown_tool_output(call.as_called(), self._offered))
        outputs = list((await self._screened()).refused)
        for output in outputs:
            await self._journal.finish(output)
        waiting = {call.id for call in self._waiting()}
        todo = [call.as_called() for call in turn.unfinished if call.id not in waiting]
        if todo and turn.fatal is None:
            outputs += await self._executor.execute(todo, journal=self._journal)
        if turn.fatal is None:
            self._lapsed = frozenset(call.id for call in turn.unfinished if call.id not in waiting)
            return None
        cause = next((output.cause for output in outputs if output.fatal), None)
        return ended_by_call(turn.fatal.name, turn.fatal.outcome, cause)

    def rest(self, draft: Draft) -> None:
        """Write that the run waits for its caller; readers are told once of each call that waits for approval."""
        for_approval = self._for_approval()
        for call in self.turn.unfinished:
            if call.id in for_approval and not call.awaits_decision:
                self.turn.record_question(draft, call.id)
        if self._writer.record.status == "requires_action":
            draft.update_run(pending_calls=self._pending())
        else:
            draft.run("requires_action", pending_calls=self._pending())

    async def _screened(self) -> Screening:
        """What becomes of the calls: the executor is asked once."""
        if self._screening is None:
            calls = [
                call.as_called()
                for call in self.turn.unfinished
                if call.name in self._offered and call.id not in self.started  # of which it is too late to ask
            ]
            self._screening = await self._executor.screen(calls, journal=self._journal)
        return self._screening

    def _for_approval(self) -> frozenset[str]:
        """Ids of the calls that a person has to approve first.

        What waits for approval goes on doing so, though whoever drives now has not the tool, or has another opinion;
        and what was approved and could not begin in time waits again.
        """
        asked = frozenset(call.id for call in self.turn.unfinished if call.awaits_decision)
        screened = frozenset[str]() if self._screening is None else self._screening.for_approval
        return asked | screened | self._lapsed

    def _waiting(self) -> list[TurnCall]:
        """The calls that are the caller's: to approve, or to make, since they were offered and nobody here can."""
        for_approval, foreign = self._for_approval(), self._offered - self._executor.names
        return [call for call in self.turn.unfinished if call.name in foreign or call.id in for_approval]

    def _pending(self) -> Sequence[PendingCall]:
        return pending_calls(self._waiting(), for_approval=self._for_approval())


class _Journal(Journal):
    """What makes a call of this turn happen once: claims and outputs go into the store under the driver's epoch."""

    def __init__(self, writer: Writer, turn: LiveTurn, earlier: Sequence[Turn], started: Collection[str]) -> None:
        self._writer = writer
        self._turn = turn
        self._earlier = earlier
        self._claimed: set[str] = set()
        self._started = set(started)

    @property
    def run(self) -> RunRecord:
        return self._writer.record

    @property
    def started(self) -> Collection[str]:
        return self._started

    def expect(self, call_ids: Collection[str]) -> None:
        """These calls are claimed already, with the turn."""
        self._claimed.update(call_ids)
        self._started.update(call_ids)

    async def claim(self, call_id: str, /, *, repeatable: bool) -> bool:
        if call_id in self._claimed:
            self._claimed.discard(call_id)
            return True
        is_mine = await self._writer.claim(call_id, repeatable=repeatable)
        self._started.add(call_id)
        return is_mine

    def progress(self, call_id: str, data: object, /) -> None:
        self._writer.extension("anyassistant.tool.progress", {"tool_call_id": call_id, "progress": data})

    def refusals(self, name: str, /) -> int:
        earlier = [call for turn in self._earlier for call in turn.tool_calls]
        return refusals([*earlier, *self._turn.calls], name)

    async def finish(self, output: ToolOutput, /) -> None:
        draft = self._writer.draft()
        self._turn.record_output(draft, output, was_made=output.tool_call_id in self._started)
        self._started.discard(output.tool_call_id)
        draft.post(durable=True)
        await self._writer.flush()
