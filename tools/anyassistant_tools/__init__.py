"""Typed callables become validated tools for language models: schema, validation, call, result."""

from anyassistant_tools.context import CancelToken, RunContext
from anyassistant_tools.decorator import tool
from anyassistant_tools.discovery import load_toolset, toolset_names
from anyassistant_tools.errors import (
    AnyAssistantError,
    CallHadNoEffect,
    ToolArgumentsError,
    ToolCancelled,
    ToolDefinitionError,
    ToolError,
    ToolProcessError,
    ToolResultError,
    ToolTimeoutError,
    WorkerThreadsExhausted,
)
from anyassistant_tools.naming import validate_tool_name
from anyassistant_tools.options import CallOptions, ToolOptions
from anyassistant_tools.results import ToolResult
from anyassistant_tools.threads import WorkerThreads
from anyassistant_tools.tools import Tool
from anyassistant_tools.toolset import ToolLike, Toolset

__all__ = [
    "Tool",
    "tool",
    "ToolOptions",
    "CallOptions",
    "Toolset",
    "ToolLike",
    "load_toolset",
    "toolset_names",
    "RunContext",
    "CancelToken",
    "ToolResult",
    "AnyAssistantError",
    "ToolError",
    "ToolDefinitionError",
    "ToolArgumentsError",
    "ToolResultError",
    "ToolTimeoutError",
    "ToolProcessError",
    "ToolCancelled",
    "CallHadNoEffect",
    "WorkerThreadsExhausted",
    "WorkerThreads",
    "validate_tool_name",
]
