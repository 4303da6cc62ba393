"""Driving a run that a service keeps: the loop is stepped in a task of the client's, and what it hears is kept here."""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from .. import protocols
from ..errors import ProviderError
from ..hosting.answers import NO_ANSWERS, Answers
from ..hosting.driver import OwnedRun
from ..hosting.endings import failed, failed_by
from ..hosting.store import LostLease, RunState, Store
from ..protocols import Provider, ToolExecutor
from ..types import LastError, RunRecord
from .loop import FatalCall, RunLoop
from .mirror import Mirror

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
        ended: RunRecord | None = None
        failure: LastError | None = None
        is_released = False
        try:
            with anyio.CancelScope() as scope:
                owned.work_in(scope)
                try:
                    loop = await self._ready(mirror, state)
                    owned.accept(goes_on=True)
                    if state.cancel_requested_at is not None:
                        owned.stop("cancel")
                    ended = await loop.go(self.answers)
                    owned.rests = ended is None
                except FatalCall as fatal:
                    failure, owned.cause = _why(fatal), fatal.output.cause
                except (LostLease, ProviderError):
                    raise
                except Exception as error:  # noqa: BLE001 - ours or the store's: the run must not stay open
                    failure, owned.cause = failed_by(error).error, error
            if owned.stop_reason == "lost":
                return
            with anyio.CancelScope(shield=True):
                if failure is not None or (owned.stop_reason == "cancel" and ended is None):
                    ended = await self._cancelled(mirror, state)
                await self._write(mirror, ended, failure)
                is_released = True
        except LostLease:
            return
        finally:
            if not is_released:  # stopped from outside, or the service cannot be reached: whoever comes next goes on
                mirror.writer.draft().post(release=True)

    async def _ready(self, mirror: Mirror, state: RunState) -> RunLoop:
        """The loop, with what an earlier driver told, and with what the caller gave, which must not be lost."""
        with anyio.fail_after(WRITE_SECONDS, shield=True):
            if state.epoch > 1:
                await mirror.recover()
            run, thread = self.begun or await self._find(state)
            follows = self.provider.capabilities.event_log
            loop = RunLoop(run, thread, mirror, self.executor, is_streaming=self.begun is not None, replays=follows)
            await loop.answer(self.answers)
        return loop

    async def _find(self, state: RunState) -> tuple[protocols.Run, protocols.Thread]:
        thread = await self.provider.get_thread(state.record.thread_id)
        return await thread.get_run(state.record.id), thread

    async def _cancelled(self, mirror: Mirror, state: RunState) -> RunRecord | None:
        """Cancel the run at the service, and give its record once it has ended; None where it does not in time."""
        with anyio.move_on_after(CANCEL_SECONDS):
            run, thread = await self._find(state)
            await run.cancel()
            loop = RunLoop(run, thread, mirror, self.executor, is_streaming=False, replays=False)
            return await loop.follow_to_the_end()
        return None

    async def _write(self, mirror: Mirror, ended: RunRecord | None, failure: LastError | None) -> None:
        with anyio.fail_after(WRITE_SECONDS):
            if failure is not None:
                mirror.end(ended or mirror.record, status="failed", error=failure)
            elif ended is not None:
                mirror.end(ended)
            else:
                mirror.writer.draft().post(durable=True, release=True)
            await mirror.writer.flush()


def _why(fatal: FatalCall) -> LastError | None:
    """Why a run ends by what came of a call."""
    name = fatal.call.name
    if fatal.output.outcome == "refused":
        message = f"Tool {name!r} was called again and again with arguments that do not fit."
        return failed("invalid_tool_arguments", message).error
    return failed("tool_failed", f"Tool {name!r} failed with an error that is declared fatal.").error
