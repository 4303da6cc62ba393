"""SQLite itself: which one is in use, its connections, and what its errors mean.

SQLite 3.7.0 to 3.51.2 can corrupt a WAL database when several processes checkpoint at once, and Python mostly comes
with such a one: the package `pysqlite3` has a newer one, and goes first.
"""

from __future__ import annotations

import importlib
import time
from types import ModuleType
from typing import Any

from ...errors import StoreError

BUSY_SECONDS = 30.0
"""How long to wait for another process that writes."""

CACHED_STATEMENTS = 256


def sqlite_module() -> ModuleType:
    """The DB-API module: of `pysqlite3` where that is installed, else the one of the standard library."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return importlib.import_module("sqlite3.dbapi2")


def sqlite_in_use() -> tuple[str, str]:
    """The package through which SQLite is used, `pysqlite3` or `sqlite3`, and SQLite's version."""
    module = sqlite_module()
    return module.__name__.partition(".")[0], str(module.sqlite_version)


def connect(path: str, *, read_only: bool = False) -> Any:
    """A DB-API connection on which transactions begin and end by statements only.

    It may pass from thread to thread, but two must not use it at once.

    Raises:
        StoreError: The file cannot be opened, or is no database.
    """
    module = sqlite_module()
    try:
        connection = module.connect(
            path,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=CACHED_STATEMENTS,
        )
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        else:
            _use_wal(connection, module)
    except module.Error as error:
        raise store_error(error, path) from error
    return connection


def _use_wal(connection: Any, module: ModuleType) -> None:
    """Turn the write-ahead log on. While another process does so too, SQLite refuses at once, without waiting."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except module.OperationalError as error:
            if _code(error) != "SQLITE_BUSY" or time.monotonic() > until:
                raise
            time.sleep(0.01)


def is_database_error(error: BaseException) -> bool:
    """Whether SQLite raised it."""
    return isinstance(error, sqlite_module().Error)


def is_conflict(error: BaseException) -> bool:
    """Whether a row broke a constraint."""
    return isinstance(error, sqlite_module().IntegrityError)


def concerns_all(error: BaseException) -> bool:
    """Whether the database itself failed; else, the error concerns its own change and no other of the transaction."""
    module = sqlite_module()
    return isinstance(error, module.OperationalError) or type(error) is module.DatabaseError


def store_error(error: BaseException, path: str) -> StoreError:
    """What an error of SQLite means, and what to do."""
    code = _code(error)
    for start, meaning in _MEANINGS.items():
        if code.startswith(start):
            return StoreError(f"The database {path} {meaning} (SQLite says: {error})")
    return StoreError(f"The database {path} could not be used: {error} ({code})")


_MEANINGS = {
    "SQLITE_FULL": "cannot grow: the disk is full. Free some space; what was not written has not happened.",
    "SQLITE_READONLY": "can be read but not written. Check the permissions of the file and of its folder.",
    "SQLITE_CANTOPEN": "cannot be opened. Check that its folder can be written, or name another by `store=`.",
    "SQLITE_PERM": "cannot be opened: no permission. Check the file and its folder, or name another by `store=`.",
    "SQLITE_NOTADB": "is not an SQLite database. Name another file by `store=`.",
    "SQLITE_CORRUPT": "is damaged. Restore it from a copy, or try `sqlite3 FILE .recover`.",
    "SQLITE_BUSY": f"has been locked by another process for {BUSY_SECONDS:.0f} s. End that process, or try again.",
    "SQLITE_IOERR": "cannot be read or written: the disk or the file system failed. Check both.",
}


def _code(error: BaseException) -> str:
    return str(getattr(error, "sqlite_errorname", None) or type(error).__name__)
