"""The blocking client and its handles: the same names as the async ones, without `Async`."""

from .assistants import Assistant, Assistants
from .client import Client, Runs
from .files import Files, VectorStores
from .paginator import Paginator
from .run import Run
from .threads import Thread, Threads

__all__ = [
    "Client", "Assistant", "Assistants", "Thread", "Threads", "Run", "Runs", "Files", "VectorStores", "Paginator",
]  # fmt: skip
