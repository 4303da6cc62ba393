"""Assistants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from .tools import HostedTool, ToolSpec
from .wire import Wire


@dataclass(frozen=True, slots=True)
class AssistantRecord:
    """An assistant: a model with instructions and tools. `created_at` is UTC epoch seconds.

    `model=None` means the profile's model, so that swapping the provider does not break a stored assistant. `tools` are
    functions; `hosted_tools`, which the service runs itself, come behind them on the wire. `tool_resources` are the
    files and vector stores of these, as the wire has them.

    Source: OpenAI Assistants v2 reference, "The assistant object".
    """

    id: str
    name: str | None = None
    model: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    tools: Sequence[ToolSpec] = ()
    hosted_tools: Sequence[HostedTool] = ()
    tool_resources: Mapping[str, object] | None = None
    description: str | None = None
    instructions: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    response_format: Mapping[str, object] | Literal["auto"] = "auto"
    created_at: int = 0
    object: Literal["assistant"] = "assistant"

    def to_wire(self) -> Wire:
        return {
            "id": self.id,
            "object": self.object,
            "created_at": self.created_at,
            "name": self.name,
            "description": self.description,
            "model": self.model,
            "instructions": self.instructions,
            "tools": [*(tool.to_wire() for tool in self.tools), *(tool.to_wire() for tool in self.hosted_tools)],
            "tool_resources": None if self.tool_resources is None else dict(self.tool_resources),
            "metadata": dict(self.metadata),
            "temperature": self.temperature,
            "top_p": self.top_p,
            "response_format": self.response_format
            if isinstance(self.response_format, str)
            else dict(self.response_format),
        }
