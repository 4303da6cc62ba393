"""Run an assistant on a thread, and print each event's number and name.

Arguments: database, sales, wait or -, message, and the number of the event at which the process kills itself, if any.
"""

import os
import signal
import sys
from pathlib import Path

from anyassistant import Client
from seller import make_tools

database, sales, wait, message = sys.argv[1:5]
die_at = int(sys.argv[5]) if len(sys.argv) > 5 else None
tools = make_tools(Path(sales), None if wait == "-" else Path(wait))
client = Client("echo", store=database)
assistant = client.assistants.create(tools=tools)
thread = client.threads.create(messages=[message])
run = thread.run(assistant).start()
print(thread.id, flush=True)
for event in run.events():
    if die_at is not None and event.sequence >= die_at:
        os.kill(os.getpid(), signal.SIGKILL)
    print(event.sequence, event.event, flush=True)
client.close()
