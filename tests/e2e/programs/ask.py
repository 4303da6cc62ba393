"""Run an assistant whose second tool needs approval; print the thread, and what the run rests for or ends with.

Arguments: database, sales, message, and `raise`, after which the process stays until it is killed, or `wait`.
"""

import signal
import sys
from pathlib import Path

from anyassistant import Client
from anyassistant.errors import RunRequiresAction
from seller import ask_first, make_tools

database, sales, message, on_action = sys.argv[1:]
client = Client("echo", store=database)
assistant = client.assistants.create(tools=ask_first(make_tools(Path(sales))))
thread = client.threads.create(messages=[message])
print(thread.id, flush=True)
run = thread.run(assistant, on_action="wait" if on_action == "wait" else "raise")
try:
    for event in run.events():
        if event.event == "thread.run.requires_action":
            print("rests", flush=True)
    print(run.result().text, flush=True)
except RunRequiresAction as rest:
    print("waits for", *(call.name for call in rest.calls), flush=True)
    signal.pause()
client.close()
