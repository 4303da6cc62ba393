"""One transaction: what waited is written, and what one run or job does wrong is undone alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ...errors import AnyAssistantError, StoreError
from ...hosting.store import Change, LostLease
from ...types import Event
from .changes import Gathered, find_known_run, write_changes
from .channel import Channel
from .connection import Connection
from .job import Job
from .sqlite import concerns_all, is_database_error, store_error

Post: TypeAlias = tuple[Channel, int, Change | Event]
Entry: TypeAlias = Post | Job[Any]
Written: TypeAlias = list[tuple[Channel, Gathered | None]]
"""What was written of each run; None where it has another driver by now, or is gone."""

logger = logging.getLogger("anyassistant")


class Committer:
    """Commits on the writer's connection, in its thread.

    Attributes:
        number: Counts the transactions.
    """

    def __init__(self, connection: Connection, tenant: str, path: str) -> None:
        self._connection = connection
        self._tenant = tenant
        self._path = path
        self._is_full_sync: bool | None = None
        self.number = 0

    def commit(self, entries: Sequence[Entry]) -> Written:
        """Write what waited, in its order. Never raises: jobs and channels are told what failed."""
        self.number += 1
        committed: Written = []
        waiting: dict[Channel, list[tuple[int, Change | Event]]] = {}
        try:
            self._begin(entries)
            for entry in entries:
                if isinstance(entry, Job):
                    self._write(waiting, committed)
                    waiting.clear()
                    self._execute(entry)
                else:
                    waiting.setdefault(entry[0], []).append(entry[1:])
            self._write(waiting, committed)
            self._connection.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001 - told to whoever waits, and the thread lives on
            self._undo()
            self._fail(entries, error)
            return []
        return committed

    def _begin(self, entries: Sequence[Entry]) -> None:
        is_full = any(
            entry.is_durable if isinstance(entry, Job) else isinstance(entry[2], Change) and entry[2].durable
            for entry in entries
        )
        if is_full != self._is_full_sync:  # only between transactions can it be set
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if is_full else 'NORMAL'}")
            self._is_full_sync = is_full
        self._connection.execute("BEGIN IMMEDIATE")

    def _execute(self, job: Job[Any]) -> None:
        try:
            with self._connection.savepoint():
                job.execute(self._connection)
        except Exception as error:
            if concerns_all(error):
                raise
            is_meant = isinstance(error, AnyAssistantError | LostLease)
            job.fail(error if is_meant else _failure(error, self._path))

    def _write(
        self,
        waiting: Mapping[Channel, Sequence[tuple[int, Change | Event]]],
        committed: Written,
    ) -> None:
        for channel, posts in waiting.items():
            at = 0
            while at < len(posts):
                epoch = posts[at][0]
                end = at
                while end < len(posts) and posts[end][0] == epoch:
                    end += 1
                self._write_changes(channel, epoch, [change for _, change in posts[at:end]], committed)
                at = end

    def _write_changes(
        self,
        channel: Channel,
        epoch: int,
        changes: Sequence[Change | Event],
        committed: Written,
    ) -> None:
        if epoch in channel.failures:
            if not _is_last_word(changes[-1]):
                return
            changes = changes[-1:]
        if channel.known is None:
            found = find_known_run(self._connection, self._tenant, channel.run_id)
            if found is None:
                committed.append((channel, None))  # `flush` says so
                return
            channel.known = found[0]
        gathered = Gathered(changes)
        try:
            with self._connection.savepoint():
                is_ours = write_changes(self._connection, self._tenant, channel.known, epoch, gathered)
        except Exception as error:
            if concerns_all(error):
                raise
            channel.known = None
            if len(changes) > 1:  # those before the one that failed are good
                for change in changes:
                    self._write_changes(channel, epoch, [change], committed)
            else:
                _tell_failure(channel, epoch, changes[0], _failure(error, self._path))
            return
        if _is_last_word(changes[-1]):
            channel.failures.pop(epoch, None)  # nobody asks any more
        if is_ours:
            channel.confirmed = (self.number, epoch)
        committed.append((channel, gathered if is_ours else None))

    def _undo(self) -> None:
        try:
            if self._connection.raw.in_transaction:
                self._connection.execute("ROLLBACK")
        except Exception:
            logger.exception("anyassistant could not undo a transaction of %s", self._path)

    def _fail(self, entries: Sequence[Entry], error: BaseException) -> None:
        """Nothing of it was written."""
        failure = _failure(error, self._path)
        for entry in entries:
            if isinstance(entry, Job):
                entry.fail(failure)
            else:
                _tell_failure(*entry, failure)


def _tell_failure(channel: Channel, epoch: int, change: Change | Event, failure: StoreError) -> None:
    ends = isinstance(change, Change) and Gathered([change]).ends
    channel.fail(epoch, failure, ends=ends, is_told=not _is_last_word(change))


def _is_last_word(change: Change | Event) -> bool:
    return isinstance(change, Change) and change.is_last_word


def _failure(error: BaseException, path: str) -> StoreError:
    if isinstance(error, StoreError):
        return error
    if is_database_error(error):
        return store_error(error, path)
    if isinstance(error, AnyAssistantError):
        return StoreError(str(error))
    return StoreError(f"The database {path} could not be written: {type(error).__name__}: {error}")
