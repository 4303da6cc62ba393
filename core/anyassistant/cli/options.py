"""Options that several commands share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

STORE_HELP = "An SQLite file or URL, or :memory:. By default a database in your data folder."

Json = Annotated[bool, Parameter(name="--json", help="For machines: JSON, and nothing else.")]
Store = Annotated[str | None, Parameter(help=STORE_HELP)]
Limit = Annotated[int | None, Parameter(validator=validators.Number(gte=1))]
Yes = Annotated[bool, Parameter(name=["--yes", "-y"], help="Do not ask.")]
Tools = Annotated[
    tuple[str, ...],
    Parameter(
        name="--tools",
        help="Functions to offer: MODULE, MODULE:FUNCTION or MODULE:LIST, from here or installed. Repeatable.",
    ),
]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Where:
    """Where the data lies, and what is configured.

    Attributes:
        config: The config file. By default the nearest anyassistant.toml, from here upwards.
    """

    store: Store = None
    config: Path | None = None


HERE = Where()
