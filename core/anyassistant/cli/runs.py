"""`anyassistant runs`: how an answer came about, and whether its calls may be made."""

import json as json_text
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated

import anyio
from cyclopts import App, Parameter

from ..client import AsyncClient
from ..client.stores import make_store
from ..errors import InvalidRequest
from ..sync import Run
from ..types import Decision, RunRecord, RunStep, ToolCall, Usage
from .advice import advising, command_line, how_it_goes_on, how_to_decide
from .approvals import this_person, waiting_for_approval
from .clients import SilentModel, existing_store, open_keeper
from .failures import UsageError
from .json_lines import print_json
from .listing import local_time
from .options import Json, Store, Where
from .plain import MAX_OUTPUT, clip
from .render import describe_outcome
from .tables import print_fields, print_table

app = App(
    name="runs",
    help="Runs: how an answer came about, and whether its calls may be made.",
    help_epilogue="""Examples:

    anyassistant threads show thread_5f0c...     names the runs of a thread
    anyassistant runs show run_5f0c...
    anyassistant runs approve run_5f0c... call_71ab...
    anyassistant runs reject run_5f0c... call_71ab... "Too dear." --by ann""",
)


@app.command
def show(run_id: str, /, *, json: Json = False, store: Store = None) -> None:
    """Show a run: how it stands, its steps, what it cost, and who approved or rejected its calls.

    Args:
        run_id: The run.
        json: For machines: the run as the wire has it, with its `steps`, the number of its `events`, and the ids of
            the calls that wait for an approval as `pending_approvals`.
    """
    with advising(store):
        record, steps, events = anyio.run(_read, run_id, existing_store(store))
    if json:
        print_json(_to_wire(record) | {"steps": [step.to_wire() for step in steps], "events": events})
        return
    print_fields(
        [
            ("run", record.id),
            ("status", record.status),
            ("why", describe_outcome(record) or ""),
            ("thread", record.thread_id),
            ("assistant", record.assistant_id),
            ("model", record.model),
            ("created", local_time(record.created_at)),
            ("started", local_time(record.started_at)),
            ("ended", local_time(record.completed_at or record.failed_at or record.cancelled_at)),
            ("usage", _usage(record.usage)),
            ("events", str(events)),
        ]
    )
    rows = [(step.id, step.type, step.status, _usage(step.usage), _content(step)) for step in steps]
    print_table(("step", "type", "status", "usage", "what"), rows)
    approvals = _approvals(record, [call for step in steps for call in step.tool_calls])
    if approvals:
        print()
        print_table(("call", "tool", "decision", "by", "when", "what"), approvals)
    if waiting_for_approval(record):
        print()
        print(how_to_decide(record, where=Where(store)))


@app.command
def approve(
    run_id: str,
    call_id: str,
    /,
    *,
    arguments: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    by: str | None = None,
    json: Json = False,
    store: Store = None,
) -> None:
    """Approve a call that waits for it. It is made where the run goes on.

    Args:
        run_id: The run.
        call_id: The call, as `runs show` has it.
        arguments: A JSON object that the call is made with, instead of what the model wrote.
        by: Who approves. By default your name, as the system has it.
        json: For machines: the run as the wire has it, with `pending_approvals`.
    """
    edited = None if arguments is None else _object(arguments)
    person = by or this_person()
    with _deciding(run_id, f"Approved {call_id}.", json=json, store=store) as run:
        run.approve(call_id, arguments=edited, by=person)


@app.command
def reject(
    run_id: str,
    call_id: str,
    reason: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    by: str | None = None,
    json: Json = False,
    store: Store = None,
) -> None:
    """Reject a call that waits for an approval. It is not made, and the model is told why.

    Args:
        run_id: The run.
        call_id: The call, as `runs show` has it.
        reason: Why, for the model.
        by: Who rejects. By default your name, as the system has it.
        json: For machines: the run as the wire has it, with `pending_approvals`.
    """
    person = by or this_person()
    with _deciding(run_id, f"Rejected {call_id}.", json=json, store=store) as run:
        run.reject(call_id, reason, by=person)


@contextmanager
def _deciding(run_id: str, says: str, *, json: bool, store: str | None) -> Iterator[Run[str]]:
    """The run to decide on; then it is said how it goes on, which is not here.

    Raises:
        UsageError: A service keeps the run: a decision takes its provider, which is not here.
    """
    with open_keeper(store) as client:
        run = client.runs.get(run_id)
        try:
            yield run
        except InvalidRequest as error:
            if error.code != "other_provider":
                raise
            chat = command_line("chat", "--thread", run.record.thread_id, "--provider", "NAME", where=Where(store))
            raise UsageError(f"Run {run_id} is kept by a service. Decide where its provider is: {chat}") from error
    with open_keeper(store) as client:  # once more, since the run was laid down as the first one closed
        record = client.runs.get(run_id).record
    if json:
        print_json(_to_wire(record))
        return
    print(says)
    tell = how_to_decide if waiting_for_approval(record) else how_it_goes_on
    print(tell(record, where=Where(store)))


def _object(arguments: str) -> Mapping[str, object]:
    try:
        parsed: object = json_text.loads(arguments)
    except ValueError as error:
        raise UsageError(f"--arguments is no JSON: {error}.") from error
    if not isinstance(parsed, dict):
        raise UsageError("--arguments is no JSON object.")
    return parsed


def _to_wire(record: RunRecord) -> dict[str, object]:
    return record.to_wire() | {"pending_approvals": [call.id for call in waiting_for_approval(record)]}


def _approvals(record: RunRecord, calls: Sequence[ToolCall]) -> Sequence[Sequence[str]]:
    """A row for each call that waits for an approval or was decided on."""
    waiting = {call.id for call in waiting_for_approval(record)}
    rows: list[Sequence[str]] = []
    for call in calls:
        if call.id in waiting:
            rows.append((call.id, call.name, "pending", "", "", call.arguments))
        elif call.decision is not None:
            made = call.decision
            decided = "approved" if made.approved else "rejected"
            rows.append((call.id, call.name, decided, made.by or "", local_time(int(made.at)), _terms(call, made)))
    return rows


def _terms(call: ToolCall, decision: Decision) -> str:
    """With which arguments a call was approved, or why it was rejected."""
    if not decision.approved:
        return decision.reason or ""
    if decision.arguments is None:
        return call.arguments
    return f"{decision.arguments} instead of {call.arguments}"


async def _read(run_id: str, where: str) -> tuple[RunRecord, list[RunStep], int]:
    """The run's record, its steps, and how many events it has told so far."""
    store = make_store(where)
    async with AsyncClient(SilentModel(), store=store) as client:
        run = await client.runs.get(run_id)
        steps = [step async for step in run.steps()]
        state = await store.get_run(run_id)
        return run.record, steps, state.last_sequence if state is not None else 0


def _usage(usage: Usage | None) -> str:
    return "" if usage is None else f"{usage.prompt_tokens} in, {usage.completion_tokens} out"


def _content(step: RunStep) -> str:
    calls = [f"{one.name}({one.arguments}) = {clip(one.output or '', MAX_OUTPUT)}" for one in step.tool_calls]
    error = [f"{step.last_error.code}: {step.last_error.message}"] if step.last_error is not None else []
    return "; ".join([*calls, *error]) or (step.message_id or "")
