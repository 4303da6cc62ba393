"""A run that rests for an approval when its process has ended."""

from anyassistant import Client
from anyassistant.errors import RunRequiresAction
from shop import TOOLS

with Client() as client:
    assistant = client.assistants.create(tools=[TOOLS])
    thread = client.threads.create(messages=['CALL confirm_order_item {"order_id": "ord-1"}'])
    try:
        thread.run(assistant, deps="ann").result()
    except RunRequiresAction as rest:
        print(thread.id, *(call.waits_for for call in rest.calls))
