"""The provider's part of a profile."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path

from pydantic import BaseModel, SecretBytes, SecretStr

from ...config import resolve
from ...errors import ConfigError
from ...plugins import GROUP, Installed, Manifest, Plugins
from ...protocols import ChatModel, Provider
from ..catalogue import Group
from ..subject import Subject
from ..verdicts import NotApplicable, Unmet, expect, expect_equal

check = Group("config")


@check(
    rule="Manifest.config: a pydantic model of the provider's part of a profile",
    trap="validators that change their input each time, or fields that JSON has no form for",
)
def a_config_comes_back_from_its_json(subject: Subject) -> None:
    settings = _writable(subject)
    again = type(settings).model_validate_json(settings.model_dump_json())
    expect_equal(again, settings, "the config")


@check(
    rule="anyassistant.toml: the keys of a profile are those of its provider's config",
    trap="an alias that only JSON knows, or a field that TOML has no form for",
)
def a_profile_gives_the_same_config(subject: Subject) -> None:
    settings = _writable(subject)
    values = json.loads(settings.model_dump_json(exclude_defaults=True, exclude_none=True))
    expect_equal(_resolved(subject, values), settings, "the config of the profile")


@check(
    rule="anyassistant.toml: a key that means nothing is refused, with its line",
    trap='`extra="allow"`: a misspelt key is a setting that does nothing',
)
def an_unknown_key_is_refused(subject: Subject) -> None:
    try:
        _resolved(subject, {"no_such_setting": 1})
    except ConfigError as error:
        expect("no_such_setting" in str(error), "an error that names the key", str(error))
    else:
        raise Unmet("ConfigError", "a config")
    try:
        subject.announced.manifest.config.model_validate({"no_such_setting": "x"})
    except ValueError:
        return
    raise Unmet('a ValidationError from the config itself (`extra="forbid"`)', "a config")


@check(
    rule="The contract, secrets: a key never comes from an error",
    trap="`hide_input_in_errors=True` is missing, or a validator puts its input into the message",
)
def an_error_of_a_config_does_not_show_its_input(subject: Subject) -> None:
    kind = subject.announced.manifest.config
    fields = list(kind.model_fields)
    if not fields:
        raise NotApplicable("there is nothing to configure")
    shown = ""
    for name in fields:
        try:
            kind.model_validate({name: {"sk-contract-secret": "sk-contract-secret"}})
        except ValueError as error:
            shown += str(error)
    expect("sk-contract-secret" not in shown, "errors without their input", shown)


@check(
    rule="Manifest.create: synchronous, of a config, without asking anybody",
    trap="the service is asked, or a file is read, before anything is asked of the provider",
)
def a_config_makes_a_provider(subject: Subject) -> None:
    settings = subject.settings
    try:
        made = subject.announced.manifest.create(settings)
    except ConfigError as error:
        hint = "set the variable in conftest.py, or give the class a `config` that makes a provider without it"
        raise Unmet(
            "a provider", f"ConfigError: {error} If it is a key that the tests need not have: {hint}"
        ) from error
    expect(isinstance(made, ChatModel | Provider), "a ChatModel or a Provider", type(made).__name__)


def _writable(subject: Subject) -> BaseModel:
    """A config that can be written and read again."""
    settings = subject.settings
    if any(isinstance(value, SecretStr | SecretBytes) for value in vars(settings).values()):
        raise NotApplicable("a config with secrets is not written")
    return settings


def _resolved(subject: Subject, values: Mapping[str, object]) -> BaseModel:
    """The config of a profile with these settings."""
    manifest = subject.announced.manifest
    name = manifest.name
    lines = [f"{key} = {_toml(value)}" for key, value in values.items()]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "anyassistant.toml"
        file.write_text("\n".join(["[profiles.contract]", f'provider = "{name}"', *lines, ""]), "utf-8")
        return resolve("contract", path=file, plugins=_Known(manifest)).config


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + "}"
    return json.dumps(value)  # texts, numbers, booleans and arrays look the same


class _Known(Plugins):
    """This provider alone, installed or not."""

    def __init__(self, manifest: Manifest) -> None:
        point = EntryPoint(manifest.name, "", GROUP)
        super().__init__([Installed(manifest.name, "the provider that is checked", point)])
        self._manifest = manifest

    def manifest(self, name: str) -> Manifest:
        return self._manifest
