"""Clients of the commands that look at what is stored."""

from ..echo import Echo
from ..sync import Client


def open_keeper(store: str | None) -> Client:
    """A client that shows what is stored: assistants, threads and runs of all providers lie in one store.

    Nothing is read from a config file, and no plugin is imported, so that neither can be in the way.
    """
    return Client(Echo(), store=store)
