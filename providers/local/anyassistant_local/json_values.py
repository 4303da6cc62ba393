"""Decoded JSON of unknown shape, read with types."""

from collections.abc import Mapping, Sequence
from typing import TypeGuard


def is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a value is a JSON object."""
    return isinstance(value, Mapping)


def is_array(value: object) -> TypeGuard[Sequence[object]]:
    """Whether a value is a JSON array."""
    return isinstance(value, list | tuple)


def as_object(value: object) -> Mapping[str, object]:
    """The value where it is an object, else an empty one."""
    return value if is_object(value) else {}


def as_array(value: object) -> Sequence[object]:
    """The value where it is an array, else an empty one."""
    return value if is_array(value) else ()
