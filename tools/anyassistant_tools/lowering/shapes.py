"""A JSON Schema as the few shapes that all of its keywords come down to.

The reader makes these of a canonical schema, a dialect's rewriter turns them into those that a provider has, and a
writer makes the provider's schema of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["string", "integer", "number", "boolean", "null"]

NO_DEFAULT = object()
"""Stands for the absence of a default, since `None` is one."""


@dataclass(slots=True, eq=False, kw_only=True)
class Shape:
    """What values may look like at one place.

    Attributes:
        path: Where the canonical schema says so, for the report.
        description: What the model reads about it.
        default: The value that stands for an absent one.
    """

    path: str = ""
    description: str = ""
    default: object = NO_DEFAULT


@dataclass(slots=True, eq=False, kw_only=True)
class Anything(Shape):
    """Every JSON value."""


@dataclass(slots=True, eq=False, kw_only=True)
class Nothing(Shape):
    """No value at all: the schema `false`."""


@dataclass(slots=True, eq=False, kw_only=True)
class Constants(Shape):
    """One of some values."""

    values: tuple[object, ...]


@dataclass(slots=True, eq=False, kw_only=True)
class Scalar(Shape):
    """A string, number, boolean or null; `limits` are keywords such as `minLength`, `format` and `maximum`."""

    kind: Kind
    limits: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True, eq=False, kw_only=True)
class Array(Shape):
    """A list: first one item for each of `prefix`, then any number of `items`, or none where that is `None`."""

    prefix: list[Shape] = field(default_factory=list)
    items: Shape | None
    limits: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True, eq=False, kw_only=True)
class Object(Shape):
    """An object: its known properties, and what others may be; `None` where there are no others.

    Attributes:
        keys: What the names of the others look like; `None` is any string.
    """

    properties: dict[str, Shape]
    required: frozenset[str] = frozenset()
    extras: Shape | None = None
    keys: Shape | None = None
    limits: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True, eq=False, kw_only=True)
class Union(Shape):
    """Any of some shapes."""

    options: list[Shape]


@dataclass(slots=True, eq=False, kw_only=True)
class Reference(Shape):
    """The shape that is defined under a name."""

    name: str


@dataclass(slots=True)
class Document:
    """A whole schema: the root, and the shapes that references name."""

    root: Shape
    definitions: dict[str, Shape]


def add_sentence(description: str, sentence: str) -> str:
    """Give a description with one more sentence."""
    if not description:
        return sentence
    return f"{description}{'' if description.rstrip()[-1:] in '.!?:' else '.'} {sentence}"


def resolve(shape: Shape, definitions: Mapping[str, Shape]) -> Shape:
    """Give what a reference leads to."""
    seen: set[str] = set()
    while isinstance(shape, Reference) and shape.name not in seen:
        seen.add(shape.name)
        shape = definitions[shape.name]
    return shape
