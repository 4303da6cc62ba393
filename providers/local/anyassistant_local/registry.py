"""One model per weights file and process, counted by its users.

The one mutable thing at module level in this package: two clients that know nothing of each other must find the same
model, since a second copy costs its memory again and computes on the same cores.
"""

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from .engine import Engine


@dataclass(slots=True)
class _Shared:
    engine: Engine
    users: int = 0


_shared: dict[tuple[int, Path], _Shared] = {}  # by process id: a forked child has the memory, but not the threads
_lock = threading.Lock()


def acquire_engine(weights: Path, *, threads: int, context_tokens: int) -> Engine:
    """The engine of a weights file, which begins to load where it is new. Give it back with `release_engine`.

    Threads and context are those of its first user.
    """
    key = (os.getpid(), weights.resolve())
    with _lock:
        if key not in _shared:
            _shared[key] = _Shared(Engine(weights, threads=threads, context_tokens=context_tokens))
        _shared[key].users += 1
        return _shared[key].engine


def release_engine(weights: Path) -> None:
    """Gives an engine back; the last user's engine is unloaded."""
    key = (os.getpid(), weights.resolve())
    with _lock:
        shared = _shared.get(key)
        if shared is None:  # acquired before a fork
            return
        shared.users -= 1
        if shared.users == 0:
            del _shared[key]
            shared.engine.release()
