"""What `doctor` looks at: the store, the providers, and the toolsets."""

import importlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from anyassistant_tools import Toolset, load_toolset
from anyassistant_tools.discovery import GROUP

from ..errors import AnyAssistantError, StoreError
from .surveys import Survey, names_nothing


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: The thing.
        says: How it stands.
        mend: What to do where it is not ok.
    """

    name: str
    says: str
    is_ok: bool = True
    mend: str | None = None

    def to_json(self) -> Mapping[str, object]:
        """For machines."""
        return {"name": self.name, "ok": self.is_ok, "says": self.says, "mend": self.mend}


def check_store(store: str) -> Sequence[Finding]:
    """Look at SQLite, and at the database that commands use: it is read, not made.

    Args:
        store: As `--store`.
    """
    from ..store.sql import sqlite_in_use
    from ..store.sql.where import parse_where

    package, version = sqlite_in_use()
    says = f"SQLite {version}, through {package}"
    if _is_older(version, SAFE_SQLITE):
        says += "; several processes that write at once are safe from 3.51.3 on: pip install pysqlite3"
    findings = [Finding("sqlite", says)]
    if store == ":memory:":
        return [*findings, Finding("data", "memory")]
    try:
        path = Path(parse_where(store))
        return [*findings, Finding("data", _examine(path))]
    except AnyAssistantError as error:
        return [*findings, Finding("data", str(error), is_ok=False, mend="name another with --store")]


SAFE_SQLITE = (3, 51, 3)
"""The first SQLite whose write-ahead log several processes can reset at once."""


def _is_older(version: str, bound: tuple[int, ...]) -> bool:
    return tuple(int(part) for part in version.split(".") if part.isdigit()) < bound


def _examine(path: Path) -> str:
    """How the database stands.

    Raises:
        StoreError: It cannot be used.
    """
    if not path.exists():
        folder = next((one for one in path.parents if one.exists()), path.parent)
        if not os.access(folder, os.W_OK):
            raise StoreError(f"{path} is not there, and {folder} cannot be written.")
        return f"{path} is made on first use"
    from ..store.sql.sqlite import connect, is_database_error, store_error

    connection = connect(str(path), read_only=True)
    try:
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except Exception as error:
        if is_database_error(error):
            raise store_error(error, str(path)) from error
        raise
    finally:
        connection.close()
    if answer != "ok":
        raise StoreError(f"{path} is damaged: {answer}")
    return f"{path}, {path.stat().st_size / 1_000_000:.1f} MB, sound"


def check_provider(survey: Survey) -> Sequence[Finding]:
    """Say how a provider stands; where it is broken, how to mend it.

    A provider's package can tell more, of weights or keys: the module of its commands may have a function `diagnose()`
    that gives a list of objects with `name`, `ok`, `says` and `mend`.
    """
    name = f"provider {survey.name}"
    if not survey.is_ok:
        mend = _how_to_mend(survey.package.split()[0], entry_is_wrong=survey.entry_is_wrong)
        return [Finding(name, survey.problem or "is broken", is_ok=False, mend=mend)]
    return [Finding(name, survey.package), *_diagnose(survey)]


def _diagnose(survey: Survey) -> Sequence[Finding]:
    if survey.commands is None:
        return []
    try:
        module = importlib.import_module(survey.commands.partition(":")[0])
        tell = getattr(module, "diagnose", None)
        told = [] if tell is None else tell()
        return [
            Finding(f"{survey.name} {one['name']}", str(one["says"]), is_ok=bool(one["ok"]), mend=one.get("mend"))
            for one in told
        ]
    except Exception as error:  # noqa: BLE001 - a provider's own code
        problem = f"its commands cannot be imported: {type(error).__name__}: {error}"
        return [Finding(f"provider {survey.name}", problem, is_ok=False, mend=f"reinstall {survey.package}")]


def check_toolsets() -> Sequence[Finding]:
    """Say of each installed toolset whether it can be imported, and what is in it. Nothing is opened."""
    entries = sorted(set(entry_points(group=GROUP)), key=lambda one: (one.name, one.value))
    names = [one.name for one in entries]
    return [_check_toolset(one, is_ambiguous=names.count(one.name) > 1) for one in entries]


def _check_toolset(entry: EntryPoint, *, is_ambiguous: bool) -> Finding:
    name = f"toolset {entry.name}"
    reference = f"{entry.module}:{entry.attr}"
    package = "a package" if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"
    try:
        says = f"{package}, {reference}: {_tools_of(load_toolset(reference))}"
    except Exception as error:  # noqa: BLE001 - the toolset's own code
        is_wrong = names_nothing(entry, error.__cause__)
        mend = _how_to_mend(package.partition(" ")[0], entry_is_wrong=is_wrong)
        return Finding(name, str(error), is_ok=False, mend=mend)
    if is_ambiguous:
        says += f"; other packages have one of this name too, so write {reference}"
    return Finding(name, says)


def _how_to_mend(distribution: str, *, entry_is_wrong: bool) -> str:
    if entry_is_wrong:
        return f"correct the entry point in the metadata of {distribution}, or pip uninstall {distribution}"
    return f"pip install --upgrade --force-reinstall {distribution}, or pip uninstall {distribution}"


def _tools_of(toolset: Toolset) -> str:
    if toolset.needs_opening:
        return "its tools are known once it is open: anyassistant tools list"
    return ", ".join(tool.name for tool in toolset.tools) or "no tools"
