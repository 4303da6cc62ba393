"""The tools of an MCP server, as a toolset."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.mcp.attempt import Server
from anyassistant_tools.mcp.connection import connect
from anyassistant_tools.mcp.http import HTTPServer
from anyassistant_tools.mcp.offered import make_tools
from anyassistant_tools.mcp.stdio import StdioServer
from anyassistant_tools.threads import WorkerThreads
from anyassistant_tools.tools import Tool
from anyassistant_tools.toolset import Toolset

CONNECT_SECONDS = 60.0
"""How long a server may take to be reached unless it is said otherwise: `uvx` downloads it on first use."""


class MCPToolset(Toolset):
    """The tools of an MCP server. Made by `MCPToolset.stdio` or `MCPToolset.http`.

    It does nothing until it is opened, which a client does for its assistants. Each opening has a connection, and by
    stdio a server process, of its own, until it is left. The tools are those that the server listed when it was
    opened: `tools/list_changed` is not followed. If the server ends or cannot be reached, the calls under way fail
    with `MCPServerError`, and the next one connects anew, to a server that remembers nothing.

    - **Names** that a provider would refuse are made legal: `files.read` becomes `files_read`. A name that would be
      too long, or that another tool has, ends in a digest.
    - **Idempotent** are the tools that the server calls so, or read-only. These are hints: `configure` overrules them.
    - **Results**: texts are joined, structured content is the result's `value`, images are its `images`, and audio,
      files and links are named in the text. `isError` is a `ToolError`, which the model reads.
    - **Progress** is emitted as `{"progress": 3, "total": 10, "message": "..."}`; a cancel or a time-out is passed on.
    - What a server asks of its client (sampling, elicitation, roots) is declined.
    """

    def __init__(self, server: Server, *, name: str | None, timeout: float) -> None:
        super().__init__(str(server) if name is None else name, [])
        self._server = server
        self._timeout = timeout

    @classmethod
    def stdio(
        cls,
        command: str,
        *args: str,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        name: str | None = None,
        timeout: float = CONNECT_SECONDS,
    ) -> MCPToolset:
        """The tools of a server that is a program, spoken to over its stdin and stdout.

        Args:
            command: The program, as found on the `PATH`, or its path.
            args: Its arguments. Give it secrets by `env`: all users of a machine see the arguments of its processes.
            env: What it finds in its environment beside `HOME`, `PATH`, `USER` and the like; it does not inherit the
                app's other variables, where keys may be.
            cwd: The folder that it runs in; the app's unless given.
            name: What people call the toolset; the command unless given.
            timeout: Seconds in which it has to start and to answer, and as many to list its tools in.

        Raises:
            ToolDefinitionError: The program and its arguments are not each a text.
        """
        folder = None if cwd is None else os.fspath(cwd)
        environment = None if env is None else dict(env)
        return cls(StdioServer(command, args, environment, folder), name=name, timeout=timeout)

    @classmethod
    def http(
        cls,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        name: str | None = None,
        timeout: float = CONNECT_SECONDS,
    ) -> MCPToolset:
        """The tools of a server that is reached by streamable HTTP.

        Args:
            url: Its endpoint; its path is often `/mcp`. A redirect is followed on the same host and port only.
            headers: Sent with each request, such as `{"Authorization": "Bearer ..."}`.
            name: What people call the toolset; the URL without credentials and query unless given.
            timeout: Seconds in which it has to answer, and as many to list its tools in.

        Raises:
            ToolDefinitionError: It is no URL of http or https.
        """
        return cls(HTTPServer(url, None if headers is None else dict(headers)), name=name, timeout=timeout)

    @property
    def needs_opening(self) -> bool:
        return True

    def open(self) -> AbstractAsyncContextManager[Sequence[Tool]]:
        """Its tools, for as long as it is open, to be called by any task of the event loop that opened it.

        Leaving it ends the connection, and by stdio the server: by the end of its stdin, and where that does not do,
        by SIGTERM after 2 s and SIGKILL after another 2 s. A server by HTTP has 5 s to end its session in.

        Raises:
            MCPServerError: The server cannot be started or reached.
            MCPNotInstalledError: The `mcp` package is missing.
            ToolDefinitionError: It offers something that cannot be a tool.
        """
        return self._connected()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Sequence[Tool]]:
        threads = WorkerThreads("mcp-toolset", 1)
        async with connect(self._server, timeout=self._timeout, threads=threads) as connection:
            try:
                tools = await threads.run(partial(make_tools, connection))  # to check a schema takes milliseconds
            except ToolDefinitionError as error:
                raise ToolDefinitionError(f"A tool of MCP server {self.name!r}: {error}", tool=error.tool) from error
            yield tools
