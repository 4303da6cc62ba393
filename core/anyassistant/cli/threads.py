"""`anyassistant threads`: what was said."""

from collections.abc import Mapping, Sequence

from cyclopts import App
from rich.console import Console

from ..sync import Client, Thread
from ..types import Message, RunStep
from .clients import open_keeper
from .console import make_console
from .decided import describe_decision
from .deleting import delete_stored
from .json_lines import print_json
from .listing import local_time, pairs, say_none, take
from .marks import KEY
from .options import Json, Limit, Store, Yes
from .plain import MAX_OUTPUT, clip, printable
from .tables import print_fields, print_table

app = App(
    name="threads",
    help="Threads: what was said.",
    help_epilogue="""Examples:

    anyassistant threads list
    anyassistant threads show thread_5f0c...
    anyassistant threads list --json | jq -r '.[].id'""",
)


@app.command(name="list")
def list_threads(*, limit: Limit = None, json: Json = False, store: Store = None) -> None:
    """List threads, the newest first.

    Args:
        limit: How many. By default 20, and all with --json.
        json: For machines: a list of threads as the wire has them.
    """
    with open_keeper(store) as client:
        threads = take(client.threads.list(), limit, json=json)
        if json:
            print_json([one.record.to_wire() for one in threads])
            return
        if not threads:
            say_none("threads", store)
            return
        rows = [
            (
                one.id,
                local_time(one.record.created_at),
                _made_by(one.record.metadata),
                _open_run(client, one.id),
                _beginning(one),
            )
            for one in threads
        ]
    print_table(("thread", "created", "made by", "open run", "begins with"), rows, optional="open run")


@app.command
def show(thread_id: str, /, *, json: Json = False, store: Store = None) -> None:
    """Show a thread: its messages and the tool calls between them.

    Args:
        thread_id: The thread.
        json: For machines: the thread as the wire has it, with its `messages` and `runs`.
    """
    with open_keeper(store) as client:
        thread = client.threads.get(thread_id)
        messages = list(thread.messages(limit=100))
        runs = list(client.runs.list(thread_id=thread_id))[::-1]
        if json:
            more = {
                "messages": [message.to_wire() for message in messages],
                "runs": [run.record.to_wire() for run in runs],
            }
            print_json(thread.record.to_wire() | more)
            return
        print_fields(
            [
                ("thread", thread.id),
                ("created", local_time(thread.record.created_at)),
                ("metadata", pairs(thread.record.metadata)),
                ("messages", str(len(messages))),
                ("runs", ", ".join(f"{run.id} ({run.record.status})" for run in runs)),
            ]
        )
        calls = {run.id: list(run.steps()) for run in runs}
    print_messages(messages, calls)


@app.command
def delete(
    thread_id: str,
    /,
    *,
    yes: Yes = False,
    json: Json = False,
    store: Store = None,
) -> None:
    """Delete a thread with its messages, runs and events.

    Args:
        thread_id: The thread.
        yes: Do not ask.
        json: For machines: the wire's answer.
    """
    delete_stored(
        "thread",
        thread_id,
        f"Delete thread {thread_id} with all of its messages and runs?",
        yes=yes,
        json=json,
        store=store,
    )


def print_messages(messages: Sequence[Message], steps: Mapping[str, Sequence[RunStep]]) -> None:
    """Print what was said, and in front of what a run said the calls that led to it.

    Args:
        steps: The steps of each run, by its id.
    """
    console = make_console()
    left = dict(steps)
    for message in messages:
        console.print()
        is_user = message.role == "user"
        for step in left.pop(message.run_id or "", ()):
            _print_calls(console, step)
        console.print("You: " if is_user else "Assistant: ", style="bold cyan" if is_user else "bold green", end="")
        console.print(printable(message.text))
        if message.incomplete_details is not None:
            console.print(f"  (broken off: {message.incomplete_details.reason})", style="yellow")
    for unfinished in left.values():  # of runs that have called tools and said nothing
        for step in unfinished:
            _print_calls(console, step)


def _print_calls(console: Console, step: RunStep) -> None:
    for call in step.tool_calls:
        console.print(f"  → {printable(call.name)} ", style="cyan", end="")
        console.print(clip(call.arguments, MAX_OUTPUT))
        if call.decision is not None:
            text, style = describe_decision(call.decision.to_wire())
            console.print(f"  {text}", style=style)
        if call.output is not None:
            console.print(f"  ← {printable(call.name)} ", style="cyan", end="")
            console.print(clip(call.output, MAX_OUTPUT))


def _beginning(thread: Thread) -> str:
    page = thread.messages(limit=1).page()
    return clip(page.data[0].text, 60) if page.data else ""


def _open_run(client: Client, thread_id: str) -> str:
    """The status of the thread's open run, which is its newest; empty where it has none."""
    newest = client.runs.list(thread_id=thread_id).page().data[:1]
    return newest[0].record.status if newest and newest[0].record.is_open else ""


def _made_by(metadata: Mapping[str, str]) -> str:
    return metadata.get(KEY, "")
