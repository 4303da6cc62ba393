"""An answer that was read to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .failures import Failures
from .json_text import read_json


class WireResponse:
    """An answer whose status is a success.

    Attributes:
        status_code: Of HTTP.
        headers: With names in lower case.
        content: The body as it came.
    """

    def __init__(self, status_code: int, headers: Mapping[str, str], content: bytes, failures: Failures) -> None:
        self.status_code = status_code
        self.headers = headers
        self.content = content
        self._failures = failures

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status_code}, {len(self.content)} bytes>"

    def json(self) -> Any:
        """The value of the body's JSON.

        Raises:
            ProviderError: It is none; code `invalid_response`.
        """
        try:
            return read_json(self.content)
        except ValueError as error:
            what = f"the answer is no JSON ({error})"
            raise self._failures.unreadable(what, self.content, headers=self.headers) from error
