"""Definitions that are an alternative of themselves: no value ends them, and a grammar would never end."""

from collections.abc import Mapping

from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.lowering.shapes import Reference, Shape, Union


def refuse_loops(definitions: Mapping[str, Shape]) -> None:
    """Accept definitions that refer to themselves only through a list or an object.

    Raises:
        ToolDefinitionError: One refers to itself with nothing between.
    """
    for name, shape in definitions.items():
        if _leads_to(name, shape, definitions, set()):
            raise ToolDefinitionError(f"$defs.{name} refers to itself with nothing between: take that reference out.")


def _leads_to(name: str, shape: Shape, definitions: Mapping[str, Shape], seen: set[str]) -> bool:
    if isinstance(shape, Union):
        return any(_leads_to(name, option, definitions, seen) for option in shape.options)
    if not isinstance(shape, Reference) or shape.name in seen:
        return False
    seen.add(shape.name)
    return shape.name == name or _leads_to(name, definitions[shape.name], definitions, seen)
