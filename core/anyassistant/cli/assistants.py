"""`anyassistant assistants`: who answers."""

from cyclopts import App

from .clients import open_keeper
from .deleting import delete_stored
from .json_lines import print_json
from .listing import local_time, pairs, say_none, take
from .options import Json, Limit, Store, Yes
from .tables import print_fields, print_table

app = App(
    name="assistants",
    help="Assistants: who answers.",
    help_epilogue="""Examples:

    anyassistant assistants list
    anyassistant assistants show asst_5f0c...""",
)


@app.command(name="list")
def list_assistants(*, limit: Limit = None, json: Json = False, store: Store = None) -> None:
    """List assistants, the newest first.

    Args:
        limit: How many. By default 20, and all with --json.
        json: For machines: a list of assistants as the wire has them.
    """
    with open_keeper(store) as client:
        records = [one.record for one in take(client.assistants.list(), limit, json=json)]
    if json:
        print_json([record.to_wire() for record in records])
        return
    if not records:
        say_none("assistants", store)
        return
    rows = [
        (one.id, local_time(one.created_at), one.name or "", ", ".join(tool.name for tool in one.tools))
        for one in records
    ]
    print_table(("assistant", "created", "name", "tools"), rows)


@app.command
def show(assistant_id: str, /, *, json: Json = False, store: Store = None) -> None:
    """Show an assistant.

    Args:
        assistant_id: The assistant.
        json: For machines: the assistant as the wire has it.
    """
    with open_keeper(store) as client:
        record = (client.assistants.get(assistant_id)).record
    if json:
        print_json(record.to_wire())
        return
    print_fields(
        [
            ("assistant", record.id),
            ("created", local_time(record.created_at)),
            ("name", record.name or ""),
            ("description", record.description or ""),
            ("model", record.model or "the provider's default"),
            ("instructions", record.instructions or ""),
            ("temperature", "" if record.temperature is None else str(record.temperature)),
            ("top_p", "" if record.top_p is None else str(record.top_p)),
            ("metadata", pairs(record.metadata)),
            *(("tool", f"{tool.name}: {tool.description}") for tool in record.tools),
        ]
    )


@app.command
def delete(
    assistant_id: str,
    /,
    *,
    yes: Yes = False,
    json: Json = False,
    store: Store = None,
) -> None:
    """Delete an assistant. Its threads and runs stay.

    Args:
        assistant_id: The assistant.
        yes: Do not ask.
        json: For machines: the wire's answer.
    """
    delete_stored("assistant", assistant_id, f"Delete assistant {assistant_id}?", yes=yes, json=json, store=store)
