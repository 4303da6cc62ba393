"""Driving one run: recovery, the rounds, and an ending, whatever happens."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio

from ..host_task import is_cancelling
from ..protocols import Capabilities, ChatModel, ToolExecutor
from ..types import ToolOutput
from .driver import OwnedRun
from .endings import CANCELLED, EXPIRED, Ending, failed_by, incomplete, write_ending
from .recovery import Recovered, recover
from .rounds import Rounds
from .store import LostLease, RunState, Store
from .writer import Writer

logger = logging.getLogger("anyassistant")

WRITE_SECONDS = 30.0
"""How long the writing of an ending may take, once it can no longer be cancelled."""


@dataclass(frozen=True, slots=True)
class Drive:
    """What a driver of a run needs.

    Attributes:
        outputs: What the caller gave for pending calls, to begin with.
    """

    store: Store
    model: ChatModel
    provider: str
    capabilities_of: Callable[[str], Awaitable[Capabilities]]
    executor: ToolExecutor
    outputs: Sequence[ToolOutput] = ()

    async def __call__(self, owned: OwnedRun) -> None:
        """Drive the run until it ends, rests, or is given up. The lease is given back in every case."""
        state = owned.state
        writer = Writer(self.store, state)
        rounds: Rounds | None = None
        ending: Ending | None = None
        began = time.monotonic()
        is_released = False
        try:
            with anyio.CancelScope(deadline=anyio.current_time() + seconds_left(state)) as scope:
                owned.work_in(scope)
                try:
                    with anyio.fail_after(WRITE_SECONDS, shield=True):  # what the caller gave must not be lost
                        rounds = await self._rounds(writer, state)
                        ending = _foreseen(state)
                        goes_on = ending is None and await rounds.begin(self.outputs)
                    if ending is None:
                        owned.accept(goes_on=goes_on)
                        await anyio.lowlevel.checkpoint_if_cancelled()
                    if goes_on:
                        ending = await rounds.go()
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
            if scope.cancelled_caught:
                ending = _ending_of(owned, state)
            active = state.active_seconds + time.monotonic() - began
            with anyio.CancelScope(shield=True, deadline=anyio.current_time() + WRITE_SECONDS):
                await self._write(owned, writer, rounds, ending, active)
            is_released = True
        except LostLease:
            return
        finally:
            if not is_released:  # cancelled from outside, or the store failed: whoever comes next need not wait
                writer.draft().post(release=True)

    async def _rounds(self, writer: Writer, state: RunState) -> Rounds:
        recovered = Recovered() if state.epoch == 1 else await recover(self.store, writer)
        return Rounds(
            self.store,
            writer,
            model=self.model,
            provider=self.provider,
            capabilities_of=self.capabilities_of,
            executor=self.executor,
            recovered=recovered,
        )

    async def _write(
        self, owned: OwnedRun, writer: Writer, rounds: Rounds | None, ending: Ending | None, active: float
    ) -> None:
        if owned.stop_reason == "lost":
            return
        if ending is None and (rounds is None or owned.stop_reason == "park"):
            writer.draft().post(durable=True, release=True, active_seconds=active)
        elif ending is None and rounds is not None:
            owned.rests = True
            draft = writer.draft()
            if writer.record.status == "requires_action":
                draft.update_run(pending_calls=rounds.rest())
            else:
                draft.run("requires_action", pending_calls=rounds.rest())
            draft.post(durable=True, release=True, active_seconds=active)
        elif ending is not None:
            owned.cause = ending.cause
            if rounds is not None:
                rounds.end(ending)
            else:  # what the run has done could not be read
                draft = writer.draft()
                write_ending(draft, ending, None, usage=writer.record.usage, started=())
                draft.post(durable=True, release=True)
        await writer.flush()


def seconds_left(state: RunState) -> float:
    """Seconds until a run reaches its limit of active seconds, or expires."""
    left = state.record.limits.seconds - state.active_seconds
    if state.expires is not None:
        left = min(left, state.expires - time.time())
    return max(0.0, left)


def _foreseen(state: RunState) -> Ending | None:
    """How the run ends before a driver does anything: somebody asked for it, or its time is over."""
    if state.cancel_requested_at is not None:
        return CANCELLED
    return EXPIRED if state.expires is not None and state.expires <= time.time() else None


def _ending_of(owned: OwnedRun, state: RunState) -> Ending | None:
    """How a run ends whose driver was stopped: by somebody, or by its deadline. None where it is parked."""
    match owned.stop_reason:
        case "cancel":
            return CANCELLED
        case "park" | "lost":
            return None
        case None:
            is_expired = state.expires is not None and state.expires <= time.time() + 0.001
            return EXPIRED if is_expired else incomplete("max_seconds")
