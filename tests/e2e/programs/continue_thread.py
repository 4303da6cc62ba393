"""List the threads, read the newest one's messages, and go on with it. Argument: database."""

import sys

from anyassistant import Client

with Client("echo", store=sys.argv[1]) as client:
    thread = next(iter(client.threads.list()))
    for message in thread.messages():
        print(f"{message.role}: {message.text}")
    thread.add("and again")
    print(thread.run(client.assistants.create()).result().text)
