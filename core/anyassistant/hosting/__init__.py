"""Provider, Assistant, Thread and Run for a model that has none."""

from .backend import HostedProvider
from .store import Change, HistoryMessage, LostLease, RunState, Store

__all__ = ["HostedProvider", "Store", "RunState", "Change", "HistoryMessage", "LostLease"]
