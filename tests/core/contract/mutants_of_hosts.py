"""A right model in a plugin that is wrong, or under a client that is."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from anyassistant.client.requests import assistant_params
from anyassistant.client.tools import make_toolbox
from anyassistant.contract import Patience
from anyassistant.contract.subject import Announced
from anyassistant.echo import Config, Echo
from anyassistant.errors import ConfigError
from anyassistant.plugins import Manifest
from mutant import Mutant
from pydantic import BaseModel, Field, field_validator
from reference_model import KEY, Reference


class Keyed(BaseModel):
    api_key: str = KEY


class Loose(BaseModel, extra="allow"):
    size: int = 1


class Restless(BaseModel):
    at: float = Field(default_factory=time.monotonic)

    @field_validator("at")
    @classmethod
    def later(cls, value: float) -> float:
        return value + 1


class Talkative(BaseModel):
    size: int = 1

    @field_validator("size", mode="before")
    @classmethod
    def told(cls, value: object) -> object:
        if not isinstance(value, int):
            raise ValueError(f"{value!r} is no size")
        return value


def announced(
    check: str, what: str, config: type[BaseModel], *, contract: str = "1", create: Any = Reference
) -> Mutant:
    """A right model in a wrong plugin."""
    manifest = Manifest.chat_model("reference", contract=contract, config=config, create=lambda config: create())
    return Mutant(check, what, Reference, announced=Announced(manifest, config()))


ECHO = Manifest.chat_model("echo", contract="1", config=Config, create=lambda config: Echo())
"""The manifest of a provider that is installed."""


def patched(check: str, what: str, **patches: object) -> Mutant:
    """A right model, and a function of ours that is wrong; `__` in its name stands for a dot."""
    names = {f"anyassistant.{name.replace('__', '.')}": value for name, value in patches.items()}
    soon = Patience(check=1.0, prompt=0.3)
    return Mutant(check, what, Reference, Announced(ECHO, Config()), patience=soon, patches=names)


def given(options: Any, name: str, *bounds: Any) -> Any:
    return options.get(name)


def nothing(*arguments: Any, **options: Any) -> None:
    return None


async def nothing_async(*arguments: Any) -> None:
    return None


def fails(*arguments: Any) -> Any:
    raise ConfigError("The plugin is broken.")


def another(*arguments: Any) -> Any:
    found = str(time.perf_counter())
    return {"echo": dataclasses.replace(ECHO, default_model=found)}


def always(self: object, name: object) -> Manifest:
    return ECHO


MUTANTS = [
    announced("secrets: a config does not show them", "the key is a plain text", Keyed),
    announced("config: an unknown key is refused", "a misspelt key is kept", Loose),
    announced("config: a config comes back from its json", "a validator changes it each time", Restless),
    announced("config: a profile gives the same config", "it has the time of its making", Restless),
    announced("config: an error of a config does not show its input", "a validator repeats it", Talkative),
    announced("config: a config makes a provider", "it makes something else", Loose, create=object),
    announced("discovery: it speaks the contract", "the version of the package", Loose, contract="0.1"),
    patched(
        "validation errors: a temperature out of range is refused",
        "numbers are not looked at",
        client__requests__number_option=given,
    ),
    patched(
        "validation errors: a top p out of range is refused",
        "numbers are not looked at",
        client__requests__number_option=given,
    ),
    patched(
        "validation errors: a budget of 0 is refused", "counts are not looked at", client__requests__count_option=given
    ),
    patched(
        "validation errors: an unknown option is refused",
        "names are not looked at",
        client__requests__refuse_unknown=nothing,
    ),
    patched(
        "validation errors: a choice of no tool is refused",
        "choices are not looked at",
        hosting__thread__refuse_unknown_choice=nothing,
    ),
    patched(
        "validation errors: a refused run leaves the thread free",
        "it is not refused",
        hosting__thread__refuse_unknown_choice=nothing,
    ),
    patched(
        "validation errors: two tools of one name are refused",
        "the first one counts",
        client__threads__make_toolbox=lambda tools, **options: make_toolbox(tools[:1], **options),
    ),
    patched(
        "sync = async: tools are called the same",
        "none is offered",
        client__assistants__assistant_params=lambda options, tools: assistant_params(options, ()),
    ),
    patched(
        "cancellation: a run is cancelled before its start",
        "nothing happens",
        hosting__run__HostedRun__cancel=nothing_async,
    ),
    patched(
        "cancellation: a run is cancelled while it rests",
        "nothing happens",
        hosting__run__HostedRun__cancel=nothing_async,
    ),
    patched(
        "cancellation: a run is cancelled while a tool runs",
        "nothing happens",
        hosting__run__HostedRun__cancel=nothing_async,
    ),
    patched(
        "cancellation: a cancelled run ends with its events",
        "nothing happens",
        hosting__run__HostedRun__cancel=nothing_async,
    ),
    patched(
        "cancellation: cancelling twice does no harm", "nothing happens", hosting__run__HostedRun__cancel=nothing_async
    ),
    patched("discovery: it is found by its name", "its module fails", plugins___read_manifests=fails),
    patched(
        "discovery: its manifest is the same each time", "a model that was just found", plugins___read_manifests=another
    ),
    patched(
        "discovery: a broken neighbour is in nobodys way", "it is taken for this one", plugins__Plugins___load=always
    ),
    patched("discovery: a name that is taken twice is an error", "one is taken", plugins__Plugins__manifest=always),
]
