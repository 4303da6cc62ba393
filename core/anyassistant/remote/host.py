"""The runs of a service that keeps them itself, and their drivers here."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from ..errors import NotFound, ProviderError, UnsupportedCapability
from ..host_task import HostTask
from ..hosting.answers import Answers
from ..hosting.driver import OwnedRun, is_undriven
from ..hosting.host import RunHost
from ..hosting.store import RunState, Store
from ..protocols import Provider, ToolExecutor
from .drive import RemoteDrive


class RemoteHost(RunHost):
    """Drives runs of one service, which are indexed in one store.

    Attributes:
        provider: The service.
    """

    def __init__(self, provider: Provider, store: Store, *, task: HostTask, lease: float) -> None:
        super().__init__(provider.name, store, task=task, lease=lease, service=provider.name)
        self.provider = provider

    async def settle(self, state: RunState, *, quickly: bool = False) -> RunState:
        """Tell of an open run that nobody drives what has become of it at the service."""
        if not (state.record.is_open and self.is_mine(state) and is_undriven(state, time.time())):
            return state
        is_over = state.cancel_requested_at is not None or (state.expires is not None and state.expires <= time.time())
        if not is_over and (quickly or not await self._has_ended(state)):
            return state
        return await self.finish(state)

    def check_cancel(self) -> None:
        if not self.provider.capabilities.cancel:
            raise UnsupportedCapability(
                f"Provider {self.name!r} does not claim `cancel`: its runs go on until they end.", capability="cancel"
            )

    async def _has_ended(self, state: RunState) -> bool:
        """Whether the service says that a run has ended; False where it does not answer."""
        try:
            thread = await self.provider.get_thread(state.record.thread_id)
            return not (await thread.get_run(state.record.id)).record.is_open
        except (NotFound, ProviderError):
            return False

    def _driver(self, executor: ToolExecutor, answers: Answers) -> Callable[[OwnedRun], Awaitable[None]]:
        return RemoteDrive(self.store, self.provider, executor, answers)
