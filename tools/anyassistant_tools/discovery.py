"""Toolsets that others publish: found by entry point, or by `module:name`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from anyassistant_tools.errors import ToolDefinitionError
from anyassistant_tools.toolset import Toolset, to_part

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

GROUP = "anyassistant.toolsets"
"""The entry-point group: the entry's name is the toolset's, its value `module:name`."""


def toolset_names() -> list[str]:
    """The names of all toolsets that are installed, in alphabetical order; none of them is imported."""
    return sorted({entry.name for entry in _published()})


def load_toolset(reference: str) -> Toolset:
    """Give the toolset that a reference names.

    Args:
        reference: The name of an installed toolset, or `module:name` of a Toolset, a Tool, a typed function, or a list
            of such.

    Raises:
        ToolDefinitionError: There is none, two packages have one of that name, it cannot be imported, or it is none.
    """
    module, colon, name = reference.partition(":")
    if colon:
        return _as_toolset(_import(module, name, reference), reference)
    entry = _entry(reference)
    return _as_toolset(_import(entry.module, entry.attr, entry.value), reference)


def _published() -> EntryPoints:
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)


def _entry(name: str) -> EntryPoint:
    entries = {entry.value: entry for entry in _published() if entry.name == name}
    if len(entries) == 1:
        return next(iter(entries.values()))
    if entries:
        owners = sorted({entry.dist.name for entry in entries.values() if entry.dist is not None})
        raise ToolDefinitionError(
            f"Several packages have a toolset {name!r} ({', '.join(owners)}): name it by module:name "
            f"({', '.join(sorted(entries))})."
        )
    known = toolset_names()
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    installed = f"installed: {', '.join(known)}" if known else "none is installed"
    raise ToolDefinitionError(f"There is no toolset {name!r} ({installed}); or name it by module:name.{hint}")


def _import(module: str, name: str, reference: str) -> object:
    try:
        found: object = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:  # a module may raise anything
        raise ToolDefinitionError(
            f"The toolset {reference!r} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    return found


def _as_toolset(found: object, reference: str) -> Toolset:
    if isinstance(found, Toolset):
        return found
    items: list[object] = list(found) if isinstance(found, list | tuple) else [found]
    parts = [to_part(item, f"{reference}[{at}]") for at, item in enumerate(items)]
    return Toolset(reference, parts)
