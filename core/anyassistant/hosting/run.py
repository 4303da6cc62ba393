"""A run in the store."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress

import anyio

from .. import protocols
from ..errors import InvalidRequest, ProviderError, not_found
from ..protocols import ToolExecutor
from ..types import Decision, Event, Page, PageQuery, RunRecord, RunStep, ToolOutput
from .answers import Answers
from .driver import is_undriven
from .follow import Follower
from .host import NO_TOOLS, RunHost
from .records import as_readers_see
from .refusals import check_answers
from .store import RunState

ANSWER_SECONDS = 5.0
"""How long an answer waits for others that are being written."""
ANSWER_PAUSE = 0.02


class HostedRun(protocols.Run):
    """A run in the store."""

    def __init__(self, host: RunHost, state: RunState, executor: ToolExecutor | None) -> None:
        self._host = host
        self._store = host.store
        self._executor = executor
        self.record = as_readers_see(state)

    @property
    def cause(self) -> BaseException | None:
        return self._host.drivers.cause_of(self.record.id)

    def events(self, *, after: int = 0) -> AsyncGenerator[Event, None]:
        return Follower(self._host, self.record.id, after=after)

    async def refresh(self) -> RunRecord:
        state = await self._store.get_run(self.record.id)
        if state is None:
            raise not_found("run", self.record.id)
        self.record = as_readers_see(await self._host.settle(state))
        return self.record

    async def submit_tool_outputs(self, outputs: Sequence[ToolOutput], /, *, follow: bool) -> None:
        await self._answer(Answers(outputs=outputs))

    async def decide(self, decisions: Mapping[str, Decision], /) -> None:
        await self._answer(Answers(decisions=decisions))

    async def _answer(self, answers: Answers) -> None:
        """Take the resting run, write the answers, and drive it on if nothing else is waited for."""
        until = time.monotonic() + ANSWER_SECONDS
        while True:
            state = await self._store.get_run(self.record.id)
            if state is None:
                raise not_found("run", self.record.id)
            state = await self._host.settle(state)
            if state.record.status != "requires_action":
                raise self._not_waiting(state)
            check_answers(state.record, answers)
            if time.monotonic() > until:
                raise InvalidRequest(
                    f"Run {self.record.id} is in the hands of somebody else: try again.",
                    param="run_id",
                    code="run_not_waiting",
                )
            owned = None
            if is_undriven(state, time.time()):
                owned = await self._host.take_up(state, self._executor or NO_TOOLS, answers)
            if owned is not None:
                await owned.accepted.wait()
                if not owned.is_refused:
                    break
            await anyio.sleep(ANSWER_PAUSE)  # somebody else answers another call in this moment
        state = await self._store.get_run(self.record.id) or state
        self.record = as_readers_see(state)
        if not owned.has_accepted:
            raise owned.error or self._not_waiting(state)

    async def cancel(self) -> None:
        self._host.check_cancel()
        state = await self._store.request_cancel(self.record.id, time.time())
        if state is None:
            raise not_found("run", self.record.id)
        self.record = as_readers_see(state)
        with suppress(ProviderError):  # it is asked for, durably: whoever looks next goes on with it
            self.record = as_readers_see(await self._host.settle(state))

    async def list_steps(self, query: PageQuery, /) -> Page[RunStep]:
        return await self._store.list_steps(self.record.id, query)

    def _not_waiting(self, state: RunState) -> InvalidRequest:
        return InvalidRequest(
            f"Run {self.record.id} is {as_readers_see(state).status} and waits for nobody.",
            param="run_id",
            code="run_not_waiting",
        )


async def list_runs(host: RunHost, thread_id: str | None, query: PageQuery) -> Page[HostedRun]:
    """Runs of one thread, or of all; those whose time is over are ended first, as everywhere."""
    page = await host.store.list_runs(thread_id, query)
    return Page([HostedRun(host, await host.settle(state, quickly=True), None) for state in page.data], page.has_more)


async def open_run(host: RunHost, state: RunState, executor: ToolExecutor | None) -> HostedRun:
    """A run, taken over where there is something to do for who may call these tools."""
    state = await host.settle(state)
    if executor is not None and can_take_up(state, executor):
        owned = await host.take_up(state, executor)
        state = (owned.state if owned is not None else await host.store.get_run(state.record.id)) or state
    return HostedRun(host, state, executor)


def can_take_up(state: RunState, executor: ToolExecutor) -> bool:
    """Whether a driver with these tools has something to do: nobody drives the run, and it does not wait for others."""
    if not state.record.is_open or not is_undriven(state, time.time()):
        return False
    if state.record.status != "requires_action":
        return True
    pending = state.record.pending_calls  # none where a driver was lost between the last answer and what follows
    return not pending or any(call.name in executor.names and call.waits_for == "output" for call in pending)
