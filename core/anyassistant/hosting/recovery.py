"""Taking over: what an earlier driver left behind, put in order before the next one goes on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..types import LastError, Message, MessageDeltaEvent, MessageIncompleteDetails, PageQuery, RunStep, Text, Turn
from .steps import end_step
from .store import Store
from .turn import LiveTurn
from .writer import Draft, Writer


@dataclass(slots=True)
class Recovered:
    """What a driver finds.

    Attributes:
        turns: The run's turns whose calls all have an output, oldest first.
        open_turn: The last one, if a call of it has none, or one that ends the run.
        started: Calls that were claimed before and have no output: their outcome is unknown.
    """

    turns: list[Turn] = field(default_factory=list[Turn])
    open_turn: LiveTurn | None = None
    started: set[str] = field(default_factory=set[str])


async def recover(store: Store, writer: Writer) -> Recovered:
    """Read what the run has done, and close what broke off in the middle of a model call."""
    run_id = writer.record.id
    turns = list(await store.list_turns(run_id))
    open_steps = [step for step in await _steps(store, run_id) if step.status == "in_progress"]
    found = Recovered(turns)
    if turns and any(call.output is None or call.fatal for call in turns[-1].tool_calls):
        last = turns.pop()
        step = next(step for step in open_steps if step.id == last.calls_step_id)
        open_steps.remove(step)
        found.open_turn = LiveTurn.from_turn(writer, last, step)
        ledger = await store.list_claims(run_id)
        found.started = {call.id for call in last.tool_calls if ledger.get(call.id) == "started"}
    if open_steps:
        draft = writer.draft()
        for step in open_steps:
            await _break_off(store, writer, draft, step)
        draft.post()
    return found


async def _break_off(store: Store, writer: Writer, draft: Draft, step: RunStep) -> None:
    """A model call whose driver went away: its message keeps what was heard of it, and the call is made again."""
    error = LastError("driver_lost", "The process that drove the run went away in the middle of a model call.")
    if step.message_id is not None:
        message = await store.get_message(writer.record.thread_id, step.message_id)
        if message is not None:
            text = await _heard(store, writer.record.id, message)
            draft.message(
                "thread.message.incomplete",
                replace(
                    message,
                    status="incomplete",
                    content=(Text(text),) if text else (),
                    incomplete_details=MessageIncompleteDetails("run_failed"),
                    incomplete_at=int(time.time()),
                ),
            )
    draft.step("thread.run.step.failed", end_step(step, "failed", error=error))


async def _heard(store: Store, run_id: str, message: Message) -> str:
    """The text of a message as far as its events were committed."""
    heard: list[str] = []
    after = 0
    while events := await store.read_events(run_id, after):
        heard += [
            event.text for event in events if isinstance(event, MessageDeltaEvent) and event.data["id"] == message.id
        ]
        after = events[-1].sequence
    return "".join(heard)


async def _steps(store: Store, run_id: str) -> Sequence[RunStep]:
    steps: list[RunStep] = []
    while True:
        after = steps[-1].id if steps else None
        page = await store.list_steps(run_id, PageQuery(limit=100, order="asc", after=after))
        steps += page.data
        if not page.has_more:
            return steps
