"""What goes wrong between a request and a cassette."""

from __future__ import annotations

from pathlib import Path

from ..verdicts import Unmet


class NotRecorded(Unmet):
    """A request has no answer on a cassette: none was recorded, or the network failed while one was to be.

    The check fails with this whatever the provider made of it. Record the check again.

    Attributes:
        request: Its method and URL, without secrets.
        file: The cassette.
    """

    def __init__(self, expected: str, came: str, *, request: str, file: Path) -> None:
        super().__init__(expected, came)
        self.request = request
        self.file = file
