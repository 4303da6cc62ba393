"""Typed callables become validated tools for language models: schema, validation, call, result."""

from anyassistant_tools.errors import (
    AnyAssistantError,
    ToolArgumentsError,
    ToolDefinitionError,
    ToolError,
    ToolResultError,
    ToolTimeoutError,
    WorkerThreadsExhausted,
)
from anyassistant_tools.naming import validate_tool_name
from anyassistant_tools.results import ToolResult
from anyassistant_tools.threads import WorkerThreads
from anyassistant_tools.tool import Tool, ToolLike

__all__ = [
    "Tool",
    "ToolLike",
    "ToolResult",
    "AnyAssistantError",
    "ToolError",
    "ToolDefinitionError",
    "ToolArgumentsError",
    "ToolResultError",
    "ToolTimeoutError",
    "WorkerThreadsExhausted",
    "WorkerThreads",
    "validate_tool_name",
]
