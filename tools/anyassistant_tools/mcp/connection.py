"""A connection to an MCP server: made, lost and made anew without the app's tasks being touched."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

from anyassistant_tools.errors import ToolError
from anyassistant_tools.mcp.attempt import Attempt, NotInTime, Reason, Server
from anyassistant_tools.mcp.errors import MCPNotInstalledError, MCPServerError
from anyassistant_tools.mcp.watched_stream import WatchedStream
from anyassistant_tools.threads import WorkerThreads

if TYPE_CHECKING:
    import mcp_types
    from anyio.abc import TaskGroup, TaskStatus
    from mcp import Client
    from mcp.client._transport import TransportStreams

CLOSE_SECONDS = 5.0
"""How long a server may take over the end of its session; what ends a process is bounded by itself."""

MAX_PAGES = 1000
"""Pages of tools after which a server is taken to list the same ones for ever."""


@asynccontextmanager
async def connect(server: Server, *, timeout: float, threads: WorkerThreads) -> AsyncIterator[Connection]:
    """A connection with a server, for the tasks of one event loop.

    Args:
        server: Which.
        threads: Where what would hold up the event loop is done.
        timeout: Seconds to reach it in, the first time and every later time, and to list its tools in.

    Raises:
        MCPNotInstalledError: The `mcp` package is missing.
        MCPServerError: The server cannot be started or reached.
    """
    await threads.run(_import_mcp)  # it takes a second, in which an event loop has other things to do
    failure: BaseException | None = None
    async with anyio.create_task_group() as tasks:
        connection = Connection(server, tasks, timeout)
        try:
            await connection.open()
            yield connection
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:  # raised below, as the task group would wrap it  # noqa: BLE001
            failure = error
        finally:
            connection.close()
    if failure is not None:
        raise failure


def _import_mcp() -> None:
    try:
        import mcp.client.stdio
        import mcp.client.streamable_http  # noqa: F401
    except ImportError as error:
        raise MCPNotInstalledError(
            f"Toolsets of MCP servers need the mcp package ({error}): pip install 'anyassistant-tools[mcp]'"
        ) from error
    # It logs tracebacks of whatever a server gets wrong, which without a handler Python prints to the terminal.
    logging.getLogger("mcp").addHandler(_NO_OUTPUT)


_NO_OUTPUT = logging.NullHandler()


class Connection:
    """What the tools of a server call it through. Made by `connect`.

    An MCP client lives in a task of its own, for two reasons: it has to be left by the task that entered it, and when
    its transport breaks it cancels the task that it lives in, which must not be one of the app's. A client whose
    server ended is replaced at the next call.

    Attributes:
        tools: What the server offered when it was first reached.
    """

    tools: list[mcp_types.Tool]

    def __init__(self, server: Server, tasks: TaskGroup, timeout: float) -> None:
        self._server = server
        self._tasks = tasks
        self._timeout = timeout
        self._event_loop = anyio.lowlevel.current_token()
        self._connecting = anyio.Lock()
        self._life: _Life | None = None
        self._is_closed = False

    async def open(self) -> None:
        """Reach the server and list its tools."""
        life = await self._alive()
        with anyio.move_on_after(self._timeout):
            try:
                self.tools = await _list_tools(life.client)
            except Exception as error:
                raise await self._failure(life, error) from error
            return
        raise self._error(await life.attempt.explain(NotInTime(self._timeout)))

    def close(self) -> None:
        """Let go of the server. What it holds is released by the time the task group is left, which is soon."""
        self._is_closed = True
        self._tasks.cancel_scope.deadline = anyio.current_time() + CLOSE_SECONDS
        if self._life is not None:
            self._life.leave()

    async def call(
        self, tool: str, arguments: dict[str, object], on_progress: Callable[[float, float | None, str | None], None]
    ) -> mcp_types.CallToolResult:
        """Have the server call one of its tools. A cancel is passed on to the server.

        Args:
            tool: The server's name of it.
            arguments: Its arguments.
            on_progress: Is told what the server tells: progress, total, message.

        Raises:
            ToolError: The server says that the arguments do not fit.
            MCPServerError: It cannot be reached, ended before it answered, or answered against the protocol.
        """
        from mcp import MCPError
        from mcp_types import INVALID_PARAMS

        async def pass_on(progress: float, total: float | None, message: str | None) -> None:
            on_progress(progress, total, message)

        life = await self._alive()
        try:
            return await life.client.call_tool(tool, arguments, progress_callback=pass_on)
        except Exception as error:
            if isinstance(error, MCPError) and error.code == INVALID_PARAMS:
                raise ToolError(error.message) from error
            raise await self._failure(life, error, tool=tool) from error

    async def _alive(self) -> _Life:
        """A client that is connected, as far as one can know."""
        if anyio.lowlevel.current_token() != self._event_loop:
            raise self._error(
                Reason("is connected to another event loop: open the toolset on the one that calls its tools.")
            )
        async with self._connecting:
            if self._is_closed:
                raise self._error(Reason("is closed: its tools work inside of `async with toolset.open()` only."))
            if self._life is None or not self._life.is_connected:
                self._life = _Life(self._server.attempt())
                await self._begin(self._life)
            return self._life

    async def _begin(self, life: _Life) -> None:
        with anyio.move_on_after(self._timeout):
            await self._tasks.start(self._live, life)
            return
        raise self._error(await life.attempt.explain(NotInTime(self._timeout)))

    async def _live(self, life: _Life, *, task_status: TaskStatus[None]) -> None:
        """What the task of a client does, from its handshake until its transport ends or nobody wants it any more."""
        from mcp import Client

        try:
            async with Client(life.transport(), cache=None) as life.client:
                life.has_begun = True
                task_status.started()
                await life.wait()
        except Exception as error:
            life.reason = await life.attempt.explain(_first_of(error))
            if not life.has_begun:
                raise self._error(life.reason) from error
        else:
            life.reason = Reason("is closed.") if self._is_closed else await life.attempt.explain(None)
        finally:
            life.is_over = True
            life.ended.set()

    async def _failure(self, life: _Life, error: Exception, *, tool: str | None = None) -> MCPServerError:
        """What to raise instead of what the mcp package raised, of a call of a tool or otherwise."""
        from mcp import MCPError
        from mcp_types import CONNECTION_CLOSED

        is_lost = isinstance(error, MCPError) and error.code == CONNECTION_CLOSED
        if not life.is_connected:
            await life.ended.wait()
            reason = life.reason
        elif isinstance(error, MCPError):
            reason = await life.attempt.explain(error)
        else:
            said = str(error).partition("\n")[0]  # what follows repeats the answer
            reason = Reason(f"gave an answer that cannot be taken: {said}.")
        return self._error(reason, lost_call=tool if is_lost and reason.was_reached else None)

    def _error(self, reason: Reason, *, lost_call: str | None = None) -> MCPServerError:
        server = str(self._server)
        message = f"The MCP server {server} {reason.predicate}"
        if lost_call is not None:
            message += f"\nThe call of {lost_call} was under way: it may or may not have taken effect."
        return MCPServerError(message, server=server, may_have_taken_effect=lost_call is not None)


async def _list_tools(client: Client) -> list[mcp_types.Tool]:
    """All tools, page by page."""
    tools: list[mcp_types.Tool] = []
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        page = await client.list_tools(cursor=cursor)
        tools.extend(page.tools)
        cursor = page.next_cursor
        if cursor is None:
            return tools
    raise ValueError(f"its list of tools has more than {MAX_PAGES} pages")


def _first_of(error: Exception) -> BaseException:
    """The exception itself where task groups have wrapped it."""
    first: BaseException = error
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


class _Life:
    """One client of a server, from its handshake until its transport ends.

    Attributes:
        client: Through which the server is called, once the handshake was made.
        attempt: How the server is reached, and why it is not.
        has_begun: Whether it was made.
        is_over: Whether nothing comes from the server any more.
        ended: Set when all that the client held is released.
        reason: From then on, why it ended.
    """

    client: Client

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.has_begun = False
        self.is_over = False
        self.ended = anyio.Event()
        self.reason = Reason("is not connected.")
        self._scope = anyio.CancelScope()

    @property
    def is_connected(self) -> bool:
        return self.has_begun and not self.is_over

    async def wait(self) -> None:
        """Until the transport ends, or `leave`."""
        with self._scope:
            await anyio.sleep_forever()

    def leave(self) -> None:
        self._scope.cancel()

    @asynccontextmanager
    async def transport(self) -> AsyncIterator[TransportStreams]:
        async with self.attempt.transport() as (messages, outbox):
            yield WatchedStream(messages, self._transport_ended), outbox

    def _transport_ended(self) -> None:
        self.is_over = True
        self.leave()
