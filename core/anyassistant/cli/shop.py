"""The shop of the demo: three tools and a small catalogue. Copy it to begin an assistant of your own.

Try it without a model: `anyassistant tools call anyassistant.cli.shop:get_shopping_history`.
"""

from dataclasses import dataclass

from anyassistant_tools import ToolError, tool


@dataclass(frozen=True, slots=True)
class Purchase:
    """Something that the customer has bought."""

    item_id: str
    name: str
    price: str
    bought: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order, which is bought once it is confirmed."""

    order_id: str
    item_id: str
    name: str
    price: str


PURCHASES = (
    Purchase("sg-1", "Ray-Ban Aviator sunglasses", "$129", "2025-07-02"),
    Purchase("hat-7", "Panama straw hat", "$45", "2025-05-11"),
    Purchase("bag-3", "canvas beach bag", "$38", "2024-08-19"),
)

CATALOGUE = {purchase.item_id: purchase for purchase in PURCHASES}

# An order's number follows from its item, so that another process can confirm what this one has ordered.
ORDERS = {
    f"ord-{4101 + number}": Order(f"ord-{4101 + number}", item.item_id, item.name, item.price)
    for number, item in enumerate(CATALOGUE.values())
}


def get_shopping_history() -> list[Purchase]:
    """Get the shopping order history for the current user."""
    return list(PURCHASES)


def order_item(item_id: str) -> Order:
    """Order an item; confirm_order_item() actually buys it.

    Args:
        item_id: The item, such as sg-1.
    """
    for order in ORDERS.values():
        if order.item_id == item_id:
            return order
    raise ToolError(f"There is no item {item_id!r}. Items: {', '.join(CATALOGUE)}.")


@tool(requires_approval=True)  # it spends money: the customer is asked before
def confirm_order_item(order_id: str) -> str:
    """Buy the order.

    Args:
        order_id: The order, such as ord-4101.
    """
    if order_id not in ORDERS:
        raise ToolError(f"There is no order {order_id!r}: order an item first.")
    order = ORDERS[order_id]
    return f"Order {order_id} is confirmed: {order.name} for {order.price} will arrive in two days."


TOOLS = [get_shopping_history, order_item, confirm_order_item]
