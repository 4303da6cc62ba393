"""A shop whose sales are lines of a file, so that a sale made twice is seen."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from anyassistant import Tool


def make_tools(sales: Path, wait: Path | None = None) -> list[Callable[..., str]]:
    """The tools; with `wait`, the second one does not end before that file exists."""

    def record(line: str) -> None:
        descriptor = os.open(sales, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{line}\n".encode())
        os.close(descriptor)

    def order_item(item_id: str) -> str:
        """Order an item."""
        record(f"ordered {item_id}")
        return f"order of {item_id}"

    def confirm_order_item(order_id: str) -> str:
        """Buy the order."""
        record(f"bought {order_id}")
        while wait is not None and not wait.exists():
            time.sleep(0.01)
        return f"bought {order_id}"

    return [order_item, confirm_order_item]


def ask_first(tools: list[Callable[..., str]], *, idempotent: bool = False) -> list[Tool]:
    """The same, where a person has to approve each sale."""
    order_item, confirm_order_item = tools
    confirm = Tool.from_callable(confirm_order_item, requires_approval=True, idempotent=idempotent)
    return [Tool.from_callable(order_item), confirm]
