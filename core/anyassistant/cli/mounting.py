"""The command groups that providers bring, under their names: `anyassistant local fetch`."""

import importlib
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points

from cyclopts import App

from ..errors import ConfigError


def mount_provider_commands(app: App, tokens: Sequence[str]) -> None:
    """Mount the commands of the provider that the command line names, if it names one.

    Nothing is imported otherwise: a plugin that is broken breaks its own commands alone.

    Raises:
        ConfigError: The provider is broken, or it has no commands.
    """
    name = tokens[0] if tokens else ""
    if not name or name.startswith("-") or name in app:
        return
    from ..plugins import Plugins

    plugins = Plugins()
    if name not in {one.name for one in plugins.installed()}:
        return
    where = plugins.manifest(name).commands
    if where is None:
        raise ConfigError(f"Provider {name!r} has no commands of its own.")
    app.command(_load(where, name), name=name)


def announced_providers() -> Mapping[str, str]:
    """The packages of installed providers, by the provider's name, as their metadata says: nothing is imported.

    Without those of this package, which have no commands.
    """
    found = entry_points(group="anyassistant.providers")  # `plugins.GROUP`, whose import would slow the help down
    named = {one.name: one.dist.name if one.dist is not None else "a package" for one in found}
    return {name: named[name] for name in sorted(named) if named[name] != "anyassistant"}


def _load(where: str, provider: str) -> App:
    module, _, attribute = where.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise ConfigError(
            f"The commands of provider {provider!r} cannot be imported from {where}: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(found, App):
        raise ConfigError(f"The manifest of provider {provider!r} names {where} as its commands: that is no App.")
    return found
