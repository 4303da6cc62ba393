"""`@tool`: options that stay with a function, which stays what it is."""

import functools
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from anyassistant_tools import Tool, ToolDefinitionError, Toolset, tool


def plain(item: str, count: int = 1) -> str:
    """Order an item."""
    return f"{count} {item}"


def test_it_gives_the_function_itself() -> None:
    assert tool(plain) is plain
    assert tool(timeout=5)(plain) is plain
    assert plain("hat", count=2) == "2 hat"


def test_a_bare_one_changes_nothing() -> None:
    @tool
    def order(item: str) -> str:
        """Order an item."""
        return item

    made = Tool.from_callable(order)
    assert (made.name, made.description) == ("order", "Order an item.")
    assert made.settings == Tool.from_callable(lambda: None, name="x").settings


def test_its_options_are_those_of_the_tool() -> None:
    @tool(
        name="buy",
        description="Buy it.",
        timeout=5,
        requires_approval=True,
        idempotent=True,
        sequential=True,
        fatal=KeyError,
        max_attempts=2,
        inline=True,
        max_content=500,
    )
    def order(item: str) -> str:
        return item

    for made in (Tool.from_callable(order), *Toolset("shop", [order]).tools):
        assert (made.name, made.description) == ("buy", "Buy it.")
        settings = made.settings
        assert (settings.timeout, settings.requires_approval, settings.idempotent) == (5, True, True)
        assert (settings.sequential, settings.fatal, settings.max_attempts) == (True, (KeyError,), 2)
        assert (settings.inline, settings.max_content, settings.isolate) == (True, 500, "thread")


def test_what_from_callable_is_told_goes_before() -> None:
    @tool(name="buy", timeout=5, sequential=True)
    def order(item: str) -> str:
        return item

    made = Tool.from_callable(order, timeout=None, name="get")
    assert (made.name, made.settings.timeout, made.settings.sequential) == ("get", None, True)


def test_a_second_one_goes_before_the_first() -> None:
    @tool(timeout=6)
    @tool(timeout=5, sequential=True)
    def order(item: str) -> str:
        return item

    assert (Tool.from_callable(order).settings.timeout, Tool.from_callable(order).settings.sequential) == (6, True)


class Shop:
    @tool(timeout=5)
    def order(self, item: str) -> str:
        return f"{type(self).__name__} {item}"

    @tool(timeout=5)
    @classmethod
    def class_below(cls, item: str) -> str:
        return f"{cls.__name__} {item}"

    @classmethod
    @tool(timeout=5)
    def class_above(cls, item: str) -> str:
        return f"{cls.__name__} {item}"

    @tool(timeout=5)
    @staticmethod
    def static_below(item: str) -> str:
        return f"Shop {item}"

    @staticmethod
    @tool(timeout=5)
    def static_above(item: str) -> str:
        return f"Shop {item}"

    @tool(timeout=5)
    async def later(self, item: str) -> str:
        return f"Shop {item}"

    @tool(timeout=5)
    async def bit_by_bit(self, item: str) -> AsyncIterator[str]:
        yield f"Shop {item}"

    @tool(timeout=5)
    def __call__(self, item: str) -> str:
        return f"Shop {item}"


class CornerShop(Shop): ...


METHODS: dict[str, Callable[..., object]] = {
    "order": Shop().order,
    "class_below": Shop.class_below,
    "class_above": Shop.class_above,
    "static_below": Shop.static_below,
    "static_above": Shop.static_above,
    "later": Shop().later,
    "bit_by_bit": Shop().bit_by_bit,
    "Shop": Shop(),
}


@pytest.mark.parametrize("name", METHODS)
async def test_it_works_on_methods_of_every_kind(name: str) -> None:
    made = Tool.from_callable(METHODS[name])
    assert (made.name, made.settings.timeout, list(made.parameters["properties"])) == (name, 5, ["item"])  # type: ignore[call-overload]
    assert (await made.call('{"item": "hat"}')).content == "Shop hat"


async def test_a_subclass_inherits_it() -> None:
    made = Tool.from_callable(CornerShop().order)
    assert made.settings.timeout == 5
    assert (await made.call('{"item": "hat"}')).content == "CornerShop hat"


def test_a_partial_of_a_decorated_function_has_its_options() -> None:
    @tool(timeout=5, name="buy")
    def order(item: str, count: int) -> str:
        return item

    bound = functools.partial(functools.partial(order, count=1), item="hat")
    assert (Tool.from_callable(bound).name, Tool.from_callable(bound).settings.timeout) == ("buy", 5)
    assert tool(timeout=6)(bound) is bound
    assert (Tool.from_callable(bound).name, Tool.from_callable(bound).settings.timeout) == ("buy", 6)
    assert Tool.from_callable(order).settings.timeout == 5


def test_wraps_carries_the_options_and_each_may_have_its_own() -> None:
    @tool(timeout=5)
    def order(item: str) -> str:
        return item

    @functools.wraps(order)
    def wrapper(*args: Any, **kwargs: Any) -> str:
        return order(*args, **kwargs)

    assert Tool.from_callable(wrapper).settings.timeout == 5
    tool(timeout=6)(wrapper)
    assert (Tool.from_callable(wrapper).settings.timeout, Tool.from_callable(order).settings.timeout) == (6, 5)


def test_a_callable_object_and_its_class_may_be_decorated() -> None:
    class Order:
        def __call__(self, item: str) -> str:
            return item

    one = tool(timeout=5)(Order())
    assert Tool.from_callable(one).settings.timeout == 5
    assert Tool.from_callable(Order()).settings.timeout == 60
    assert tool(timeout=7)(Order) is Order
    assert Tool.from_callable(Order()).settings.timeout == 7


def test_it_hides_nothing_of_the_function() -> None:
    before = dict(vars(plain))
    tool(timeout=3)(plain)
    assert set(vars(plain)) - set(before) <= {"__anyassistant_tool__"}
    assert str(inspect.signature(plain)) == "(item: str, count: int = 1) -> str"


BAD: list[tuple[dict[str, Any], str]] = [
    (
        {"timeuot": 5},
        r"^A tool has no option 'timeuot' \(known: name, description, timeout, .*\)\. Did you mean 'timeout'\?$",
    ),
    ({"nam": "buy"}, r"Did you mean 'name'\?$"),
    ({"colour": "red"}, r"no option 'colour' \(known: .*reconcile\)\.$"),
    ({"timeout": 0}, "`timeout` of plain must be above 0 s or None, not 0"),
    ({"timeout": True}, "`timeout` of plain"),
    ({"isolate": "container"}, "`isolate` of plain must be 'thread' or 'process'"),
    ({"name": "buy it"}, "use 'buy_it'"),
    ({"name": ""}, "give one with name="),
    ({"name": 5}, "5 is not a legal name of a tool"),
    ({"name": None}, "None is not a legal name of a tool"),
    ({"description": 5}, "`description` of plain must be a text"),
    ({"inline": True, "isolate": "process"}, "both `inline` and in a process"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_bad_options_are_refused_where_they_are_written(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ToolDefinitionError, match=message):
        tool(**options)(plain)
    with pytest.raises(ToolDefinitionError, match=message):
        Tool.from_callable(plain, **options)


@pytest.mark.parametrize("fn", [len, dict, [].append, object()])
def test_what_can_hold_no_options_is_refused(fn: Any) -> None:
    with pytest.raises(ToolDefinitionError, match=r"leave nothing at .* Tool\.from_callable|goes above a function"):
        tool(timeout=5)(fn)


def test_an_option_without_its_name_is_told_how_to_write_it() -> None:
    with pytest.raises(ToolDefinitionError, match="its options go by name: not 'buy'"):
        tool("buy")  # type: ignore[call-overload]
