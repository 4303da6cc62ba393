"""What of JSON Schema a provider takes, as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a provider's schemas can say.

    Attributes:
        provider: What it is called in reports.
        limits: The keywords that each JSON type may have.
        formats: The values of `format` that it checks.
        takes_pattern: Whether it takes a regular expression, where it takes `pattern`.
        max_count: The largest count of characters or items that it can take as a limit; `None` where there is none.
        constants: Which values an `enum` may have: any, those that are not objects or lists, or strings only.
        requires_all: Whether all properties must be required, so that absent ones are written as null.
        has_open_objects: Whether objects may have properties that are not named.
        has_empty_objects: Whether objects need not name any property.
        has_anything: Whether there is a schema for every JSON value.
        has_tuples: Whether each place of a list may have its own schema.
        has_references: Whether definitions can be referred to, so that a schema may be recursive.
        has_any_root: Whether the root may be something other than an object.
    """

    provider: str
    limits: Mapping[str, frozenset[str]]
    formats: frozenset[str] = frozenset()
    takes_pattern: Callable[[str], bool] = lambda _: True
    max_count: int | None = None
    constants: Literal["any", "scalars", "texts"]
    requires_all: bool = False
    has_open_objects: bool = False
    has_empty_objects: bool = True
    has_anything: bool = False
    has_tuples: bool = False
    has_references: bool = True
    has_any_root: bool = False
