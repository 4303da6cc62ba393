"""A shop whose sales are lines of a file, so that a sale made twice is seen."""

import os
import time
from pathlib import Path


def make_tools(sales: Path, wait: Path | None = None) -> list[object]:
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
