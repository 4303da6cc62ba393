"""The stream of a run, as the service gives it with the call that begins the run or goes on with it."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable
from contextlib import AbstractAsyncContextManager
from typing import Self

from anyassistant.errors import ProviderError
from anyassistant.http import ServerSentEvent, WireStream
from anyassistant.http.json_text import read_json
from anyassistant.types import Event, RunEvent, RunRecord, ThreadRecord
from pydantic import ValidationError

from .events import read_event
from .mapping import thread_record
from .wire import WireThread, problems_of

Opening = AbstractAsyncContextManager[WireStream[ServerSentEvent]]


class RunStream:
    """The events of an open stream. Iterate it once, and close it.

    Attributes:
        thread: The thread that was made with the run, once that was told.
    """

    def __init__(self, opening: Opening, stream: WireStream[ServerSentEvent]) -> None:
        self.thread: ThreadRecord | None = None
        self._opening = opening
        self._stream = stream
        self._events = self._read()
        self._ahead: deque[Event] = deque()
        self._is_closed = False

    @classmethod
    async def open(cls, opening: Opening) -> Self:
        return cls(opening, await opening.__aenter__())

    async def read_run(self) -> RunRecord:
        """The run, as the first event that has it tells; no event is lost by that.

        Raises:
            ProviderError: The stream ended before, or is broken.
        """
        async for event in self._events:
            self._ahead.append(event)
            if isinstance(event, RunEvent):
                return event.data
        raise ProviderError("The stream ended before it told which run it is of.", code="connection_error")

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Awaitable[Event]:
        return self._next_ahead() if self._ahead else self._events.__anext__()

    async def _next_ahead(self) -> Event:
        return self._ahead.popleft()

    async def _read(self) -> AsyncGenerator[Event, None]:
        async for sent in self._stream:
            try:
                said = read_json(sent.data)
                if sent.event == "thread.created":
                    self.thread = thread_record(WireThread.model_validate(said))
                event = read_event(sent.event, said)
            except ValueError as error:
                problem = problems_of(error) if isinstance(error, ValidationError) else error
                raise ProviderError(
                    f"An event {sent.event!r} of the service is not as the Assistants wire has it: {problem}.",
                    code="invalid_response",
                    request_id=self._stream.request_id,
                ) from error
            if event is not None:
                yield event

    async def finish(self) -> None:
        """Close it where all was said: its connection can be used again."""
        await self._stream.aclose(has_said_all=True)
        await self.aclose()

    async def aclose(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            await self._events.aclose()
            await self._opening.__aexit__(None, None, None)
