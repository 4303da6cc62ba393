"""Tables for people: drawn at a terminal, plain columns in a pipe. Nothing is cut: ids can be copied from both."""

import sys
from collections.abc import Sequence
from shutil import get_terminal_size

from .plain import one_line

MIN_LAST_WIDTH = 20
"""Columns that the last column of a table needs; a narrower terminal gets plain columns, which it breaks itself."""


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, optional: str | None = None) -> None:
    """Print a table whose last column may be long.

    Args:
        optional: The header of a column that is left out where it has nothing in it.
    """
    shown = [at for at, header in enumerate(headers) if header != optional or any(row[at] for row in rows)]
    headers, rows = [headers[at] for at in shown], [[row[at] for at in shown] for row in rows]
    cells = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in [headers, *cells]) for at in range(len(headers))]
    if sys.stdout.isatty() and sum(widths[:-1]) + 3 * len(widths) + MIN_LAST_WIDTH <= get_terminal_size().columns:
        _draw(headers, cells)
        return
    for row in [headers, *cells]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_fields(fields: Sequence[tuple[str, str]]) -> None:
    """Print names with their values, one a line; what has no value is left out."""
    shown = [(name, one_line(value)) for name, value in fields if value]
    width = max((len(name) for name, _ in shown), default=0)
    if not sys.stdout.isatty():
        for name, value in shown:
            print(f"{name.ljust(width)}  {value}")
        return
    from .console import make_console

    console = make_console()
    for name, value in shown:
        console.print(f"{name.ljust(width)}  ", style="dim", end="")
        console.print(value)


def _draw(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from .console import make_console

    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for at, header in enumerate(headers):
        is_last = at == len(headers) - 1
        table.add_column(header, no_wrap=not is_last, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    make_console().print(table, soft_wrap=False)
