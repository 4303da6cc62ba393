"""Tools that the user names: MODULE, MODULE:NAME, or an installed toolset; and `:TOOL` behind it for one of them."""

import sys
from collections.abc import Sequence
from types import ModuleType

from anyassistant_tools import Tool, ToolDefinitionError, Toolset, load_toolset, toolset_names
from anyassistant_tools.toolset import to_part

from .failures import UsageError
from .modules import find_attribute, import_module, module_is_missing, no_such_name

LIST_NAME = "TOOLS"
"""What a module calls the list of its tools, so that naming the module is enough."""

Part = Tool | Toolset


def load_tools(references: Sequence[str]) -> list[Part]:
    """The tools and toolsets that references name, in order.

    Raises:
        UsageError: There is no such module or function, or it cannot be imported.
        ToolDefinitionError: Something cannot become a tool.
    """
    return [part for reference in references for part in load(reference)]


def load(reference: str) -> list[Part]:
    """The tools and toolsets that one reference names.

    A module stands for its list `TOOLS`; where it has none, for its public functions and Tools, or else its toolsets.
    Where there is no such module, an installed toolset may have the name.

    Raises:
        UsageError: There is no such module or function, or it cannot be imported.
        ToolDefinitionError: Something cannot become a tool.
    """
    where, *names = reference.split(":")
    if _is_installed_toolset(where):
        return _chosen([load_toolset(where)], where, names)
    module = import_module(where)
    if not names or not names[0]:
        return _all_parts(module)
    found = find_attribute(module, names[0])
    if found is not None:
        of_it = f"{where}:{names[0]}"
        return _chosen(_as_parts(found, of_it), of_it, names[1:])
    parts = _all_parts(module)
    if names[0] not in [part.name for part in parts] and not any(_needs_opening(part) for part in parts):
        raise UsageError(no_such_name(module, names[0]))
    return _chosen(parts, where, names)


def as_toolset(reference: str) -> Toolset:
    """All that a reference names, as one toolset; it may have to be opened.

    Raises:
        UsageError: There is no such module or function, or it cannot be imported.
        ToolDefinitionError: Something cannot become a tool, or two tools have one name.
    """
    return Toolset(reference, load(reference))


def the_only(tools: Sequence[Tool], reference: str) -> Tool:
    """The one tool that a reference names.

    Raises:
        UsageError: It names none, or several.
    """
    if len(tools) != 1:
        names = ", ".join(f"{reference}:{tool.name}" for tool in tools)
        raise UsageError(f"{reference} has {len(tools)} tools{f'; name one of them: {names}' if names else ''}")
    return tools[0]


def _is_installed_toolset(name: str) -> bool:
    """Whether a name is that of an installed toolset and of no module. It is said which of the two is taken."""
    if name not in toolset_names():
        return False
    is_toolset = module_is_missing(name)
    taken = "the installed toolset" if is_toolset else "the module, and not the installed toolset of that name"
    print(f"anyassistant: {name!r} is {taken}.", file=sys.stderr)
    return is_toolset


def _chosen(parts: list[Part], where: str, names: Sequence[str]) -> list[Part]:
    """The tool of a name among others, where one is named."""
    if not names:
        return parts
    if len(names) > 1:
        raise UsageError(f"{':'.join([where, *names])!r} is no tool: write MODULE:NAME or MODULE:TOOLSET:TOOL.")
    chosen = Toolset(where, parts).filter(names[0])
    return [chosen] if chosen.needs_opening else list(chosen.tools)


def _all_parts(module: ModuleType) -> list[Part]:
    listed = getattr(module, LIST_NAME, None)
    if listed is not None:
        return _as_parts(listed, f"{module.__name__}:{LIST_NAME}")
    parts: list[Part] = []
    toolsets: list[Part] = []
    for name, value in vars(module).items():
        if name.startswith("_"):
            continue
        if isinstance(value, Toolset):
            toolsets.append(value)
        elif isinstance(value, Tool):
            parts.append(value)
        elif callable(value) and not isinstance(value, type) and getattr(value, "__module__", "") == module.__name__:
            try:
                parts.append(Tool.from_callable(value))
            except ToolDefinitionError as error:
                print(f"anyassistant: left out {module.__name__}:{name}: {error}", file=sys.stderr)
    if not parts and not toolsets:
        raise UsageError(f"Module {module.__name__!r} has no public function: name one, or a list of them.")
    return parts or toolsets  # a toolset beside functions is most often made of them


def _as_parts(found: object, reference: str) -> list[Part]:
    match found:
        case list() | tuple():
            return [part for at, one in enumerate(found) for part in _as_parts(one, f"{reference}[{at}]")]
        case {"type": "function"}:
            return [to_part(found, reference)]
        case dict() if not reference.endswith("]"):  # of functions by name, but not a list of other things
            return [part for key, one in found.items() for part in _as_parts(one, f"{reference}[{key!r}]")]
        case _ if isinstance(found, Part) or callable(found):
            return [to_part(found, reference)]
        case _:
            raise UsageError(
                f"{reference} is a {type(found).__name__}, neither a function nor a list of functions: give "
                "MODULE:FUNCTION, MODULE:LIST whose elements are functions, a Toolset, or MODULE."
            )


def _needs_opening(part: Part) -> bool:
    return isinstance(part, Toolset) and part.needs_opening
