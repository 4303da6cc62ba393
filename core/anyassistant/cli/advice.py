"""What to do at the command line: the commands that go on with something, and errors in its words."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from ..client.stores import default_path
from ..errors import AnyAssistantError, NotFound, ThreadBusy
from .failures import CommandFailed, UsageError
from .options import HERE, Where

MEMORY = ":memory:"


def name_database(store: str | None) -> str:
    """The database that `--store` means, for people."""
    if store == MEMORY:
        return "memory, for as long as this process lives (--store :memory:)"
    return default_path() if store is None else store


def command_line(*words: str, provider: str | None = None, where: Where = HERE) -> str:
    """A command to copy, with the options that lead to the same provider and the same data."""
    target = [] if provider is None else ["--provider", provider]
    place = [] if where.store is None else ["--store", where.store]
    place += [] if where.config is None else ["--config", str(where.config)]
    program = ["uv", "run", "anyassistant"] if "UV" in os.environ else ["anyassistant"]
    return shlex.join([*program, *words, *target, *place])


@contextmanager
def advising(store: str | None) -> Iterator[None]:
    """Say of an error what can be done at the command line, where the library speaks of Python calls.

    Raises:
        UsageError: Instead of `NotFound`.
        CommandFailed: Instead of `ThreadBusy`.
    """
    try:
        yield
    except NotFound as error:
        raise UsageError(advise(error, store)) from error
    except ThreadBusy as error:
        raise CommandFailed(advise(error, store)) from error


def advise(error: AnyAssistantError, store: str | None) -> str:
    """What is wrong, and what to do about it here."""
    where = Where(store)
    match error:
        case NotFound(param="assistant_id" | "thread_id" | "run_id" as param):
            kind = "assistants" if param == "assistant_id" else "threads"
            says = str(error).replace("in this client's store", f"in {name_database(store)}")
            return says if store == MEMORY else f"{says} What there is: {command_line(kind, 'list', where=where)}"
        case ThreadBusy(thread_id=thread_id, run_id=run_id):
            chat = command_line("chat", "--thread", thread_id, where=where)
            return (
                f"Thread {thread_id} has an open run {run_id}. It goes on in {chat}, with --tools where it waits for a "
                "function; there /cancel ends it. Or begin another thread with --new."
            )
        case _:
            return str(error)
