"""The rounds of one run: a model turn, its tool calls, their outputs, the next turn, until it ends or rests."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence

import anyio

from ..protocols import Capabilities, ChatModel, ModelDelta, ModelRequest, ToolExecutor
from ..types import RunStep, Turn, Usage
from .answers import Answers
from .calling import Calling
from .context import Context, PromptTooLong, response_schema, tool_choice_of
from .endings import COMPLETED, Ending, failed, incomplete, total_usage, write_ending
from .output import problem_with
from .recovery import Recovered
from .store import Store
from .tokens import completion_tokens
from .turn import LiveTurn
from .writer import Draft, Writer

CHECKPOINT_EVERY = 32
"""Deltas after which other tasks get their turn, whether or not the model awaits anything."""
CLOSE_SECONDS = 5.0
"""How long a model may take to close a stream that nobody reads any more."""


class Rounds:
    """One driver's way through a run.

    Attributes:
        turn: The turn in work, for whoever has to end the run.
    """

    def __init__(
        self,
        store: Store,
        writer: Writer,
        *,
        model: ChatModel,
        provider: str,
        capabilities_of: Callable[[str], Awaitable[Capabilities]],
        executor: ToolExecutor,
        recovered: Recovered,
        active_seconds: Callable[[], float],
    ) -> None:
        self._store = store
        self._writer = writer
        self._model = model
        self._provider = provider
        self._capabilities_of = capabilities_of
        self._executor = executor
        self._active_seconds = active_seconds
        self._context: Context | None = None
        self._turns = recovered.turns
        self._repairs = sum(is_answer(turn) for turn in recovered.turns)  # an answer that did not end the run
        self.turn = recovered.open_turn
        self._calling = None if self.turn is None else self._calls_of(self.turn, started=recovered.started)

    @property
    def usage(self) -> Usage | None:
        """The sum over the run's turns, the one in work included."""
        current = [self.turn.usage] if self.turn is not None else []
        return total_usage([turn.usage for turn in self._turns] + current)

    async def take(self, answers: Answers) -> None:
        """Write what the caller gave for pending calls; durable on return."""
        await self._resting().take(answers)

    @property
    def is_anothers(self) -> bool:
        """Whether another provider's model asked for the calls that the run rests for."""
        return self._calling is not None and self._calling.turn.provider != self._provider

    async def leave(self, draft: Draft) -> None:
        """Leave a run that was answered to whoever goes on with it: `queued`, if nothing is left to wait for."""
        if await self._resting().can_go(is_answered=True):
            draft.run("queued", pending_calls=())

    async def begin(self, *, is_answered: bool) -> bool:
        """Set the run going. False where it still waits for its caller.

        Args:
            is_answered: The caller gave something just now. Then the run goes on only when nothing is left to wait
                for, so that a caller can answer one call after another.
        """
        rests = self._writer.record.status == "requires_action"
        if rests and self._calling is not None and not await self._calling.can_go(is_answered=is_answered):
            return False
        if rests:
            draft = self._writer.draft()
            draft.run("queued", pending_calls=())
            draft.post()
        if self._writer.record.status == "queued":
            draft = self._writer.draft()
            draft.run("in_progress", started_at=self._writer.record.started_at or int(time.time()))
            draft.post()
        return True

    async def go(self) -> Ending | None:
        """Go on until the run ends, or rests for its caller (None)."""
        while True:
            await anyio.lowlevel.checkpoint_if_cancelled()
            if self._calling is None:
                ending = await self._model_turn()
            elif (ending := await self._calling.make()) is None:
                if self._calling.turn.unfinished:
                    return None
                self._complete(self._calling.turn)
            if ending is not None:
                return ending

    def rest(self, draft: Draft) -> None:
        """Write that the run waits for its caller."""
        self._resting().rest(draft)

    def end(self, ending: Ending) -> None:
        """Write how the run ends."""
        draft = self._writer.draft()
        started = self._calling.started if self._calling is not None else ()
        write_ending(draft, ending, self.turn, usage=self.usage, started=started)
        draft.post(durable=True, release=True)

    def _resting(self) -> Calling:
        assert self._calling is not None  # a run rests because of its calls
        return self._calling

    def _calls_of(self, turn: LiveTurn, *, started: Collection[str] = ()) -> Calling:
        return Calling(self._writer, self._executor, turn, earlier=self._turns, started=started)

    async def _model_turn(self) -> Ending | None:
        """One model call. An ending; or None, with its calls in `turn`, or without where it is to be repeated."""
        limit = self._limit()
        if limit is not None:
            return limit
        record = self._writer.record
        if self._context is None:
            capabilities = await self._capabilities_of(record.model)  # which may load it
            self._context = await Context.read(self._store, record, self._model, capabilities, self._provider)
            if self._turns and is_answer(self._turns[-1]):
                self._context.add_note(self._complaint(self._turns[-1].text))
        choice = tool_choice_of(record)
        has_called = any(turn.tool_calls for turn in self._turns)
        try:
            request = await self._context.request(
                tool_choice="auto" if has_called and choice != "none" else choice,
                max_completion_tokens=self._tokens_left(),
            )
        except PromptTooLong as error:
            if record.max_prompt_tokens is not None:
                return incomplete("max_prompt_tokens")
            return failed("context_length_exceeded", f"The prompt does not fit the model: {error}.", cause=error)
        turn = self.turn = LiveTurn(self._writer, self._provider)
        await self._listen(turn, request)
        return await self._judge(turn)

    async def _listen(self, turn: LiveTurn, request: ModelRequest) -> None:
        deltas = self._model.respond(request)
        if not hasattr(deltas, "aclose"):
            raise TypeError(f"`respond` of the model gave {type(deltas).__name__}, not an async generator")
        count = 0
        try:
            async for delta in deltas:
                turn.take(delta)
                count += 1
                if count % CHECKPOINT_EVERY == 0:
                    await anyio.lowlevel.checkpoint()
                    await self._writer.flush_if_full()
        finally:
            await self._hang_up(deltas, turn)

    async def _hang_up(self, deltas: AsyncGenerator[ModelDelta, None], turn: LiveTurn) -> None:
        """Close the stream, and tell a model that wants to know that its answer was not waited for."""
        with anyio.CancelScope(shield=True, deadline=anyio.current_time() + CLOSE_SECONDS):
            await deltas.aclose()
            if turn.finish_reason is None and type(self._model).cancel is not ChatModel.cancel:
                await self._model.cancel(self._writer.record.id, turn.provider_state)

    async def _judge(self, turn: LiveTurn) -> Ending | None:
        """What follows from a turn: an ending, its calls, or another try."""
        if turn.finish_reason is None:
            return failed("invalid_model_response", "The model's stream ended without a finish reason.")
        if turn.finish_reason == "content_filter":
            return Ending(
                "failed",
                failed("content_filter", "The provider's content filter stopped the answer.").error,
                broken_off="content_filter",
            )
        if turn.finish_reason == "length":
            return incomplete("max_completion_tokens")
        if turn.calls:
            await self._commit_calls(turn)
            return None
        if turn.is_empty:
            return failed("empty_response", "The model gave neither text nor a tool call.")
        return self._check_answer(turn)

    def _check_answer(self, turn: LiveTurn) -> Ending | None:
        problem = None if turn.finish_reason == "refusal" else self._problem_with(turn.text)
        if problem is None:
            return COMPLETED
        if self._repairs:
            return failed("invalid_output", f"The answer does not fit the response format: {problem}")
        self._repairs += 1
        draft = self._writer.draft()
        turn.close(draft)
        draft.post()
        answer = turn.freeze()
        assert self._context is not None  # it made the request
        self._context.add_turn(answer)
        self._context.add_note(self._complaint(answer.text))
        self._turns.append(answer)
        self.turn = None
        return None

    def _problem_with(self, text: str) -> str | None:
        schema = response_schema(self._writer.record)
        return None if schema is None else problem_with(text, schema.schema)

    def _complaint(self, text: str) -> str:
        return f"Your answer does not fit the response format: {self._problem_with(text)} Answer again."

    async def _commit_calls(self, turn: LiveTurn) -> None:
        """Write the turn, with a claim on the calls that are about to start."""
        draft = self._writer.draft()
        turn.close(draft)
        self._calling = self._calls_of(turn)
        try:
            await self._calling.claim(draft)
        finally:  # also where the run is cancelled meanwhile: the model has said all this
            draft.post(durable=True, active_seconds=self._active_seconds())
        await self._writer.flush()

    def _complete(self, turn: LiveTurn) -> None:
        """All calls of a turn have an output: the model goes on from there."""
        done = turn.freeze()
        self._turns.append(done)
        self.turn = self._calling = None
        if self._context is not None:
            self._context.add_turn(done)

    def _limit(self) -> Ending | None:
        record = self._writer.record
        if len(self._turns) >= record.limits.turns:
            return incomplete("max_turns")
        if repeats(self._turns) >= record.limits.repeated_calls:
            return incomplete("repeated_call")
        left = self._tokens_left()
        return incomplete("max_completion_tokens") if left is not None and left <= 0 else None

    def _tokens_left(self) -> int | None:
        bound = self._writer.record.max_completion_tokens
        if bound is None:
            return None
        return bound - sum(completion_tokens(turn) for turn in self._turns)


def is_answer(turn: Turn) -> bool:
    """Whether the model meant the turn as its answer."""
    return turn.finish_reason == "stop" and not turn.tool_calls


def repeats(turns: Sequence[Turn] | Sequence[RunStep]) -> int:
    """In how many turns in a row, up to the last, some call was asked for with the same arguments."""
    streaks: Mapping[tuple[str, str], int] = {}
    for turn in turns:
        before = streaks
        keys = {(call.name, call.arguments) for call in turn.tool_calls}
        streaks = {key: before.get(key, 0) + 1 for key in keys}
    return max(streaks.values(), default=0)
