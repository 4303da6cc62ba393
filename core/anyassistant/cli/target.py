"""Which provider a command talks to."""

from ..config import resolve
from .options import Where

ECHO = "echo"
"""The provider that is always there."""


def provider_name(target: str | None, where: Where) -> str:
    """The provider that a target means: a name, a profile, or what is configured.

    Raises:
        ConfigError: The target or the configuration cannot be used.
    """
    return resolve(target, path=where.config).manifest.name
