"""Lists, a page at a time. The cursor's number is looked up, and an index gives what follows it: nothing is scanned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Select, Table, bindparam, select

from ...errors import NotFound
from ...hosting.store import RunState
from ...types import AssistantRecord, Message, Order, Page, PageQuery, RunStep, ThreadRecord
from .codec import decode_assistant, decode_message, decode_step, decode_thread
from .connection import Connection, Row
from .keys import key_text
from .labels import Kind, label_text
from .reads import find_thread_row, run_number, state_of, thread_number
from .schema import KEPT_HERE, assistants, labels, messages, runs, steps, threads
from .statements import STATE

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed:
    """What is listed.

    Attributes:
        noun: What errors call it.
        columns: What is read of each row.
        kind: What its labels call it, where it has any.
    """

    table: Table
    noun: str
    columns: tuple[str, ...] = ("record",)
    kind: Kind | None = None


ASSISTANTS = Listed(assistants, "assistant", kind="assistant")
THREADS = Listed(threads, "thread", kind="thread")
RUNS = Listed(runs, "run", STATE, kind="run")
MESSAGES = Listed(messages, "message")
STEPS = Listed(steps, "run step")


def list_assistants(connection: Connection, tenant: str, query: PageQuery) -> Page[AssistantRecord]:
    return _page(connection, ASSISTANTS, query, {"tenant": tenant}, lambda row: decode_assistant(row[0]))


def list_threads(connection: Connection, tenant: str, query: PageQuery, service: str | None) -> Page[ThreadRecord]:
    kept = {"service": KEPT_HERE if service is None else service}
    return _page(connection, THREADS, query, {"tenant": tenant}, lambda row: decode_thread(row[0]), kept)


def list_runs(connection: Connection, tenant: str, thread_id: str | None, query: PageQuery) -> Page[RunState]:
    further: dict[str, object] = {}
    if thread_id is not None:
        thread = find_thread_row(connection, tenant, thread_id)
        further["thread"] = NOTHING if thread is None else thread[0]
    if query.status is not None:
        further["status"] = query.status
    return _page(connection, RUNS, query, {"tenant": tenant}, state_of, further)


def list_messages(connection: Connection, tenant: str, thread_id: str, query: PageQuery) -> Page[Message]:
    within: dict[str, object] = {"thread": thread_number(connection, tenant, thread_id)}
    if query.run_id is not None:
        within["run_id"] = key_text(query.run_id)
    return _page(connection, MESSAGES, query, within, lambda row: decode_message(row[0]))


def list_steps(connection: Connection, tenant: str, run_id: str, query: PageQuery) -> Page[RunStep]:
    within: dict[str, object] = {"run": run_number(connection, tenant, run_id)}
    return _page(connection, STEPS, query, within, lambda row: decode_step(row[0]))


NOTHING = -1
"""The number of no object."""


def _page(
    connection: Connection,
    listed: Listed,
    query: PageQuery,
    within: Mapping[str, object],
    decode: Callable[[Row], T],
    further: Mapping[str, object] | None = None,
) -> Page[T]:
    """One page.

    Args:
        within: Columns and values that make up the list; a cursor must be one of it.
        further: The same, for which cursors need not be.
    """
    after = _place(connection, listed, within, query.after, "after")
    before = _place(connection, listed, within, query.before, "before")
    if query.order == "desc":
        after, before = before, after
    filters = {**within, **(further or {})}
    wanted = list((query.metadata or {}).items()) if listed.kind is not None else []
    values = {f"{name}_": value for name, value in filters.items()}
    values |= {"limit_": query.limit + 1, "above_": after, "below_": before, "kind_": listed.kind}
    values["tenant_"] = within.get("tenant")
    for at, (key, value) in enumerate(wanted):
        values |= {f"key{at}_": label_text(key), f"value{at}_": label_text(value)}
    statement = _list(listed, tuple(filters), len(wanted), query.order, after is not None, before is not None)
    rows = connection.rows(statement, **values)
    return Page([decode(row) for row in rows[: query.limit]], len(rows) > query.limit)


def _place(
    connection: Connection, listed: Listed, within: Mapping[str, object], key: str | None, param: str
) -> int | None:
    """The number of a cursor.

    Raises:
        NotFound: There is no such object in the list.
    """
    if key is None:
        return None
    values = {f"{name}_": value for name, value in within.items()}
    row = connection.row(_find(listed.table, tuple(within)), id_=key_text(key), **values)
    if row is None:
        raise NotFound(f"No {listed.noun} {key!r} to list {param}.", param=param, code="not_found")
    number: int = row[0]
    return number


@cache
def _find(table: Table, within: tuple[str, ...]) -> Select[Any]:
    return select(table.c.number).where(
        table.c.id == bindparam("id_"), *(table.c[name] == bindparam(f"{name}_") for name in within)
    )


@cache
def _list(
    listed: Listed, filters: tuple[str, ...], pairs: int, order: Order, has_lower: bool, has_upper: bool
) -> Select[Any]:
    """The statement of a list; with metadata, it goes along the first pair's labels."""
    table = listed.table
    statement = select(*(table.c[name] for name in listed.columns))
    statement = statement.where(*(table.c[name] == bindparam(f"{name}_") for name in filters))
    number = table.c.number
    for at in range(pairs):
        label = labels.alias(f"label{at}")
        statement = statement.join(label, label.c.number == table.c.number).where(
            label.c.kind == bindparam("kind_"),
            label.c.tenant == bindparam("tenant_"),
            label.c.key == bindparam(f"key{at}_"),
            label.c.value == bindparam(f"value{at}_"),
        )
        number = label.c.number if at == 0 else number
    if has_lower:
        statement = statement.where(number > bindparam("above_"))
    if has_upper:
        statement = statement.where(number < bindparam("below_"))
    return statement.order_by(number if order == "asc" else number.desc()).limit(bindparam("limit_"))
