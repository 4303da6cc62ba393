"""Every kind of callable that the issue names, each taking an item and perhaps a count."""

import functools
import operator
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from anyassistant_tools import ToolResult
from case import Case, keep


def order(item: str, count: int = 1) -> ToolResult:
    return keep((item, count))


async def order_async(item: str, count: int = 1) -> ToolResult:
    return keep((item, count))


def order_in_steps(item: str, count: int = 1) -> Iterator[object]:
    yield "looked up"
    yield keep((item, count))


async def order_in_steps_async(item: str, count: int = 1) -> AsyncIterator[object]:
    yield "looked up"
    yield keep((item, count))


class Shop:
    def order(self, item: str, count: int = 1) -> ToolResult:
        return keep((item, count))

    async def order_async(self, item: str, count: int = 1) -> ToolResult:
        return keep((item, count))

    @classmethod
    def order_of_class(cls, item: str, count: int = 1) -> ToolResult:
        return keep((item, count))

    @staticmethod
    def order_statically(item: str, count: int = 1) -> ToolResult:
        return keep((item, count))

    def __call__(self, item: str, count: int = 1) -> ToolResult:
        return keep((item, count))

    def order_for(self, customer: str, item: str, count: int = 1) -> ToolResult:
        return keep((item, count))

    order_for_ann = functools.partialmethod(order_for, "ann")


class AsyncShop:
    async def __call__(self, item: str, count: int = 1) -> ToolResult:
        return keep((item, count))


class SlottedShop:
    __slots__ = ()

    def __call__(self, item: str, count: int = 1) -> ToolResult:
        return keep((item, count))


class Order(ToolResult):
    """A class is called as a function is: what it makes is the result."""

    def __init__(self, item: str, count: int = 1) -> None:
        super().__init__("kept", value=(item, count))


def order_for(customer: str, item: str, count: int = 1, *, note: str = "") -> ToolResult:
    return keep((item, count))


async def order_for_async(customer: str, item: str, count: int = 1) -> ToolResult:
    return keep((item, count))


def passing(fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    def wrapper(*args: object, **kwargs: object) -> object:
        return fn(*args, **kwargs)

    return wrapper


def passing_async(fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    async def wrapper(*args: object, **kwargs: object) -> object:
        return await fn(*args, **kwargs)

    return wrapper


class DecoratedShop:
    @passing
    def order(self, item: str, count: int = 1) -> ToolResult:
        return keep((item, count))

    @classmethod
    @passing
    def order_of_class(cls, item: str, count: int = 1) -> ToolResult:
        return keep((item, count))

    @staticmethod
    @passing
    def order_statically(item: str, count: int = 1) -> ToolResult:
        return keep((item, count))


def untyped_lambda() -> Callable[..., object]:
    return lambda value, /, *, count=1: keep((value, count))


CALLABLES: dict[str, Callable[..., object]] = {
    "function": order,
    "async function": order_async,
    "generator": order_in_steps,
    "async generator": order_in_steps_async,
    "bound method": Shop().order,
    "bound async method": Shop().order_async,
    "classmethod": Shop.order_of_class,
    "classmethod of an object": Shop().order_of_class,
    "staticmethod": Shop.order_statically,
    "partialmethod": Shop().order_for_ann,
    "callable object": Shop(),
    "async callable object": AsyncShop(),
    "callable object with slots": SlottedShop(),
    "class": Order,
    "partial by position": functools.partial(order_for, "ann", note="fast"),
    "partial by name": functools.partial(functools.partial(order_for, customer="ann"), note="fast"),
    "partial of a partial": functools.partial(functools.partial(order_for, note="fast"), "ann"),
    "partial of an async function": functools.partial(order_for_async, "ann"),
    "partial of a method": functools.partial(Shop().order_for, "ann"),
    "partial of a callable object": functools.partial(Shop()),
    "partial that binds nothing": functools.partial(order),
    "wrapped": passing(order),
    "wrapped twice": passing(passing(order)),
    "wrapped async": passing_async(order_async),
    "wrapped by a sync function": passing(order_async),
    "wrapped method": DecoratedShop().order,
    "wrapped classmethod": DecoratedShop.order_of_class,
    "wrapped staticmethod": DecoratedShop.order_statically,
    "wrapped partial": passing(functools.partial(order_for_async, "ann")),
    "cached": functools.lru_cache(order),
}


def _case(kind: str, fn: Callable[..., object]) -> Case:
    return Case(
        kind,
        fn,
        {"item": {"type": "string"}, "count": {"type": "integer", "default": 1}},
        '{"item": "hat", "count": "2"}',
        ("hat", 2),
        '{"item": "hat", "customer": "eve"}',
        '- customer: unknown argument (known: item, count); "eve" came',
        required=("item",),
        is_lax=True,
    )


BUILTINS = [
    Case(
        "lambda", untyped_lambda(), {"value": {}, "count": {"default": 1}}, '{"value": [1]}', ([1], 1), "{}", "missing"
    ),
    Case("builtin", len, {"obj": {}}, '{"obj": [1, 2]}', 2, "{}", "- obj: missing", required=("obj",)),
    Case(
        "builtin of an operator",
        operator.add,
        {"a": {}, "b": {}},
        '{"a": 1, "b": 2}',
        3,
        '{"a": 1}',
        "- b: missing",
        required=("a", "b"),
    ),
    Case(
        "method of a builtin",
        "a-b".replace,
        {"old": {}, "new": {}, "count": {"default": -1}},
        '{"old": "-", "new": "+"}',
        "a+b",
        '{"old": "-"}',
        "- new: missing",
        required=("old", "new"),
    ),
]
CASES = [*(_case(kind, fn) for kind, fn in CALLABLES.items()), *BUILTINS]
