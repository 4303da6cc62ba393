"""Resume a thread's open run, print its answer. Arguments: database, sales, wait or -, thread id."""

import sys
from pathlib import Path

from anyassistant import Client
from seller import make_tools

database, sales, wait, thread_id = sys.argv[1:]
with Client("echo", store=database) as client:
    run = client.threads.get(thread_id).resume(tools=make_tools(Path(sales), None if wait == "-" else Path(wait)))
    print("no open run" if run is None else "resumed", flush=True)
    if run is not None:
        print(run.result().text, flush=True)
