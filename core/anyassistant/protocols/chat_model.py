"""The small protocol: one model call. All else comes from `anyassistant.hosting`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from ..types import FinishReason, Image, Part, ToolCall, ToolSpec, Usage, join_text
from .capabilities import Capabilities


@dataclass(frozen=True, slots=True)
class ResponseSchema:
    """The JSON Schema that an answer must fit."""

    name: str
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class UserMessage:
    """What the user said."""

    content: Sequence[Part]
    role: Literal["user"] = "user"

    @property
    def text(self) -> str:
        return join_text(self.content)

    @property
    def images(self) -> Sequence[Image]:
        return [part for part in self.content if isinstance(part, Image)]


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    """What a model said before.

    Attributes:
        tool_calls: With the ids that this provider gave; ours where it gave none or another made the call.
        provider_state: What this provider gave with the turn, as it gave it; None from any other.
    """

    text: str
    tool_calls: Sequence[ToolCall] = ()
    provider_state: object = None
    role: Literal["assistant"] = "assistant"


@dataclass(frozen=True, slots=True)
class ToolMessage:
    """What came of a call. One for each call, in the order of the calls."""

    call_id: str
    name: str
    text: str
    is_error: bool = False
    images: Sequence[Image] = ()
    role: Literal["tool"] = "tool"


ModelMessage: TypeAlias = UserMessage | AssistantMessage | ToolMessage


@dataclass(frozen=True, slots=True)
class NamedTool:
    """A tool choice: this tool must be called."""

    name: str


ToolChoice: TypeAlias = Literal["auto", "none", "required"] | NamedTool


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What a model is given for one turn.

    Attributes:
        run_id: The run, for `cancel` and for logs.
        model: The name that the run resolved.
        messages: Oldest first; each call is followed by its output.
        max_completion_tokens: What this call may give, or None for no bound.
        temperature: None where nobody set it; 0 is a value.
    """

    run_id: str
    model: str
    messages: Sequence[ModelMessage]
    instructions: str | None = None
    tools: Sequence[ToolSpec] = ()
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    response_schema: ResponseSchema | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_completion_tokens: int | None = None
    reasoning_effort: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call.

    Attributes:
        name: With the first piece.
        arguments: What this piece adds to the JSON text.
        index: Which call of the turn the piece belongs to; None makes it a whole call.
        id: The provider's own id, with the first piece, where it has one.
    """

    name: str | None = None
    arguments: str = ""
    index: int | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class ModelDelta:
    """What a model gives while it answers. `finish_reason` must come exactly once."""

    text: str = ""
    refusal: str = ""
    reasoning: str = ""
    tool_call: ToolCallDelta | None = None
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    provider_state: object = None


@runtime_checkable
class ChatModel(Protocol):
    """One method makes a provider: assistants, threads, runs, durability and cancellation come from `hosting`.

    Attributes:
        capabilities: What it can do; `respond` never sees a request for anything else.
    """

    capabilities: Capabilities

    @abstractmethod
    def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        """Make one model call. Closing the generator early ends the call.

        Raises:
            ProviderError: The service failed; the run ends `failed` with its code.
        """
        ...

    async def capabilities_of(self, model: str, /) -> Capabilities:
        """What one model can do, where that differs by model."""
        return self.capabilities

    async def count_tokens(self, request: ModelRequest, /) -> int | None:
        """How many tokens the request's prompt has; None where this cannot be told, and an estimate is used."""
        return None

    async def cancel(self, run_id: str, provider_state: object, /) -> None:
        """Tell the service that a run's call is not wanted any more, where closing the stream does not."""
        return

    async def aclose(self) -> None:
        """Give back connections and the like. Called once, when the client is left."""
        return
