"""The keyword arguments of the handles, for type checkers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from anyassistant_tools import ToolLike

from ..protocols import ResponseFormat
from ..types import Content, Limits


class AssistantOptions(TypedDict, total=False):
    """What an assistant is. Limits: OpenAI Assistants v2 reference, "Create assistant"."""

    name: str | None
    description: str | None
    instructions: str | None
    model: str | None
    tools: Sequence[ToolLike]
    temperature: float | None
    top_p: float | None
    response_format: ResponseFormat | None
    metadata: Mapping[str, str]


class RunOptions(TypedDict, total=False):
    """What a run is asked to be; what is left out is the assistant's. Source: the same, "Create run".

    `limits` and `expires_in` (seconds) are ours.
    """

    model: str
    instructions: str
    additional_instructions: str
    additional_messages: Sequence[Content]
    tools: Sequence[ToolLike]
    temperature: float
    top_p: float
    max_prompt_tokens: int
    max_completion_tokens: int
    truncation_strategy: Mapping[str, object]
    tool_choice: str | Mapping[str, object]
    parallel_tool_calls: bool
    reasoning_effort: str
    metadata: Mapping[str, str]
    limits: Limits
    expires_in: float | None
