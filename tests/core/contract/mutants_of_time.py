"""Models that heed no cancellation, hold up the event loop or belong to one, and claims and counts that are wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import ClassVar

import anyio
import sniffio
import trio
import trio.lowlevel
from anyassistant.protocols import Capabilities, ChatModel, ModelDelta, ModelRequest
from mutant import Deltas, Mutant, made
from reference_model import Plain, Reference, answer

SECONDS = 0.8
"""Longer than the mutants' patience."""


class ShieldsItself(Reference):
    """A call goes on though it was cancelled."""

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        try:
            async for delta in deltas:
                yield delta
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(SECONDS)


class Swallows(Reference):
    """A cancellation is told as an answer."""

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        try:
            async for delta in deltas:
                yield delta
        except BaseException:  # noqa: BLE001 - the point
            yield ModelDelta(text="Sorry.", finish_reason="stop")


class KeepsTheLock(Reference):
    """The place in a queue is kept by a call that was given up."""

    is_busy = False

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        while self.is_busy:  # noqa: ASYNC110 - the point
            await anyio.sleep(0.01)
        self.is_busy = True
        async for delta in deltas:
            yield delta
        self.is_busy = False


class BeginsEarly(ChatModel):
    """The request is sent when the generator is made."""

    capabilities = Capabilities()
    is_open = False

    def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        if self.is_open:
            raise RuntimeError("the connection is in use")
        self.is_open = True
        return self._read(request)

    async def _read(self, request: ModelRequest) -> AsyncGenerator[ModelDelta, None]:
        async for delta in answer(request):
            yield delta
        self.is_open = False


class GivesACoroutine(Reference):
    """`respond` has to be awaited."""

    async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:  # type: ignore[override]
        return answer(request)


class Blocks(Reference):
    """`time.sleep`."""

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        time.sleep(0.6)  # noqa: ASYNC251 - the point
        async for delta in deltas:
            yield delta


class OnlyAsyncio(Reference):
    """`asyncio.sleep`."""

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        await asyncio.sleep(0)
        async for delta in deltas:
            yield delta


class OnlyTrio(Reference):
    """`trio.sleep`."""

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        await trio.lowlevel.checkpoint()
        async for delta in deltas:
            yield delta


class BelongsToALoop(Reference):
    """Something at module level belongs to the first loop."""

    loops: ClassVar[list[object]] = []

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        if sniffio.current_async_library() == "asyncio":
            self.loops.append(asyncio.get_running_loop())
            if self.loops[0] is not self.loops[-1]:
                raise RuntimeError("attached to a different loop")
        async for delta in deltas:
            yield delta


class LooksForALoop(Reference):
    """The constructor looks for a running loop."""

    def __init__(self) -> None:
        super().__init__()
        sniffio.current_async_library()


class RefusesALoop(Reference):
    """The constructor runs a loop of its own, inside which there must be none."""

    def __init__(self) -> None:
        super().__init__()
        if sniffio.thread_local.name is not None or asyncio._get_running_loop() is not None:
            raise RuntimeError("asyncio.run() cannot be called from a running event loop")


class CallsItself(Reference):
    """Tools are called by the model itself."""

    async def said(self, request: ModelRequest, deltas: Deltas) -> Deltas:
        async for delta in deltas:
            if delta.tool_call is None:
                yield replace(delta, finish_reason=delta.finish_reason and "stop")
            else:
                yield ModelDelta(text=f"{delta.tool_call.name} said: sunny")


def changes_its_mind() -> type[Plain]:
    class ChangesItsMind(Plain):
        """What is claimed differs from one time to the next."""

        count = 0

        async def capabilities_of(self, model: str, /) -> Capabilities:
            type(self).count += 1
            return Capabilities() if self.count == 1 else Reference.capabilities

    return ChangesItsMind


class SeesLater(Reference):
    """Pictures are claimed after they were not."""

    count = 0

    async def capabilities_of(self, model: str, /) -> Capabilities:
        type(self).count += 1
        return replace(self.capabilities, images=self.count > 1)


class LearnsByDoing(Reference):
    """What is claimed is known after the first answer."""

    has_answered = False

    def asked(self, request: ModelRequest) -> ModelRequest:
        self.has_answered = True
        return request

    async def capabilities_of(self, model: str, /) -> Capabilities:
        return self.capabilities if self.has_answered else Capabilities()


class ClaimsADict(Reference):
    """A dictionary of claims."""

    async def capabilities_of(self, model: str, /) -> Capabilities:
        return {"tools": True}  # type: ignore[return-value]


class ClaimsTooMuch(Reference):
    """More context is claimed than there is."""

    capabilities = replace(Reference.capabilities, context_tokens=4_000)

    def asked(self, request: ModelRequest) -> ModelRequest:
        if len(request.messages) > 10:
            raise RuntimeError("too long")
        return request


class Streams(Reference):
    """Streaming is not claimed."""

    capabilities = replace(Reference.capabilities, streaming=False)


class Parallel(Reference):
    """Parallel calls are not claimed, and made."""

    capabilities = replace(Reference.capabilities, parallel_tool_calls=False)

    def asked(self, request: ModelRequest) -> ModelRequest:
        return replace(request, parallel_tool_calls=True)


class Counts(Reference):
    """Usage is not claimed."""

    capabilities = replace(Reference.capabilities, usage=False)


class CountsInHalves(Reference):
    """A number that is not whole."""

    async def count_tokens(self, request: ModelRequest, /) -> int | None:
        return 7.5  # type: ignore[return-value]


class CountsTheLast(Reference):
    """Only the last message is counted."""

    async def count_tokens(self, request: ModelRequest, /) -> int | None:
        return await super().count_tokens(replace(request, messages=request.messages[-1:]))


class CountsNoInstructions(Reference):
    """Instructions are not counted."""

    async def count_tokens(self, request: ModelRequest, /) -> int | None:
        return await super().count_tokens(replace(request, instructions=None))


class CountsDifferently(Reference):
    """Each count is another."""

    extra = 0

    async def count_tokens(self, request: ModelRequest, /) -> int | None:
        self.extra += 1
        return (await super().count_tokens(request) or 0) + self.extra


class CountsNothing(Reference):
    """Nothing is counted."""

    async def count_tokens(self, request: ModelRequest, /) -> int | None:
        return 0


MUTANTS: list[Mutant] = [
    made("deltas: respond gives an async generator", GivesACoroutine),
    made("deltas: a stream that is not read does nothing", BeginsEarly),
    made("capabilities: claims are capabilities", ClaimsADict),
    made("capabilities: claims stay the same", LearnsByDoing),
    made("capabilities: unclaimed tools are refused", changes_its_mind()),
    made("capabilities: unclaimed images are refused", SeesLater),
    made("structured output: an unclaimed schema is refused", changes_its_mind()),
    made("capabilities: a long thread fits the claimed context", ClaimsTooMuch),
    made("streaming: an unclaimed stream comes in one piece", Streams),
    made("parallel tools: unclaimed parallel calls never come", Parallel),
    made("usage: unclaimed usage is not reported", Counts),
    made("counting tokens: a count is a whole number", CountsInHalves),
    made("counting tokens: a longer prompt counts more", CountsTheLast),
    made("counting tokens: instructions count", CountsNoInstructions),
    made("counting tokens: counting is repeatable", CountsDifferently),
    made("limits: a prompt that cannot fit is not sent", CountsNothing),
    made("cancellation: closing a stream ends it promptly", ShieldsItself),
    made("cancellation: a call that is cancelled ends promptly", ShieldsItself, "trio"),
    made("cancellation: a call that is cancelled ends promptly", Swallows),
    made("cancellation: a model is usable after a cancelled call", KeepsTheLock),
    made("cancellation: a run is cancelled while the model is asked", ShieldsItself),
    made("thread lock: a cancelled run frees its thread promptly", ShieldsItself),
    made("resume: leaving a client parks its run promptly", ShieldsItself),
    made("limits: a run ends after its seconds", ShieldsItself),
    made("limits: a run expires in the middle of a call", ShieldsItself),
    made("tools: a bound tool is called and the run completes", CallsItself),
    made("asyncio and trio: it runs on asyncio", OnlyTrio),
    made("asyncio and trio: it runs on trio", OnlyAsyncio),
    made("asyncio and trio: several loops one after another are served", BelongsToALoop),
    made("asyncio and trio: it is made outside of a loop", LooksForALoop),
    made("asyncio and trio: the event loop is not blocked", Blocks),
    made("sync = async: an answer is the same", LooksForALoop),
    made("sync = async: it works inside a running loop", RefusesALoop),
]
