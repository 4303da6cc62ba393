"""Plugins: the hook that a provider's package implements, its manifest, and how it is found.

Names are read from entry-point metadata without importing anything; a module is imported when one of its providers is
asked for. A plugin that fails breaks nobody else: `Plugins.manifest` says which, why, and what mends it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any, TypeVar

import pluggy
from pydantic import BaseModel

from .errors import ConfigError
from .protocols import ChatModel, Provider

GROUP = "anyassistant.providers"
CONTRACT = "1"
"""The version of the protocols that this release speaks."""

C = TypeVar("C", bound=BaseModel)

_MACHINERY = (Path(pluggy.__file__).parent, Path(metadata.__file__).parent, Path(importlib.__file__).parent)
"""Folders of what calls plugins: a line there says nothing about a plugin."""

hookspec = pluggy.HookspecMarker("anyassistant")
hookimpl = pluggy.HookimplMarker("anyassistant")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a package says of one provider. Make it with `chat_model` or `provider`.

    Attributes:
        name: As in the entry point, and as people write it in config.
        contract: The version of the protocols that it implements: `"1"`.
        config: The pydantic model of its part of a profile.
        create: Makes it of its config.
        default_model: The model's name where neither profile nor assistant says one.
        commands: A command group for the CLI, `"module:app"`, imported when it is used.
    """

    name: str
    contract: str
    config: type[BaseModel]
    create: Callable[[Any], ChatModel | Provider]
    default_model: str | None = None
    commands: str | None = None

    @classmethod
    def chat_model(
        cls,
        name: str,
        *,
        contract: str,
        config: type[C],
        create: Callable[[C], ChatModel],
        default_model: str | None = None,
        commands: str | None = None,
    ) -> Manifest:
        """Describe a provider that implements `ChatModel`: `hosting` keeps assistants, threads and runs for it."""
        return cls(name, contract, config, create, default_model, commands)

    @classmethod
    def provider(
        cls,
        name: str,
        *,
        contract: str,
        config: type[C],
        create: Callable[[C], Provider],
        default_model: str | None = None,
        commands: str | None = None,
    ) -> Manifest:
        """Describe a provider that implements the full set: a service that keeps assistants, threads and runs."""
        return cls(name, contract, config, create, default_model, commands)


@hookspec
def anyassistant_providers() -> list[Manifest]:
    """Give the manifests of the providers in this module. Synchronous; it does no I/O."""
    return []


@dataclass(frozen=True, slots=True)
class Installed:
    """A provider's name as installed metadata announces it.

    Attributes:
        name: The provider.
        distribution: The package and version that bring it, such as `anyassistant-local 0.1.0`.
        entry_point: Where its module is.
    """

    name: str
    distribution: str
    entry_point: EntryPoint

    @property
    def module(self) -> str:
        """The module that gives its manifest, such as `anyassistant_local.plugin`."""
        return self.entry_point.module


class Plugins:
    """The providers of this environment.

    Args:
        installed: What is announced; by default the entry points of group `anyassistant.providers`.
    """

    def __init__(self, installed: list[Installed] | None = None) -> None:
        self._installed = _announced() if installed is None else installed
        self._manifests: dict[str, dict[str, Manifest]] = {}

    def installed(self) -> list[Installed]:
        """All announced providers by name, without importing one."""
        return sorted(self._installed, key=lambda one: one.name)

    def manifest(self, name: str) -> Manifest:
        """Import the module that announces a provider, and give its manifest.

        Raises:
            ConfigError: No such provider, two packages announce it, or its plugin is broken.
        """
        found = [one for one in self._installed if one.name == name]
        if not found:
            raise ConfigError(self._unknown(name))
        if len({one.module for one in found}) > 1:
            both = " and ".join(sorted(one.distribution for one in found))
            raise ConfigError(f"Provider {name!r} is announced by {both}: uninstall one of them.")
        return self._load(found[0])

    def _load(self, announced: Installed) -> Manifest:
        manifests = self._manifests.get(announced.module)
        if manifests is None:
            manifests = self._manifests[announced.module] = _read_manifests(announced)
        if announced.name not in manifests:
            given = ", ".join(sorted(manifests)) or "none"
            raise ConfigError(
                f"{announced.distribution} announces provider {announced.name!r}, but its module {announced.module} "
                f"gives manifests for: {given}. Its entry point and its Manifest must have one name."
            )
        return manifests[announced.name]

    def _unknown(self, name: str) -> str:
        import difflib

        names = sorted({one.name for one in self._installed})
        near = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"No provider {name!r} is installed.{hint} Installed: {', '.join(names)}."


def _announced() -> list[Installed]:
    found: list[Installed] = []
    for point in entry_points(group=GROUP):
        dist = point.dist
        name = f"{dist.name} {dist.version}" if dist is not None else "an unknown package"
        found.append(Installed(point.name, name, point))
    return found


def _read_manifests(announced: Installed) -> dict[str, Manifest]:
    """All manifests of a module by name. Each module has a plugin manager of its own, so that none is in another's way.

    Raises:
        ConfigError: The module is broken; it says how, and whose it is.
    """
    where = f"provider {announced.name!r} of {announced.distribution}"
    module = _import(announced, where)
    _refuse_misspelt(module, where)
    manager = pluggy.PluginManager("anyassistant")
    manager.add_hookspecs(_Specification)
    try:
        manager.register(module)
        answers: list[object] = manager.hook.anyassistant_providers()
    except Exception as error:
        raise ConfigError(f"anyassistant_providers() of {where} failed: {_described(error)}") from error
    manifests: dict[str, Manifest] = {}
    for answer in answers:
        if not isinstance(answer, list) or not all(isinstance(one, Manifest) for one in answer):
            raise ConfigError(
                f"anyassistant_providers() of {where} must give a list of Manifest: make them with "
                "Manifest.chat_model or Manifest.provider."
            )
        manifests |= {manifest.name: manifest for manifest in answer}
    _refuse_other_contracts(manifests.values(), where)
    return manifests


class _Specification:
    anyassistant_providers = staticmethod(anyassistant_providers)


def _import(announced: Installed, where: str) -> ModuleType:
    try:
        module = announced.entry_point.load()
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"Cannot import {where}: {_described(error)}. Reinstall or upgrade it: "
            f"pip install --upgrade {announced.distribution.split()[0]}"
        ) from error
    if not isinstance(module, ModuleType):
        raise ConfigError(f"The entry point of {where} must name a module, not {type(module).__name__}.")
    return module


def _described(error: BaseException) -> str:
    """An exception of a plugin's with the place that it came from: the last line that is in a file."""
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):  # it has its place in its text, but not the folder
        return f"{said} [{error.filename}]" if error.filename else said
    frames = [one for one in extract_tb(error.__traceback__)[1:] if Path(one.filename).is_absolute()]
    own = [one for one in frames if Path(one.filename).parent not in _MACHINERY]
    return f"{said} [{own[-1].filename}:{own[-1].lineno}]" if own else said


def _refuse_misspelt(module: ModuleType, where: str) -> None:
    marked = [name for name, value in vars(module).items() if hasattr(value, "anyassistant_impl")]
    unknown = [name for name in marked if name != "anyassistant_providers"]
    if unknown:
        raise ConfigError(f"{where} implements an unknown hook {unknown[0]!r}: the hook is `anyassistant_providers`.")
    if not marked:
        raise ConfigError(f"{where} implements no hook: it needs `@hookimpl def anyassistant_providers()`.")


def _refuse_other_contracts(manifests: Iterable[Manifest], where: str) -> None:
    for manifest in manifests:
        if manifest.contract != CONTRACT:
            raise ConfigError(
                f"{where} implements contract {manifest.contract!r}; this release of anyassistant speaks {CONTRACT!r}. "
                "Install versions of both that fit."
            )
