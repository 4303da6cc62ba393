"""Functions that the user names: MODULE, MODULE:FUNCTION or MODULE:LIST."""

import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from anyassistant_tools import Tool, ToolDefinitionError

from .failures import UsageError

LIST_NAME = "TOOLS"
"""What a module calls the list of its tools, so that naming the module is enough."""


def load_tools(references: Sequence[str]) -> list[Tool]:
    """The tools that references name, in order.

    Raises:
        UsageError: There is no such module or function, or it cannot be imported.
        ToolDefinitionError: A function cannot become a tool.
    """
    return [tool for reference in references for tool in load(reference)]


def load(reference: str) -> list[Tool]:
    """The tools that one reference names.

    A module stands for its list `TOOLS`; where it has none, for its public functions.

    Raises:
        UsageError: There is no such module or function, or it cannot be imported.
        ToolDefinitionError: A function cannot become a tool.
    """
    module_name, _, name = reference.partition(":")
    module = _import(module_name)
    if not name:
        return _all_tools(module)
    found = getattr(module, name, None)
    if found is None:
        named = [tool for tool in _all_tools(module) if tool.name == name]
        if not named:
            raise UsageError(_no_such_name(module, name))
        return named
    return _as_tools(found, reference)


def load_one(reference: str) -> Tool:
    """The one tool that `MODULE:NAME` names.

    Raises:
        UsageError: It names none, or several.
        ToolDefinitionError: The function cannot become a tool.
    """
    tools = load(reference)
    if len(tools) != 1:
        module = reference.partition(":")[0]
        names = ", ".join(f"{module}:{tool.name}" for tool in tools)
        raise UsageError(f"{reference} has {len(tools)} tools; name one of them: {names}")
    return tools[0]


def _import(name: str) -> ModuleType:
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    if name.endswith(".py") or name.startswith(".") or "/" in name or "\\" in name:
        raise UsageError(_no_module(name))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise UsageError(f"There is no module {name!r}, neither in {os.getcwd()} nor installed.") from error
        raise UsageError(f"Module {name!r} cannot be imported: {error}.") from error
    except ValueError as error:
        raise UsageError(f"{name!r} is no module: write MODULE:FUNCTION.") from error
    except Exception as error:
        raise UsageError(f"Module {name!r} cannot be imported: {type(error).__name__}: {error}") from error


def _no_module(path: str) -> str:
    what = "file" if path.endswith(".py") else "path"
    folders = [one for one in path.removesuffix(".py").replace("\\", "/").split("/") if one not in ("", ".")]
    if not folders or ".." in folders or os.path.isabs(path):
        module = folders[-1] if folders and folders[-1] != ".." else "MODULE"
        return f"{path} is a {what}: name the module, {module}, or {module}:FUNCTION, from the folder that it is in."
    module = ".".join(folders).lstrip(".")
    return f"{path} is a {what}: name the module, {module}, or {module}:FUNCTION."


def _all_tools(module: ModuleType) -> list[Tool]:
    listed = getattr(module, LIST_NAME, None)
    if listed is not None:
        return _as_tools(listed, f"{module.__name__}:{LIST_NAME}")
    tools: list[Tool] = []
    for name, value in vars(module).items():
        if name.startswith("_"):
            continue
        if isinstance(value, Tool):
            tools.append(value)
        elif callable(value) and not isinstance(value, type) and getattr(value, "__module__", "") == module.__name__:
            try:
                tools.append(Tool.from_callable(value))
            except ToolDefinitionError as error:
                print(f"anyassistant: left out {module.__name__}:{name}: {error}", file=sys.stderr)
    if not tools:
        raise UsageError(f"Module {module.__name__!r} has no public function: name one, or a list of them.")
    return tools


def _as_tools(found: object, reference: str) -> list[Tool]:
    match found:
        case Tool():
            return [found]
        case list() | tuple():
            return [tool for at, one in enumerate(found) for tool in _as_tools(one, f"{reference}[{at}]")]
        case dict() if not reference.endswith("]"):  # of functions by name, but not a list of other things
            return [tool for key, one in found.items() for tool in _as_tools(one, f"{reference}[{key!r}]")]
        case _ if callable(found):
            return [Tool.from_callable(found)]
        case _:
            raise UsageError(
                f"{reference} is a {type(found).__name__}, neither a function nor a list of functions: give "
                "MODULE:FUNCTION, MODULE:LIST whose elements are functions, or MODULE."
            )


def _no_such_name(module: ModuleType, name: str) -> str:
    import difflib

    names = [one for one, value in vars(module).items() if callable(value) or isinstance(value, list | tuple | Tool)]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {module.__name__}:{near[0]}?" if near else ""
    return f"Module {module.__name__!r} has no {name!r}.{hint}"
