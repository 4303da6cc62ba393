"""Where the descriptions of a tool and of its parameters come from, and which goes first."""

from collections.abc import Callable, Iterator
from typing import Annotated

import pytest
from anyassistant_tools import Tool
from pydantic import Field


def google(item: str, count: int = 1, *notes: str, **more: int) -> int:
    """Order an item.

    It is not bought yet.

    Args:
        item (str): The item's id,
            as the catalogue has it.
        count: How many: at least 1.
        *notes: What to say with it.
        **more: And more.

    Returns:
        int: The order's number.

    Raises:
        ValueError: There is none.
    """
    return count


def numpy(item: str, count: int = 1, *notes: str, **more: int) -> int:
    """Order an item.

    It is not bought yet.

    Parameters
    ----------
    item : str
        The item's id,
        as the catalogue has it.
    count : int, optional
        How many: at least 1.
    *notes
        What to say with it.
    **more
        And more.

    Returns
    -------
    int
        The order's number.

    Raises
    ------
    ValueError
        There is none.
    """
    return count


def sphinx(item: str, count: int = 1, *notes: str, **more: int) -> int:
    """Order an item.

    It is not bought yet.

    :param item: The item's id,
        as the catalogue has it.
    :type item: str
    :param int count: How many: at least 1.
    :param notes: What to say with it.
    :param more: And more.
    :returns: The order's number.
    :rtype: int
    :raises ValueError: There is none.
    """
    return count


def epytext(item: str, count: int = 1, *notes: str, **more: int) -> int:
    """Order an item.

    It is not bought yet.

    @param item: The item's id,
        as the catalogue has it.
    @type item: str
    @param count: How many: at least 1.
    @param notes: What to say with it.
    @param more: And more.
    @return: The order's number.
    @rtype: int
    @raise ValueError: There is none.
    """
    return count


STYLES = [google, numpy, sphinx, epytext]


@pytest.mark.parametrize("fn", STYLES)
def test_each_style_of_docstring_describes_the_tool_and_each_parameter(fn: Callable[..., object]) -> None:
    tool = Tool.from_callable(fn)
    assert tool.description == "Order an item.\n\nIt is not bought yet.\n\nReturns: The order's number."
    properties = tool.parameters["properties"]
    assert isinstance(properties, dict)
    assert {name: " ".join(entry["description"].split()) for name, entry in properties.items()} == {
        "item": "The item's id, as the catalogue has it.",
        "count": "How many: at least 1.",
        "notes": "What to say with it.",
    }
    assert tool.parameters["additionalProperties"] == {"type": "integer", "description": "And more."}


def test_what_a_generator_yields_is_told_where_nothing_else_is() -> None:
    def steps() -> Iterator[str]:
        """Go on.

        Yields:
            What was done.
        """
        yield "done"

    assert Tool.from_callable(steps).description == "Go on.\n\nReturns: What was done."


DESCRIBED = Annotated[int, "Of the text."]


@pytest.mark.parametrize(
    ("annotation", "default", "description"),
    [
        (int, 1, "Of the docstring."),
        (Annotated[int, "Of the text."], 1, "Of the text."),
        (Annotated[int, Field(description="Of the field.")], 1, "Of the field."),
        (Annotated[int, "Of the text.", Field(description="Of the field.")], 1, "Of the field."),
        (Annotated[int, Field(description="Of the field."), "Of the text."], 1, "Of the field."),
        (Annotated[DESCRIBED, Field(ge=0)], 1, "Of the text."),
        (int, Field(1, description="Of the default."), "Of the default."),
        (Annotated[int, "Of the text."], Field(1, description="Of the default."), "Of the default."),
        (
            Annotated[int, Field(description="Of the field.")],
            Field(1, description="Of the default."),
            "Of the default.",
        ),
    ],
)
@pytest.mark.parametrize("style", STYLES)
def test_what_stands_nearest_to_the_parameter_goes_first(
    style: Callable[..., object], annotation: object, default: object, description: str
) -> None:
    def fn(count):  # type: ignore[no-untyped-def]
        return count

    fn.__annotations__ = {"count": annotation}
    fn.__defaults__ = (default,)
    fn.__doc__ = (style.__doc__ or "").replace("How many: at least 1.", "Of the docstring.")
    properties = Tool.from_callable(fn).parameters["properties"]
    minimum = {"minimum": 0} if "ge=0" in repr(annotation) else {}
    assert properties == {"count": {"type": "integer", **minimum, "description": description, "default": 1}}
