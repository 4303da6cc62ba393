"""What to do at the command line: the commands that go on with something, and errors in its words."""

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ..client.stores import default_path
from ..errors import AnyAssistantError, NotFound, ThreadBusy
from ..types import RunRecord
from .failures import CommandFailed, UsageError
from .options import HERE, Where
from .stored_runs import MEMORY, provider_of
from .target import target_of

ANY = "MODULE:NAME"
"""Tools that whoever reads a command has to name."""


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


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """How the chat is started in which a run goes on.

    Attributes:
        tools: What `--tools` is given; empty where that is not known here.
        deps: What `--deps` is given.
        provider: What `--provider` is given, if it takes one.
    """

    tools: Sequence[str] = ()
    deps: str | None = None
    provider: str | None = None
    where: Where = HERE


def how_to_decide(record: RunRecord, chat: ChatOptions) -> str:
    """The commands that decide on what a run waits for an approval of; a line each."""
    calls = [call for call in record.pending_calls if call.waits_for == "approval"]
    waits = f"{record.id} waits for an approval of {', '.join(call.name for call in calls)}."
    if chat.where.store == MEMORY:
        return f"{waits} Nothing of it is kept. Leave --store out, and it can be decided on later."
    where = Where(chat.where.store)
    lines = [f"{waits} Decide on it:"]
    for call in calls:
        lines.append(f"  {command_line('runs', 'approve', record.id, call.id, where=where)}")
        lines.append(f"  {command_line('runs', 'reject', record.id, call.id, 'WHY NOT', where=where)}")
    return "\n".join([*lines, "or in a chat, which asks:", *_go_on(record, chat)])


def how_it_goes_on(record: RunRecord, chat: ChatOptions) -> str:
    """Where a run goes on that waits for nobody's decision any more."""
    says = "It goes on where its model and its tools are: in a program that waits for it or resumes it, or in"
    return "\n".join([says, *_go_on(record, chat)])


def _go_on(record: RunRecord, chat: ChatOptions) -> Iterator[str]:
    """The command that goes on with a run, and what has to be added to it."""
    options = [word for one in chat.tools or (ANY,) for word in ("--tools", one)]
    options += [] if chat.deps is None else ["--deps", chat.deps]
    thread = ("chat", "--thread", record.thread_id)
    yield f"  {command_line(*thread, *options, provider=chat.provider, where=chat.where)}"
    if not chat.tools:
        yield f"where {ANY} are the tools that it had; those that take a RunContext need --deps too."


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
            kind = f"{param.removesuffix('_id')}s"
            says = str(error).replace("in this client's store", f"in {name_database(store)}")
            return says if store == MEMORY else f"{says} What there is: {command_line(kind, 'list', where=where)}"
        case ThreadBusy(thread_id=thread_id, run_id=run_id):
            provider = target_of(provider_of(run_id, store))
            chat = command_line("chat", "--thread", thread_id, provider=provider, where=where)
            return (
                f"Thread {thread_id} has an open run {run_id}. It goes on in {chat}, with --tools where it waits for a "
                "function; there /cancel ends it. Or begin another thread with --new."
            )
        case _:
            return str(error)
