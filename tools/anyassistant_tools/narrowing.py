"""`isinstance` for values of which nothing is known, in the words that strict type checkers want."""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import TypeGuard

from typing_extensions import TypeIs


def is_json_object(value: object) -> TypeGuard[dict[str, object]]:
    """Whether a parsed JSON value is an object."""
    return isinstance(value, dict)


def is_json_array(value: object) -> TypeGuard[list[object]]:
    """Whether a parsed JSON value is an array."""
    return isinstance(value, list)


def is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    """Whether a value maps keys to values."""
    return isinstance(value, Mapping)


def is_collection(value: object) -> TypeGuard[Collection[object]]:
    """Whether a value is one of the containers that become a JSON array."""
    return isinstance(value, (list, tuple, set, frozenset, deque))


def is_sequence(value: object) -> TypeIs[Sequence[object]]:
    """Whether a value is ordered and indexed, as a `range` is too."""
    return isinstance(value, Sequence)


def is_bytes(value: object) -> "TypeIs[bytes | bytearray | memoryview[int]]":
    """Whether a value is binary."""
    return isinstance(value, bytes | bytearray | memoryview)
