"""Where people read: a terminal, with colours unless NO_COLOR forbids them, or plain text."""

import sys
from typing import NoReturn

from rich.console import Console


class PlainConsole(Console):
    """A console that takes texts as they are, and lets a closed pipe be handled where the command line ends."""

    def on_broken_pipe(self) -> NoReturn:
        """What rich calls when nobody reads any more; its own would end the process with exit code 1.

        Raises:
            BrokenPipeError: Always.
        """
        raise BrokenPipeError


def make_console(*, stderr: bool = False) -> PlainConsole:
    """The console of standard output, or of standard error."""
    file = sys.stderr if stderr else sys.stdout
    return PlainConsole(file=file, highlight=False, markup=False, emoji=False, soft_wrap=True)


def is_attended() -> bool:
    """Whether somebody sits at a terminal, who can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def notices(*, json: bool) -> PlainConsole:
    """Where remarks go that are no result: to the terminal, but never into a pipe or between lines of JSON."""
    return make_console(stderr=json or not sys.stdout.isatty())
