"""What the ways to reach an MCP server have in common."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is no connection, or no answer.

    Attributes:
        predicate: What is said of the server, without secrets: `cannot be started: ...`.
        was_reached: Whether it may have got what it did not answer.
    """

    predicate: str
    was_reached: bool = True


class NotInTime(TimeoutError):
    """Says to an attempt that its server did not answer in the seconds that it had."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"did not answer within {seconds:g} s")


class Attempt(Protocol):
    """One try of reaching a server."""

    def transport(self) -> AbstractAsyncContextManager[TransportStreams]:
        """The streams of messages; what they need is released on leaving."""
        ...

    async def explain(self, error: BaseException | None) -> Reason:
        """Give the reason behind what was raised; `None` is that the connection just ended."""
        ...


class Server(Protocol):
    """How a server is reached. Its `str` is what errors call it, and has no secrets."""

    def attempt(self) -> Attempt: ...
