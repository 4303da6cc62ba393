"""Which store a client uses: in memory, in a file, or one that the app made."""

from __future__ import annotations

from pathlib import Path

from ..errors import ConfigError
from ..hosting import Store

FILE_NAME = "anyassistant.sqlite3"


def make_store(store: str | Store | None) -> Store:
    """The store that an argument names; not opened.

    Args:
        store: `":memory:"`, a path or an SQLite URL, a Store, or None for the user's data folder.

    Raises:
        ConfigError: It names no store.
    """
    if store == ":memory:":
        from ..store.memory import MemoryStore

        return MemoryStore()
    if store is None or isinstance(store, str):
        from ..store.sql import SQLStore

        return SQLStore(default_path() if store is None else store)
    if not hasattr(store, "create_run"):
        raise ConfigError(f"`store` must be ':memory:', a path, an SQLite URL or a Store, not {type(store).__name__}.")
    return store


def default_path() -> str:
    """The database in the user's data folder, which follows `XDG_DATA_HOME` on Linux."""
    import platformdirs

    return str(Path(platformdirs.user_data_dir("anyassistant", appauthor=False)) / FILE_NAME)
