import pytest
from anyassistant_tools import Tool, ToolDefinitionError, validate_tool_name


@pytest.mark.parametrize("name", ["order", "order_item", "Order-Item2", "a" * 64, "_"])
def test_a_name_that_every_provider_takes_is_given_back(name: str) -> None:
    assert validate_tool_name(name) == name


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("order item", "order_item"), ("shop.order", "shop_order"), ("übung", "bung"), ("a" * 70, "a" * 64), ("a\n", "a")],
)
def test_an_illegal_name_is_refused_with_one_that_is_legal(name: str, suggestion: str) -> None:
    with pytest.raises(ToolDefinitionError, match=f"use '{suggestion}'") as caught:
        validate_tool_name(name)
    assert caught.value.tool == name


@pytest.mark.parametrize("name", ["", "…"])
def test_an_illegal_name_with_nothing_legal_near_asks_for_one(name: str) -> None:
    with pytest.raises(ToolDefinitionError, match="give one with name="):
        validate_tool_name(name)


def test_a_lambda_needs_a_name() -> None:
    with pytest.raises(ToolDefinitionError):
        Tool.from_callable(lambda: 1)
    assert Tool.from_callable(lambda: 1, name="one").name == "one"
