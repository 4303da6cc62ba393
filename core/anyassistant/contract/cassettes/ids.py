"""What differs from run to run: ids that a client makes up, and times. Cassettes have names in their place.

An id that a service gave is the same whenever its answer is replayed, and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from .pieces import replace_in_pieces

TIME = "<time>"

_ID = "|".join(
    (
        r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b",
        r"\b[0-9a-f]{32}\b",
        r"\b[a-z]{1,16}[_-](?=[A-Za-z]*[0-9])[A-Za-z0-9]{16,64}\b",
    )
)
"""A UUID with and without hyphens, and what is prefixed as `run_6f0c1e2d3b4a596877fedcba`."""
_ID_TEXT, _ID_BYTES = re.compile(_ID, re.ASCII), re.compile(_ID.encode())
_NAME_OR_ID = re.compile(rf"<id \d+>|{_ID}", re.ASCII)
_NAME_OR_ID_BYTES = re.compile(_NAME_OR_ID.pattern.encode())
_TIME = re.compile(
    r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?(?!\d)|\b\d{8}T\d{6}Z\b", re.ASCII
)
_EARLIEST, _LATEST = 1_600_000_000, 2_100_000_000
"""Seconds of the epoch: numbers between them are taken for times."""


def ids_in(content: bytes) -> Sequence[str]:
    """The ids in a body."""
    return [one.decode() for one in _ID_BYTES.findall(content)]


def rename_ids(text: str, rename: Callable[[str], str]) -> str:
    """A text with names for its ids, and for times."""
    return _TIME.sub(TIME, _ID_TEXT.sub(lambda match: rename(match[0]), text))


def rename_both(text: str, rename: Callable[[str], str]) -> str:
    """A text with other names for ids that have names, and for those that stayed as they were."""
    return _NAME_OR_ID.sub(lambda match: rename(match[0]), text)


def rename_in_pieces(pieces: Sequence[bytes], names: Mapping[str, str]) -> list[bytes]:
    """A body with names for some ids."""
    return replace_in_pieces(pieces, _ID_BYTES, lambda id: names.get(id.decode(), id.decode()).encode())


def fill_in(content: bytes, ids: Mapping[str, str]) -> bytes:
    """A body with other ids in place of names and ids, as far as these are known."""
    return _NAME_OR_ID_BYTES.sub(lambda match: ids.get(match[0].decode(), match[0].decode()).encode(), content)


def is_time(number: object) -> bool:
    """Whether a number may be a time, in seconds or in thousandths of seconds."""
    if not isinstance(number, int | float) or isinstance(number, bool):
        return False
    return _EARLIEST <= number <= _LATEST or _EARLIEST <= number / 1_000 <= _LATEST


class Names:
    """Gives `<id 1>`, `<id 2>`, ... to ids, in the order in which it is asked.

    Args:
        is_kept: Whether an id has no name, and stays as it is.
    """

    def __init__(self, is_kept: Callable[[str], bool] = lambda _: False) -> None:
        self.by_id: dict[str, str] = {}
        self._is_kept = is_kept

    def name(self, id: str) -> str:
        """What is written for an id."""
        return id if self._is_kept(id) else self.by_id.setdefault(id, f"<id {len(self.by_id) + 1}>")

    def blank(self, id: str) -> str:
        """What is written for an id where none is told from another."""
        return id if self._is_kept(id) else "<id>"
