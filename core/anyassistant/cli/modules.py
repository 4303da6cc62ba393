"""Modules that the user names, from the current folder or installed."""

import difflib
import importlib
import importlib.util
import os
import pkgutil
import sys
from types import ModuleType

from anyassistant_tools import Tool, Toolset, toolset_names

from .failures import UsageError

MOST_NAMES = 20
"""Names that are listed of a module that has another one."""


def import_module(name: str) -> ModuleType:
    """The module of a name.

    Raises:
        UsageError: There is none, or it cannot be imported.
    """
    look_here_too()
    if _is_path(name):
        raise UsageError(_not_a_path(name))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise UsageError(_no_module(name)) from error
        raise UsageError(f"Module {name!r} cannot be imported: {error}.") from error
    except ValueError as error:
        raise UsageError(f"{name!r} is no module: write MODULE:FUNCTION.") from error
    except Exception as error:
        raise UsageError(f"Module {name!r} cannot be imported: {type(error).__name__}: {error}") from error


def module_is_missing(name: str) -> bool:
    """Whether there is no module of a name; none is imported, but for the packages that it is in."""
    look_here_too()
    try:
        return importlib.util.find_spec(name) is None
    except (ImportError, ValueError):
        return True


def find_attribute(module: ModuleType, path: str) -> object:
    """What `NAME` or `NAME.NAME` in a module is; None where it is not there."""
    found: object = module
    for name in path.split("."):
        found = getattr(found, name, None)
    return found


def no_such_name(module: ModuleType, name: str) -> str:
    """What is said of a name that a module has not."""
    names = [
        one
        for one, value in vars(module).items()
        if callable(value) or isinstance(value, list | tuple | Tool | Toolset)
    ]
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"Module {module.__name__!r} has no {name!r}. Did you mean {module.__name__}:{near[0]}?"
    own = [one for one in names if not one.startswith("_") and _is_of(module, getattr(module, one))]
    has = f"; it has: {', '.join(own[:MOST_NAMES])}" if own else ""
    return f"Module {module.__name__!r} has no {name!r}{has}."


def _is_of(module: ModuleType, value: object) -> bool:
    """Whether a module did not import a value from elsewhere, as far as that can be seen."""
    return getattr(value, "__module__", module.__name__) in (module.__name__, Tool.__module__, Toolset.__module__)


def look_here_too(*folders: str) -> None:
    """Let modules be imported from the current folder, and then from others, before those that are installed."""
    for folder in reversed((os.getcwd(), *folders)):
        if folder not in sys.path:
            sys.path.insert(0, folder)


def _is_path(name: str) -> bool:
    return name.endswith(".py") or name.startswith(".") or "/" in name or "\\" in name


def _not_a_path(path: str) -> str:
    what = "file" if path.endswith(".py") else "path"
    folders = [one for one in path.removesuffix(".py").replace("\\", "/").split("/") if one not in ("", ".")]
    if not folders or ".." in folders or os.path.isabs(path):
        module = folders[-1] if folders and folders[-1] != ".." else "MODULE"
        return f"{path} is a {what}: name the module, {module}, or {module}:FUNCTION, from the folder that it is in."
    module = ".".join(folders).lstrip(".")
    return f"{path} is a {what}: name the module, {module}, or {module}:FUNCTION."


def _no_module(name: str) -> str:
    says = f"There is no module {name!r}, neither in {os.getcwd()} nor installed"
    known = toolset_names()
    says += f", and no toolset of that name; installed toolsets: {', '.join(known)}." if known else "."
    near = difflib.get_close_matches(name, [*_modules_here(), *known], n=1)
    return f"{says} Did you mean {near[0]}?" if near else says


def _modules_here() -> list[str]:
    """The modules and packages of the current folder."""
    return [one.name for one in pkgutil.iter_modules([os.getcwd()])]
