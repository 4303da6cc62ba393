"""A run that the service keeps."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

from anyassistant import protocols
from anyassistant.errors import InvalidRequest, ProviderError
from anyassistant.types import TERMINAL, Event, Page, PageQuery, RunEvent, RunRecord, RunStep, ToolOutput

from .bodies import outputs_body, page_parameters
from .client import AssistantsClient, path_of
from .mapping import run_record, run_step
from .stream import RunStream
from .wire import WireRun, WireStep

LAST = TERMINAL | {"requires_action"}
"""The statuses behind which a stream says nothing more."""


class AssistantsRun(protocols.Run):
    """A run that the service keeps.

    Args:
        stream: The open stream that was asked for with the call that began it.
    """

    def __init__(self, client: AssistantsClient, record: RunRecord, stream: RunStream | None = None) -> None:
        self.record = record
        self._client = client
        self._stream = stream
        self._poll_after: float | None = None
        self._path = path_of("threads", record.thread_id, "runs", record.id)

    @property
    def poll_after(self) -> float | None:
        return self._poll_after

    async def events(self, *, after: int = 0) -> AsyncGenerator[Event, None]:
        """The events of the open stream, which have no numbers and come once.

        Raises:
            ProviderError: None is open (`no_stream`): the service streams only to the call that begins a run or goes
                on with it. Or the stream broke.
        """
        stream, self._stream = self._stream, None
        if stream is None:
            raise ProviderError(f"Run {self.record.id} has no open stream.", code="no_stream")
        try:
            async for event in stream:
                if isinstance(event, RunEvent):
                    self.record = event.data
                yield event
                if isinstance(event, RunEvent) and event.data.status in LAST:
                    await stream.finish()
                    return
        finally:
            await stream.aclose()

    async def submit_tool_outputs(self, outputs: Sequence[ToolOutput], /, *, follow: bool) -> None:
        """Give all outputs that the run waits for, in one request.

        A request whose answer was lost is made again: outputs that have arrived are refused then, and do no harm.
        """
        await self.aclose()
        path, body = f"{self._path}/submit_tool_outputs", outputs_body(outputs)
        if follow:
            self._stream = await self._client.stream(path, body, creates=False)
        if self._stream is None:
            self.record = run_record(await self._client.post(path, body, WireRun))

    async def cancel(self) -> None:
        try:
            self.record = run_record(await self._client.post(f"{self._path}/cancel", None, WireRun))
        except InvalidRequest:
            if (await self.refresh()).is_open and self.record.status != "cancelling":
                raise

    async def refresh(self) -> RunRecord:
        wire, self._poll_after = await self._client.get_polled(self._path, WireRun)
        self.record = run_record(wire)
        return self.record

    async def list_steps(self, query: PageQuery, /) -> Page[RunStep]:
        page = await self._client.list(f"{self._path}/steps", WireStep, page_parameters(query))
        return Page([run_step(one) for one in page.data], page.has_more)

    async def aclose(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.aclose()


if TYPE_CHECKING:
    _run: type[protocols.Run] = AssistantsRun
