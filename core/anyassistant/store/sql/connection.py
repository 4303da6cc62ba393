"""A connection which runs statements of SQLAlchemy Core, each compiled to SQL text once.

The texts go straight to the DB-API: for a row that is written with every commit, SQLAlchemy's own execution costs five
times as much as the database does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

Row = Sequence[Any]


class Compiler:
    """The SQL texts of statements in one dialect; shared by all connections."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._texts: dict[ClauseElement, tuple[str, Sequence[str], Mapping[str, Any]]] = {}

    def compile(self, statement: ClauseElement) -> tuple[str, Sequence[str], Mapping[str, Any]]:
        """Its text, the names of its parameters in order, and those that the statement itself gives."""
        found = self._texts.get(statement)
        if found is None:
            compiled = statement.compile(dialect=self._dialect)
            assert isinstance(compiled, SQLCompiler)  # not DDL
            given = {name: value for name, value in compiled.params.items() if value is not None}
            found = self._texts[statement] = (str(compiled), compiled.positiontup or (), given)
        return found


class Connection:
    """One DB-API connection; used by one thread at a time."""

    def __init__(self, raw: sqlite3.Connection, compiler: Compiler) -> None:
        self.raw = raw
        self._compiler = compiler
        self._cursor = raw.cursor()

    def run(self, statement: ClauseElement, **values: object) -> int:
        """Execute a statement; the number of rows that it changed."""
        text, names, given = self._compiler.compile(statement)
        self._cursor.execute(text, [values[name] if name in values else given[name] for name in names])
        return self._cursor.rowcount

    def run_many(self, statement: ClauseElement, rows: Iterable[Mapping[str, object]]) -> None:
        """Execute a statement for each of the rows."""
        text, names, given = self._compiler.compile(statement)
        self._cursor.executemany(text, [[row[name] if name in row else given[name] for name in names] for row in rows])

    def rows(self, statement: ClauseElement, **values: object) -> list[Row]:
        self.run(statement, **values)
        return self._cursor.fetchall()

    def row(self, statement: ClauseElement, **values: object) -> Row | None:
        """The first row, if there is one."""
        self.run(statement, **values)
        found: Row | None = self._cursor.fetchone()
        return found

    def inserted(self) -> int:
        """The number that the row inserted last was given."""
        number = self._cursor.lastrowid
        assert number is not None  # it follows an insert
        return number

    def execute(self, text: str) -> None:
        """Execute what is no Core statement: the limits of transactions, pragmas."""
        self._cursor.execute(text)

    def data_version(self) -> int:
        """A number that changes when another connection has written."""
        self._cursor.execute("PRAGMA data_version")
        return int(self._cursor.fetchone()[0])

    @contextmanager
    def savepoint(self) -> Generator[None, None, None]:
        """What fails in here is undone, and the transaction can go on."""
        self._cursor.execute("SAVEPOINT change")
        try:
            yield
        except BaseException:
            if self.raw.in_transaction:  # a full disk ends the transaction by itself
                self._cursor.execute("ROLLBACK TO change")
                self._cursor.execute("RELEASE change")
            raise
        self._cursor.execute("RELEASE change")

    @contextmanager
    def snapshot(self) -> Generator[None, None, None]:
        """Reads in here see one state of the database."""
        self._cursor.execute("BEGIN")
        try:
            yield
        finally:
            if self.raw.in_transaction:
                self._cursor.execute("ROLLBACK")

    def close(self) -> None:
        self.raw.close()
