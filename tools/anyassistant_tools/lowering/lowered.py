"""What a lowering gives: the schema for the provider, the way back for the arguments, and what was changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

Target: TypeAlias = Literal["openai-strict", "anthropic", "gemini", "grammar"]
"""Whose subset of JSON Schema a schema is lowered to."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something of the canonical schema that the lowered one says in another way, or does not say.

    Attributes:
        path: Where it stands, such as `orders[].price` or `$defs.Node.children`; the root is `arguments`.
        kind: `rewritten` is checked by the provider in another form, and lifted back; `weakened` is not checked by
            the provider, but by the validation that follows.
        what: One sentence for a person.
    """

    path: str
    kind: Literal["rewritten", "weakened"]
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.kind}: {self.what}"


class Report:
    """Collects changes, each once, in the order in which they were met."""

    def __init__(self) -> None:
        self._changes: dict[Change, None] = {}

    def rewritten(self, path: str, what: str) -> None:
        self._changes[Change(path or ROOT_PATH, "rewritten", what)] = None

    def weakened(self, path: str, what: str) -> None:
        self._changes[Change(path or ROOT_PATH, "weakened", what)] = None

    @property
    def changes(self) -> Sequence[Change]:
        return tuple(self._changes)


ROOT_PATH = "arguments"


class Conversion(Protocol):
    """A value's way to the lowered form and back. What does not fit is passed on as it is, for the validation."""

    def lift(self, value: object) -> object:
        """The canonical form of a lowered value."""
        ...

    def lower(self, value: object) -> object:
        """The lowered form of a canonical value."""
        ...


@dataclass(frozen=True, slots=True)
class Lowered:
    """A schema in the form that a provider accepts.

    Attributes:
        target: Whose form it is.
        schema: The lowered JSON Schema. For `grammar` it is what the grammar was made from.
        grammar: The grammar in llama.cpp's GBNF, where the target is `grammar`.
        report: What was rewritten or weakened; everything else was kept.
        kept: The names of the arguments of which nothing was changed.
    """

    target: Target
    schema: dict[str, object]
    grammar: str | None
    report: Sequence[Change]
    kept: Sequence[str]
    _conversion: Conversion = field(repr=False)

    def lift(self, value: object) -> object:
        """Give the arguments in the canonical form, from what a model wrote under the lowered schema.

        Nothing is validated here: what does not fit the lowered schema is passed on, for the validation that follows.

        Args:
            value: The parsed JSON of the arguments.

        Raises:
            ToolArgumentsError: A list of pairs has the same key twice, so that no object can be made of it.
        """
        return self._conversion.lift(value)

    def lower_value(self, value: object) -> object:
        """Give what a model under the lowered schema would have written, from arguments in the canonical form.

        Args:
            value: JSON data that the canonical schema accepts, such as the arguments in a history.
        """
        return self._conversion.lower(value)
