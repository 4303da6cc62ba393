"""Following a run until it ends or rests."""

from collections.abc import Callable

from ..sync import Run
from ..types import Event

Show = Callable[[Event], None]


def follow(run: Run[str], show: Show, *, after: int = 0) -> int:
    """Show a run's events until it ends or rests, whatever came of it.

    Args:
        after: The number of the last event that was shown already.

    Returns:
        The number of the last event.

    Raises:
        KeyboardInterrupt: Ctrl-C. The run was cancelled, so that its thread is free, and its end was shown.
    """
    seen = after
    try:
        for event in run.events(after=after, check=False):
            seen = event.sequence
            show(event)
    except KeyboardInterrupt:
        run.cancel()
        for event in run.events(after=seen, check=False):
            show(event)
        raise
    return seen
