"""`null` for an argument that may be left out and does not take it: many models write it for what they leave out."""

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_core import ValidationError


def nulls_that_mean_the_default(
    values: Mapping[str, object], omissible: Set[str], error: "ValidationError"
) -> frozenset[str]:
    """Name the arguments that are `null`, do not take it, and may be left out.

    Args:
        values: The arguments as the model sent them.
        omissible: The names of those that may be left out.
        error: What pydantic found wrong with them.
    """
    nulls = frozenset(name for name in omissible if name in values and values[name] is None)
    if not nulls:
        return nulls  # looking through the errors of a long text takes a while
    return nulls.intersection(
        str(one["loc"][0]) for one in error.errors(include_url=False, include_input=False) if one["loc"]
    )
