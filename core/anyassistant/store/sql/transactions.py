"""What the store writes besides the changes of drivers: each function is one transaction's work on one connection.

They check first and write then. The caller begins, commits and undoes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...errors import not_found
from ...hosting.store import HistoryMessage, LostLease, RunState
from ...types import AssistantRecord, Event, Message, ThreadRecord
from ..rules import busy, silenced
from . import statements
from .changes import KnownRun, find_known_run, put_message
from .codec import CALL_STATES, decode_turn, encode, encode_turn
from .connection import Connection
from .keys import key_text
from .labels import add_labels, replace_labels
from .reads import find_message_row, find_run, find_thread_row
from .schema import KEPT_HERE
from .spans import encode_events
from .sqlite import is_conflict


def create_assistant(connection: Connection, tenant: str, record: AssistantRecord) -> None:
    connection.run(statements.add_assistant, tenant=tenant, id=key_text(record.id), record=encode(record))
    add_labels(connection, "assistant", tenant, connection.inserted(), record.metadata)


def replace_assistant(connection: Connection, tenant: str, record: AssistantRecord) -> bool:
    row = connection.row(statements.find_assistant, tenant_=tenant, id_=key_text(record.id))
    if row is None:
        return False
    connection.run(statements.replace_assistant, number_=row[0], record=encode(record))
    replace_labels(connection, "assistant", tenant, row[0], record.metadata)
    return True


def delete_assistant(connection: Connection, tenant: str, assistant_id: str) -> bool:
    row = connection.row(statements.find_assistant, tenant_=tenant, id_=key_text(assistant_id))
    if row is None:
        return False
    connection.run(statements.delete_labels, kind_="assistant", number_=row[0])
    connection.run(statements.delete_assistant, number_=row[0])
    return True


def create_thread(
    connection: Connection, tenant: str, record: ThreadRecord, messages: Sequence[HistoryMessage]
) -> None:
    text = encode(record)
    connection.run(
        statements.add_thread,
        tenant=tenant,
        id=key_text(record.id),
        record=text,
        positions=len(messages),
        service=KEPT_HERE if record.service is None else record.service,
    )
    number = connection.inserted()
    add_labels(connection, "thread", tenant, number, record.metadata)
    for position, one in enumerate(messages, 1):
        put_message(connection, number, one.message, position=position, tokens=one.tokens)


def replace_thread(connection: Connection, tenant: str, record: ThreadRecord) -> bool:
    row = find_thread_row(connection, tenant, record.id)
    if row is None:
        return False
    connection.run(statements.replace_thread, number_=row[0], record=encode(record))
    replace_labels(connection, "thread", tenant, row[0], record.metadata)
    return True


def delete_thread(connection: Connection, tenant: str, thread_id: str) -> int | None:
    """Delete a thread with all that belongs to it; the number that it had, None where there is none."""
    row = find_thread_row(connection, tenant, thread_id)
    if row is None:
        return None
    number: int = row[0]
    _refuse_busy(connection, number, thread_id)
    connection.run(statements.delete_labels, kind_="thread", number_=number)
    connection.run(statements.delete_run_labels, thread_=number)
    connection.run(statements.delete_thread, number_=number)
    return number


def add_message(connection: Connection, tenant: str, message: HistoryMessage) -> None:
    thread_id = message.message.thread_id
    number, positions = _existing_thread(connection, tenant, thread_id)
    _refuse_busy(connection, number, thread_id)
    _add_messages(connection, number, positions, [message])


def replace_message(connection: Connection, tenant: str, message: Message) -> bool:
    row = find_message_row(connection, tenant, message.thread_id, message.id)
    if row is None:
        return False
    connection.run(statements.replace_message, number_=row[0], record=encode(message))
    return True


def delete_message(connection: Connection, tenant: str, thread_id: str, message_id: str) -> bool:
    """Delete a message, and what the turn said that wrote it; a turn of nothing else goes with it."""
    row = find_message_row(connection, tenant, thread_id, message_id)
    if row is None:
        return False
    number, _, run_id, position = row
    thread = find_thread_row(connection, tenant, thread_id)
    assert thread is not None  # it has the message
    _refuse_busy(connection, thread[0], thread_id)
    connection.run(statements.delete_message, number_=number)
    if position is None and run_id is not None:
        _forget_turn(connection, tenant, run_id, message_id)
    return True


def _forget_turn(connection: Connection, tenant: str, run_id: str, message_id: str) -> None:
    row = connection.row(statements.find_turn_of_message, tenant_=tenant, id_=run_id, message_=message_id)
    if row is None:
        return
    number, text = row
    rest = silenced(decode_turn(text))
    if rest is not None:
        connection.run(statements.clear_turn, number_=number, record=encode_turn(rest))
    else:
        connection.run(statements.delete_turn, number_=number)


def create_run(
    connection: Connection, tenant: str, run: RunState, messages: Sequence[HistoryMessage], events: Sequence[Event]
) -> KnownRun:
    record = run.record
    thread, positions = _existing_thread(connection, tenant, record.thread_id)
    _refuse_busy(connection, thread, record.thread_id)
    try:
        connection.run(
            statements.add_run,
            tenant=tenant,
            id=key_text(record.id),
            thread=thread,
            status=record.status,
            is_open=int(record.is_open),
            snapshot=encode(record),
            progress="{}",
            driver=run.driver,
            lease_until=run.lease_until,
            epoch=run.epoch,
            cancel_requested_at=run.cancel_requested_at,
            expires=run.expires,
            active_seconds=run.active_seconds,
            last_sequence=events[-1].sequence if events else 0,
            service=run.service,
        )
    except Exception as error:
        if is_conflict(error):  # where writers are not serialised, the index is what keeps the second one out
            _refuse_busy(connection, thread, record.thread_id)
        raise
    known = KnownRun(connection.inserted(), thread, record, record.metadata)
    add_labels(connection, "run", tenant, known.number, record.metadata)
    _add_messages(connection, thread, positions, messages)
    for span in encode_events(events, record):
        connection.run(statements.add_events, run=known.number, first=span.first, last=span.last, payload=span.payload)
    return known


def request_cancel(connection: Connection, tenant: str, run_id: str, at: float) -> RunState | None:
    found = find_run(connection, tenant, run_id)
    if found is None:
        return None
    number, _, state = found
    if not state.record.is_open or state.cancel_requested_at is not None:
        return state
    connection.run(statements.request_cancel, number_=number, cancel_requested_at=at)
    return replace(state, cancel_requested_at=at)


def take_over(
    connection: Connection, tenant: str, run_id: str, *, driver: str, lease_until: float, now: float, dead: str | None
) -> tuple[KnownRun, RunState] | None:
    taken = connection.run(
        statements.take_over,
        tenant_=tenant,
        id_=key_text(run_id),
        driver=driver,
        lease_until=lease_until,
        now_=now,
        dead_=dead,
    )
    if taken == 0:
        return None
    return find_known_run(connection, tenant, run_id)


def renew(connection: Connection, tenant: str, runs: Mapping[str, int], lease_until: float) -> None:
    rows = [
        {"tenant_": tenant, "id_": key_text(run_id), "epoch_": epoch, "lease_until": lease_until}
        for run_id, epoch in runs.items()
    ]
    connection.run_many(statements.renew, rows)


def claim_call(connection: Connection, tenant: str, run_id: str, epoch: int, call_id: str, *, repeatable: bool) -> bool:
    found = find_run(connection, tenant, run_id)
    if found is None:
        raise not_found("run", run_id)
    number, _, state = found
    if state.epoch != epoch:
        raise LostLease(run_id)
    claim = connection.row(statements.find_claim, run_=number, call_=key_text(call_id))
    if claim is not None:
        claimed_by, state_number = claim
        if CALL_STATES[state_number] != "started" or (claimed_by != epoch and not repeatable):
            return False
    started = CALL_STATES.index("started")
    connection.run(statements.put_claim, run=number, call_id=key_text(call_id), epoch=epoch, state=started)
    return True


def _existing_thread(connection: Connection, tenant: str, thread_id: str) -> tuple[int, int]:
    """A thread's number, and the last position of its history.

    Raises:
        NotFound: There is none.
    """
    row = find_thread_row(connection, tenant, thread_id)
    if row is None:
        raise not_found("thread", thread_id)
    number, _, positions = row
    return number, positions


def _refuse_busy(connection: Connection, thread: int, thread_id: str) -> None:
    row = connection.row(statements.find_open_run, thread_=thread)
    if row is not None:
        raise busy(thread_id, row[0])


def _add_messages(connection: Connection, thread: int, positions: int, messages: Sequence[HistoryMessage]) -> None:
    for position, one in enumerate(messages, positions + 1):
        put_message(connection, thread, one.message, position=position, tokens=one.tokens)
    if messages:
        connection.run(statements.set_positions, number_=thread, positions=positions + len(messages))
