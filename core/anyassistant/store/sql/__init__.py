"""The store in a SQL database: SQLite now, Postgres next on the same schema.

`SQLStore` is imported when it is asked for: SQLAlchemy, on which it stands, takes half a second.
"""

from typing import TYPE_CHECKING

from .sqlite import sqlite_in_use

if TYPE_CHECKING:
    from .store import SQLStore
else:

    def __getattr__(name: str) -> object:
        if name == "SQLStore":
            from .store import SQLStore

            return SQLStore
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["SQLStore", "sqlite_in_use"]
