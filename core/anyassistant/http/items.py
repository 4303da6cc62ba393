"""How the bytes of a stream become items: events, the JSON in events, JSON lines."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, Literal, Protocol, TypeAlias, TypeVar

from pydantic_core import from_json

from ..errors import ProviderError
from .body import Body
from .envelope import decode_body
from .json_lines import LineDecoder
from .json_text import is_json, read_json
from .sse import ServerSentEvent, SSEDecoder

T = TypeVar("T")
Raw = TypeVar("Raw")
Item = TypeVar("Item", covariant=True)


class Nothing(Enum):
    """Instead of an item, where there is none."""

    NOTHING = "nothing"


NOTHING: Final = Nothing.NOTHING
OrNothing: TypeAlias = T | Literal[Nothing.NOTHING]

_DONE = b"[DONE]"


class ItemReader(Protocol[Raw, Item]):
    """Makes items of the bytes of a stream.

    Attributes:
        is_done: Whether the service has said that nothing more follows.
    """

    is_done: bool

    def split(self, chunk: bytes) -> list[Raw]:
        """What ends in this chunk, unread: an item that cannot be read must not take those before it with it.

        Raises:
            EventTooLong: It would be too long.
        """
        ...

    def read(self, raw: Raw) -> OrNothing[Item]:
        """The item.

        Raises:
            ProviderError: It cannot be read, or is an error of the service's.
        """
        ...

    def finish(self) -> OrNothing[Item]:
        """The item at the end of the stream, if it lacks nothing but its terminator.

        Raises:
            ProviderError: As for `read`, or the stream was cut in the middle of an item.
        """
        ...


class EventReader:
    """The events of a stream of server-sent events; one called `error` is raised.

    Args:
        body: The answer.
        max_event_bytes: What an event may have.
    """

    def __init__(self, body: Body, *, max_event_bytes: int) -> None:
        self.is_done = False
        self._body = body
        self._decoder = SSEDecoder(max_event_bytes=max_event_bytes)
        self.split = self._decoder.feed

    def read(self, raw: ServerSentEvent) -> OrNothing[ServerSentEvent]:
        if raw.data.startswith(_DONE):
            self.is_done = True
            return NOTHING
        if raw.event == "error":
            raise _error_event(self._body, raw.data)
        return raw

    def finish(self) -> OrNothing[ServerSentEvent]:
        event = self._decoder.finish()
        if event is None:
            return NOTHING
        if event.data != _DONE and not is_json(event.data):
            raise self._body.failures.cut()
        return self.read(event)


class EventDataReader:
    """The JSON of a stream of server-sent events; an event called `error`, or that has an `error`, is raised.

    Args:
        body: The answer.
        max_event_bytes: What an event may have.
    """

    def __init__(self, body: Body, *, max_event_bytes: int) -> None:
        self._body = body
        self._events = EventReader(body, max_event_bytes=max_event_bytes)
        self.is_done = False
        self.split = self._events.split

    def read(self, raw: ServerSentEvent) -> OrNothing[Any]:
        data, name, _ = raw
        if name == "error":
            raise _error_event(self._body, data)
        try:
            value = from_json(data)
        except ValueError:
            if data.startswith(_DONE):
                self.is_done = True
                return NOTHING
            return _read_value(self._body, data) if data else NOTHING
        _raise_error(self._body, value)
        return value

    def finish(self) -> OrNothing[Any]:
        event = self._events.finish()
        self.is_done = self._events.is_done
        return NOTHING if event is NOTHING else self.read(event)


class LineReader:
    """The values of a stream of JSON lines; one that has an `error` is raised.

    Args:
        body: The answer.
        max_line_bytes: What a line may have.
    """

    def __init__(self, body: Body, *, max_line_bytes: int) -> None:
        self.is_done = False
        self._body = body
        self._decoder = LineDecoder(max_line_bytes=max_line_bytes)
        self.split = self._decoder.feed

    def read(self, raw: bytes) -> OrNothing[Any]:
        return _read_value(self._body, raw)

    def finish(self) -> OrNothing[Any]:
        line = self._decoder.finish()
        if line and not is_json(line):
            raise self._body.failures.cut()
        return self.read(line) if line else NOTHING


def _read_value(body: Body, text: bytes) -> Any:
    try:
        value = read_json(text)
    except ValueError as error:
        raise body.failures.unreadable(f"the answer is no JSON ({error})", text, headers=body.headers) from error
    _raise_error(body, value)
    return value


def _raise_error(body: Body, value: Any) -> None:
    if (type(value) is dict and value.get("error")) or body.failures.find_own_error(value) is not None:
        raise body.failures.of_event(value, body.headers)


def _error_event(body: Body, text: bytes) -> ProviderError:
    return body.failures.of_event(decode_body(text), body.headers)
