from anyassistant import Client
from shop import TOOLS


def test_history() -> None:
    with Client("echo", store=":memory:") as client:
        assistant = client.assistants.create(tools=[TOOLS])
        thread = client.threads.create()
        thread.add("CALL get_shopping_history {}")
        result = thread.run(assistant, deps="ann").result()  # RunResult[str]
    assert result.text == 'TOOL RESULT: ["hat"]'
