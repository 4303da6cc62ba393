import sys

from anyassistant import Client
from shop import TOOLS

thread_id, last = sys.argv[1], int(sys.argv[2])

with Client() as client:
    for rest in client.runs.list(status="requires_action"):
        for call in rest.record.pending_calls:
            print(call.name, call.arguments)
            rest.approve(call.id, by="eve")  # or reject(call.id, "Too dear.")
    if mine := client.threads.get(thread_id).resume(tools=[TOOLS], deps="ann"):  # Run[str] | None
        print(mine.result().text)
        run = client.runs.get(mine.id)
        for event in run.events(after=last):  # replay, then live
            print(event.sequence)
        run.cancel()  # durable on return
