"""Clients of the commands that look at what is stored."""

from ..client import AsyncClient
from ..echo import Echo


def open_keeper(store: str | None) -> AsyncClient:
    """A client that shows what is stored: assistants, threads and runs of all providers lie in one store.

    Nothing is read from a config file, and no plugin is imported, so that neither can be in the way.
    """
    return AsyncClient(Echo(), store=store)
