"""Which provider a command talks to."""

from ..config import choose_target, read_config, resolve
from ..errors import ConfigError
from .options import Where

ECHO = "echo"
"""The provider that is always there."""


def provider_name(target: str | None, where: Where) -> str:
    """The provider that a target means: a name, a profile, or what is configured.

    Raises:
        ConfigError: The target or the configuration cannot be used.
    """
    return resolve(target, path=where.config).manifest.name


def target_of(provider: str | None) -> str | None:
    """What `--provider` of a command is given to talk to a provider; None where it does without. No plugin is imported.

    Args:
        provider: The provider's name; None where any will do.
    """
    return None if provider is None or provider == _default_provider() else provider


def _default_provider() -> str | None:
    """The provider of commands that name none; None where the configuration is broken."""
    try:
        file = read_config()
    except ConfigError:
        return None
    name = choose_target(None, file)[0].partition(":")[0]
    return file.profiles[name].provider if name in file.profiles else name
