"""Toolsets that have to be opened, such as those of MCP servers: open from their first use until the client closes."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
from anyassistant_tools import Tool, Toolset

from ..errors import AnyAssistantError, InvalidRequest
from ..host_task import HostTask

CLOSE_SECONDS = 8.0
"""How long leaving a client waits for its toolsets to close."""


class OpenToolsets:
    """The toolsets that a client holds open, each once, in tasks of the client's."""

    def __init__(self, host: HostTask) -> None:
        self._host = host
        self._held: dict[Toolset, _Held] = {}

    async def tools_of(self, toolset: Toolset) -> Sequence[Tool]:
        """A toolset's tools; what has to be opened for it is opened.

        Raises:
            ToolDefinitionError: Its tools cannot be told apart, or one that it names does not exist.
            AnyAssistantError: It cannot be opened: it says why.
        """
        sources = list(dict.fromkeys(toolset.sources))
        return toolset.tools_from({source: await self._open(source) for source in sources})

    async def aclose(self) -> None:
        """Close all."""
        closing = list(self._held.values())
        for held in closing:
            held.leave.set()
        with anyio.move_on_after(CLOSE_SECONDS):
            for held in closing:
                await held.ended.wait()

    async def _open(self, source: Toolset) -> Sequence[Tool]:
        held = self._held.get(source)
        if held is None:
            held = _Held()
            self._host.start_soon(self._hold, source, held)
            self._held[source] = held
        await held.ready.wait()
        if held.error is not None:
            raise held.error
        if held.tools is None:
            raise InvalidRequest(
                f"Toolset {source.name!r} was not opened: the client was closed meanwhile.",
                param="tools",
                code="client_closed",
            )
        return held.tools

    async def _hold(self, source: Toolset, held: _Held) -> None:
        try:
            async with source.open() as tools:
                held.tools = tools
                held.ready.set()
                await held.leave.wait()
        except Exception as error:
            if held.tools is not None:  # it broke while it was open, or could not be closed: the log is told
                raise
            held.error = _cannot_open(source, error)
        finally:
            if self._held.get(source) is held:  # whoever asks next opens it again
                del self._held[source]
            held.ready.set()
            held.ended.set()


class _Held:
    """A toolset that is being opened, is open, or could not be."""

    def __init__(self) -> None:
        self.ready = anyio.Event()
        self.leave = anyio.Event()
        self.ended = anyio.Event()
        self.tools: Sequence[Tool] | None = None
        self.error: AnyAssistantError | None = None


def _cannot_open(source: Toolset, error: Exception) -> AnyAssistantError:
    """What is raised for a toolset that cannot be opened: the error of it that says why."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:  # of a task group in it
        error = error.exceptions[0]
    if isinstance(error, AnyAssistantError):
        return error
    told = AnyAssistantError(f"Toolset {source.name!r} cannot be opened: {type(error).__name__}: {error}")
    told.__cause__ = error
    return told
