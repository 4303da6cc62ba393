"""Functions that are called as tools. Their annotations are no strings, so that a `TypeAdapter` can read them too."""

from collections.abc import Callable

import anyio.lowlevel
from pydantic import BaseModel


class Line(BaseModel):
    item: str
    count: int = 1


class Address(BaseModel):
    street: str
    city: str


class Order(BaseModel):
    lines: list[Line]
    address: Address


async def add(a: int, b: int) -> int:
    return a + b


async def add_later(a: int, b: int) -> int:
    """Awaits, so that a time-out has to hold it."""
    await anyio.lowlevel.checkpoint()
    return a + b


def add_sync(a: int, b: int) -> int:
    return a + b


async def order(order: Order, note: str = "") -> dict[str, object]:
    return {"city": order.address.city, "lines": len(order.lines), "note": note}


def order_sync(order: Order, note: str = "") -> dict[str, object]:
    return {"city": order.address.city, "lines": len(order.lines), "note": note}


def new_ordering() -> Callable[..., object]:
    """A function and models that nobody has seen before."""

    class NewLine(BaseModel):
        item: str
        count: int = 1

    class NewAddress(BaseModel):
        street: str
        city: str
        country: str | None = None

    class NewOrder(BaseModel):
        lines: list[NewLine]
        address: NewAddress
        tags: dict[str, str] = {}

    def place(order: NewOrder, billing: NewAddress | None = None, note: str = "") -> str:
        """Place an order.

        Args:
            order: What and where to.
            billing: Who pays, if it is another.
            note: For the sender.
        """
        return note

    return place
