"""The words in the names of tools and parameters: pure functions."""

import re


def split_name(name: str) -> list[str]:
    """The words of a name in lower case: `order` and `id` for `order_id` and for `orderId`."""
    return separate_humps(name).lower().split("_")


def separate_humps(name: str) -> str:
    """A name with an underscore before each hump of camel case: `order_Id` for `orderId`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)


def is_id_parameter(name: str) -> bool:
    """Whether a parameter's values are ids, which can be repeated but never made up."""
    return split_name(name)[-1] in ("id", "ids")


def kind_of_parameter(name: str) -> str:
    """What the ids of a parameter are ids of: `order` for `order_id` and `orderId`, nothing for `id`."""
    return "_".join(split_name(name)[:-1])
