"""Following a run to its end."""

from collections.abc import Callable

import anyio

from ..client import AsyncRun
from ..types import Event, RunRecord

CANCEL_SECONDS = 10.0
"""How long a run that is cancelled may take to end."""


async def follow(run: AsyncRun[str], show: Callable[[Event], None]) -> RunRecord:
    """Show a run's events until it ends or rests, and give its record, whatever came of it.

    Being cancelled (Ctrl-C) cancels the run, so that its thread is free, and shows how it ends.
    """
    seen = 0
    try:
        async for event in run.events(check=False):
            seen = event.sequence
            show(event)
    except anyio.get_cancelled_exc_class():
        with anyio.CancelScope(shield=True), anyio.move_on_after(CANCEL_SECONDS):
            await run.cancel()
            async for event in run.events(after=seen, check=False):
                show(event)
        raise
    return run.record
