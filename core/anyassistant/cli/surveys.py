"""What is known of each installed provider; one that is broken says why."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import EntryPoint

from ..errors import ConfigError
from ..plugins import Manifest, Plugins
from ..protocols import Capabilities


@dataclass(frozen=True, slots=True)
class Survey:
    """One installed provider.

    Attributes:
        package: The distribution that brings it, with its version.
        is_ok: Whether its plugin loads.
        problem: Why it does not.
        default_model: Its model where nothing else is said.
        entry_is_wrong: Whether its entry point names nothing that there is, which no installation mends.
        commands: Whether it has commands of its own, under its name.
        capabilities: What it can do, where that is known without configuration.
    """

    name: str
    package: str
    module: str
    is_ok: bool
    problem: str | None = None
    entry_is_wrong: bool = False
    default_model: str | None = None
    commands: str | None = None
    capabilities: Capabilities | None = None

    def to_json(self) -> Mapping[str, object]:
        """For machines."""
        return {
            "name": self.name,
            "package": self.package,
            "module": self.module,
            "ok": self.is_ok,
            "problem": self.problem,
            "default_model": self.default_model,
            "commands": self.commands is not None,
            "capabilities": None if self.capabilities is None else asdict(self.capabilities),
        }


def survey_providers() -> list[Survey]:
    """All installed providers by name. It imports their plugins."""
    plugins = Plugins()
    surveys: list[Survey] = []
    for one in plugins.installed():
        try:
            manifest = plugins.manifest(one.name)
        except ConfigError as error:
            is_wrong = names_nothing(one.entry_point, error.__cause__)
            surveys.append(Survey(one.name, one.distribution, one.module, False, str(error), is_wrong))
            continue
        surveys.append(
            Survey(
                one.name,
                one.distribution,
                one.module,
                True,
                default_model=manifest.default_model,
                commands=manifest.commands,
                capabilities=_capabilities(manifest),
            )
        )
    return surveys


def names_nothing(entry: EntryPoint, failure: BaseException | None) -> bool:
    """Whether an entry point names a module or an attribute that does not exist.

    Args:
        failure: What its import ended with.
    """
    match failure:
        case ModuleNotFoundError():
            return failure.name is not None and f"{entry.module}.".startswith(f"{failure.name}.")
        case AttributeError():
            return bool(entry.attr) and getattr(failure.obj, "__name__", None) == entry.module
        case _:
            return False


def _capabilities(manifest: Manifest) -> Capabilities | None:
    """What a provider says of itself when it is made of an empty config: None where that needs a key, say."""
    try:
        return manifest.create(manifest.config()).capabilities
    except Exception:  # noqa: BLE001 - a provider's own code; what it cannot tell is not known
        return None
