"""Which provider a command talks to."""

from pathlib import Path

from anyassistant_tools import ToolDefinitionError

from ..config import Resolved, choose_target, read_config, resolve
from ..errors import ConfigError
from .modules import look_here_too
from .options import Where

ECHO = "echo"
"""The provider that is always there."""


def provider_name(target: str | None, where: Where) -> str:
    """The provider that a target means: a name, a profile, or what is configured.

    Raises:
        ConfigError: The target or the configuration cannot be used.
    """
    return resolve_here(target, where.config).manifest.name


def resolve_here(target: str | None, config: Path | None) -> Resolved:
    """What a target means. The toolsets that the config file names as `module:name` may lie beside it, or here.

    Raises:
        ConfigError: The target or the configuration cannot be used.
    """
    file = read_config(config)
    names = [*file.toolsets, *(name for profile in file.profiles.values() for name in profile.toolsets)]
    if file.path is None or not any(":" in name for name in names):
        return resolve(target, path=config)
    beside = str(file.path.resolve().parent)
    look_here_too(beside)
    try:
        return resolve(target, path=config)
    except ConfigError as error:
        cause = error.__cause__
        if not isinstance(cause, ToolDefinitionError) or not isinstance(cause.__cause__, ModuleNotFoundError):
            raise
        looked = " and ".join(dict.fromkeys([str(Path.cwd()), beside]))
        raise ConfigError(f"{error}. It was looked for in {looked}, and among what is installed.") from error


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
