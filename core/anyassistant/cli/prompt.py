"""Where the user's messages come from: a prompt at a terminal, else standard input, a message a line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import AnyFormattedText


class Reader(Protocol):
    """Gives one message after another."""

    def read(self) -> str | None:
        """The next message, or None where there is no more. Never called in a running event loop."""


class Lines(Reader):
    """Standard input, a message a line; empty lines are none."""

    def __init__(self) -> None:
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")

    def read(self) -> str | None:
        """The next line that is not empty, without the space around it; None at the end of standard input."""
        while line := sys.stdin.readline():
            if text := line.strip():
                return text
        return None


class Prompt(Reader):
    """A prompt with line editing and history.

    Args:
        earlier: What was said before: the arrow keys bring it back.
    """

    def __init__(self, earlier: Sequence[str], *, colours: bool) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import InMemoryHistory

        self._session: PromptSession[str] = PromptSession(history=InMemoryHistory(list(earlier)))
        self._label: AnyFormattedText = [("bold fg:ansicyan", "You: ")] if colours else "You: "

    def read(self) -> str | None:
        """The next message.

        Raises:
            KeyboardInterrupt: Ctrl-C.
        """
        while True:
            try:
                text = self._session.prompt(self._label).strip()
            except EOFError:
                return None
            if text:
                return text
