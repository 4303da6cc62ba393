"""Runs with what their readers do not see: which provider one has, and whether anybody drives it."""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from ..client import AsyncClient
from ..client.stores import make_store
from ..errors import NotFound
from ..hosting import RunState, Store
from ..hosting.driver import is_undriven
from ..types import RunRecord, RunStatus, RunStep
from .silent import SilentModel

MEMORY = ":memory:"
"""The store that nobody but its process sees."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run.

    Attributes:
        needs_driver: Whether it waits for nothing but somebody who drives it.
    """

    record: RunRecord
    needs_driver: bool


@dataclass(frozen=True, slots=True)
class RunInFull(StoredRun):
    """A run with all that belongs to it.

    Attributes:
        steps: Its steps, in order.
        events: How many events it has told so far.
        provider: The name of the provider that it has; None where no model was asked yet.
    """

    steps: Sequence[RunStep]
    events: int
    provider: str | None


def read_run(run_id: str, store: str | None) -> RunInFull:
    """A run with all that belongs to it.

    Raises:
        NotFound: There is none.
    """

    async def read() -> RunInFull:
        async with _opened(store) as (client, kept):
            run = await client.runs.get(run_id)
            steps = [step async for step in run.steps()]
            state = await kept.get_run(run_id)
            turns = await kept.list_turns(run_id)
        provider = turns[-1].provider if turns else state.service if state is not None else None
        events = state.last_sequence if state is not None else 0
        return RunInFull(run.record, _needs_driver(state), steps, events, provider)

    return anyio.run(read)


def provider_of(run_id: str, store: str | None) -> str | None:
    """The name of the provider that a run has; None where that is not known."""
    if store == MEMORY:
        return None
    try:
        return read_run(run_id, store).provider
    except NotFound:
        return None


def list_runs(store: str, *, status: RunStatus | None, at_most: int | None) -> list[StoredRun]:
    """Runs of all threads, the newest first.

    Args:
        status: Only those of this status.
        at_most: How many; None for all.
    """

    async def read() -> list[StoredRun]:
        found: list[StoredRun] = []
        async with _opened(store) as (client, kept):
            async for run in client.runs.list(status=status):
                if at_most is not None and len(found) >= at_most:
                    break
                state = await kept.get_run(run.id) if run.record.is_open else None
                found.append(StoredRun(run.record, _needs_driver(state)))
        return found

    return anyio.run(read)


@asynccontextmanager
async def _opened(store: str | None) -> AsyncGenerator[tuple[AsyncClient, Store], None]:
    kept = make_store(store)
    async with AsyncClient(SilentModel(), store=kept) as client:
        yield client, kept


def _needs_driver(state: RunState | None) -> bool:
    """Whether somebody has to drive a run. What a service keeps is driven there."""
    if state is None or state.service is not None or state.record.status not in ("queued", "in_progress"):
        return False
    return is_undriven(state, time.time())
