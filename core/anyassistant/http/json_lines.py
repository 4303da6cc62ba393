"""Newline-delimited JSON, split on bytes.

Source: the NDJSON specification, 1.0.0.
"""

from __future__ import annotations

from .sse import MAX_EVENT_BYTES, EventTooLong

_BOM = b"\xef\xbb\xbf"


class LineDecoder:
    """Takes a stream's bytes as they come, however they are cut, and gives the lines that are complete by then.

    Args:
        max_line_bytes: What a line may have.
    """

    def __init__(self, *, max_line_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_line_bytes
        self._rest = bytearray()
        self._has_begun = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that end in this chunk; white space around them, and lines that have nothing else, are left out.

        Raises:
            EventTooLong: What came before, and has not ended, has too many bytes.
        """
        if len(self._rest) > self._max:
            raise EventTooLong(f"a line has more than {self._max} bytes")
        first, *others = chunk.split(b"\n")
        self._rest += first
        found: list[bytes] = []
        for line in others:
            if whole := self._take():
                found.append(whole)
            self._rest[:] = line
        return found

    def finish(self) -> bytes:
        """What stands at the end of the stream without a line's end; it may be a part of a line."""
        return self._take()

    def _take(self) -> bytes:
        line = bytes(self._rest)
        if not self._has_begun:
            line = line.removeprefix(_BOM)
            self._has_begun = True
        return line.strip()
