"""Server-sent events, split on bytes: only what an event carries is ever decoded, and that by the JSON parser.

Source: HTML Living Standard, "Server-sent events", "Interpreting an event stream".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

DEFAULT_EVENT = "message"
"""The name of an event that names none."""
MAX_EVENT_BYTES = 2**26

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class ServerSentEvent(NamedTuple):
    """One event of a stream.

    Attributes:
        data: As it came, usually JSON; the lines of several `data` fields are joined by line feeds.
        event: Its name.
        id: The last id that the stream has given, here or before.
    """

    data: bytes
    event: str = DEFAULT_EVENT
    id: str = ""


class EventTooLong(ValueError):
    """An event, or a line, is longer than was allowed."""


class SSEDecoder:
    """Takes a stream's bytes as they come, however they are cut, and gives the events that are complete by then.

    Args:
        max_event_bytes: What an event may have.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._rest = bytearray()  # of an event; of a line, once a carriage return was seen
        self._lines: list[bytes] = []  # of an event, once a carriage return was seen
        self._size = 0  # of these lines
        self._last_id = ""
        self._has_begun = False
        self._is_plain = False  # begun, and no carriage return was seen
        self._is_after_return = False

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The events that end in this chunk. An event without data is none.

        Raises:
            EventTooLong: What came before, and has not ended, has too many bytes.
        """
        rest = self._rest
        if rest or not self._is_plain or b"\r" in chunk:
            return self._feed_rest(chunk)
        if chunk.startswith(b"data: ") and chunk.find(b"\n") == len(chunk) - 2 and chunk.endswith(b"\n\n"):
            return [ServerSentEvent(chunk[6:-2], DEFAULT_EVENT, self._last_id)]  # services send event by event
        *blocks, left = chunk.split(b"\n\n")
        if left:
            rest += left
        return self._read_blocks(blocks)

    def _feed_rest(self, chunk: bytes) -> list[ServerSentEvent]:
        """The same, where something is left of the last chunk, or a stream is not as most are."""
        rest = self._rest
        if self._size + len(rest) > self._max:
            raise EventTooLong(f"an event has more than {self._max} bytes")
        if not self._has_begun:
            chunk = bytes(rest) + chunk
            if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
                rest[:] = chunk
                return []
            rest.clear()
            chunk = chunk.removeprefix(_BOM)
            self._has_begun = self._is_plain = True
        if not self._is_plain:
            return self._feed_lines(chunk)
        if b"\r" in chunk:
            self._is_plain = False
            *self._lines, line = bytes(rest).split(b"\n")
            rest[:] = line
            return self._feed_lines(chunk)
        # Only what is new is searched, so that an event in many pieces costs no more than its length.
        begin = max(0, len(rest) - 1)
        rest += chunk
        if rest.find(b"\n\n", begin) < 0:
            return []
        *blocks, left = bytes(rest).split(b"\n\n")
        rest[:] = left
        return self._read_blocks(blocks)

    def _read_blocks(self, blocks: Sequence[bytes]) -> list[ServerSentEvent]:
        found: list[ServerSentEvent] = []
        for block in blocks:
            first, _, second = block.partition(b"\n")
            if not second and first.startswith(b"data: "):  # nearly all are this
                found.append(ServerSentEvent(first[6:], DEFAULT_EVENT, self._last_id))
            elif first.startswith(b"event: ") and second.startswith(b"data: ") and b"\n" not in second:  # or this
                found.append(ServerSentEvent(second[6:], _name_of(first[7:]), self._last_id))
            elif (event := self._read(block.split(b"\n"))) is not None:
                found.append(event)
        return found

    def finish(self) -> ServerSentEvent | None:
        """What stands at the end of the stream without the empty line that ends an event.

        It may be a part of an event; its data is empty where it has none. None if there is nothing, or only comments.
        """
        begun = [line for line in [*self._lines, *bytes(self._rest).split(b"\n")] if line and not line.startswith(b":")]
        if not begun:
            return None
        return self._read(begun) or ServerSentEvent(b"", DEFAULT_EVENT, self._last_id)

    def _feed_lines(self, chunk: bytes) -> list[ServerSentEvent]:
        """The same, where lines may end in any of the three ways."""
        if self._is_after_return and chunk:
            self._is_after_return = False
            chunk = chunk.removeprefix(b"\n")  # the second half of a line's end
        if not chunk:
            return []
        self._is_after_return = chunk.endswith(b"\r")
        first, *others = _LINE_END.split(chunk)
        self._rest += first
        found: list[ServerSentEvent] = []
        for line in others:
            self._end_line(found)
            self._rest[:] = line
        return found

    def _end_line(self, found: list[ServerSentEvent]) -> None:
        if self._rest:
            self._lines.append(bytes(self._rest))
            self._size += len(self._rest)
            return
        event = self._read(self._lines)
        if event is not None:
            found.append(event)
        self._lines, self._size = [], 0

    def _read(self, lines: Sequence[bytes]) -> ServerSentEvent | None:
        """The event of some lines; None if they have no data."""
        data: list[bytes] = []
        name = b""
        for line in lines:
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"data":
                data.append(value)
            elif field == b"event":
                name = value
            elif field == b"id" and b"\0" not in value:
                self._last_id = value.decode("utf-8", "replace")
        if not data:
            return None
        return ServerSentEvent(b"\n".join(data), _name_of(name), self._last_id)


@lru_cache(maxsize=256)
def _name_of(written: bytes) -> str:
    return written.decode("utf-8", "replace") or DEFAULT_EVENT
