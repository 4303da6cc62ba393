"""Decide all calls that wait for approval, and print each.

Arguments: database, sales or -, the file for which the second tool waits or -, and `approve`, `edit` or `reject`; then
the number of events after the decisions at which the process kills itself, if any.

With sales it has the tools, and sees the run to its end; without, it only decides.
"""

import os
import signal
import sys
from pathlib import Path

from anyassistant import Client
from seller import ask_first, make_tools

database, sales, wait, decision = sys.argv[1:5]
die_at = int(sys.argv[5]) if len(sys.argv) > 5 else None
client = Client("echo", store=database)
for rest in client.runs.list(status="requires_action"):
    run = rest
    if sales != "-":
        tools = ask_first(make_tools(Path(sales), None if wait == "-" else Path(wait)))
        resumed = client.threads.get(rest.record.thread_id).resume(tools=tools)
        assert resumed is not None
        run = resumed
    seen = sum(1 for _ in run.events(check=False))
    for call in rest.record.pending_calls:
        match decision:
            case "approve":
                run.approve(call.id, by="eve")
            case "edit":
                run.approve(call.id, by="eve", arguments={"order_id": "ord-9"})
            case _:
                run.reject(call.id, "Too dear.", by="eve")
        print(f"decided {call.arguments}", flush=True)
    if sales != "-":
        for event in run.events(after=seen):
            if die_at is not None and event.sequence >= seen + die_at:
                os.kill(os.getpid(), signal.SIGKILL)
        print(run.result().text, flush=True)
client.close()
