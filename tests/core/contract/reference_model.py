"""Correct models that do all that the kit asks for, which the mutants get wrong in one point each."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing
from dataclasses import replace
from typing import ClassVar

from anyassistant.contract import EchoScenarios, Scene
from anyassistant.echo import Echo, describe
from anyassistant.errors import ProviderError
from anyassistant.protocols import (
    AssistantMessage,
    Capabilities,
    ChatModel,
    ModelDelta,
    ModelRequest,
    Usage,
    UserMessage,
)

KEY = "sk-contract-0123456789"
STATE = {"signature": "s-1"}
SEARCHING = "SEARCH YOUR FILES"
"""For a backend that has a tool of its own for it; to a model it is a text as any other."""


class Reference(ChatModel):
    """`echo`, and what it lacks: refusals, states, failures with all their fields, a report of the whole request."""

    capabilities = Capabilities(
        tools=True, parallel_tool_calls=True, images=True, json_schema=True, streaming=True, usage=True
    )

    received: ClassVar[list[ModelRequest]] = []
    """What all of them were asked since a check began."""
    is_answering: ClassVar[bool] = False

    def __init__(self) -> None:
        self.key = KEY

    def asked(self, request: ModelRequest) -> ModelRequest:
        """The request as the model gets it."""
        return request

    def said(self, request: ModelRequest, deltas: AsyncGenerator[ModelDelta, None]) -> AsyncGenerator[ModelDelta, None]:
        """The deltas as the model gives them."""
        return deltas

    async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        asked = self.asked(request)
        Reference.received.append(asked)
        async with aclosing(answer(asked)) as inner, aclosing(self.said(asked, inner)) as deltas:
            async for delta in deltas:
                yield delta

    async def count_tokens(self, request: ModelRequest, /) -> int | None:
        return await Echo().count_tokens(request)

    def __repr__(self) -> str:
        return "Reference()"


class Plain(Reference):
    """A model that claims nothing: it answers in one piece, and does not count."""

    capabilities = Capabilities()

    async def said(
        self, request: ModelRequest, deltas: AsyncGenerator[ModelDelta, None]
    ) -> AsyncGenerator[ModelDelta, None]:
        told = [delta async for delta in deltas]
        yield ModelDelta(text="".join(delta.text for delta in told))
        yield ModelDelta(refusal="".join(delta.refusal for delta in told))
        for delta in told:
            yield replace(delta, text="", refusal="", usage=None)

    async def count_tokens(self, request: ModelRequest, /) -> int | None:
        return None


class Sequential(Reference):
    """A model that makes one call a turn, and has little room."""

    capabilities = replace(Reference.capabilities, parallel_tool_calls=False, context_tokens=4_000)


class ReferenceScenarios(EchoScenarios):
    """Drives `Reference`."""

    def refuse(self) -> Scene:
        return Scene("REFUSE")

    def use_hosted_tool(self) -> Scene:
        return Scene(SEARCHING)

    def give_state(self) -> Scene:
        return Scene("STATE", "ECHO: STATE")

    def fail(
        self, code: str, message: str, *, retry_after: float | None = None, request_id: str | None = None
    ) -> Scene:
        said = {"code": code, "message": message, "retry_after": retry_after, "request_id": request_id}
        return Scene(f"FAILING {json.dumps(said)}")

    def read_report(self, answer: str) -> Mapping[str, object]:
        report: Mapping[str, object] = json.loads(answer)
        return report

    def staged(self, check: str, *, secrets: Sequence[str] = ()) -> AbstractContextManager[None]:
        Reference.received.clear()
        return super().staged(check, secrets=secrets)

    def received(self) -> Sequence[ModelRequest]:
        return Reference.received

    def is_answering(self) -> bool:
        return Reference.is_answering


async def answer(request: ModelRequest) -> AsyncGenerator[ModelDelta, None]:
    """What is right."""
    Reference.is_answering = True
    async with aclosing(_answer(request)) as deltas:
        async for delta in deltas:
            yield delta
    Reference.is_answering = False


async def _answer(request: ModelRequest) -> AsyncGenerator[ModelDelta, None]:
    last = last_text(request)
    word, _, rest = last.partition(" ")
    if word == "FAILING":
        said = json.loads(rest)
        raise ProviderError(
            said["message"],
            code=said["code"],
            status_code=429,
            retry_after=said["retry_after"],
            request_id=said["request_id"],
        )
    if last == "REFUSE":
        yield ModelDelta(refusal="I will ")
        yield ModelDelta(refusal="not.")
        yield ModelDelta(usage=Usage(1, 2), finish_reason="refusal")
        return
    if last == "REQUEST":
        schema = request.response_schema
        report = json.loads(describe(request)) | {
            "reasoning_effort": request.reasoning_effort,
            "response_schema": None if schema is None else {"name": schema.name, "schema": schema.schema},
        }
        for word in json.dumps(report).split(" "):
            yield ModelDelta(text=f"{word} ")
        yield ModelDelta(usage=Usage(1, 1), finish_reason="stop")
        return
    if last == "STATE":
        for one in request.messages:
            if isinstance(one, AssistantMessage) and one.text == "ECHO: STATE" and one.provider_state != STATE:
                raise ProviderError("A turn came without its signature.", code="invalid_state")
        yield ModelDelta(provider_state=STATE)
    async with aclosing(Echo().respond(request)) as deltas:
        async for delta in deltas:
            yield delta


def last_text(request: ModelRequest) -> str:
    """What the user said last."""
    texts = [one.text for one in request.messages if isinstance(one, UserMessage)]
    return texts[-1] if texts else ""
