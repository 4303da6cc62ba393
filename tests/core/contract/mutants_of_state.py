"""Models that keep something from one request to another, or share it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import ClassVar

import anyio
import anyio.lowlevel
from anyassistant.errors import ProviderError
from anyassistant.protocols import AssistantMessage, ModelDelta, ModelRequest, Usage
from mutant import Deltas, made
from reference_model import Reference


class KeepsTools(Reference):
    """Tools are kept from the request before."""

    def asked(self, request: ModelRequest) -> ModelRequest:
        self.tools = request.tools or getattr(self, "tools", ())
        return replace(request, tools=self.tools)


class KeepsHistory(Reference):
    """The history is an attribute of the model."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[object] = []

    def asked(self, request: ModelRequest) -> ModelRequest:
        messages = [*self.history, *request.messages]
        self.history = [AssistantMessage("Before."), *messages]
        return replace(request, messages=messages)  # type: ignore[arg-type]


class CountsAnswers(Reference):
    """Each answer has a number of the model's own."""

    count = 0

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        self.count += 1
        yield ModelDelta(text=f"{self.count}. " if self.count > 1 else "")
        async for delta in deltas:
            yield delta


class AddsUsage(Reference):
    """A counter of the model adds up over its requests."""

    total = Usage(0, 0)

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        async for delta in deltas:
            if delta.usage is not None:
                self.total += delta.usage
                delta = replace(delta, usage=self.total)
            yield delta


class KeepsInstructions(Reference):
    """The instructions of the first request hold for all."""

    instructions: str | None = None

    def asked(self, request: ModelRequest) -> ModelRequest:
        self.instructions = self.instructions or request.instructions
        return replace(request, instructions=self.instructions)


class OneInHand(Reference):
    """Each answer is that to the question before."""

    held: ClassVar[list[list[ModelDelta]]] = []

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        self.held.append([delta async for delta in deltas])
        for delta in self.held[-2] if len(self.held) > 1 else self.held[-1]:
            yield delta


class KeepsState(Reference):
    """A state is known to the object alone that gave it."""

    def __init__(self) -> None:
        super().__init__()
        self.has_given = False

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        if len(request.messages) > 1 and not self.has_given:
            raise ProviderError("This state is not known.", code="invalid_state")
        async for delta in deltas:
            self.has_given = True
            yield delta


class GoesOnFromTheBreak(Reference):
    """The second request for a run is answered from where the first broke off."""

    seen: ClassVar[set[str]] = set()

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        is_again = request.run_id in self.seen
        self.seen.add(request.run_id)
        async for delta in deltas:
            if not is_again or not delta.text.startswith("ECHO"):
                yield delta


class Broken(Reference):
    """A failure leaves the model broken."""

    is_broken = False

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        if self.is_broken:
            yield ModelDelta(text="...", finish_reason="content_filter")
            return
        try:
            async for delta in deltas:
                yield delta
        except ProviderError:
            self.is_broken = True
            raise


class RaisesToTheNext(Reference):
    """An error is kept, and raised to whoever asks next."""

    kept: ClassVar[list[Exception]] = []

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        if self.kept:
            raise self.kept.pop()
        try:
            async for delta in deltas:
                yield delta
        except ProviderError as error:
            self.kept.append(error)
            raise


class MixesUp(Reference):
    """What belongs to a request is an attribute of the model."""

    def asked(self, request: ModelRequest) -> ModelRequest:
        self.current = request
        return request

    async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        self.current = request
        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
        async with aclosing(super().respond(self.current)) as deltas:
            async for delta in deltas:
                yield delta


class SharesABuffer(Reference):
    """One buffer is shared by all streams."""

    buffer: ClassVar[list[ModelDelta]] = []

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        async for delta in deltas:
            self.buffer.append(delta)
            await anyio.lowlevel.checkpoint()
            yield self.buffer.pop()


class ClosesAll(Reference):
    """Closing one stream closes all."""

    ended = 0

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        ended = self.ended
        try:
            async for delta in deltas:
                await anyio.lowlevel.checkpoint()
                if self.ended > ended:
                    raise ProviderError("The connection is closed.", code="connection_error")
                yield delta
        finally:
            self.ended += 1


class OneForTheModule(Reference):
    """The first object that is closed closes what all share."""

    is_closed: ClassVar[list[bool]] = []

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        if self.is_closed:
            raise ProviderError("The client is closed.", code="connection_error")
        async for delta in deltas:
            yield delta

    async def aclose(self) -> None:
        self.is_closed.append(True)


MUTANTS = [
    made("model requests: without tools none are sent", KeepsTools),
    made("deltas: the same request is answered the same way", CountsAnswers),
    made("usage: the usage is that of one call", AddsUsage),
    made("threads: threads know nothing of each other", KeepsHistory),
    made("assistants: a runs instructions hold for it alone", KeepsInstructions),
    made("assistants: a changed assistant answers as changed", KeepsInstructions),
    made("ordering and paging: questions and answers take turns", OneInHand),
    made("provider state: a thread with state goes on in another client", KeepsState),
    made("resume: a run that was parked is answered whole", GoesOnFromTheBreak),
    made("resume: a run that rests goes on in another client", KeepsState),
    made("errors: a model is usable after a failure", Broken),
    made("thread lock: a failed run frees its thread", Broken),
    made("concurrency: a failure is that of its own thread", RaisesToTheNext),
    made("concurrency: a crowd of threads is answered", MixesUp),
    made("concurrency: two streams of a model do not mix", SharesABuffer),
    made("concurrency: closing a stream leaves another", ClosesAll),
    made("concurrency: two providers do not share", OneForTheModule),
]
