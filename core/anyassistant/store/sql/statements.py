"""The statements by which the store writes, and finds single objects. Lists are in `paging`.

A parameter is called as the column that it fills; one that is compared ends in an underscore. `upsert` is what SQLite
and Postgres both have beyond the standard, spelt alike.
"""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import (
    CompoundSelect,
    Delete,
    Float,
    Insert,
    Integer,
    Select,
    Table,
    bindparam,
    delete,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from .schema import assistants, claims, events, labels, messages, runs, steps, threads, turns


def _insert(table: Table, *columns: str) -> Insert:
    return table.insert().values({name: bindparam(name) for name in columns})


def _upsert(table: Table, *columns: str, key: tuple[str, str], keep: tuple[str, ...] = ()) -> Insert:
    """Insert a row, or replace all of that which has its key but `keep`."""
    statement = upsert(table).values({name: bindparam(name) for name in columns})
    changed = {name: statement.excluded[name] for name in columns if name not in (*key, *keep)}
    return statement.on_conflict_do_update(index_elements=key, set_=changed)


def _by_id(table: Table, *columns: str) -> Select[Any]:
    return select(*(table.c[name] for name in columns)).where(
        table.c.tenant == bindparam("tenant_"), table.c.id == bindparam("id_")
    )


def _delete(table: Table) -> Delete:
    return delete(table).where(table.c.number == bindparam("number_"))


# Assistants, threads, and the pairs of metadata by which objects are found

add_assistant = _insert(assistants, "tenant", "id", "record")
find_assistant = _by_id(assistants, "number", "record")
replace_assistant = (
    update(assistants).where(assistants.c.number == bindparam("number_")).values(record=bindparam("record"))
)
delete_assistant = _delete(assistants)

add_thread = _insert(threads, "tenant", "id", "record", "positions", "service")
find_thread = _by_id(threads, "number", "record", "positions")
replace_thread = update(threads).where(threads.c.number == bindparam("number_")).values(record=bindparam("record"))
set_positions = update(threads).where(threads.c.number == bindparam("number_")).values(positions=bindparam("positions"))
get_positions = select(threads.c.positions).where(threads.c.number == bindparam("number_"))
delete_thread = _delete(threads)

add_label = _insert(labels, "kind", "tenant", "key", "value", "number")
delete_labels = delete(labels).where(labels.c.kind == bindparam("kind_"), labels.c.number == bindparam("number_"))
delete_run_labels = delete(labels).where(
    labels.c.kind == literal_column("'run'"),
    labels.c.number.in_(select(runs.c.number).where(runs.c.thread == bindparam("thread_"))),
)

# Messages and turns: the history

put_message = _upsert(
    messages, "thread", "id", "run_id", "position", "tokens", "record",
    key=("thread", "id"), keep=("run_id", "position", "tokens"),
)  # fmt: skip
find_message = select(messages.c.number, messages.c.record, messages.c.run_id, messages.c.position).where(
    messages.c.thread == bindparam("thread_"), messages.c.id == bindparam("id_")
)
replace_message = update(messages).where(messages.c.number == bindparam("number_")).values(record=bindparam("record"))
delete_message = _delete(messages)

add_turn = _insert(turns, "thread", "run", "id", "message_id", "position", "tokens", "record")
replace_turn = (
    update(turns)
    .where(turns.c.run == bindparam("run_"), turns.c.id == bindparam("id_"))
    .values({name: bindparam(name) for name in ("message_id", "tokens", "record")})
)
find_turn_of_message = (
    select(turns.c.number, turns.c.record)
    .join(runs, runs.c.number == turns.c.run)
    .where(
        runs.c.tenant == bindparam("tenant_"),
        runs.c.id == bindparam("id_"),
        turns.c.message_id == bindparam("message_"),
    )
)
clear_turn = (
    update(turns).where(turns.c.number == bindparam("number_")).values(message_id=null(), record=bindparam("record"))
)
delete_turn = _delete(turns)
list_turns = select(turns.c.record).where(turns.c.run == bindparam("run_")).order_by(turns.c.number)


def _places(table: Table, is_turn: Literal["0", "1"]) -> Select[Any, Any, int, Any]:
    return select(
        table.c.position, table.c.tokens, literal_column(is_turn, Integer).label("is_turn"), table.c.record
    ).where(table.c.thread == bindparam("thread_"), table.c.position < bindparam("before_"))


read_history: CompoundSelect[Any, Any, int, Any] = (
    union_all(_places(messages, "0"), _places(turns, "1"))
    .order_by(literal_column("position", Integer).desc())
    .limit(bindparam("limit_"))
)

# Runs

STATE = (
    "snapshot",
    "progress",
    "driver",
    "lease_until",
    "epoch",
    "cancel_requested_at",
    "expires",
    "active_seconds",
    "last_sequence",
    "service",
)
"""The columns of a `RunState`, in its order."""

add_run = _insert(runs, "tenant", "id", "thread", "status", "is_open", *STATE)
find_run = _by_id(runs, "number", "thread", *STATE)
find_open_run = select(runs.c.id).where(runs.c.thread == bindparam("thread_"), runs.c.is_open == literal_column("1"))
find_epoch = _by_id(runs, "epoch")
find_ownership = _by_id(runs, "epoch", "cancel_requested_at")
find_seen = _by_id(runs, "last_sequence", "epoch", "driver", "is_open", "cancel_requested_at")
request_cancel = (
    update(runs)
    .where(runs.c.number == bindparam("number_"))
    .values(cancel_requested_at=bindparam("cancel_requested_at"))
)
take_over = (
    update(runs)
    .where(
        runs.c.tenant == bindparam("tenant_"),
        runs.c.id == bindparam("id_"),
        runs.c.is_open == literal_column("1"),
        or_(
            runs.c.driver.is_(None),
            runs.c.lease_until <= bindparam("now_"),
            runs.c.driver == bindparam("dead_"),
        ),
    )
    .values(driver=bindparam("driver"), lease_until=bindparam("lease_until"), epoch=runs.c.epoch + literal_column("1"))
)
renew = (
    update(runs)
    .where(
        runs.c.tenant == bindparam("tenant_"),
        runs.c.id == bindparam("id_"),
        runs.c.epoch == bindparam("epoch_"),
        runs.c.driver.is_not(None),
    )
    .values(lease_until=bindparam("lease_until"))
)

# What drivers write: conditional on their epoch

_driven = update(runs).where(runs.c.number == bindparam("number_"), runs.c.epoch == bindparam("epoch_"))
move_on = _driven.values(
    last_sequence=func.coalesce(bindparam("last_sequence", type_=Integer), runs.c.last_sequence),
    active_seconds=func.coalesce(bindparam("active_seconds", type_=Float), runs.c.active_seconds),
)
update_run = _driven.values({name: bindparam(name) for name in ("status", "is_open", "progress")})
release_run = _driven.values(driver=null(), lease_until=literal_column("0.0"))

put_step = _upsert(steps, "run", "id", "record", key=("run", "id"))
find_claim = select(claims.c.epoch, claims.c.state).where(
    claims.c.run == bindparam("run_"), claims.c.call_id == bindparam("call_")
)
put_claim = _upsert(claims, "run", "call_id", "epoch", "state", key=("run", "call_id"))
list_claims = select(claims.c.call_id, claims.c.state).where(claims.c.run == bindparam("run_"))

add_events = _insert(events, "run", "last", "first", "payload")
read_events = (
    select(events.c.first, events.c.last, events.c.payload)
    .where(events.c.run == bindparam("run_"), events.c.last > bindparam("after_"))
    .order_by(events.c.last)
    .limit(bindparam("limit_"))
)
