"""Server-sent events, split on bytes: only an event's data is ever decoded, and that by the JSON parser.

Source: HTML Living Standard, "Server-sent events", "Interpreting an event stream".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class EventSplitter:
    """Takes a stream's bytes as they come, and gives the data of the events that are complete by then."""

    def __init__(self) -> None:
        self._rest = b""
        self._has_begun = False
        self._is_after_return = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of each event that ends in this chunk; events without data are left out."""
        if self._is_after_return and chunk:
            self._is_after_return = False
            chunk = chunk.removeprefix(b"\n")  # the second half of a line's end
        if self._rest:
            chunk = self._rest + chunk
        if not self._has_begun:
            if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
                self._rest = chunk
                return []
            chunk = chunk.removeprefix(_BOM)
            self._has_begun = True
        if b"\r" in chunk:
            return self._split_lines(chunk)
        blocks = chunk.split(b"\n\n")
        self._rest = blocks.pop()
        found: list[bytes] = []
        for block in blocks:
            if block.startswith(b"data: ") and b"\n" not in block:  # nearly all of them
                found.append(block[6:])
            else:
                found += _data(block.split(b"\n"))
        return found

    def _split_lines(self, chunk: bytes) -> list[bytes]:
        """The same, where lines may end in any of the three ways."""
        self._is_after_return = chunk.endswith(b"\r")
        found: list[bytes] = []
        lines: list[bytes] = []
        begin = at = 0
        for end in _LINE_END.finditer(chunk):
            line = chunk[at : end.start()]
            at = end.end()
            if line:
                lines.append(line)
                continue
            found += _data(lines)
            lines, begin = [], at
        self._rest = chunk[begin:]
        return found


def _data(lines: Sequence[bytes]) -> list[bytes]:
    """The data of one event's lines, if it has any."""
    found = [line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:") or line == b"data"]
    return [b"\n".join(found)] if found else []
