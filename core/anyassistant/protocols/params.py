"""What is asked of a backend, validated by whoever asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..types import Attachment, HostedTool, Limits, Part, Role, ToolSpec
from .chat_model import ToolChoice

ResponseFormat: TypeAlias = Mapping[str, object] | Literal["auto"]


@dataclass(frozen=True, slots=True)
class MessageParams:
    content: Sequence[Part]
    role: Role = "user"
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True, slots=True)
class AssistantParams:
    name: str | None = None
    description: str | None = None
    instructions: str | None = None
    model: str | None = None
    tools: Sequence[ToolSpec] = ()
    hosted_tools: Sequence[HostedTool] = ()
    tool_resources: Mapping[str, object] | None = None
    temperature: float | None = None
    top_p: float | None = None
    response_format: ResponseFormat | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ThreadParams:
    messages: Sequence[MessageParams] = ()
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    tool_resources: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class RunParams:
    """What a run is asked to be; None means what the assistant says.

    Attributes:
        tools: The run's functions instead of the assistant's; then `hosted_tools` are given too, none or some.
        expires_in: Seconds after which the run ends `expired`, whatever it does.
    """

    assistant_id: str
    model: str | None = None
    instructions: str | None = None
    additional_instructions: str | None = None
    additional_messages: Sequence[MessageParams] = ()
    tools: Sequence[ToolSpec] | None = None
    hosted_tools: Sequence[HostedTool] = ()
    tool_choice: ToolChoice | HostedTool = "auto"
    parallel_tool_calls: bool = True
    response_format: ResponseFormat | None = None
    temperature: float | None = None
    top_p: float | None = None
    reasoning_effort: str | None = None
    max_prompt_tokens: int | None = None
    max_completion_tokens: int | None = None
    truncation_strategy: Mapping[str, object] | None = None
    expires_in: float | None = None
    limits: Limits | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
