"""The one thread of a store object that writes: what is waiting goes in one transaction, while more gathers.

It owns its connection. Changes of drivers (`post`) and jobs that are waited for go in as they came; the changes of one
run between two jobs become as few rows as can be. What one run or job does wrong is undone alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import StoreError
from ...hosting.store import Change, LostLease, Ownership
from ...types import Event
from . import statements
from .channel import Channel
from .commit import Committer, Entry, Written
from .connection import Connection
from .job import Job, Wake
from .keys import key_text

GATHER_SECONDS = 0.005
LONGEST_GATHER_SECONDS = 0.1
"""How long after one commit of deltas the next one waits for more of them, the longer the more work it was; for a job
that somebody waits for, it does not."""

SHARE = 4
"""The writer gathers for so many times the processor time that its last commit took."""

GATHERED = 128
"""So many changes are not waited with."""

POLL_SECONDS = 0.05
"""How often to look for what other processes wrote, while somebody watches."""

logger = logging.getLogger("anyassistant")


class Writer:
    """The writer's thread, from `start` to `stop`."""

    def __init__(self, connection: Connection, tenant: str, path: str) -> None:
        self._connection = connection
        self._tenant = tenant
        self._path = path
        self._lock = threading.RLock()  # the condition's, taken bare where it is done for every delta
        self._condition = threading.Condition(self._lock)
        self._entries: list[Entry] = []
        self._is_urgent = False
        self._is_stopping = False
        self._is_sleeping = False
        self._unsettled = 0
        self._channels: dict[str, Channel] = {}
        self._control: list[Wake] = []
        self._watchers = 0
        self._committer = Committer(connection, tenant, path)
        self._version = connection.data_version()
        self._polled_at = 0.0
        self._is_blind = False
        self._gather_until = 0.0
        self._thread = threading.Thread(target=self._run, name="anyassistant-store-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and end. Blocks."""
        with self._condition:
            self._is_stopping = True
            self._condition.notify()
        self._thread.join()

    # What other threads ask for

    def post(self, run_id: str, epoch: int, change: Change | Event) -> None:
        with self._lock:
            channel = self._channels.get(run_id)
            if channel is None:
                channel = self._channels[run_id] = Channel(run_id)
            channel.pending += 1
            self._entries.append((channel, epoch, change))
            self._unsettled += 1
            if self._is_sleeping or len(self._entries) == GATHERED:
                self._is_sleeping = False
                self._condition.notify()

    def submit(self, job: Job[Any]) -> None:
        with self._condition:
            if self._is_stopping:
                raise closed()
            self._entries.append(job)
            self._is_urgent = True
            self._condition.notify()

    def flush(self, run_id: str, epoch: int) -> Job[None]:
        """A job that ends when all that was posted for the run is committed."""

        def check(connection: Connection) -> None:
            channel = self._channels.get(run_id)
            failure = None if channel is None else channel.failures.get(epoch)
            if failure is not None:
                raise failure
            if channel is not None and channel.confirmed == (self._committer.number, epoch):
                return
            row = connection.row(statements.find_epoch, tenant_=self._tenant, id_=key_text(run_id))
            if row is None or row[0] != epoch:
                raise LostLease(run_id)

        def forgive() -> None:
            with self._condition:
                channel = self._channels.get(run_id)
                if channel is not None:
                    channel.failures.pop(epoch, None)
                    self.forget(channel)

        return Job(check, is_durable=False, on_failure=forgive)

    def pending(self, run_id: str) -> int:
        channel = self._channels.get(run_id)
        return 0 if channel is None else channel.pending

    @property
    def is_settled(self) -> bool:
        """Whether no change waits for its commit."""
        return self._unsettled == 0

    def recent(self, run_id: str, after: int) -> Sequence[Event] | None:
        with self._condition:
            channel = self._channels.get(run_id)
            return None if channel is None else channel.recent(after)

    def watch(self, run_id: str, wake: Wake) -> Wake:
        with self._condition:
            channel = self.channel(run_id)
            channel.watchers.append(wake)
            self._watchers += 1
            self._condition.notify()  # to begin looking

        def leave() -> None:
            with self._condition:
                channel.watchers.remove(wake)
                self._watchers -= 1
                self.forget(channel)

        return leave

    def watch_control(self, wake: Wake) -> Wake:
        with self._condition:
            self._control.append(wake)
            self._watchers += 1
            self._condition.notify()

        def leave() -> None:
            with self._condition:
                self._control.remove(wake)
                self._watchers -= 1

        return leave

    @property
    def control(self) -> Sequence[Wake]:
        """The drivers to wake when somebody asks for a cancel, or takes a run over. The lock is held."""
        return self._control

    def channel(self, run_id: str) -> Channel:
        """The channel of a run. The lock is held, as it is in a job's `after`."""
        found = self._channels.get(run_id)
        if found is None:
            found = self._channels[run_id] = Channel(run_id)
        return found

    def compare(self, found: Mapping[str, Ownership | None]) -> None:
        """Let go of runs that have a driver elsewhere by now, or are gone (None)."""
        with self._condition:
            for run_id, ownership in found.items():
                channel = self._channels.get(run_id)
                if channel is None or channel.driver_epoch is None:
                    continue
                if ownership is None or ownership.epoch > channel.driver_epoch:
                    channel.lose()
                    self.forget(channel)

    def lose_thread(self, thread: int) -> None:
        """A thread was deleted, with its runs. The lock is held."""
        for channel in list(self._channels.values()):
            if channel.known is not None and channel.known.thread == thread:
                channel.lose()
                self.forget(channel)

    # The thread

    def _run(self) -> None:
        while True:
            entries = self._next_entries()
            if entries is None:
                self._connection.close()
                return
            if entries:
                began = time.thread_time()
                self._publish(entries, self._committer.commit(entries))
                work = SHARE * (time.thread_time() - began)
                gather = min(max(work, GATHER_SECONDS), LONGEST_GATHER_SECONDS)
                self._gather_until = time.monotonic() + gather
            if self._watchers and time.monotonic() >= self._polled_at + POLL_SECONDS:
                self._polled_at = time.monotonic()
                self._look_for_others()

    def _next_entries(self) -> list[Entry] | None:
        """What is to be written next; empty where it is time to look for others, None at the end."""
        with self._condition:
            if not self._entries and not self._is_stopping:
                self._is_sleeping = True
                self._condition.wait(POLL_SECONDS if self._watchers else None)
                self._is_sleeping = False
            if self._entries and not self._is_urgent and not self._is_stopping:
                left = self._gather_until - time.monotonic()
                if left > 0 and len(self._entries) < GATHERED:
                    self._condition.wait(left)
            if not self._entries:
                return None if self._is_stopping else []
            entries, self._entries = self._entries, []
            self._is_urgent = False
            return entries

    def _publish(self, entries: Sequence[Entry], committed: Written) -> None:
        wakes: list[Wake] = []
        settled: list[Channel] = []
        with self._condition:
            for entry in entries:
                if isinstance(entry, Job):
                    wakes += entry.publish()
                else:
                    channel = entry[0]
                    channel.pending -= 1
                    self._unsettled -= 1
                    if not channel.pending:
                        settled.append(channel)
            for channel, gathered in committed:
                if gathered is None:
                    channel.lose()
                else:
                    channel.publish(gathered.events, ends=gathered.ends)
                wakes += channel.watchers
            for channel in settled:
                self.forget(channel)
        _wake(wakes)
        for entry in entries:
            if isinstance(entry, Job):
                entry.tell()

    def forget(self, channel: Channel) -> None:
        """Let go of a channel that nobody needs. The lock is held."""
        if channel.is_idle and self._channels.get(channel.run_id) is channel:
            self._channels.pop(channel.run_id, None)

    def _look_for_others(self) -> None:
        """Wake those whom a commit of another process may concern."""
        try:
            version = self._connection.data_version()
            if version == self._version:
                return
            self._version = version
            with self._condition:
                watched = [channel for channel in self._channels.values() if channel.watchers]
                wakes = list(self._control)
            states = [
                (
                    channel,
                    self._connection.row(statements.find_seen, tenant_=self._tenant, id_=key_text(channel.run_id)),
                )
                for channel in watched
            ]
        except Exception:
            if not self._is_blind:  # or it says so twenty times a second
                logger.exception("anyassistant cannot see what other processes write into %s", self._path)
            self._is_blind = True
            return
        self._is_blind = False
        with self._condition:
            for channel, seen in states:
                if seen == channel.seen:
                    continue
                if seen is None or seen[0] != channel.last:
                    channel.driver_epoch = None
                channel.seen = seen
                wakes += channel.watchers
        _wake(wakes)


def _wake(wakes: Sequence[Wake]) -> None:
    for wake in dict.fromkeys(wakes):
        try:
            wake()
        except Exception:  # it must not; the writer lives on
            logger.exception("a watcher of anyassistant's store failed")


def closed() -> StoreError:
    return StoreError(
        "The store is closed: use it inside `async with AsyncClient(...)`, or between open() and aclose()."
    )
