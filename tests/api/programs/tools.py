import sys

from anyassistant import Client, Tool
from anyassistant.errors import RunRequiresAction
from anyassistant_tools.mcp import MCPToolset
from shop import TOOLS, order_item

command, *arguments = sys.argv[2:]
locate = Tool.from_schema("locate", "Where the user is.", {"type": "object"})  # run elsewhere
clock = MCPToolset.stdio(command, *arguments)

with Client() as client:
    assistant = client.assistants.create(tools=[order_item, locate, clock, TOOLS.prefix("shop_")])  # or wire dicts
    run = client.threads.create(messages=[sys.argv[1]]).run(assistant, deps="ann")
    try:
        run.result()
    except RunRequiresAction as rest:
        for call in rest.calls:
            if call.waits_for == "output":
                run.submit_tool_outputs({call.id: {"city": "Rome"}})
            else:
                run.approve(call.id, arguments={"order_id": "ord-1"}, by="ann")
        print(run.result().text)  # goes on
