"""Driving one run: recovery, the rounds, and an ending, whatever happens."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from ..errors import StoreError
from ..host_task import is_cancelling
from ..protocols import Capabilities, ChatModel, ToolExecutor
from .answers import NO_ANSWERS, Answers
from .driver import OwnedRun
from .endings import CANCELLED, EXPIRED, Ending, failed_by, incomplete, write_ending
from .recovery import Recovered, recover
from .rounds import Rounds
from .store import LostLease, RunState, Store
from .writer import Writer

logger = logging.getLogger("anyassistant")

WRITE_SECONDS = 30.0
"""How long the writing of an ending may take, once it can no longer be cancelled."""
RETRY_PAUSES = (0.2, 1.0, 3.0)
"""Seconds between tries to write that a run failed, where the store does not take it."""


@dataclass(frozen=True, slots=True)
class Drive:
    """What a driver of a run needs.

    Attributes:
        answers: What the caller gave for pending calls, to begin with.
    """

    store: Store
    model: ChatModel
    provider: str
    capabilities_of: Callable[[str], Awaitable[Capabilities]]
    executor: ToolExecutor
    answers: Answers = NO_ANSWERS

    async def __call__(self, owned: OwnedRun) -> None:
        """Drive the run until it ends, rests, or is given up. The lease is given back in every case."""
        state = owned.state
        writer = Writer(self.store, state)
        rounds: Rounds | None = None
        ending: Ending | None = None
        began = time.monotonic()
        is_released = False

        def active_seconds() -> float:
            return state.active_seconds + time.monotonic() - began

        try:
            limit, is_expiry = bound_of(state)
            with anyio.CancelScope(deadline=anyio.current_time() + limit) as scope:
                owned.work_in(scope)
                try:
                    with anyio.fail_after(WRITE_SECONDS, shield=True):  # what the caller gave must not be lost
                        rounds = self._rounds(writer, await self._recovered(writer, state), active_seconds)
                        ending = _foreseen(state)
                        if ending is None and self.answers:
                            await rounds.take(self.answers)
                            owned.has_accepted = True
                            if rounds.is_anothers and self.executor.names == frozenset():
                                # Who only decides, with another provider configured, must not let its model answer.
                                owned.stop("park")
                    if ending is None and owned.stop_reason != "park":
                        goes_on = await rounds.begin(is_answered=bool(self.answers))
                        owned.accept(goes_on=goes_on)
                        await anyio.lowlevel.checkpoint_if_cancelled()
                        ending = await rounds.go() if goes_on else None
                except (LostLease, GeneratorExit):
                    raise
                except Exception as error:  # noqa: BLE001 - ours or the store's: the run must not stay open
                    ending = failed_by(error)
                except BaseException as error:
                    # A model that raises SystemExit or a cancellation of its own ends its run and nothing else; a
                    # cancellation that is ours goes on.
                    if is_cancelling():
                        raise
                    ending = failed_by(error)
            if scope.cancelled_caught or (scope.cancel_called and ending is not None and ending.cause is not None):
                # Also where the model that was interrupted made another exception of it.
                ending = _ending_of(owned, is_expiry=is_expiry)
            active = active_seconds()
            with anyio.CancelScope(shield=True, deadline=anyio.current_time() + WRITE_SECONDS):
                await self._settle(owned, writer, rounds, ending, active)
            is_released = True
        except LostLease:
            return
        finally:
            if not is_released:  # cancelled from outside, or the store failed: whoever comes next need not wait
                writer.draft().post(release=True, active_seconds=active_seconds())

    async def _recovered(self, writer: Writer, state: RunState) -> Recovered:
        return Recovered() if state.epoch == 1 else await recover(self.store, writer)

    def _rounds(self, writer: Writer, recovered: Recovered, active_seconds: Callable[[], float]) -> Rounds:
        return Rounds(
            self.store,
            writer,
            model=self.model,
            provider=self.provider,
            capabilities_of=self.capabilities_of,
            executor=self.executor,
            recovered=recovered,
            active_seconds=active_seconds,
        )

    async def _settle(
        self, owned: OwnedRun, writer: Writer, rounds: Rounds | None, ending: Ending | None, active: float
    ) -> None:
        """Write how it came out; where that fails, or something before was not written, that the run failed."""
        if owned.stop_reason == "lost":
            return
        cause = ending.cause if ending is not None else None
        if rounds is not None and not isinstance(cause, StoreError):
            try:
                await self._write(owned, writer, rounds, ending, active)
                return
            except LostLease:
                raise
            except Exception as error:
                logger.warning("how run %s came out could not be written", writer.record.id, exc_info=error)
                cause = error
        if cause is None:
            writer.draft().post(durable=True, release=True, active_seconds=active)
            await writer.flush()
        else:
            await self._fail_from_store(owned, cause)

    async def _write(
        self, owned: OwnedRun, writer: Writer, rounds: Rounds, ending: Ending | None, active: float
    ) -> None:
        if ending is not None:
            owned.cause = ending.cause
            rounds.end(ending)
        elif owned.stop_reason == "park":
            draft = writer.draft()
            if self.answers and writer.record.status == "requires_action":
                await rounds.leave(draft)
            draft.post(durable=True, release=True, active_seconds=active)
        else:
            owned.rests = True
            draft = writer.draft()
            rounds.rest(draft)
            draft.post(durable=True, release=True, active_seconds=active)
        await writer.flush()

    async def _fail_from_store(self, owned: OwnedRun, cause: BaseException) -> None:
        """End the run `failed`, from what the store has of it: what this driver believed was not all written.

        Raises:
            StoreError: The store still cannot be written after a few tries.
        """
        ending = failed_by(cause)
        for pause in (*RETRY_PAUSES, None):
            try:
                state = await self.store.get_run(owned.state.record.id)
                if state is None or state.epoch != owned.state.epoch or not state.record.is_open:
                    return
                writer = Writer(self.store, state)
                await self._end_recovered(writer, ending, is_last_try=pause is None)
                await writer.flush()
                owned.cause = cause
                return
            except StoreError:
                if pause is None:
                    raise
                await anyio.sleep(pause)

    async def _end_recovered(self, writer: Writer, ending: Ending, *, is_last_try: bool) -> None:
        try:
            recovered = await recover(self.store, writer)
        except StoreError:
            if not is_last_try:
                raise
            draft = writer.draft()  # what the run has done cannot be read: it ends all the same
            write_ending(draft, ending, None, usage=writer.record.usage, started=())
            draft.post(durable=True, release=True)
        else:
            self._rounds(writer, recovered, lambda: 0.0).end(ending)


def bound_of(state: RunState) -> tuple[float, bool]:
    """Seconds until a driver has to stop, and whether that is the run's expiry, not its limit of active seconds."""
    left = max(0.0, state.record.limits.seconds - state.active_seconds)
    until_expiry = math.inf if state.expires is None else max(0.0, state.expires - time.time())
    return min(left, until_expiry), until_expiry <= left


def _foreseen(state: RunState) -> Ending | None:
    """How the run ends before a driver does anything: somebody asked for it, or its time is over."""
    if state.cancel_requested_at is not None:
        return CANCELLED
    return EXPIRED if state.expires is not None and state.expires <= time.time() else None


def _ending_of(owned: OwnedRun, *, is_expiry: bool) -> Ending | None:
    """How a run ends whose driver was stopped: by somebody, or by its deadline. None where it is parked."""
    match owned.stop_reason:
        case "cancel":
            return CANCELLED
        case "park" | "lost":
            return None
        case None:
            return EXPIRED if is_expiry else incomplete("max_seconds")
