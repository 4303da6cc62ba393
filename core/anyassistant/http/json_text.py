"""Reading the JSON of a service, which is not always as it should be."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import from_json

_BOM = b"\xef\xbb\xbf"


def read_json(text: bytes) -> Any:
    """The value of a JSON text. Bytes that are no UTF-8 become U+FFFD.

    Raises:
        ValueError: It is none.
    """
    try:
        return from_json(text)
    except ValueError:
        # Half of a surrogate pair, which a model may give alone, is more than the fast parser takes.
        try:
            return json.loads(text.removeprefix(_BOM).decode("utf-8", "replace"))
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


def is_json(text: bytes) -> bool:
    """Whether a text is JSON, and so was not cut: no part of an object or an array is."""
    try:
        read_json(text)
    except ValueError:
        return False
    return True
