"""What all handles share."""

from __future__ import annotations

from typing import NoReturn


class Handle:
    """Something that an app holds. It belongs to its client and cannot be pickled; records, events and errors can."""

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} belongs to its client and cannot be pickled: pickle its `record`, or "
            "its id and get it again."
        )
