"""JSON as it is stored: everything comes back as it went in, or is refused.

Beyond JSON there are NaN and the infinities, lone surrogates (escaped), and bytes (URL-safe base64; a field that holds
bytes is known to its reader).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, cast

from pydantic_core import from_json, to_json

from ...errors import StoreError


def to_text(value: object, what: str) -> str:
    """A value of records, mappings, sequences and plain values as JSON text.

    Args:
        what: What it is, for the error.

    Raises:
        StoreError: Something in it is not JSON.
    """
    try:
        return to_json(value, bytes_mode="base64").decode()
    except ValueError:  # lone surrogates, deep nesting, mappings that are no dict: the other one can
        pass
    try:
        return json.dumps(value, default=_plain, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"{what} cannot be stored: it is not JSON ({error}).") from error


def from_text(text: str) -> Any:
    """What a JSON text says."""
    try:
        return from_json(text)
    except ValueError:  # as above
        return json.loads(text)


def check_json(value: object, what: str) -> None:
    """Refuse what would come back as something else: other keys than strings, bytes, tuples, dates, objects.

    Raises:
        StoreError: `value` does not survive being written and read.
    """
    if value is None:
        return
    found = from_text(to_text(value, what))
    if value != found and not _is_same(value, found):
        raise StoreError(
            f"{what} cannot be stored: it is not made of dicts, lists, strings, numbers, booleans and None."
        )


def _is_same(value: object, other: object) -> bool:
    """Equality by which NaN is the same as NaN, and a dict as any mapping."""
    if isinstance(value, Mapping) and isinstance(other, dict):
        own, theirs = cast("Mapping[object, object]", value), cast("dict[object, object]", other)
        return own.keys() == theirs.keys() and all(_is_same(one, theirs[key]) for key, one in own.items())
    if isinstance(value, list) and isinstance(other, list):
        ones, others = cast("list[object]", value), cast("list[object]", other)
        return len(ones) == len(others) and all(map(_is_same, ones, others))
    return value == other or (value != value and other != other)


def _plain(value: object) -> object:
    """What `json` cannot write by itself."""
    if isinstance(value, bytes):
        return base64.urlsafe_b64encode(value).decode("ascii")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(cast("Mapping[object, object]", value))
    raise TypeError(f"{type(value).__name__} is not JSON")
