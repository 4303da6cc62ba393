"""An MCP server that is a program: started for each connection, spoken to over its stdin and stdout."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

import anyio.to_thread

from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.mcp.attempt import NotInTime, Reason

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

STDERR_LINES = 10
"""How many of the last lines on a server's stderr an error repeats."""

STDERR_LINE_LENGTH = 500

END_OF_STDERR_SECONDS = 1.0
"""How long to wait for the end of an ended server's stderr, which a program that it started may hold open."""

_NO_LAST_WORDS = "It wrote nothing to its stderr."

_WHAT_A_SERVER_DOES = (
    " Run its command yourself: an MCP server by stdio stays until its stdin ends, and its stdout carries MCP messages "
    "alone."
)


@dataclass(frozen=True, slots=True)
class StdioServer:
    """How to start a server."""

    command: str
    arguments: tuple[str, ...]
    env: Mapping[str, str] | None = field(repr=False)
    cwd: str | None

    def __post_init__(self) -> None:
        for part in (self.command, *self.arguments):  # one that is none may hold a secret, so it is not shown
            if not isinstance(part, str):
                raise ToolDefinitionError(
                    "MCPToolset.stdio takes the program and then its arguments, each a text, as in "
                    f"stdio('python', 'server.py'): not a {type(part).__name__}."
                )

    def __str__(self) -> str:
        """The command as far as it is no secret: what follows an option may be one."""
        shown = [self.command]
        for argument in self.arguments:
            if argument.startswith("-"):
                return " ".join([*shown, "..."])
            shown.append(argument)
        return " ".join(shown)

    def attempt(self) -> StdioAttempt:
        return StdioAttempt(self)


class StdioAttempt:
    """One start of a server, and why it came to nothing where it did."""

    def __init__(self, server: StdioServer) -> None:
        self._server = server
        self._stderr = _StderrTail()

    @asynccontextmanager
    async def transport(self) -> AsyncIterator[TransportStreams]:
        """The running process, which is ended on leaving: by the end of its stdin, SIGTERM, SIGKILL."""
        from mcp.client.stdio import StdioServerParameters, stdio_client

        server = self._server
        parameters = StdioServerParameters(
            command=server.command,
            args=list(server.arguments),
            env=None if server.env is None else dict(server.env),
            cwd=server.cwd,
        )
        with self._stderr.capture() as stderr:
            async with stdio_client(parameters, errlog=stderr) as streams:
                stderr.close()  # the process has its own, and the reader's end comes with the process's
                yield streams

    async def explain(self, error: BaseException | None) -> Reason:
        """Give the reason behind what was raised; `None` is that the process just ended."""
        from mcp import MCPError
        from mcp_types import CONNECTION_CLOSED

        server = self._server
        match error:
            case NotInTime():
                said = f"{error}: give it more by `timeout=`, and see that its stdout carries MCP messages alone."
                return Reason(f"{said} {await self._stderr.last_words() or _NO_LAST_WORDS}")
            case OSError():
                if server.cwd is not None and error.filename == server.cwd:
                    return Reason(f"cannot be started: there is no folder {server.cwd!r} (cwd).")
                if isinstance(error, FileNotFoundError):
                    remedy = "give its arguments apart" if " " in server.command else "install it"
                    return Reason(
                        f"cannot be started: no program {server.command!r} was found: {remedy}, or give its path."
                    )
                return Reason(f"cannot be started: {error.strerror or error}.")
            case MCPError() if error.code != CONNECTION_CLOSED:
                return Reason(f"answered with an error: {error.message} (code {error.code}).")
            case None | MCPError():
                return Reason(f"ended. {await self._stderr.last_words() or _NO_LAST_WORDS + _WHAT_A_SERVER_DOES}")
            case _:
                return Reason(f"failed: {error}.")


class _StderrTail:
    """The last lines that a process writes to its stderr, which stay off the app's terminal.

    A thread reads them, since an event loop cannot wait for a pipe on Windows; it ends with the process.
    """

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=STDERR_LINES)
        self._thread: threading.Thread | None = None

    @contextmanager
    def capture(self) -> Iterator[TextIO]:
        """The file that a process gets as its stderr; close it here once the process has it."""
        reader, writer = os.pipe()
        self._thread = threading.Thread(target=self._read, args=(reader,), name="mcp-stderr", daemon=True)
        self._thread.start()
        with os.fdopen(writer, "w") as file:
            yield file

    def _read(self, descriptor: int) -> None:
        with os.fdopen(descriptor, errors="replace") as file:
            while line := file.readline(STDERR_LINE_LENGTH):
                if line.strip():
                    self._lines.append(line.rstrip())

    async def last_words(self) -> str:
        """What the process wrote last, if anything."""
        if self._thread is not None:
            await anyio.to_thread.run_sync(self._thread.join, END_OF_STDERR_SECONDS, abandon_on_cancel=True)
        if not self._lines:
            return ""
        return "The last that it wrote to its stderr:\n" + "\n".join(f"  {line}" for line in self._lines)
