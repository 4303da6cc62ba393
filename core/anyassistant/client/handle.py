"""What all handles share."""

from __future__ import annotations

from typing import NoReturn

from ..errors import InvalidRequest


class Handle:
    """Something that an app holds. It belongs to its client and cannot be pickled; records, events and errors can."""

    def __repr__(self) -> str:
        """Its class and its id, without asking the store. It never raises: a debugger shows it at any time."""
        try:
            about = str(getattr(self, "id", ""))
        except InvalidRequest:
            about = "not begun"
        except Exception as error:  # noqa: BLE001 - of whatever is broken here, something is shown
            about = f"({type(error).__name__})"
        return f"<{type(self).__name__} {about}>" if about else f"<{type(self).__name__}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} belongs to its client and cannot be pickled: pickle its `record`, or "
            "its id and get it again."
        )
