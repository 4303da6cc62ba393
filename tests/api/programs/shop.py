from anyassistant import RunContext, ToolError, Toolset, tool

ORDERS = {"ann": ["hat"]}


def get_shopping_history(ctx: RunContext[str]) -> list[str]:
    """Get the shopping order history for the current user."""
    return ORDERS[ctx.deps]


def order_item(item_id: str) -> dict[str, str]:
    """Order an item; confirm_order_item() actually buys it."""
    if not item_id.startswith("sg-"):
        raise ToolError("Item ids look like sg-1.")
    return {"id": "ord-1", "price": "$12"}


@tool(requires_approval=True, timeout=10, fatal=ConnectionError)
def confirm_order_item(ctx: RunContext[str], order_id: str) -> str:
    """Buy the order."""
    return f"{ctx.deps} paid {order_id}, key {ctx.idempotency_key}"


TOOLS = Toolset("shop", [get_shopping_history, order_item, confirm_order_item])
