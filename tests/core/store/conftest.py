from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from anyassistant.hosting.store import HistoryMessage, RunState
from anyassistant.store.sql import SQLStore
from anyassistant.types import Event, Message, MessageDeltaEvent, RunRecord, Text, ThreadRecord
from anyassistant.types.events import RunEvent, message_delta


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "folder" / "store.sqlite3")


@pytest.fixture
async def store(path: str) -> AsyncGenerator[SQLStore, None]:
    store = SQLStore(path)
    await store.open()
    yield store
    await store.aclose()


class Builder:
    """Records with ids that count up, and what is needed to begin a run."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def thread(self, **changes) -> ThreadRecord:
        return ThreadRecord(f"thread_{next(self._numbers)}", **changes)

    def message(self, thread: ThreadRecord, text: str = "hello", **changes) -> Message:
        return Message(f"msg_{next(self._numbers)}", "user", (Text(text),), thread_id=thread.id, **changes)

    def in_history(self, thread: ThreadRecord, text: str = "hello") -> HistoryMessage:
        return HistoryMessage(self.message(thread, text), 3)

    def run(
        self, thread: ThreadRecord, *, driver: str | None = "driver", lease_until: float = 2e9, **changes
    ) -> RunState:
        record = RunRecord(f"run_{next(self._numbers)}", thread.id, "asst_1", "queued", "echo", **changes)
        return RunState(record, driver=driver, lease_until=lease_until, epoch=1)

    def began(self, run: RunState) -> list[Event]:
        return [RunEvent("thread.run.created", run.record, 1), RunEvent("thread.run.queued", run.record, 2)]

    async def running(self, store, **changes) -> RunState:
        """A run of a new thread; its log has two events."""
        thread = self.thread()
        await store.create_thread(thread, [])
        run = self.run(thread, **changes)
        await store.create_run(run, [], self.began(run))
        return run


@pytest.fixture
def build() -> Builder:
    return Builder()


@pytest.fixture(scope="session")
def deltas() -> Callable[..., list[MessageDeltaEvent]]:
    """Deltas of a message, one for each text."""

    def make(*texts: str, after: int, message: str = "msg_answer") -> list[MessageDeltaEvent]:
        return [message_delta(message, text, after + at) for at, text in enumerate(texts, 1)]

    return make


@pytest.fixture(scope="session")
def read_all() -> Callable[..., object]:
    """All events of a run after a number, from the database."""

    async def read(store, run_id: str, after: int = 0) -> list[Event]:
        events: list[Event] = []
        while found := await store.read_events(run_id, events[-1].sequence if events else after):
            events += found
        return events

    return read
