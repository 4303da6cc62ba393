"""An MCP server that is reached by streamable HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import responses
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.mcp.attempt import NotInTime, Reason

if TYPE_CHECKING:
    import httpx2
    from mcp.client._transport import TransportStreams

CONNECT_SECONDS = 30.0
"""How long one TCP connection may take to be made, and one request to be sent."""


@dataclass(frozen=True, slots=True)
class HTTPServer:
    """Where a server is."""

    url: str = field(repr=False)
    headers: Mapping[str, str] | None = field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.url, str):
            raise ToolDefinitionError(f"The URL of an MCP server is a text, not a {type(self.url).__name__}.")
        if not _is_url(self.url):
            shown = self.url.partition("?")[0].rpartition("@")[2]  # without what may be secret
            raise ToolDefinitionError(
                "The URL of an MCP server is like http://127.0.0.1:8000/mcp, with http:// or https://: "
                f"{shown!r} is none."
            )

    def __str__(self) -> str:
        """The URL without what may be secret in it: user, password, query."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def attempt(self) -> HTTPAttempt:
        return HTTPAttempt(self)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is none, among others
        return False


class HTTPAttempt:
    """One connection with a server, and why it came to nothing where it did."""

    def __init__(self, server: HTTPServer) -> None:
        self._server = server
        self._last_status: int | None = None

    @asynccontextmanager
    async def transport(self) -> AsyncIterator[TransportStreams]:
        """The session, which the server is told to end on leaving."""
        import httpx2
        from mcp.client.streamable_http import streamable_http_client

        timeout = httpx2.Timeout(CONNECT_SECONDS, read=None)  # an answer may take as long as the tool's time-out allows
        async with (
            httpx2.AsyncClient(
                headers=self._server.headers, timeout=timeout, event_hooks={"response": [self._note_status]}
            ) as client,
            streamable_http_client(self._server.url, http_client=client) as streams,
        ):
            yield streams

    async def _note_status(self, response: httpx2.Response) -> None:
        """Keep what the `mcp` package keeps to itself: with which status a server refused."""
        self._last_status = response.status_code

    async def explain(self, error: BaseException | None) -> Reason:
        """Give the reason behind what was raised; `None` is that the connection just ended."""
        import httpx2
        from mcp import MCPError
        from mcp_types import CONNECTION_CLOSED

        status = self._last_status
        match error:
            case None:
                return Reason("closed the connection.")
            case NotInTime():
                return Reason(f"{error}: give it more by `timeout=`, and see that its URL is that of an MCP server.")
            case httpx2.ConnectError() | httpx2.ConnectTimeout() | httpx2.UnsupportedProtocol() | httpx2.InvalidURL():
                return Reason(f"cannot be reached ({error}): check that it runs, and its URL.", was_reached=False)
            case httpx2.TransportError():
                return Reason(f"went away ({str(error) or type(error).__name__}).")
            case MCPError() if error.code == CONNECTION_CLOSED:
                return Reason(f"went away ({error.message}).")
            case MCPError() if status is not None and status >= 400:
                phrase = f"HTTP {status} {responses.get(status, '')}"
                return Reason(f"answered with {phrase} ({error.message}): check {_suspect(status)}.")
            case MCPError():
                return Reason(f"answered with an error: {error.message} (code {error.code}).")
            case _:
                return Reason(f"failed: {error}.")


def _suspect(status: int) -> str:
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return "the headers"
        case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED:
            return "the path of its URL"
        case _:
            return "what its log says"
