"""`anyassistant runs`: how an answer came about, and whether its calls may be made."""

import json as json_text
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated

from cyclopts import App, Parameter

from ..errors import InvalidRequest
from ..sync import Run
from ..types import Decision, RunRecord, RunStatus, RunStep, ToolCall, Usage
from .advice import ChatOptions, advising, command_line, how_it_goes_on, how_to_decide
from .approvals import this_person, waiting_for_approval
from .clients import existing_store, open_keeper
from .failures import UsageError
from .json_lines import print_json
from .listing import how_many, local_time, say_none, take
from .options import Json, Limit, Store, Where
from .plain import MAX_OUTPUT, clip
from .render import describe_outcome
from .stored_runs import RunInFull, StoredRun, list_runs, read_run
from .tables import print_fields, print_table
from .target import target_of

app = App(
    name="runs",
    help="Runs: how an answer came about, and whether its calls may be made.",
    help_epilogue="""Examples:

    anyassistant runs list --status requires_action
    anyassistant runs show run_5f0c...
    anyassistant runs approve run_5f0c... call_71ab...
    anyassistant runs reject run_5f0c... call_71ab... "Too dear." --by ann""",
)


@app.command(name="list")
def list_stored(
    *, status: RunStatus | None = None, limit: Limit = None, json: Json = False, store: Store = None
) -> None:
    """List runs of all threads, the newest first, and what the open ones wait for.

    Args:
        status: Only runs of this status; those that wait for somebody are `requires_action`.
        limit: How many. By default 20, and all with --json.
        json: For machines: a list of runs as the wire has them, with `pending_approvals`.
    """
    bound = how_many(limit, json=json)
    with advising(store):
        found = list_runs(existing_store(store), status=status, at_most=None if bound is None else bound + 1)
    runs = take(found, limit, json=json)
    if json:
        print_json([_to_wire(one.record) for one in runs])
        return
    if not runs:
        say_none("runs" if status is None else f"{status} runs", store)
        return
    rows = [
        (one.record.id, one.record.status, one.record.thread_id, local_time(one.record.created_at), _waits_for(one))
        for one in runs
    ]
    print_table(("run", "status", "thread", "created", "waits for"), rows)


@app.command
def show(run_id: str, /, *, json: Json = False, store: Store = None) -> None:
    """Show a run: how it stands, its steps, what it cost, and who approved or rejected its calls.

    Args:
        run_id: The run.
        json: For machines: the run as the wire has it, with its `steps`, the number of its `events`, and the ids of
            the calls that wait for an approval as `pending_approvals`.
    """
    with advising(store):
        run = read_run(run_id, existing_store(store))
    record, steps = run.record, run.steps
    if json:
        print_json(_to_wire(record) | {"steps": [step.to_wire() for step in steps], "events": run.events})
        return
    print_fields(
        [
            ("run", record.id),
            ("status", record.status),
            ("why", "nobody drives it" if run.needs_driver else describe_outcome(record) or ""),
            ("thread", record.thread_id),
            ("assistant", record.assistant_id),
            ("model", record.model),
            ("created", local_time(record.created_at)),
            ("started", local_time(record.started_at)),
            ("ended", local_time(record.completed_at or record.failed_at or record.cancelled_at)),
            ("usage", _usage(record.usage)),
            ("events", str(run.events)),
        ]
    )
    rows = [(step.id, step.type, step.status, _usage(step.usage), _content(step)) for step in steps]
    print_table(("step", "type", "status", "usage", "what"), rows)
    approvals = _approvals(record, [call for step in steps for call in step.tool_calls])
    if approvals:
        print()
        print_table(("call", "tool", "decision", "by", "when", "what"), approvals)
    if run.needs_driver or record.status == "requires_action":
        print()
        print(_how_to_go_on(run, store))


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
            provider = target_of(read_run(run_id, store).provider)
            chat = command_line("chat", "--thread", run.record.thread_id, provider=provider, where=Where(store))
            raise UsageError(f"Run {run_id} is kept by a service. Decide where its provider is: {chat}") from error
    decided = read_run(run_id, store)  # anew, since the run was laid down as the client closed
    if json:
        print_json(_to_wire(decided.record))
        return
    print(says)
    print(_how_to_go_on(decided, store))


def _how_to_go_on(run: RunInFull, store: str | None) -> str:
    tell = how_to_decide if waiting_for_approval(run.record) else how_it_goes_on
    return tell(run.record, ChatOptions(provider=target_of(run.provider), where=Where(store)))


def _waits_for(run: StoredRun) -> str:
    """What an open run waits for, in a few words."""
    if run.needs_driver:
        return "somebody who drives it"
    if run.record.status != "requires_action":
        return ""
    asked, foreign = (
        ", ".join(f"{call.name} {call.id}" for call in run.record.pending_calls if call.waits_for == kind)
        for kind in ("approval", "output")
    )
    return "; ".join([*([f"approval of {asked}"] if asked else []), *([f"a caller of {foreign}"] if foreign else [])])


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


def _usage(usage: Usage | None) -> str:
    return "" if usage is None else f"{usage.prompt_tokens} in, {usage.completion_tokens} out"


def _content(step: RunStep) -> str:
    calls = [_describe_call(one.as_called()) for one in step.tool_calls]
    error = [f"{step.last_error.code}: {step.last_error.message}"] if step.last_error is not None else []
    return "; ".join([*calls, *error]) or (step.message_id or "")


def _describe_call(call: ToolCall) -> str:
    made = f"{call.name}({call.arguments})"
    return made if call.output is None else f"{made} = {clip(call.output, MAX_OUTPUT)}"
