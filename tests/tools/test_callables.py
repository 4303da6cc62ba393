"""Which callables become tools, and what of them the schema shows."""

import functools
from collections.abc import Callable
from typing import Annotated

import pytest
from anyassistant_tools import Tool, ToolArgumentsError
from anyassistant_tools.options import Settings
from pydantic import Field


def order(item: str, count: int = 1) -> str:
    """Order an item.

    Args:
        item: Its id.
        count: How many.
    """
    return f"{count} {item}"


async def order_async(item: str, count: int = 1) -> str:
    """Order an item.

    Args:
        item: Its id.
        count: How many.
    """
    return order(item, count)


class Shop:
    def order(self, item: str, count: int = 1) -> str:
        """Order an item.

        Args:
            item: Its id.
            count: How many.
        """
        return order(item, count)

    @classmethod
    def order_from_class(cls, item: str, count: int = 1) -> str:
        """Order an item.

        Args:
            item: Its id.
            count: How many.
        """
        return order(item, count)

    @staticmethod
    def order_statically(item: str, count: int = 1) -> str:
        """Order an item.

        Args:
            item: Its id.
            count: How many.
        """
        return order(item, count)

    def __call__(self, item: str, count: int = 1) -> str:
        """Order an item.

        Args:
            item: Its id.
            count: How many.
        """
        return order(item, count)


class AsyncShop:
    async def __call__(self, item: str, count: int = 1) -> str:
        """Order an item.

        Args:
            item: Its id.
            count: How many.
        """
        return order(item, count)


def order_for(customer: str, item: str, count: int = 1) -> str:
    """Order an item.

    Args:
        customer: For whom.
        item: Its id.
        count: How many.
    """
    return order(item, count)


def passing(fn: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(fn)
    def wrapper(*args: object, **kwargs: object) -> str:
        return fn(*args, **kwargs)

    return wrapper


CALLABLES = {
    "order": order,
    "order_async": order_async,
    "order_method": Shop().order,
    "order_from_class": Shop.order_from_class,
    "order_statically": Shop.order_statically,
    "Shop": Shop(),
    "AsyncShop": AsyncShop(),
    "order_for": functools.partial(order_for, "ann"),
    "order_for_by_name": functools.partial(order_for, customer="ann"),
    "order_async_partial": functools.partial(order_async),
    "order_wrapped": passing(order),
    "order_returning_a_coroutine": functools.wraps(order_async)(lambda *args, **kwargs: order_async(*args, **kwargs)),
}


@pytest.mark.parametrize("name", CALLABLES)
async def test_every_kind_of_callable_is_described_and_called_alike(name: str) -> None:
    tool = Tool.from_callable(CALLABLES[name])
    assert tool.description == "Order an item."
    assert tool.parameters == {
        "type": "object",
        "properties": {
            "item": {"type": "string", "description": "Its id."},
            "count": {"type": "integer", "description": "How many.", "default": 1},
        },
        "required": ["item"],
        "additionalProperties": False,
    }
    assert (await tool.call('{"item": "hat", "count": "2"}')).value == "2 hat"
    assert (await tool.call('{"item": "hat"}')).content == "1 hat"
    with pytest.raises(ToolArgumentsError):
        await tool.call('{"item": "hat", "customer": "eve"}')


@pytest.mark.parametrize(
    ("fn", "name"),
    [
        (order, "order"),
        (Shop().order, "order"),
        (Shop(), "Shop"),
        (functools.partial(functools.partial(order_for, "ann"), item="hat"), "order_for"),
        (passing(order), "order"),
    ],
)
def test_a_tool_has_the_name_of_its_callable_unless_given_another(fn: Callable[..., object], name: str) -> None:
    assert Tool.from_callable(fn).name == name
    assert Tool.from_callable(fn, name="buy").name == "buy"


def test_a_callable_without_a_docstring_has_an_empty_description_unless_given_one() -> None:
    def silent() -> None: ...

    assert Tool.from_callable(silent).description == ""
    assert Tool.from_callable(functools.partial(silent)).description == ""
    assert Tool.from_callable(silent, description="Says nothing.").description == "Says nothing."


async def test_positional_only_parameters_are_given_by_name() -> None:
    def pair(first: int = 1, second: int = 2, /, third: int = 3) -> list[int]:
        return [first, second, third]

    tool = Tool.from_callable(pair)
    assert (await tool.call("{}")).value == [1, 2, 3]
    assert (await tool.call('{"second": 5}')).value == [1, 5, 3]
    assert (await tool.call('{"first": 4, "third": 6}')).value == [4, 2, 6]


async def test_the_default_that_the_function_has_is_used_itself() -> None:
    marker = object()
    shared: list[int] = []

    def remember(value: int = 1, into: list[int] = shared, key: object = marker) -> bool:
        return into is shared and key is marker

    tool = Tool.from_callable(remember)
    assert tool.parameters["properties"] == {
        "value": {"type": "integer", "default": 1},
        "into": {"type": "array", "items": {"type": "integer"}, "default": []},
        "key": {},
    }
    assert "required" not in tool.parameters
    assert (await tool.call("{}")).value is True


async def test_a_default_written_as_a_field_is_a_default() -> None:
    def field(
        count: int = Field(3, ge=1, description="How many."),
        tags: list[str] = Field(default_factory=list),  # noqa: B008
        unit: Annotated[str, Field(description="Of what.", default="pieces", alias="of")] = "dozens",
        place: Annotated[str, Field(default="here")] = Field(min_length=1),
        needed: int = Field(le=9),
    ) -> object:
        return [count, tags, unit, place, needed]

    tool = Tool.from_callable(field)
    assert tool.parameters["properties"] == {
        "count": {"type": "integer", "minimum": 1, "description": "How many.", "default": 3},
        "tags": {"type": "array", "items": {"type": "string"}},
        "unit": {"type": "string", "description": "Of what.", "default": "dozens"},
        "place": {"type": "string", "minLength": 1, "default": "here"},
        "needed": {"type": "integer", "maximum": 9},
    }
    assert tool.parameters["required"] == ["needed"]
    assert (await tool.call('{"needed": 1}')).value == [3, [], "dozens", "here", 1]
    with pytest.raises(ToolArgumentsError, match="greater than or equal to 1"):
        await tool.call('{"count": 0, "needed": 1}')


def test_the_schema_is_made_once_and_is_a_plain_attribute() -> None:
    tool = Tool.from_callable(order)
    assert tool.parameters is tool.parameters
    assert (tool.name, tool.settings) == ("order", Settings())


def test_options_are_kept() -> None:
    tool = Tool.from_callable(order, timeout=None, idempotent=True, fatal=ConnectionError)
    assert tool.settings == Settings(timeout=None, idempotent=True, fatal=(ConnectionError,))
    assert Tool.from_callable(order, fatal=(KeyError, OSError)).settings.fatal == (KeyError, OSError)
