"""Clients of the commands that look at what is stored, and decide on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..client.stores import default_path
from ..sync import Client
from .advice import advising
from .failures import UsageError
from .silent import SilentModel
from .stored_runs import MEMORY


@contextmanager
def open_keeper(store: str | None) -> Iterator[Client]:
    """A client that shows what is stored: assistants, threads and runs of all providers lie in one store.

    Nothing is read from a config file, and no plugin is imported, so that neither can be in the way.

    Raises:
        UsageError: There is no such database, or nothing of that id in it.
        CommandFailed: The thread has an open run.
    """
    with advising(store), Client(SilentModel(), store=existing_store(store)) as client:
        yield client


def existing_store(store: str | None) -> str:
    """The store to look at. Looking makes no database: for the default one that is not made yet, it is an empty one.

    Raises:
        UsageError: The database that `--store` names does not exist.
        ConfigError: It names none.
    """
    from ..store.sql.where import parse_where

    if store == MEMORY:
        return MEMORY
    if store is None:
        return default_path() if Path(default_path()).exists() else MEMORY
    path = parse_where(store)
    if not path.exists():
        raise UsageError(
            f"There is no database {path}: --store names one that exists, and without it, {default_path()}."
        )
    return store
