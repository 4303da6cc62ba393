"""What a profile may say about a service that is reached over HTTP."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from ..errors import ConfigError


class WireConfig(BaseModel):
    """Where a service is, how it is spoken to, and how long it is waited for. A provider's config extends it.

    Times are in seconds.

    Attributes:
        base_url: Such as `https://api.example.com/v1`; the paths of requests are appended to it.
        api_key: The key itself. Better is `api_key_env`: a file with a key in it gets around.
        api_key_env: The environment variable that holds the key.
        headers: Sent with every request; they win over those of the provider.
        proxy: `http://user:password@host:port`; without it the usual environment variables hold.
        verify: Whether the service's certificate is checked.
        ca_file: PEM file of the authorities that are trusted instead of the usual ones.
        connect_seconds: For a connection, per attempt.
        first_byte_seconds: From an attempt's start to the first byte of the answer's body; for a file that is uploaded,
            from the end of sending it.
        idle_seconds: Between two pieces of an answer. Whatever arrives counts, so a service that lets a model think
            for longer can send comments. Shorter than `first_byte_seconds` it costs some microseconds a piece.
        total_seconds: From the first attempt to the end of the answer.
        retry_seconds: How long opening an answer is tried again; 0 for one attempt only.
        max_event_bytes: Of one event or line of a stream.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    base_url: str
    api_key: SecretStr | None = None
    api_key_env: str | None = None
    headers: Mapping[str, str] = Field(default_factory=dict[str, str], repr=False)
    proxy: str | None = Field(default=None, repr=False)
    verify: bool = True
    ca_file: Path | None = None
    connect_seconds: float = Field(default=10.0, gt=0)
    first_byte_seconds: float = Field(default=300.0, gt=0)
    idle_seconds: float = Field(default=300.0, gt=0)
    total_seconds: float = Field(default=3600.0, gt=0)
    retry_seconds: float = Field(default=30.0, ge=0)
    max_event_bytes: int = Field(default=2**26, gt=0)

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be a URL such as https://api.example.com/v1")
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not contain a user or password: name the key's variable as `api_key_env`")
        if parts.query or parts.fragment:
            raise ValueError("must end with the path: parameters belong to requests")
        return value.rstrip("/")

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for name, text in value.items():
            if not name.isascii() or not _is_header_value(text):
                raise ValueError("names and values must be printable ASCII")
        return value

    def read_key(self) -> str | None:
        """The key, without white space around it; None where none is configured.

        Raises:
            ConfigError: The environment variable is not set, or what it holds cannot be sent.
        """
        if self.api_key is not None:
            key, source = self.api_key.get_secret_value(), "`api_key`"
        elif self.api_key_env is not None:
            key, source = os.environ.get(self.api_key_env, ""), f"the environment variable {self.api_key_env}"
        else:
            return None
        key = key.strip()
        if not key:
            raise ConfigError(f"{source} is empty: it has to hold the key for {self.base_url}.")
        if not _is_header_value(key):
            raise ConfigError(f"{source} holds no key: a key is printable ASCII in one line.")
        return key


def _is_header_value(text: str) -> bool:
    return text.isascii() and text.isprintable()
