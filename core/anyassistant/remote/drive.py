"""Driving a run that a service keeps: the loop is stepped in a task of the client's, and what it hears is kept here."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace

import anyio

from .. import protocols
from ..errors import InvalidRequest, NotFound, ProviderError
from ..host_task import is_cancelling
from ..hosting.answers import NO_ANSWERS, Answers
from ..hosting.drive import bound_of
from ..hosting.driver import OwnedRun
from ..hosting.endings import EXPIRED, Ending, failed_by, incomplete
from ..hosting.store import LostLease, RunState, Store
from ..protocols import Provider, ToolExecutor
from ..types import RunRecord
from .loop import RunEnds, RunLoop
from .mirror import Mirror

logger = logging.getLogger("anyassistant")

CLOSE_SECONDS = 5.0
"""How long a service may take to take back a stream that nobody reads."""
WRITE_SECONDS = 30.0
"""How long the writing of what was heard last may take, once it can no longer be cancelled."""
CANCEL_SECONDS = 30.0
"""How long a service may take to end a run that was cancelled, before its driver leaves it."""


@dataclass(frozen=True, slots=True)
class RemoteDrive:
    """What a driver of a run needs.

    Attributes:
        begun: The run and its thread at the service, where they are at hand; the run's stream was asked for then.
        answers: What the caller gave for pending calls, to begin with.
    """

    store: Store
    provider: Provider
    executor: ToolExecutor
    answers: Answers = NO_ANSWERS
    begun: tuple[protocols.Run, protocols.Thread] | None = None

    async def __call__(self, owned: OwnedRun) -> None:
        """Drive the run until it ends, rests, or is given up. The lease is given back in every case.

        Raises:
            ProviderError: The service cannot be reached. The run goes on there, and whoever resumes it follows it.
        """
        state = owned.state
        mirror = Mirror(self.store, state)
        record: RunRecord | None = None
        ending: Ending | None = None
        began = time.monotonic()
        is_released = False
        loop: RunLoop | None = None

        def active_seconds() -> float:
            return state.active_seconds + time.monotonic() - began

        try:
            limit, is_expiry = bound_of(state)
            with anyio.CancelScope(deadline=anyio.current_time() + limit) as scope:
                owned.work_in(scope)
                try:
                    loop = await self._ready(mirror, state)
                    owned.accept(goes_on=True)
                    if state.cancel_requested_at is not None:
                        owned.stop("cancel")
                    record = await loop.go(self.answers)
                    owned.rests = record is None
                except RunEnds as ends:
                    ending = ends.ending
                except (LostLease, ProviderError, GeneratorExit):
                    raise
                except Exception as error:  # noqa: BLE001 - ours or the store's: the run must not stay open
                    ending = failed_by(error)
                except BaseException as error:  # as in hosting: a SystemExit ends its run and nothing else
                    if is_cancelling():
                        raise
                    ending = failed_by(error)
            if owned.stop_reason == "lost":
                return
            if scope.cancelled_caught or (scope.cancel_called and ending is not None and ending.cause is not None):
                ending = _limit_of(owned, is_expiry=is_expiry)
            with anyio.CancelScope(shield=True):
                if record is None and (ending is not None or owned.stop_reason == "cancel"):
                    record = await self._cancelled(mirror, state, is_needed=ending is None)
                await self._write(owned, mirror, record, ending, active_seconds())
                is_released = True
        except LostLease:
            return
        finally:
            if not is_released:  # stopped from outside, or the service cannot be reached: whoever comes next goes on
                mirror.writer.draft().post(release=True, active_seconds=active_seconds())
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await self._close(loop)

    async def _close(self, loop: RunLoop | None) -> None:
        """Give back the stream that was asked for with the run, or later, where nobody came to listen to it."""
        try:
            if loop is not None:
                await loop.aclose()
            elif self.begun is not None:
                await self.begun[0].aclose()
        except Exception as error:  # how the run came out matters more
            logger.warning("the stream of a run could not be given back", exc_info=error)

    async def _ready(self, mirror: Mirror, state: RunState) -> RunLoop:
        """The loop, with what an earlier driver told, and with what the caller gave, which must not be lost.

        Raises:
            ProviderError: The service does not answer. The run is no worse for that.
        """
        with anyio.move_on_after(WRITE_SECONDS, shield=True):
            if state.epoch > 1:
                await mirror.recover()
            run, thread = self.begun or await self._find(state)
            follows = self.provider.capabilities.event_log
            loop = RunLoop(run, thread, mirror, self.executor, is_streaming=self.begun is not None, replays=follows)
            await loop.answer(self.answers)
            return loop
        said = f"Provider {self.provider.name!r} did not answer within {WRITE_SECONDS:g} s."
        raise ProviderError(said, code="timeout")

    async def _find(self, state: RunState) -> tuple[protocols.Run, protocols.Thread]:
        thread = await self.provider.get_thread(state.record.thread_id)
        return await thread.get_run(state.record.id), thread

    async def _cancelled(self, mirror: Mirror, state: RunState, *, is_needed: bool) -> RunRecord | None:
        """Cancel the run at the service, and give its record once it has ended; None where it does not in time.

        Raises:
            ProviderError: The service cannot be reached, and what it says is needed: the run ends as it says.
        """
        try:
            with anyio.move_on_after(CANCEL_SECONDS):
                run, thread = await self._find(state)
                if is_needed:
                    mirror.move(mirror.record, "cancelling")
                await run.cancel()
                loop = RunLoop(run, thread, mirror, self.executor, is_streaming=False, replays=False)
                return await loop.follow_to_the_end()
        except NotFound:  # it was deleted there, with its thread perhaps
            return replace(mirror.record, status="cancelled")
        except (ProviderError, InvalidRequest) as error:
            if is_needed:
                raise
            logger.warning("run %s has ended here and could not be cancelled", state.record.id, exc_info=error)
        return None

    async def _write(
        self, owned: OwnedRun, mirror: Mirror, record: RunRecord | None, ending: Ending | None, active: float
    ) -> None:
        with anyio.fail_after(WRITE_SECONDS):
            if ending is not None:
                owned.cause = ending.cause
                mirror.end(record or mirror.record, ending)
            elif record is not None:
                mirror.end(record)
            else:
                mirror.writer.draft().post(durable=True, release=True, active_seconds=active)
            await mirror.writer.flush()


def _limit_of(owned: OwnedRun, *, is_expiry: bool) -> Ending | None:
    """How a run ends whose driver was stopped by its deadline; None where somebody stopped it."""
    if owned.stop_reason is not None:
        return None
    return EXPIRED if is_expiry else incomplete("max_seconds")
