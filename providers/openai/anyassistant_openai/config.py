"""What a profile may say about a service that speaks the Assistants wire."""

from __future__ import annotations

from typing import Literal

from anyassistant.http import Token, WireConfig
from pydantic import ImportString, field_validator


class Config(WireConfig):
    """The settings of provider `openai-assistants`. Only `base_url` is needed.

    The model of new assistants that name none is the profile's `model`.

    Attributes:
        key_header: Where the key goes: `Authorization`, as a bearer token, or `api-key`, as Azure has it.
        token: For services with short-lived keys: an async function without arguments that gives a token, or where it
            is, as `module:name`. It takes the place of the key.
        api_version: Sent with every request as the parameter `api-version`, which Azure and Foundry ask for.
        organization: Sent as `OpenAI-Organization`.
        project: Sent as `OpenAI-Project`.
        stream: Whether streams are asked for. Without them runs are polled.
        list_threads: Whether the service lists its threads to holders of a key, as Foundry does and OpenAI did not.
    """

    key_header: Literal["Authorization", "api-key"] = "Authorization"
    token: ImportString[Token] | None = None
    api_version: str | None = None
    organization: str | None = None
    project: str | None = None
    stream: bool = True
    list_threads: bool = False

    @field_validator("organization", "project")
    @classmethod
    def _check_header(cls, value: str | None) -> str | None:
        if value is not None and not (value and value.isascii() and value.isprintable()):
            raise ValueError("must be printable ASCII")
        return value
