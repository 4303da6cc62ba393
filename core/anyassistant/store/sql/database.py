"""An open database: its schema brought up to date, its writer, and a few connections to read by."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import DBAPIError

from .connection import Compiler, Connection
from .migrate import bring_up_to_date
from .sqlite import connect, is_database_error, store_error
from .writer import Writer, closed

T = TypeVar("T")


class Database:
    """What a store has while it is open. Made in a worker thread: opening blocks.

    Raises:
        StoreError: The file cannot be opened, is no database of ours, or one of a newer version.
    """

    def __init__(self, path: Path, tenant: str) -> None:
        self.path = str(path)
        self.tenant = tenant
        self.process = os.getpid()
        self._compiler = Compiler(SQLiteDialect_pysqlite())
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._is_closed = False
        raw = connect(self.path)
        try:
            bring_up_to_date(raw, self.path)
            self.writer = Writer(Connection(raw, self._compiler), tenant, self.path)
        except BaseException as error:
            raw.close()
            cause = error.orig if isinstance(error, DBAPIError) else error
            if cause is not None and is_database_error(cause):
                raise store_error(cause, self.path) from error
            raise
        self.writer.start()

    def read(self, work: Callable[[Connection], T]) -> T:
        """Read in one state of the database. Blocks.

        Raises:
            StoreError: It cannot be read.
        """
        connection = self._take()
        try:
            with connection.snapshot():
                return work(connection)
        except Exception as error:
            if is_database_error(error):
                raise store_error(error, self.path) from error
            raise
        finally:
            self._give_back(connection)

    def close(self) -> None:
        """Write what waits, and close. Blocks."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        self.writer.stop()

    def _take(self) -> Connection:
        with self._lock:
            if self._is_closed:
                raise closed()
            if self._idle:
                return self._idle.pop()
        return Connection(connect(self.path, read_only=True), self._compiler)

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            if not self._is_closed:
                self._idle.append(connection)
                return
        connection.close()
