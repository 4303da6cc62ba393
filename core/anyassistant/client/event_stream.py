"""What `events()` of a run gives: one stream over all tool rounds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from ..errors import RunAbandoned
from ..types import Event
from ..types.events import RunEvent
from .backend_run import BackendRun
from .outcome import outcome_error


class EventStream(AsyncIterator[Event]):
    """The events of a run, then its error if it did not complete.

    Args:
        after: The number of the last event that is not wanted.
        check: Whether a run that did not complete ends the stream in a `RunError`.
    """

    def __init__(self, run: BackendRun, *, after: int, check: bool) -> None:
        self._run = run
        self._after = after
        self._check = check
        self._source: AsyncGenerator[Event, None] | None = None
        self._abandoned_at: int | None = None
        self._is_whole = False  # nothing comes any more: the run had ended when the log was last read to its end

    async def aclose(self) -> None:
        """Stop reading. The run goes on."""
        if self._source is not None:
            await self._source.aclose()

    async def __anext__(self) -> Event:
        while True:
            if self._source is None:
                self._source = (await self._run.begun()).events(after=self._after)
            try:
                event = await self._source.__anext__()
            except StopAsyncIteration:
                if not await self._has_more():
                    await self._end()
                    raise
                self._source = None
            except RunAbandoned:
                if self._abandoned_at == self._after or not await self._run.take_over():
                    raise
                self._abandoned_at, self._source = self._after, None
            else:
                self._after = event.sequence
                if isinstance(event, RunEvent):
                    self._run.existing().record = event.data
                    self._is_whole = not event.data.is_open
                return event

    async def _has_more(self) -> bool:
        if self._is_whole:
            return False
        if await self._run.goes_on(after=self._after):
            return True
        self._is_whole = not self._run.existing().record.is_open  # by now: its last events are still to be read
        return self._is_whole

    async def _end(self) -> None:
        """Raise what the run ended in, unless it completed."""
        run = self._run.existing()
        if not self._check or run.record.status == "completed":
            return
        text = ""
        if run.record.status == "incomplete":
            messages = [message async for message in self._run.messages()]
            text = messages[-1].text if messages else ""
        raise outcome_error(run.record, text, run.cause)
