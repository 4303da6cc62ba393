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
        _refuse_loop(name, shape, definitions, frozenset())


def _refuse_loop(name: str, shape: Shape, definitions: Mapping[str, Shape], seen: frozenset[str]) -> None:
    if isinstance(shape, Union):
        for option in shape.options:
            _refuse_loop(name, option, definitions, seen)
    elif isinstance(shape, Reference) and shape.name not in seen:
        if shape.name == name:
            raise ToolDefinitionError(f"$defs.{name} refers to itself with nothing between: take that reference out.")
        _refuse_loop(name, definitions[shape.name], definitions, seen | {shape.name})
