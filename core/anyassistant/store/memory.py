"""The store in memory: dictionaries, nothing to import. Also the specification of the SQL store."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import RLock
from typing import TypeVar

from ..errors import StoreError, not_found
from ..hosting.store import Change, HistoryMessage, LostLease, Ownership, RunState, Store
from ..types import (
    AssistantRecord,
    CallState,
    Event,
    HistoryItem,
    Message,
    Page,
    PageQuery,
    RunStep,
    ThreadRecord,
    Turn,
)
from .held import Claim, HeldRun, HeldThread, position_of
from .rules import busy
from .shelf import Shelf

T = TypeVar("T")


class MemoryStore(Store):
    """Keeps everything until the process ends. Clients of one process can share one."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._assistants: Shelf[AssistantRecord] = Shelf("assistant")
        self._threads: Shelf[HeldThread] = Shelf("thread")
        self._runs: Shelf[HeldRun] = Shelf("run")
        self._control: list[Callable[[], None]] = []

    async def open(self) -> None:
        return

    async def aclose(self) -> None:
        return

    # Assistants

    async def create_assistant(self, record: AssistantRecord, /) -> None:
        with self._lock:
            self._assistants.add(record.id, record)

    async def get_assistant(self, assistant_id: str, /) -> AssistantRecord | None:
        return self._assistants.get(assistant_id)

    async def replace_assistant(self, record: AssistantRecord, /) -> bool:
        with self._lock:
            return self._assistants.replace(record.id, record)

    async def delete_assistant(self, assistant_id: str, /) -> bool:
        with self._lock:
            return self._assistants.remove(assistant_id)

    async def list_assistants(self, query: PageQuery, /) -> Page[AssistantRecord]:
        with self._lock:
            return self._assistants.page(query, lambda record: _carries(record.metadata, query.metadata))

    # Threads and messages

    async def create_thread(self, record: ThreadRecord, messages: Sequence[HistoryMessage], /) -> None:
        with self._lock:
            if self._threads.get(record.id) is not None:
                raise StoreError(f"There is a thread {record.id!r} already.")
            thread = HeldThread(record)
            self._threads.add(record.id, thread)
            for message in messages:
                thread.add(message)

    async def get_thread(self, thread_id: str, /) -> ThreadRecord | None:
        thread = self._threads.get(thread_id)
        return None if thread is None else thread.record

    async def replace_thread(self, record: ThreadRecord, /) -> bool:
        with self._lock:
            thread = self._threads.get(record.id)
            if thread is None:
                return False
            thread.record = record
            return True

    async def delete_thread(self, thread_id: str, /) -> bool:
        with self._lock:
            thread = self._threads.get(thread_id)
            if thread is None:
                return False
            self._refuse_busy(thread)
            for run_id in thread.runs:
                self._runs.remove(run_id)
            return self._threads.remove(thread_id)

    async def list_threads(self, query: PageQuery, /, *, service: str | None = None) -> Page[ThreadRecord]:
        def wanted(thread: HeldThread) -> bool:
            return thread.record.service == service and _carries(thread.record.metadata, query.metadata)

        with self._lock:
            page = self._threads.page(query, wanted)
            return Page([thread.record for thread in page.data], page.has_more)

    async def add_message(self, message: HistoryMessage, /) -> None:
        with self._lock:
            thread = self._thread(message.message.thread_id)
            self._refuse_busy(thread)
            thread.add(message)

    async def get_message(self, thread_id: str, message_id: str, /) -> Message | None:
        thread = self._threads.get(thread_id)
        return None if thread is None else thread.messages.get(message_id)

    async def replace_message(self, message: Message, /) -> bool:
        with self._lock:
            thread = self._threads.get(message.thread_id)
            if thread is None or thread.messages.get(message.id) is None:
                return False
            thread.put(message)
            thread.put_in_history(message)
            return True

    async def delete_message(self, thread_id: str, message_id: str, /) -> bool:
        with self._lock:
            thread = self._threads.get(thread_id)
            message = None if thread is None else thread.messages.get(message_id)
            if thread is None or message is None:
                return False
            self._refuse_busy(thread)
            thread.forget(message_id)
            run = None if message.run_id is None else self._runs.get(message.run_id)
            if run is not None:
                run.forget(message_id)
            return True

    async def list_messages(self, thread_id: str, query: PageQuery, /) -> Page[Message]:
        with self._lock:
            thread = self._thread(thread_id)
            messages = thread.messages if query.run_id is None else thread.messages_of(query.run_id)
            return messages.page(query, lambda _: True)

    async def read_history(self, thread_id: str, *, before: int | None, limit: int) -> Sequence[HistoryItem]:
        with self._lock:
            history = self._thread(thread_id).history
            end = len(history) if before is None else bisect_left(history, before, key=position_of)
            return history[max(0, end - limit) : end][::-1]

    # Runs

    async def create_run(self, run: RunState, messages: Sequence[HistoryMessage], events: Sequence[Event], /) -> None:
        with self._lock:
            thread = self._thread(run.record.thread_id)
            if run.record.is_open:
                self._refuse_busy(thread)
                thread.open_run = run.record.id
            for message in messages:
                thread.add(message)
            self._runs.add(run.record.id, HeldRun(run, list(events)))
            thread.runs.append(run.record.id)

    async def get_run(self, run_id: str, /) -> RunState | None:
        run = self._runs.get(run_id)
        return None if run is None else run.state

    async def list_runs(self, thread_id: str | None, query: PageQuery, /) -> Page[RunState]:
        def wanted(run: HeldRun) -> bool:
            record = run.base.record
            return (query.status is None or record.status == query.status) and _carries(record.metadata, query.metadata)

        with self._lock:
            thread = None if thread_id is None else self._threads.get(thread_id)
            of_thread = () if thread is None else thread.runs
            page = self._runs.page(query, wanted, among=None if thread_id is None else of_thread)
            return Page([run.state for run in page.data], page.has_more)

    async def list_steps(self, run_id: str, query: PageQuery, /) -> Page[RunStep]:
        with self._lock:
            return self._run(run_id).steps.page(query, lambda _: True)

    async def list_turns(self, run_id: str, /) -> Sequence[Turn]:
        with self._lock:
            return list(self._run(run_id).turns.values())

    async def list_claims(self, run_id: str, /) -> Mapping[str, CallState]:
        with self._lock:
            return {call_id: claim.state for call_id, claim in self._run(run_id).claims.items()}

    async def request_cancel(self, run_id: str, at: float, /) -> RunState | None:
        with self._lock:
            run = self._runs.get(run_id)
            if run is None:
                return None
            if run.base.record.is_open and run.base.cancel_requested_at is None:
                run.base = replace(run.base, cancel_requested_at=at)
            state = run.state
            wakers = list(self._control)
        _wake(wakers)
        return state

    async def take_over(
        self, run_id: str, /, *, driver: str, lease_until: float, now: float, dead: str | None = None
    ) -> RunState | None:
        with self._lock:
            run = self._runs.get(run_id)
            if run is None or not run.base.record.is_open:
                return None
            held = run.base.driver is not None and run.base.lease_until > now and run.base.driver != dead
            if held:
                return None
            run.base = replace(run.base, driver=driver, lease_until=lease_until, epoch=run.base.epoch + 1)
            state = run.state
            wakers = [*self._control, *run.watchers]
        _wake(wakers)
        return state

    async def renew(self, runs: Mapping[str, int], lease_until: float, /) -> None:
        with self._lock:
            for run_id, epoch in runs.items():
                run = self._runs.get(run_id)
                if run is not None and run.base.epoch == epoch and run.base.driver is not None:
                    run.base = replace(run.base, lease_until=lease_until)

    async def check(self, run_ids: Sequence[str], /) -> Mapping[str, Ownership]:
        found = ((run_id, self._runs.get(run_id)) for run_id in run_ids)
        states = ((run_id, run.base) for run_id, run in found if run is not None)
        return {run_id: Ownership(state.epoch, state.cancel_requested_at) for run_id, state in states}

    async def claim_call(self, run_id: str, epoch: int, call_id: str, /, *, repeatable: bool) -> bool:
        with self._lock:
            run = self._run(run_id)
            if run.base.epoch != epoch:
                raise LostLease(run_id)
            claim = run.claims.get(call_id)
            if claim is not None and (claim.state != "started" or (claim.epoch != epoch and not repeatable)):
                return False
            run.claims[call_id] = Claim(epoch)
            return True

    def post(self, run_id: str, epoch: int, change: Change | Event, /) -> None:
        with self._lock:
            run = self._runs.get(run_id)
            if run is None or run.base.epoch != epoch:
                return  # `flush` says so
            if isinstance(change, Change):
                self._apply(run, epoch, change)
            else:
                run.events.append(change)
            wakers = run.watchers
        _wake(wakers)

    def _apply(self, run: HeldRun, epoch: int, change: Change) -> None:
        thread = self._thread(run.base.record.thread_id)
        run.events.extend(change.events)
        for message in change.messages:
            thread.put(message)
        for step in change.steps:
            run.steps.put(step.id, step)
        if change.turn is not None:
            run.turns[change.turn.id] = change.turn
            thread.put_turn(change.turn, change.turn_tokens)
        for call_id in change.claims:
            run.claims[call_id] = Claim(epoch)
        for call_id, state in change.finished.items():
            run.claims[call_id] = Claim(epoch, state)
        if change.record is not None or change.release or change.active_seconds is not None:
            run.apply(change)
            if not run.base.record.is_open and thread.open_run == run.base.record.id:
                thread.open_run = None

    async def flush(self, run_id: str, epoch: int, /) -> None:
        run = self._runs.get(run_id)
        if run is None or run.base.epoch != epoch:
            raise LostLease(run_id)

    def pending(self, run_id: str, /) -> int:
        return 0

    # Events

    def recent_events(self, run_id: str, after: int, /) -> Sequence[Event] | None:
        run = self._runs.get(run_id)
        return () if run is None else run.events[after:]  # numbers begin at 1, and each event has one of its own

    async def read_events(self, run_id: str, after: int, /) -> Sequence[Event]:
        return self.recent_events(run_id, after) or ()

    def watch_events(self, run_id: str, wake: Callable[[], None], /) -> Callable[[], None]:
        with self._lock:
            run = self._run(run_id)
            run.watchers = (*run.watchers, wake)

        def leave() -> None:
            with self._lock:
                left = list(run.watchers)
                left.remove(wake)
                run.watchers = tuple(left)

        return leave

    def watch_control(self, wake: Callable[[], None], /) -> Callable[[], None]:
        with self._lock:
            self._control.append(wake)
        return lambda: self._control.remove(wake)

    def _thread(self, thread_id: str) -> HeldThread:
        return _existing(self._threads.get(thread_id), "thread", thread_id)

    def _run(self, run_id: str) -> HeldRun:
        return _existing(self._runs.get(run_id), "run", run_id)

    def _refuse_busy(self, thread: HeldThread) -> None:
        if thread.open_run is not None:
            raise busy(thread.record.id, thread.open_run)


def _existing(item: T | None, kind: str, key: str) -> T:
    if item is None:
        raise not_found(kind, key)
    return item


def _carries(metadata: Mapping[str, str], wanted: Mapping[str, str] | None) -> bool:
    return not wanted or all(metadata.get(key) == value for key, value in wanted.items())


def _wake(wakers: Sequence[Callable[[], None]]) -> None:
    for wake in wakers:
        wake()
