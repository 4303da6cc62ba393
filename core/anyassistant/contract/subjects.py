"""From what an author hands in to a `Subject`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TypeAlias, TypeGuard, cast

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError

from ..errors import ConfigError
from ..plugins import Manifest, Plugins
from ..protocols import ChatModel, Provider
from .echo_scenarios import EchoScenarios
from .lent import LentBackend, LentModel
from .scenarios import Scenarios
from .subject import Announced, Patience, Subject

Provided: TypeAlias = ChatModel | Provider | Manifest | Callable[[], ChatModel | Provider]
"""What can be checked: a provider, its manifest, or a function that makes new ones."""

_SECRET_WORDS = ("key", "token", "secret", "password", "credential")
_WHERE_IT_IS = ("_env", "_header", "_file", "_name", "_id", "_url")
"""Ends of names of what says where a secret is or goes, and is none."""


def subject_of(
    provided: Provided,
    *,
    scenarios: Scenarios | None = None,
    name: str | None = None,
    model: str | None = None,
    config: BaseModel | None = None,
    secrets: Sequence[str] = (),
    patience: Patience | None = None,
) -> Subject:
    """A subject of what an author hands in.

    Args:
        name: The name that the provider is announced by; found by its package where it is left out.
        model: The name of the model that is asked; by default the manifest's, else called as the provider's class.
        config: A config that can be used, where its fields have no defaults.
    """
    source = _source_of(provided, name, config)
    announced, found = source.announced, list(secrets)
    if isinstance(announced, Announced):
        model = model or announced.manifest.default_model or announced.manifest.name
        found += [] if isinstance(announced.settings, str) else secrets_in(announced.settings)
    return Subject(
        source.create,
        name=announced.manifest.name if isinstance(announced, Announced) else source.kind.__name__,
        scenarios=scenarios or EchoScenarios(),
        model=model or source.kind.__name__,
        announced=announced,
        secrets=found,
        patience=patience,
        is_single=is_single(provided),
    )


def subject_of_target(
    target: str, *, config: str | PathLike[str] | None = None, scenarios: Scenarios | None = None
) -> Subject:
    """A subject of a profile or provider by name, as clients take it.

    Raises:
        ConfigError: It cannot be used.
    """
    from ..config import resolve

    resolved = resolve(target, path=config)
    return Subject(
        lambda: resolved.manifest.create(resolved.config),
        name=resolved.manifest.name,
        scenarios=scenarios or EchoScenarios(),
        model=resolved.default_model,
        announced=Announced(resolved.manifest, resolved.config),
        secrets=secrets_in(resolved.config),
    )


def secrets_in(settings: BaseModel) -> list[str]:
    """The secrets of a config: what is typed as one, and what is named like one."""
    return [text for name in type(settings).model_fields for text in _secrets_of(name, getattr(settings, name))]


def _secrets_of(name: str, value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield value.get_secret_value().decode("utf-8", "replace")
    elif isinstance(value, str) and value and _is_of_a_secret(name.lower()):
        yield value


def _is_of_a_secret(name: str) -> bool:
    return any(word in name for word in _SECRET_WORDS) and not name.endswith(_WHERE_IT_IS)


def is_single(provided: Provided) -> TypeGuard[ChatModel | Provider]:
    """Whether this is one provider, and not what makes new ones. A class looks like its objects to a Protocol."""
    return isinstance(provided, ChatModel | Provider) and not isinstance(provided, type)


@dataclass(frozen=True, slots=True)
class _Source:
    create: Callable[[], object]
    kind: type
    announced: Announced | str


def _source_of(provided: Provided, name: str | None, config: BaseModel | None) -> _Source:
    if isinstance(provided, Manifest):
        settings = _default_settings(provided) if config is None else config
        return _Source(lambda: provided.create(_usable(settings)), Manifest, Announced(provided, settings))
    if is_single(provided):
        lent = LentModel(provided) if isinstance(provided, ChatModel) else LentBackend(provided)
        return _Source(lambda: lent, type(provided), announced_as(type(provided), name, config))
    create = cast("Callable[[], ChatModel | Provider]", provided)
    kind = type(create())
    return _Source(create, kind, announced_as(kind, name, config))


def announced_as(
    kind: type, name: str | None = None, config: BaseModel | None = None, *, plugins: Plugins | None = None
) -> Announced | str:
    """The plugin that a class of provider comes from, or why it is not known.

    Args:
        kind: The class.
        name: Its name; without, the package is looked for that the class is of.
        config: A config that can be used; by default that of defaults alone.
    """
    plugins = plugins or Plugins()
    package = kind.__module__.partition(".")[0]
    of_package = [one for one in plugins.installed() if one.module.partition(".")[0] == package]
    near = [one for one in of_package if one.module == kind.__module__] or of_package
    names = [name] if name is not None else sorted({one.name for one in near})
    if len(names) != 1:
        found = f"it announces {', '.join(names)}: say which by `name`" if names else "it announces no provider"
        return f"package {package!r} is not known as one plugin: {found}"
    try:
        manifest = plugins.manifest(names[0])
    except ConfigError as error:
        return str(error)
    return Announced(manifest, _default_settings(manifest) if config is None else config)


def _default_settings(manifest: Manifest) -> BaseModel | str:
    try:
        return manifest.config()
    except ValidationError as error:
        missing = ", ".join(".".join(map(str, one["loc"])) for one in error.errors(include_input=False))
        return f"the config of {manifest.name!r} has no defaults for: {missing}"


def _usable(settings: BaseModel | str) -> BaseModel:
    if isinstance(settings, str):
        raise ConfigError(f"Give a function that makes the provider: {settings}.")
    return settings
