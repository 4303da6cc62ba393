"""What is read: each function is one read on one connection, in one state of the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...errors import not_found
from ...hosting.store import Ownership, RunState
from ...types import AssistantRecord, CallState, Event, HistoryItem, Message, ThreadRecord, Turn
from . import statements
from .codec import (
    CALL_STATES,
    decode_assistant,
    decode_message,
    decode_run,
    decode_snapshot,
    decode_thread,
    decode_turn,
)
from .connection import Connection, Row
from .keys import key_text
from .spans import Span, decode_events

SPANS_AT_ONCE = 32
"""Rows of the event log that are read at once."""

NEWEST = 2**62
"""A position behind all others."""


def get_assistant(connection: Connection, tenant: str, assistant_id: str) -> AssistantRecord | None:
    row = connection.row(statements.find_assistant, tenant_=tenant, id_=key_text(assistant_id))
    return None if row is None else decode_assistant(row[1])


def get_thread(connection: Connection, tenant: str, thread_id: str) -> ThreadRecord | None:
    row = find_thread_row(connection, tenant, thread_id)
    return None if row is None else decode_thread(row[1])


def get_message(connection: Connection, tenant: str, thread_id: str, message_id: str) -> Message | None:
    row = find_message_row(connection, tenant, thread_id, message_id)
    return None if row is None else decode_message(row[1])


def read_history(
    connection: Connection, tenant: str, thread_id: str, before: int | None, limit: int
) -> Sequence[HistoryItem]:
    rows = connection.rows(
        statements.read_history,
        thread_=thread_number(connection, tenant, thread_id),
        before_=NEWEST if before is None else before,
        limit_=limit,
    )
    return [
        HistoryItem(position, decode_turn(record) if is_turn else decode_message(record), tokens)
        for position, tokens, is_turn, record in rows
    ]


def get_run(connection: Connection, tenant: str, run_id: str) -> RunState | None:
    found = find_run(connection, tenant, run_id)
    return None if found is None else found[2]


def check(connection: Connection, tenant: str, run_ids: Sequence[str]) -> Mapping[str, Ownership]:
    found = {
        run_id: connection.row(statements.find_ownership, tenant_=tenant, id_=key_text(run_id)) for run_id in run_ids
    }
    return {run_id: Ownership(*row) for run_id, row in found.items() if row is not None}


def list_turns(connection: Connection, tenant: str, run_id: str) -> Sequence[Turn]:
    rows = connection.rows(statements.list_turns, run_=run_number(connection, tenant, run_id))
    return [decode_turn(record) for (record,) in rows]


def list_claims(connection: Connection, tenant: str, run_id: str) -> Mapping[str, CallState]:
    rows = connection.rows(statements.list_claims, run_=run_number(connection, tenant, run_id))
    return {call_id: CALL_STATES[state] for call_id, state in rows}


def read_events(connection: Connection, tenant: str, run_id: str, after: int) -> Sequence[Event]:
    run = connection.row(statements.find_run, tenant_=tenant, id_=key_text(run_id))
    if run is None:
        return ()
    number, _, snapshot, *_ = run
    rows = connection.rows(statements.read_events, run_=number, after_=after, limit_=SPANS_AT_ONCE)
    if not rows:
        return ()
    began = decode_snapshot(snapshot)
    return [event for row in rows for event in decode_events(Span(*row), after, began)]


def find_thread_row(connection: Connection, tenant: str, thread_id: str) -> Row | None:
    """Number, record and last position of a thread."""
    return connection.row(statements.find_thread, tenant_=tenant, id_=key_text(thread_id))


def find_message_row(connection: Connection, tenant: str, thread_id: str, message_id: str) -> Row | None:
    """Number, record, run and position of a message."""
    thread = find_thread_row(connection, tenant, thread_id)
    if thread is None:
        return None
    return connection.row(statements.find_message, thread_=thread[0], id_=key_text(message_id))


def find_run(connection: Connection, tenant: str, run_id: str) -> tuple[int, int, RunState] | None:
    """A run with its number and its thread's."""
    row = connection.row(statements.find_run, tenant_=tenant, id_=key_text(run_id))
    if row is None:
        return None
    return row[0], row[1], state_of(row[2:])


def state_of(columns: Row) -> RunState:
    """A run of the columns `statements.STATE`."""
    snapshot, progress, *rest = columns
    return RunState(decode_run(decode_snapshot(snapshot), progress), *rest)


def thread_number(connection: Connection, tenant: str, thread_id: str) -> int:
    """The number of a thread.

    Raises:
        NotFound: There is none.
    """
    row = find_thread_row(connection, tenant, thread_id)
    if row is None:
        raise not_found("thread", thread_id)
    number: int = row[0]
    return number


def run_number(connection: Connection, tenant: str, run_id: str) -> int:
    """The number of a run.

    Raises:
        NotFound: There is none.
    """
    row = connection.row(statements.find_run, tenant_=tenant, id_=key_text(run_id))
    if row is None:
        raise not_found("run", run_id)
    number: int = row[0]
    return number
