"""Options that several commands share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from cyclopts import Parameter, validators

STORE_HELP = "An SQLite file or URL, or :memory:. By default a database in your data folder."

Policy: TypeAlias = Literal["ask", "yes", "no", "later"]
"""What becomes of calls that need an approval."""

Json = Annotated[bool, Parameter(name="--json", help="For machines: JSON, and nothing else.")]
Store = Annotated[str | None, Parameter(help=STORE_HELP)]
Limit = Annotated[int | None, Parameter(validator=validators.Number(gte=1))]
Yes = Annotated[bool, Parameter(name=["--yes", "-y"], help="Do not ask.")]
Tools = Annotated[
    tuple[str, ...],
    Parameter(
        name="--tools",
        help="Functions to offer: MODULE, MODULE:NAME of a function, list or toolset, from here or installed, or the "
        "name of an installed toolset. Repeatable.",
    ),
]
Deps = Annotated[
    str | None,
    Parameter(help="What the tools find as RunContext.deps: JSON, or MODULE:NAME of something. By default None."),
]
Approve = Annotated[
    Policy | None,
    Parameter(
        help="What becomes of calls that need an approval: ask for each (at a terminal), yes or no to all, or later, "
        "which leaves them to `anyassistant runs approve`."
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
