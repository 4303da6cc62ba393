"""A connection to an MCP server: made, lost and made anew without the app's tasks being touched."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

import anyio
import anyio.lowlevel
import anyio.to_thread

from anyassistant_tools.errors import ToolError
from anyassistant_tools.mcp.errors import MCPNotInstalledError, MCPServerError

if TYPE_CHECKING:
    from typing import Self

    import mcp_types
    from anyio.abc import TaskGroup, TaskStatus
    from mcp import Client
    from mcp.client._transport import ReadStream, TransportStreams
    from mcp.shared.message import SessionMessage

MAX_PAGES = 1000
"""Pages of tools after which a server is taken to list the same ones for ever."""


class Attempt(Protocol):
    """One try of reaching a server."""

    def transport(self) -> AbstractAsyncContextManager[TransportStreams]:
        """The streams of messages; what they need is released on leaving."""
        ...

    async def reason(self, error: BaseException | None) -> str:
        """Why there is no connection, or no answer, as a predicate; `None` is that it ended by itself."""
        ...


class Server(Protocol):
    """How a server is reached. Its `str` is what errors call it, and has no secrets."""

    def attempt(self) -> Attempt: ...


@asynccontextmanager
async def connect(server: Server, *, timeout: float) -> AsyncIterator[Connection]:
    """A connection with a server, for the tasks of one event loop.

    Args:
        server: Which.
        timeout: Seconds to reach it in and to list its tools, the first time and every later time.

    Raises:
        MCPNotInstalledError: The `mcp` package is missing.
        MCPServerError: The server cannot be started or reached.
    """
    await anyio.to_thread.run_sync(_import_mcp)  # it takes a second, in which an event loop has other things to do
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
        raise self._error(await life.attempt.reason(TimeoutError()))

    def close(self) -> None:
        """Let go of the server. What it holds is released by the time the task group is left."""
        self._is_closed = True
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
            failure = await self._failure(life, error)
            if life.is_over:
                failure.add_note(f"{tool} was under way: it may or may not have taken effect.")
            raise failure from error

    async def _alive(self) -> _Life:
        """A client that is connected, as far as one can know."""
        if anyio.lowlevel.current_token() != self._event_loop:
            raise self._error("was opened on another event loop: open its toolset on the one that calls its tools.")
        async with self._connecting:
            if self._is_closed:
                raise self._error("is closed: its tools work inside of `async with toolset.open()` only.")
            if self._life is None or self._life.is_over:
                self._life = _Life(self._server.attempt())
                await self._begin(self._life)
            return self._life

    async def _begin(self, life: _Life) -> None:
        with anyio.move_on_after(self._timeout):
            await self._tasks.start(self._live, life)
            return
        raise self._error(await life.attempt.reason(TimeoutError()))

    async def _live(self, life: _Life, *, task_status: TaskStatus[None]) -> None:
        """What the task of a client does, from its handshake until its transport ends or nobody wants it any more."""
        from mcp import Client

        has_begun = False
        try:
            async with Client(life.transport(), cache=None) as life.client:
                has_begun = True
                task_status.started()
                await life.wait()
        except Exception as error:
            life.reason = await life.attempt.reason(_first_of(error))
            if not has_begun:
                raise self._error(life.reason) from error
        else:
            life.reason = "is closed." if self._is_closed else await life.attempt.reason(None)
        finally:
            life.is_over = True
            life.ended.set()

    async def _failure(self, life: _Life, error: Exception) -> MCPServerError:
        """What to raise instead of what the mcp package raised."""
        from mcp import MCPError

        if life.is_over:
            await life.ended.wait()
            return self._error(life.reason)
        if isinstance(error, MCPError):
            return self._error(await life.attempt.reason(error))
        said = str(error).partition("\n")[0]  # what follows repeats the answer
        return self._error(f"gave an answer that cannot be taken: {said}.")

    def _error(self, predicate: str) -> MCPServerError:
        return MCPServerError(f"The MCP server {self._server} {predicate}", server=str(self._server))


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
        is_over: Whether nothing comes from the server any more.
        ended: Set when all that the client held is released.
        reason: From then on, why it ended.
    """

    client: Client

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.is_over = False
        self.ended = anyio.Event()
        self.reason = ""
        self._scope = anyio.CancelScope()

    async def wait(self) -> None:
        """Until the transport ends, or `leave`."""
        with self._scope:
            await anyio.sleep_forever()

    def leave(self) -> None:
        self._scope.cancel()

    @asynccontextmanager
    async def transport(self) -> AsyncIterator[TransportStreams]:
        async with self.attempt.transport() as (messages, outbox):
            yield _WatchedStream(messages, self._transport_ended), outbox

    def _transport_ended(self) -> None:
        self.is_over = True
        self.leave()


class _WatchedStream:
    """The stream of messages from a server, which tells when the client reads it no more: nothing else does."""

    def __init__(self, stream: ReadStream[SessionMessage | Exception], on_end: Callable[[], None]) -> None:
        self._stream = stream
        self._on_end = on_end

    async def receive(self) -> SessionMessage | Exception:
        return await self._stream.receive()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        return await self._stream.__anext__()

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        self._on_end()
        return await self._stream.__aexit__(kind, error, traceback)
