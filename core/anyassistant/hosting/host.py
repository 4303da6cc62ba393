"""What a provider's threads and runs share: a store, and the drivers; for a chat model, the model too."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from ..errors import InvalidRequest, ThreadBusy
from ..host_task import HostTask
from ..protocols import Capabilities, ChatModel, Journal, Screening, ToolExecutor
from ..types import ThreadRecord, ToolCall, ToolOutput
from .answers import NO_ANSWERS, Answers
from .drive import Drive
from .driver import Drivers, OwnedRun, is_undriven
from .refusals import check_answers
from .store import RunState, Store
from .writer import Writer

T = TypeVar("T")


class RunHost:
    """What the runs of one provider share, wherever they are: their store, and their drivers.

    Attributes:
        name: The provider's.
        service: The same, where it keeps the runs itself; None where they are kept here.
    """

    def __init__(self, name: str, store: Store, *, task: HostTask, lease: float, service: str | None = None) -> None:
        self.name = name
        self.service = service
        self.store = store
        self.drivers = Drivers(store, task, lease=lease)

    async def settle(self, state: RunState, *, quickly: bool = False) -> RunState:
        """End an open run that nobody drives and whose time is over, or whose end was asked for.

        Args:
            quickly: By what is known here; no service is asked.
        """
        is_over = state.cancel_requested_at is not None or (state.expires is not None and state.expires <= time.time())
        if state.record.is_open and is_over and self.is_mine(state) and is_undriven(state, time.time()):
            return await self.finish(state)
        return state

    def is_mine(self, state: RunState) -> bool:
        """Whether a run is kept where this provider keeps its runs."""
        return state.service == self.service

    def refuse_foreign(self, thread: ThreadRecord) -> None:
        """Refuse a thread that is kept elsewhere: what is known of it here is not what was said in it.

        Raises:
            InvalidRequest: It is.
        """
        if thread.service != self.service:
            raise self._kept_elsewhere("Thread", thread.id, thread.service)

    def _kept_elsewhere(self, noun: str, id: str, service: str | None) -> InvalidRequest:
        keeper = "no service" if service is None else f"provider {service!r}"
        return InvalidRequest(
            f"{noun} {id} is kept by {keeper}, and this client talks to {self.name!r}: open one with the provider that "
            f"began the {noun.lower()}.",
            param=f"{noun.lower()}_id",
            code="other_provider",
        )

    def check_cancel(self) -> None:
        """Refuse to cancel a run where that cannot be done.

        Raises:
            UnsupportedCapability: The service that keeps the runs cannot cancel them.
        """
        return

    async def finish(self, state: RunState) -> RunState:
        """Drive a run that nobody drives, and wait until its driver has done what there is to do without tools.

        Raises:
            ProviderError: The service that keeps it cannot be reached.
            StoreError: It could not be written how it came out.
        """
        owned = await self.take_up(state, NO_TOOLS)
        if owned is not None:
            await owned.ended.wait()
            if owned.error is not None:
                raise owned.error
        return await self.store.get_run(state.record.id) or state

    async def unless_held(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write to a thread. A run that is over does not hold it, even where nobody was there to see it end.

        Raises:
            ThreadBusy: It has an open run.
        """
        try:
            return await write()
        except ThreadBusy as busy:
            state = await self.store.get_run(busy.run_id)
            if state is not None and (await self.settle(state)).record.is_open:
                raise
            return await write()

    async def take_up(self, state: RunState, executor: ToolExecutor, answers: Answers = NO_ANSWERS) -> OwnedRun | None:
        """Become the driver of a run that nobody drives; None where somebody does.

        Raises:
            InvalidRequest: The run is kept by another service, or by none.
        """
        if not self.is_mine(state):
            raise self._kept_elsewhere("Run", state.record.id, state.service)

        async def take_over() -> OwnedRun | None:
            taken = await self.drivers.take_over(state)
            return None if taken is None else self.drive(taken, executor, answers)

        return await self.drivers.complete(take_over)

    def drive(self, state: RunState, executor: ToolExecutor, answers: Answers = NO_ANSWERS) -> OwnedRun:
        """Start the driver of a run whose lease this client has. Nothing may fail between the two."""
        drive = self._driver(executor, answers)

        async def drive_unless_overtaken(owned: OwnedRun) -> None:
            if _fit(answers, state):
                await drive(owned)
                return
            owned.is_refused = owned.rests = True
            writer = Writer(self.store, state)
            writer.draft().post(durable=True, release=True)
            await writer.flush()

        return self.start(state, drive_unless_overtaken)

    def start(self, state: RunState, drive: Callable[[OwnedRun], Awaitable[None]]) -> OwnedRun:
        """Start a driver of a run whose lease this client has."""

        async def drive_and_settle(owned: OwnedRun) -> None:
            await drive(owned)
            if owned.rests:  # a cancel that came while it was laid down
                rested = await self.store.get_run(state.record.id)
                if rested is not None and rested.cancel_requested_at is not None:
                    await self.settle(rested)

        return self.drivers.start(state, drive_and_settle)

    @abstractmethod
    def _driver(self, executor: ToolExecutor, answers: Answers) -> Callable[[OwnedRun], Awaitable[None]]:
        """What drives a run of this provider."""
        ...


def _fit(answers: Answers, state: RunState) -> bool:
    """Whether the calls still wait for the answers: somebody may have been faster since they were looked at."""
    try:
        check_answers(state.record, answers)
    except InvalidRequest:
        return False
    return True


class Host(RunHost):
    """Drives runs of one chat model, kept in one store.

    Attributes:
        default_model: The model of runs whose assistant names none.
    """

    def __init__(
        self, name: str, model: ChatModel, store: Store, *, task: HostTask, default_model: str, lease: float
    ) -> None:
        super().__init__(name, store, task=task, lease=lease)
        self.model = model
        self.default_model = default_model

    @property
    def capabilities(self) -> Capabilities:
        """What the provider claims, whatever the model."""
        return with_hosting(self.model.capabilities)

    async def capabilities_of(self, model: str) -> Capabilities:
        """What the provider claims for one model; some load it to tell."""
        return with_hosting(await self.model.capabilities_of(model))

    def _driver(self, executor: ToolExecutor, answers: Answers) -> Callable[[OwnedRun], Awaitable[None]]:
        return Drive(self.store, self.model, self.name, self.capabilities_of, executor, answers)


class _NoTools(ToolExecutor):
    """Nobody to call a tool: all calls of the run's tools rest for the caller."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset()

    async def screen(self, calls: Sequence[ToolCall], /, *, journal: Journal) -> Screening:
        return Screening()

    async def execute(self, calls: Sequence[ToolCall], /, *, journal: Journal) -> Sequence[ToolOutput]:
        raise RuntimeError("an executor without tools was asked to call one")


NO_TOOLS: ToolExecutor = _NoTools()


def with_hosting(capabilities: Capabilities) -> Capabilities:
    """What a chat model does, and what hosting adds; it has no place for tools and files of a service's own."""
    return replace(capabilities, cancel=True, event_log=True, list_threads=True, hosted_tools=False, files=False)
