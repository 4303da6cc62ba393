"""Assistants, threads and runs on any language model.

The public names are imported when they are first used, so that importing this package costs little.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anyassistant_tools import RunContext, Tool, ToolError, ToolLike, ToolResult, Toolset, tool

    from .client import (
        AsyncAssistant,
        AsyncAssistants,
        AsyncClient,
        AsyncFiles,
        AsyncPaginator,
        AsyncRun,
        AsyncRuns,
        AsyncThread,
        AsyncThreads,
        AsyncVectorStores,
    )
    from .errors import AnyAssistantError
    from .sync import (
        Assistant,
        Assistants,
        Client,
        Files,
        Paginator,
        Run,
        Runs,
        Thread,
        Threads,
        VectorStores,
    )
    from .types import Image
else:
    _MODULES = {
        "AsyncClient": "client",
        "AsyncAssistant": "client",
        "AsyncAssistants": "client",
        "AsyncThread": "client",
        "AsyncThreads": "client",
        "AsyncRun": "client",
        "AsyncRuns": "client",
        "AsyncFiles": "client",
        "AsyncVectorStores": "client",
        "AsyncPaginator": "client",
        "Client": "sync",
        "Assistant": "sync",
        "Assistants": "sync",
        "Thread": "sync",
        "Threads": "sync",
        "Run": "sync",
        "Runs": "sync",
        "Files": "sync",
        "VectorStores": "sync",
        "Paginator": "sync",
        "AnyAssistantError": "errors",
        "Image": "types",
    }
    _TOOLS = frozenset({"RunContext", "Tool", "ToolError", "ToolLike", "ToolResult", "Toolset", "tool"})

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name in _TOOLS:
            value = getattr(import_module("anyassistant_tools"), name)
        elif name in _MODULES:
            value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted([*globals(), *_MODULES, *_TOOLS])


__all__ = [
    "AsyncClient", "AsyncAssistant", "AsyncThread", "AsyncRun", "AsyncAssistants", "AsyncThreads", "AsyncRuns",
    "AsyncFiles", "AsyncVectorStores", "AsyncPaginator", "Client", "Assistant", "Thread", "Run", "Assistants",
    "Threads", "Runs", "Files", "VectorStores", "Paginator", "Tool", "tool", "Toolset", "ToolLike", "ToolResult",
    "ToolError", "RunContext", "Image", "AnyAssistantError",
]  # fmt: skip
