"""Following a run to its end."""

from collections.abc import Callable

from ..sync import Run
from ..types import Event, RunRecord

Show = Callable[[Event], None]


def follow(run: Run[str], show: Show) -> RunRecord:
    """Show a run's events until it ends or rests, and give its record, whatever came of it.

    Raises:
        KeyboardInterrupt: Ctrl-C. The run was cancelled, so that its thread is free, and its end was shown.
    """
    seen = 0
    try:
        for event in run.events(check=False):
            seen = event.sequence
            show(event)
    except KeyboardInterrupt:
        run.cancel()
        for event in run.events(after=seen, check=False):
            show(event)
        raise
    return run.record
