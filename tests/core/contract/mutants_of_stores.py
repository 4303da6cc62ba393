"""A right model over a store that is wrong, for the checks of what hosting does for a chat model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from anyassistant.errors import ThreadBusy
from anyassistant.hosting import Store
from anyassistant.store.memory import MemoryStore
from anyassistant.types import (
    AssistantRecord,
    Event,
    Message,
    MessageDeltaEvent,
    Page,
    PageQuery,
    RunEvent,
    RunStep,
    RunStepDeltaEvent,
    RunStepEvent,
    ThreadRecord,
)
from mutant import Mutant
from reference_model import Reference


class LosesTemperatures(MemoryStore):
    """Zero is taken for absent."""

    async def create_assistant(self, record: AssistantRecord, /) -> None:
        await super().create_assistant(replace(record, temperature=record.temperature or None))


class DeletesNothing(MemoryStore):
    """What is deleted stays."""

    async def delete_assistant(self, assistant_id: str, /) -> bool:
        return True

    async def delete_thread(self, thread_id: str, /) -> bool:
        return True


class LosesMetadata(MemoryStore):
    """Metadata of threads are lost."""

    async def create_thread(self, record: ThreadRecord, messages: Sequence[Any], /) -> None:
        await super().create_thread(replace(record, metadata={}), messages)


class OneOrder(MemoryStore):
    """The oldest first, whatever was asked."""

    async def list_messages(self, thread_id: str, query: PageQuery, /) -> Page[Message]:
        return await super().list_messages(thread_id, replace(query, order="asc"))

    async def list_runs(self, thread_id: str | None, query: PageQuery, /) -> Page[Any]:
        return await super().list_runs(thread_id, replace(query, order="asc"))


class RepeatsTheCursor(MemoryStore):
    """A page begins with the last item of the page before."""

    async def list_messages(self, thread_id: str, query: PageQuery, /) -> Page[Message]:
        page = await super().list_messages(thread_id, query)
        if query.after is None:
            return page
        held = await self.get_message(thread_id, query.after)
        return page if held is None else Page([held, *page.data], page.has_more)


class IgnoresFilters(MemoryStore):
    """Messages of all runs, and threads with any metadata."""

    async def list_messages(self, thread_id: str, query: PageQuery, /) -> Page[Message]:
        return await super().list_messages(thread_id, replace(query, run_id=None))

    async def list_threads(self, query: PageQuery, /) -> Page[ThreadRecord]:
        return await super().list_threads(replace(query, metadata=None))


class AddsAnyhow(MemoryStore):
    """A message is taken while a run is open."""

    async def add_message(self, message: Any, /) -> None:
        try:
            await super().add_message(message)
        except ThreadBusy:
            return


class NamesNoRun(MemoryStore):
    """The error of a busy thread names another run."""

    async def create_run(self, *arguments: Any) -> None:
        try:
            await super().create_run(*arguments)
        except ThreadBusy as error:
            raise ThreadBusy(str(error), thread_id=error.thread_id, run_id="run_unknown") from error


class TellsWrongly(MemoryStore):
    """Events are told in another way than they were written."""

    def tell(self, events: Sequence[Event], after: int) -> Sequence[Event]:
        return events

    def recent_events(self, run_id: str, after: int, /) -> Sequence[Event] | None:
        events = super().recent_events(run_id, after)
        return None if events is None else self.tell(events, after)

    async def read_events(self, run_id: str, after: int, /) -> Sequence[Event]:
        return self.tell(await super().read_events(run_id, after), after)


class TellsNoUsage(TellsWrongly):
    """The last event comes before the usage is known."""

    def tell(self, events: Sequence[Event], after: int) -> Sequence[Event]:
        return [
            replace(one, data=replace(one.data, usage=None)) if isinstance(one, RunEvent) else one for one in events
        ]


class TellsOnce(TellsWrongly):
    """A piece that was told is not told again."""

    def __init__(self) -> None:
        super().__init__()
        self.told: set[tuple[str, int]] = set()

    def tell(self, events: Sequence[Event], after: int) -> Sequence[Event]:
        fresh = [one for one in events if not isinstance(one, MessageDeltaEvent) or ("", one.sequence) not in self.told]
        self.told |= {("", one.sequence) for one in fresh}
        return fresh


class SkipsQueued(TellsWrongly):
    """A run that was queued rests."""

    def tell(self, events: Sequence[Event], after: int) -> Sequence[Event]:
        return [
            replace(one, event="thread.run.requires_action", data=replace(one.data, status="requires_action"))
            if one.event == "thread.run.queued"
            else one
            for one in events
        ]


class NumbersTwice(TellsWrongly):
    """Two events have one number."""

    def tell(self, events: Sequence[Event], after: int) -> Sequence[Event]:
        return [
            replace(one, sequence=one.sequence - 1) if one.event == "thread.run.completed" else one for one in events
        ]


class ForgetsSteps(TellsWrongly):
    """A step goes on unnoticed."""

    def tell(self, events: Sequence[Event], after: int) -> Sequence[Event]:
        return [one for one in events if one.event != "thread.run.step.in_progress"]


class ForgetsArguments(TellsWrongly):
    """A call's pieces are not told."""

    def tell(self, events: Sequence[Event], after: int) -> Sequence[Event]:
        return [one for one in events if not isinstance(one, RunStepDeltaEvent)]


class TellsEachOtherTime(TellsWrongly):
    """Every other client hears of steps."""

    count: ClassVar[list[int]] = [0]

    def __init__(self) -> None:
        super().__init__()
        self.count[0] += 1
        self.is_deaf = self.count[0] % 2 == 0

    def tell(self, events: Sequence[Event], after: int) -> Sequence[Event]:
        return [one for one in events if not (self.is_deaf and isinstance(one, RunStepEvent))]


class LosesSteps(MemoryStore):
    """Steps are not listed."""

    async def list_steps(self, run_id: str, query: PageQuery, /) -> Page[RunStep]:
        return Page([])


class LosesTimes(MemoryStore):
    """The start of a run is not kept."""

    async def get_run(self, run_id: str, /) -> Any:
        state = await super().get_run(run_id)
        return None if state is None else replace(state, record=replace(state.record, started_at=None))


class LosesOrigins(MemoryStore):
    """Messages do not know their assistant."""

    async def list_messages(self, thread_id: str, query: PageQuery, /) -> Page[Message]:
        page = await super().list_messages(thread_id, query)
        return Page([replace(one, assistant_id=None) for one in page.data], page.has_more)


class LosesHalves(MemoryStore):
    """What a message said before it broke off is lost."""

    async def list_messages(self, thread_id: str, query: PageQuery, /) -> Page[Message]:
        page = await super().list_messages(thread_id, query)
        kept = [replace(one, content=()) if one.status == "incomplete" else one for one in page.data]
        return Page(kept, page.has_more)


class LocksForEver(MemoryStore):
    """A thread that had a run takes no message."""

    async def add_message(self, message: Any, /) -> None:
        runs = await self.list_runs(message.message.thread_id, PageQuery())
        if runs.data:
            raise ThreadBusy("busy", thread_id=message.message.thread_id, run_id=runs.data[0].record.id)
        await super().add_message(message)


def stored(check: str, store: type[Store]) -> Mutant:
    """A right model over a wrong store."""
    return Mutant(check, (store.__doc__ or "").strip("."), Reference, make_store=store)


MUTANTS = [
    stored("assistants: an assistant comes back as it was made", LosesTemperatures),
    stored("assistants: a deleted assistant is not found", DeletesNothing),
    stored("threads: a deleted thread is not found", DeletesNothing),
    stored("metadata: metadata come back as given", LosesMetadata),
    stored("metadata: objects are found by their metadata", IgnoresFilters),
    stored("ordering and paging: messages are listed the newest first where asked", OneOrder),
    stored("ordering and paging: pages together are the list", RepeatsTheCursor),
    stored("ordering and paging: messages are found by their run", IgnoresFilters),
    stored("ordering and paging: runs are listed the newest first", OneOrder),
    stored("thread lock: a message is refused meanwhile", AddsAnyhow),
    stored("thread lock: a second run is refused", NamesNoRun),
    stored("streaming: the last event is the polled run", TellsNoUsage),
    stored("streaming: a replay tells the same", TellsOnce),
    stored("run lifecycle: statuses follow the state machine", SkipsQueued),
    stored("run lifecycle: the terminal event is the last", NumbersTwice),
    stored("run lifecycle: a run has its times and its model", LosesTimes),
    stored("steps: each step begins and ends once", ForgetsSteps),
    stored("steps: the iterated steps are the stored ones", LosesSteps),
    stored("steps: the deltas of a call are its arguments", ForgetsArguments),
    stored("messages: an answer is stored with where it comes from", LosesOrigins),
    stored("cancellation: a run that is cancelled keeps what was said", LosesHalves),
    stored("thread lock: a completed run frees its thread", LocksForEver),
    stored("sync = async: events are the same", TellsEachOtherTime),
]
