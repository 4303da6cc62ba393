"""`anyassistant runs`: how an answer came about."""

import anyio
from cyclopts import App

from ..client import AsyncClient
from ..client.stores import make_store
from ..echo import Echo
from ..types import RunRecord, RunStep, Usage
from .advice import advising
from .clients import existing_store
from .json_lines import print_json
from .listing import local_time
from .options import Json, Store
from .plain import clip
from .render import MAX_OUTPUT, describe_outcome
from .tables import print_fields, print_table

app = App(
    name="runs",
    help="Runs: how an answer came about.",
    help_epilogue="""Examples:

    anyassistant threads show thread_5f0c...     names the runs of a thread
    anyassistant runs show run_5f0c...""",
)


@app.command
def show(run_id: str, /, *, json: Json = False, store: Store = None) -> None:
    """Show a run: how it stands, its steps, what it cost.

    Args:
        run_id: The run.
        json: For machines: the run as the wire has it, with its `steps` and the number of its `events`.
    """
    with advising(store):
        record, steps, events = anyio.run(_read, run_id, existing_store(store))
    if json:
        print_json(record.to_wire() | {"steps": [step.to_wire() for step in steps], "events": events})
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


async def _read(run_id: str, where: str) -> tuple[RunRecord, list[RunStep], int]:
    """The run's record, its steps, and how many events it has told so far."""
    store = make_store(where)
    async with AsyncClient(Echo(), store=store) as client:
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
