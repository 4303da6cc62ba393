"""Writing what a driver posted: several changes of one run and epoch, as few rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...hosting.store import Change, RunState
from ...types import CallState, Event, Message, RunRecord, RunStep, Turn
from . import statements
from .codec import CALL_STATES, decode_run, decode_snapshot, encode, encode_progress, encode_turn
from .connection import Connection
from .keys import key_text
from .labels import replace_labels
from .spans import encode_events


@dataclass(slots=True)
class KnownRun:
    """What the writer keeps in mind of a run.

    Attributes:
        number: Its number.
        thread: Its thread's number.
        snapshot: Its record as it began: what is written later is only what differs.
        metadata: Its metadata as they are written now.
    """

    number: int
    thread: int
    snapshot: RunRecord
    metadata: Mapping[str, str]


def find_known_run(connection: Connection, tenant: str, run_id: str) -> tuple[KnownRun, RunState] | None:
    """Look a run up that another process, or an earlier one, began; its state shares what did not change since."""
    row = connection.row(statements.find_run, tenant_=tenant, id_=key_text(run_id))
    if row is None:
        return None
    number, thread, snapshot, progress, *rest = row
    began = decode_snapshot(snapshot)
    record = decode_run(began, progress)
    return KnownRun(number, thread, began, record.metadata), RunState(record, *rest)


class Gathered:
    """Changes put together: of several states of one object, only the last is written."""

    def __init__(self, changes: Sequence[Change | Event]) -> None:
        self.events: list[Event] = []
        self.messages: dict[str, Message] = {}
        self.steps: dict[str, RunStep] = {}
        self.turns: dict[str, tuple[Turn, int]] = {}
        self.claims: dict[str, CallState] = {}
        self.record: RunRecord | None = None
        self.active_seconds: float | None = None
        self.release = False
        for change in changes:
            if isinstance(change, Change):
                self._add(change)
            else:
                self.events.append(change)

    def _add(self, change: Change) -> None:
        self.events += change.events
        self.messages.update((message.id, message) for message in change.messages)
        self.steps.update((step.id, step) for step in change.steps)
        if change.turn is not None:
            self.turns[change.turn.id] = (change.turn, change.turn_tokens)
        self.claims.update((call_id, "started") for call_id in change.claims)
        self.claims.update(change.finished)
        self.record = change.record or self.record
        if change.active_seconds is not None:
            self.active_seconds = change.active_seconds
        self.release |= change.release

    @property
    def ends(self) -> bool:
        """Whether nobody drives the run after this."""
        return self.release or (self.record is not None and not self.record.is_open)


def write_changes(connection: Connection, tenant: str, run: KnownRun, epoch: int, gathered: Gathered) -> bool:
    """Write what was gathered; False, and nothing is written, where the run has another epoch, or is gone.

    Raises:
        StoreError: Something in it is not JSON.
    """
    where = {"number_": run.number, "epoch_": epoch}
    last = gathered.events[-1].sequence if gathered.events else None
    moved = connection.run(statements.move_on, **where, last_sequence=last, active_seconds=gathered.active_seconds)
    if moved == 0:
        return False
    for span in encode_events(gathered.events, run.snapshot):
        connection.run(statements.add_events, run=run.number, first=span.first, last=span.last, payload=span.payload)
    for message in gathered.messages.values():
        put_message(connection, run.thread, message)
    for step in gathered.steps.values():
        connection.run(statements.put_step, run=run.number, id=step.id, record=encode(step))
    for turn, tokens in gathered.turns.values():
        _put_turn(connection, run, turn, tokens)
    for call_id, state in gathered.claims.items():
        connection.run(
            statements.put_claim, run=run.number, call_id=call_id, epoch=epoch, state=CALL_STATES.index(state)
        )
    record = gathered.record
    if record is not None:
        progress = encode_progress(record, run.snapshot)
        connection.run(
            statements.update_run, **where, status=record.status, is_open=int(record.is_open), progress=progress
        )
        if record.metadata is not run.metadata and record.metadata != run.metadata:
            replace_labels(connection, "run", tenant, run.number, record.metadata)
            run.metadata = record.metadata
    if gathered.release:
        connection.run(statements.release_run, **where)
    return True


def put_message(
    connection: Connection, thread: int, message: Message, *, position: int | None = None, tokens: int = 0
) -> None:
    """Write a message by its id; a new one is the thread's last."""
    connection.run(
        statements.put_message,
        thread=thread,
        id=key_text(message.id),
        run_id=None if message.run_id is None else key_text(message.run_id),
        position=position,
        tokens=tokens,
        record=encode(message),
    )


def _put_turn(connection: Connection, run: KnownRun, turn: Turn, tokens: int) -> None:
    values = {"message_id": turn.message_id, "tokens": tokens, "record": encode_turn(turn)}
    if connection.run(statements.replace_turn, run_=run.number, id_=turn.id, **values):
        return
    row = connection.row(statements.get_positions, number_=run.thread)
    assert row is not None  # a thread is deleted with its runs only
    position = row[0] + 1
    connection.run(statements.set_positions, number_=run.thread, positions=position)
    connection.run(statements.add_turn, thread=run.thread, run=run.number, id=turn.id, position=position, **values)
