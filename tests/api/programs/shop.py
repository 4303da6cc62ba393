ORDERS = {"ann": ["hat"]}


def get_shopping_history() -> list[str]:
    """Get the shopping order history for the current user."""
    return ORDERS["ann"]


def order_item(item_id: str) -> dict[str, str]:
    """Order an item; confirm_order_item() actually buys it."""
    return {"id": "ord-1", "price": "$12"}


def confirm_order_item(order_id: str) -> str:
    """Buy the order."""
    return f"ann paid {order_id}"


TOOLS = [get_shopping_history, order_item, confirm_order_item]
