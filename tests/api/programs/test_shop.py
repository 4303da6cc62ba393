from anyassistant import Client
from shop import confirm_order_item, get_shopping_history, order_item


def test_history() -> None:
    with Client("echo", store=":memory:") as client:
        assistant = client.assistants.create(tools=[get_shopping_history, order_item, confirm_order_item])
        thread = client.threads.create()
        thread.add("CALL get_shopping_history {}")
        result = thread.run(assistant).result()
    assert result.text == 'TOOL RESULT: ["hat"]'
