"""A provider's package, written from the templates in `new_provider/`."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from string import Template

from ..plugins import Plugins
from .app import COMMANDS
from .failures import UsageError

SUFFIX = ".template"
BASE_URL = "http://127.0.0.1:8080/v1"
"""Of the provider that is written, until its author says another: where llama.cpp's server listens by default."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 30


@dataclass(frozen=True, slots=True)
class NewPackage:
    """What a new package and the things in it are called.

    Attributes:
        name: The provider, as its entry point has it.
    """

    name: str

    @property
    def distribution(self) -> str:
        return f"anyassistant-{self.name}"

    @property
    def module(self) -> str:
        return self.distribution.replace("-", "_")

    @property
    def words(self) -> str:
        """The name as the beginning of names of classes."""
        return "".join(part.capitalize() for part in self.name.split("-"))

    def render(self) -> Mapping[PurePosixPath, str]:
        """Its files: what is in them, by their paths in it."""
        words = {
            "name": self.name,
            "distribution": self.distribution,
            "module": self.module,
            "words": self.words,
            "env_name": f"{self.name.replace('-', '_').upper()}_API_KEY",
            "base_url": BASE_URL,
            "bounds": _bounds(version("anyassistant")),
        }
        places = {"package": self.module, "gitignore": ".gitignore"}
        return {
            PurePosixPath(*(places.get(part, part) for part in path.parts)): Template(text).substitute(words)
            for path, text in _templates()
        }

    def write(self, folder: Path) -> Sequence[str]:
        """Write it: all of it, or nothing.

        Args:
            folder: Where; it may be there, and empty.

        Returns:
            The paths of its files in the folder.

        Raises:
            UsageError: There is something, or there is no folder that it could be in.
        """
        if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
            raise UsageError(f"{folder} is there already, and not empty: say another place with --output.")
        if not folder.parent.is_dir():
            raise UsageError(f"There is no folder {folder.parent} to write {folder.name} into.")
        rendered = self.render()
        place = folder if folder.is_dir() else folder.parent
        with tempfile.TemporaryDirectory(dir=place, prefix=f".{self.distribution}-") as unfinished:
            whole = Path(unfinished) / self.distribution
            for path, text in rendered.items():
                file = whole / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, "utf-8")
            if folder.is_dir():  # it stays the same one: somebody's shell may be in it
                for entry in list(whole.iterdir()):
                    shutil.move(entry, folder)
            else:
                shutil.move(whole, folder)
        return sorted(str(path) for path in rendered)


def new_package(name: str) -> NewPackage:
    """A package for a provider of this name.

    Raises:
        UsageError: The name cannot be one, or is taken.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise UsageError(_not_a_name(name))
    if name in {command for command, *_ in COMMANDS}:
        raise UsageError(f"`anyassistant {name}` is a command, which the provider's own would be: choose another name.")
    package = NewPackage(name)
    taken = next((one for one in Plugins().installed() if one.name == name), None)
    if taken is not None:
        raise UsageError(f"Provider {name!r} is installed already: {taken.distribution} announces it.")
    if _is_installed(package.distribution):
        raise UsageError(f"Package {package.distribution} is installed already: choose another name.")
    return package


def _not_a_name(name: str) -> str:
    parts = re.findall(r"[a-z0-9]+", name.lower())
    meant = "-".join(parts).lstrip("0123456789-").removeprefix("anyassistant-")[:_LONGEST].strip("-")
    hint = f" Did you mean {meant!r}?" if _NAME.fullmatch(meant) else ""
    return f"{name!r} is no name: lower-case letters, digits and single hyphens, {_LONGEST} at most.{hint}"


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _bounds(release: str) -> str:
    """Which releases are taken: those of the same series, as the wire of plugins may change with the next."""
    major, minor = (int(part) for part in release.split(".")[:2])
    return f">={major}.{minor},<{major}.{minor + 1}"


def _templates() -> Iterator[tuple[PurePosixPath, str]]:
    yield from _below(files("anyassistant.cli") / "new_provider", PurePosixPath())


def _below(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, path / entry.name)
        elif entry.name.endswith(SUFFIX):
            yield path / entry.name.removesuffix(SUFFIX), entry.read_text("utf-8")
