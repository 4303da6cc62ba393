"""Configuration: which provider and model a client talks to.

A target is `NAME` or `NAME:MODEL`, where NAME is a profile of `anyassistant.toml`, else a provider. What is given as
an argument wins over `ANYASSISTANT_PROFILE`, that over `default` in the file, that over `local`.

    default = "prod"

    toolsets = ["shop", "my_tools:TOOLS"]   # of all profiles: installed, or by module:name

    [profiles.prod]
    provider = "local"          # all keys but `provider`, `model` and `toolsets` go to the provider's config
    model = "/models/some.gguf"
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import cast

from anyassistant_tools import ToolDefinitionError, Toolset, load_toolset
from pydantic import BaseModel, ValidationError

from .errors import ConfigError
from .plugins import Manifest, Plugins

FILE_NAME = "anyassistant.toml"
PROFILE_VARIABLE = "ANYASSISTANT_PROFILE"
DEFAULT_TARGET = "local"

_KEYS = ["default", "profiles", "toolsets"]


@dataclass(frozen=True, slots=True)
class Profile:
    """A named provider with its settings.

    Attributes:
        name: As in the heading of its table.
        provider: The name of its provider.
        model: The model that it names, or None.
        toolsets: References of toolsets, beside those of the file.
        settings: All other keys: the provider's config.
        where: The file and line of its table.
        lines: The file and line of each of its keys.
    """

    name: str
    provider: str
    model: str | None = None
    toolsets: Sequence[str] = ()
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    where: str = ""
    lines: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What `anyassistant.toml` says.

    Attributes:
        path: The file, or None where there is none.
        default: The target where neither argument nor environment names one.
        profiles: By name.
        toolsets: References of toolsets of all profiles.
        toolsets_line: The file and line of these.
    """

    path: Path | None = None
    default: str | None = None
    profiles: Mapping[str, Profile] = field(default_factory=dict[str, Profile])
    toolsets: Sequence[str] = ()
    toolsets_line: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a target means.

    Attributes:
        manifest: The provider's.
        config: The provider's part of the profile, validated.
        model: The model that the target or its profile names, or None.
        toolsets: What the file and the profile name, not opened.
    """

    manifest: Manifest
    config: BaseModel
    model: str | None
    toolsets: Sequence[Toolset] = ()

    @property
    def default_model(self) -> str:
        """The model of runs that name none: the one named, else the provider's, else called as the provider is."""
        return self.model or self.manifest.default_model or self.manifest.name


def resolve(
    target: str | None = None, *, path: str | PathLike[str] | None = None, plugins: Plugins | None = None
) -> Resolved:
    """Find the provider, config and model that a target names.

    Args:
        target: `NAME` or `NAME:MODEL`; None for the default.
        path: The config file; by default the nearest `anyassistant.toml` from the working directory upwards.

    Raises:
        ConfigError: The file, a profile or the provider cannot be used; it says where and what to do.
    """
    file = read_config(path)
    plugins = plugins or Plugins()
    chosen, source = choose_target(target, file)
    name, _, model = chosen.partition(":")
    profile = file.profiles.get(name)
    if profile is None:
        if name not in {one.name for one in plugins.installed()}:
            raise ConfigError(_unknown_name(name, source, file, plugins))
        profile = Profile(name, name)
    if model:
        profile = replace(profile, model=model)
    manifest = _manifest_of(profile, plugins)
    config = _validate(manifest, profile)
    toolsets = [*_load_toolsets(file, profile)]
    _refuse_equal_names(toolsets, profile.lines.get("toolsets", file.toolsets_line))
    return Resolved(manifest, config, profile.model, toolsets)


def _refuse_equal_names(toolsets: Sequence[Toolset], where: str) -> None:
    """Refuse two tools of one name; those of toolsets that have to be opened are looked at when they are."""
    owners: dict[str, str] = {}
    for toolset in toolsets:
        for tool in () if toolset.needs_opening else toolset.tools:
            if tool.name in owners:
                raise ConfigError(
                    f"{where}: toolsets {owners[tool.name]!r} and {toolset.name!r} both have a tool {tool.name!r}: a "
                    "model could not tell them apart. Publish one of them with a prefix."
                )
            owners[tool.name] = toolset.name


def _load_toolsets(file: ConfigFile, profile: Profile) -> Iterator[Toolset]:
    for references, where in (
        (file.toolsets, file.toolsets_line),
        (profile.toolsets, profile.lines.get("toolsets", "")),
    ):
        for reference in references:
            try:
                yield load_toolset(reference)
            except ToolDefinitionError as error:
                raise ConfigError(f"{where}: {error}") from error


def _manifest_of(profile: Profile, plugins: Plugins) -> Manifest:
    try:
        return plugins.manifest(profile.provider)
    except ConfigError as error:
        if not profile.where:  # the provider was named itself
            raise
        where = profile.lines.get("provider", profile.where)
        raise ConfigError(f"{where}: profile {profile.name!r} cannot be used: {error}") from error


def read_config(path: str | PathLike[str] | None = None) -> ConfigFile:
    """Read the config file; an empty one where there is none.

    Raises:
        ConfigError: The file named does not exist, is not UTF-8 or not TOML, or has a key that means nothing.
    """
    file = Path(path) if path is not None else _nearest(Path.cwd())
    if file is None:
        return ConfigFile()
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot read {file}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}:{line}: the file is not UTF-8 ({error.reason}): save it as UTF-8.") from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}.") from error
    return _parse(file, text, content)


def choose_target(target: str | None, file: ConfigFile) -> tuple[str, str]:
    """The target that holds, and what says so: the argument, the environment, the file, or nothing."""
    if target is not None:
        return target, "the argument"
    if from_environment := os.environ.get(PROFILE_VARIABLE):
        return from_environment, PROFILE_VARIABLE
    if file.default is not None:
        return file.default, f"`default` in {file.path}"
    return DEFAULT_TARGET, "the default"


def _parse(file: Path, text: str, content: Mapping[str, object]) -> ConfigFile:
    for key in content:
        if key not in _KEYS:
            raise ConfigError(f"{file}{_line(text, key)}: unknown key {key!r}{_near(key, _KEYS)}")
    default = content.get("default")
    if default is not None and not isinstance(default, str):
        raise ConfigError(f"{file}{_line(text, 'default')}: `default` must be a string, the name of a profile.")
    profiles: dict[str, Profile] = {}
    tables = content.get("profiles", {})
    if not isinstance(tables, dict):
        raise ConfigError(f"{file}{_line(text, 'profiles')}: `profiles` must be tables: [profiles.NAME].")
    for name, table in cast("dict[str, object]", tables).items():
        if not isinstance(table, dict):
            where = f"{file}{_line(text, name, 'profiles') or _line(text, 'profiles')}"
            raise ConfigError(f"{where}: profile {name!r} must be a table: [profiles.{name}].")
        profiles[name] = _profile(file, text, name, cast("dict[str, object]", table))
    where = f"{file}{_line(text, 'toolsets')}"
    return ConfigFile(file, default, profiles, _references(content.get("toolsets"), where), where)


def _references(value: object, where: str) -> Sequence[str]:
    """A list of toolsets, by name or `module:name`."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in cast("list[object]", value)):
        raise ConfigError(
            f"{where}: `toolsets` must be a list of strings, each the name of an installed toolset or module:name."
        )
    return tuple(cast("list[str]", value))


def _profile(file: Path, text: str, name: str, table: dict[str, object]) -> Profile:
    table_line = _line(text, f"profiles.{name}") or _line(text, "profiles")
    where = f"{file}{table_line}"
    lines = {key: f"{file}{_line(text, key, f'profiles.{name}') or table_line}" for key in table}
    settings = dict(table)
    provider = settings.pop("provider", None)
    if not isinstance(provider, str):
        raise ConfigError(
            f"{lines.get('provider', where)}: profile {name!r} needs `provider`, the name of a provider, as a string."
        )
    model = settings.pop("model", None)
    if model is not None and not isinstance(model, str):
        raise ConfigError(f"{lines['model']}: `model` of profile {name!r} must be a string.")
    toolsets = _references(settings.pop("toolsets", None), lines.get("toolsets", where))
    return Profile(name, provider, model, toolsets, settings, where, lines)


def _validate(manifest: Manifest, profile: Profile) -> BaseModel:
    fields = manifest.config.model_fields
    settings = dict(profile.settings)
    for key in settings:
        if key not in fields:
            known = f" Known: {', '.join(fields)}." if fields else f" Provider {manifest.name!r} has no settings."
            near = _near(key, list(fields))
            raise ConfigError(f"{profile.lines[key]}: unknown key {key!r} in profile {profile.name!r}{near}{known}")
    try:
        return manifest.config.model_validate(settings)
    except ValidationError as error:
        problems = [
            (_where_of(one["loc"], profile, manifest), f"{'.'.join(map(str, one['loc']))}: {one['msg']}")
            for one in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        (where, first), *others = problems
        says = "; ".join([first, *(f"{place}: {problem}" for place, problem in others)])
        raise ConfigError(f"{where}: profile {profile.name!r} cannot be used: {says}.") from None


def _where_of(path: Sequence[int | str], profile: Profile, manifest: Manifest) -> str:
    """The line of the key to which a problem belongs, else that of the profile."""
    key = str(path[0]) if path else ""
    return profile.lines.get(key, profile.where or f"provider {manifest.name!r}")


def _nearest(folder: Path) -> Path | None:
    for candidate in (folder, *folder.parents):
        if (candidate / FILE_NAME).is_file():
            return candidate / FILE_NAME
    return None


def _unknown_name(name: str, source: str, file: ConfigFile, plugins: Plugins) -> str:
    providers = [one.name for one in plugins.installed()]
    profiles = f"{file.path} ({', '.join(file.profiles)})" if file.path else f"an {FILE_NAME} (there is none)"
    return (
        f"{name!r}, named by {source}, is neither a profile of {profiles} nor an installed provider "
        f"({', '.join(providers)}){_near(name, [*file.profiles, *providers])}"
    )


def _near(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f": did you mean {near[0]!r}?" if near else "."


def _line(text: str, key: str, table: str = "") -> str:
    """`:LINE` of a key of a table, or of a table, which tomllib does not tell."""
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.partition("#")[0].strip()
        if bare.startswith("["):
            current = bare.strip("[] ").replace('"', "").replace("'", "")
            if not table and (current == key or current.startswith(f"{key}.")):
                return f":{number}"
        elif current == table and bare.partition("=")[0].strip().strip("\"'") == key:
            return f":{number}"
    return ""
