"""The store: what `hosting.store` asks for, on one database that is opened once and used by many."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Concatenate, ParamSpec, TypeVar

import anyio
from anyassistant_tools import WorkerThreads

from ...errors import StoreError
from ...hosting.store import Change, HistoryMessage, Ownership, RunState, Store
from ...types import (
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
from . import paging, reads, transactions
from .changes import KnownRun
from .connection import Connection
from .database import Database
from .job import Job, Wake
from .where import parse_where, prepare
from .writer import closed

T = TypeVar("T")
P = ParamSpec("P")
Work = Callable[Concatenate[Connection, str, P], T]
"""Something to do on a connection, for a tenant."""

READERS = 4
"""Reads that go on at once, each with a connection of its own."""


class SQLStore(Store):
    """A store in an SQLite file, which several clients and processes can share.

    Nothing is opened before `open`.

    Args:
        where: A path, or an `sqlite:///...` URL.
        tenant: Whose objects these are; those of another tenant do not exist.

    Raises:
        ConfigError: `where` names no file.
    """

    def __init__(self, where: str, *, tenant: str = "") -> None:
        self.path = parse_where(where)
        self.tenant = tenant
        self._threads = WorkerThreads("anyassistant-store", READERS)
        self._lock = threading.Lock()
        self._users = 0
        self._database: Database | None = None

    async def open(self) -> None:
        """Open the database; where there is none, it is made with its folder. Each `open` wants one `aclose`.

        Raises:
            StoreError: It cannot be opened; the message says why and what to do.
        """
        was_opened: list[bool] = []
        try:
            await self._threads.run(lambda: was_opened.append(self._open()), abandon_on_cancel=False)
        except BaseException:
            if was_opened:  # cancelled when it was done already
                await self.aclose()
            raise

    def _open(self) -> bool:
        with self._lock:
            if self._database is None or self._database.process != os.getpid():
                prepare(self.path)
                self._database, self._users = Database(self.path, self.tenant), 0
            self._users += 1
        return True

    async def aclose(self) -> None:
        """Undo one `open`; what was posted is written on return. The last one closes the database."""
        with anyio.CancelScope(shield=True):
            if self._users > 1:
                await self._settle()
            await self._threads.run(self._close, abandon_on_cancel=False)

    def _close(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users > 0 or self._database is None:
                return
            database, self._database, self._users = self._database, None, 0
            if database.process == os.getpid():
                database.close()

    # Assistants

    async def create_assistant(self, record: AssistantRecord, /) -> None:
        await self._write(transactions.create_assistant, record)

    async def get_assistant(self, assistant_id: str, /) -> AssistantRecord | None:
        return await self._read(reads.get_assistant, assistant_id)

    async def replace_assistant(self, record: AssistantRecord, /) -> bool:
        return await self._write(transactions.replace_assistant, record)

    async def delete_assistant(self, assistant_id: str, /) -> bool:
        return await self._write(transactions.delete_assistant, assistant_id)

    async def list_assistants(self, query: PageQuery, /) -> Page[AssistantRecord]:
        return await self._read(paging.list_assistants, query)

    # Threads and messages

    async def create_thread(self, record: ThreadRecord, messages: Sequence[HistoryMessage], /) -> None:
        await self._write(transactions.create_thread, record, messages)

    async def get_thread(self, thread_id: str, /) -> ThreadRecord | None:
        return await self._read(reads.get_thread, thread_id)

    async def replace_thread(self, record: ThreadRecord, /) -> bool:
        return await self._write(transactions.replace_thread, record)

    async def delete_thread(self, thread_id: str, /) -> bool:
        writer = self._opened().writer

        def after(number: int | None) -> Sequence[Wake]:
            if number is not None:
                writer.lose_thread(number)
            return ()

        return await self._job(after, transactions.delete_thread, thread_id) is not None

    async def list_threads(self, query: PageQuery, /, *, service: str | None = None) -> Page[ThreadRecord]:
        return await self._read(paging.list_threads, query, service)

    async def add_message(self, message: HistoryMessage, /) -> None:
        await self._write(transactions.add_message, message)

    async def get_message(self, thread_id: str, message_id: str, /) -> Message | None:
        return await self._read_settled(reads.get_message, thread_id, message_id)

    async def replace_message(self, message: Message, /) -> bool:
        return await self._write(transactions.replace_message, message)

    async def delete_message(self, thread_id: str, message_id: str, /) -> bool:
        return await self._write(transactions.delete_message, thread_id, message_id)

    async def list_messages(self, thread_id: str, query: PageQuery, /) -> Page[Message]:
        return await self._read_settled(paging.list_messages, thread_id, query)

    async def read_history(self, thread_id: str, *, before: int | None, limit: int) -> Sequence[HistoryItem]:
        return await self._read_settled(reads.read_history, thread_id, before, limit)

    # Runs

    async def create_run(self, run: RunState, messages: Sequence[HistoryMessage], events: Sequence[Event], /) -> None:
        writer = self._opened().writer

        def after(known: KnownRun) -> Sequence[Wake]:
            channel = writer.channel(run.record.id)
            channel.known = known
            if run.driver is not None:
                channel.drive(run.epoch, events[-1].sequence if events else 0, events)
            else:
                writer.forget(channel)
            return ()

        await self._job(after, transactions.create_run, run, messages, events)

    async def get_run(self, run_id: str, /) -> RunState | None:
        return await self._read_settled(reads.get_run, run_id)

    async def list_runs(self, thread_id: str | None, query: PageQuery, /) -> Page[RunState]:
        return await self._read_settled(paging.list_runs, thread_id, query)

    async def list_steps(self, run_id: str, query: PageQuery, /) -> Page[RunStep]:
        return await self._read_settled(paging.list_steps, run_id, query)

    async def list_turns(self, run_id: str, /) -> Sequence[Turn]:
        return await self._read_settled(reads.list_turns, run_id)

    async def list_claims(self, run_id: str, /) -> Mapping[str, CallState]:
        return await self._read_settled(reads.list_claims, run_id)

    async def request_cancel(self, run_id: str, at: float, /) -> RunState | None:
        writer = self._opened().writer
        return await self._job(lambda _: writer.control, transactions.request_cancel, run_id, at)

    async def take_over(
        self, run_id: str, /, *, driver: str, lease_until: float, now: float, dead: str | None = None
    ) -> RunState | None:
        writer = self._opened().writer

        def after(taken: tuple[KnownRun, RunState] | None) -> Sequence[Wake]:
            if taken is None:
                return ()
            channel = writer.channel(run_id)
            channel.known, state = taken
            channel.drive(state.epoch, state.last_sequence)
            return [*writer.control, *channel.watchers]

        taken = await self._job(
            after, transactions.take_over, run_id, driver=driver, lease_until=lease_until, now=now, dead=dead
        )
        return None if taken is None else taken[1]

    async def renew(self, runs: Mapping[str, int], lease_until: float, /) -> None:
        held = dict(runs)
        job = Job(lambda connection: transactions.renew(connection, self.tenant, held, lease_until), is_durable=False)
        self._opened().writer.submit(job)
        await job.wait()

    async def check(self, run_ids: Sequence[str], /) -> Mapping[str, Ownership]:
        database = self._opened()
        found = await self._read(reads.check, run_ids)  # no driver's change concerns it
        database.writer.compare({run_id: found.get(run_id) for run_id in run_ids})
        return found

    async def claim_call(self, run_id: str, epoch: int, call_id: str, /, *, repeatable: bool) -> bool:
        return await self._write(transactions.claim_call, run_id, epoch, call_id, repeatable=repeatable)

    def post(self, run_id: str, epoch: int, change: Change | Event, /) -> None:
        database = self._database
        if database is not None:  # else `flush` says so
            database.writer.post(run_id, epoch, change)

    async def flush(self, run_id: str, epoch: int, /) -> None:
        writer = self._opened().writer
        job = writer.flush(run_id, epoch)
        writer.submit(job)
        await job.wait()

    def pending(self, run_id: str, /) -> int:
        database = self._database
        return 0 if database is None else database.writer.pending(run_id)

    # Events

    def recent_events(self, run_id: str, after: int, /) -> Sequence[Event] | None:
        database = self._database
        return None if database is None else database.writer.recent(run_id, after)

    async def read_events(self, run_id: str, after: int, /) -> Sequence[Event]:
        return await self._read(reads.read_events, run_id, after)

    def watch_events(self, run_id: str, wake: Callable[[], None], /) -> Callable[[], None]:
        return self._opened().writer.watch(run_id, wake)

    def watch_control(self, wake: Callable[[], None], /) -> Callable[[], None]:
        return self._opened().writer.watch_control(wake)

    # How

    def _opened(self) -> Database:
        """The open database.

        Raises:
            StoreError: It is closed, or was opened before the process forked.
        """
        database = self._database
        if database is None:
            raise closed()
        if database.process != os.getpid():
            raise StoreError("The store was opened before this process was forked: open another one here.")
        return database

    async def _write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something in a transaction, durably."""
        return await self._job(None, work, *args, **kwargs)

    async def _job(
        self,
        after: Callable[[T], Sequence[Wake]] | None,
        work: Work[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The same, and something more when it is committed."""
        database = self._opened()
        job = Job(lambda connection: work(connection, self.tenant, *args, **kwargs), after=after)
        database.writer.submit(job)
        return await job.wait()

    async def _read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        database = self._opened()
        return await self._threads.run(
            lambda: database.read(lambda connection: work(connection, self.tenant, *args, **kwargs))
        )

    async def _read_settled(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read what drivers write too: first, what they posted before is committed."""
        if not self._opened().writer.is_settled:
            await self._settle()
        return await self._read(work, *args, **kwargs)

    async def _settle(self) -> None:
        """Wait until all that was posted is committed, or has failed."""
        job = Job(_nothing, is_durable=False)
        self._opened().writer.submit(job)
        await job.wait()


def _nothing(_: Connection, /) -> None:
    return
