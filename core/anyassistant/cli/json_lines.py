"""Objects and events for machines, on standard output."""

import sys
from collections.abc import Mapping, Sequence

from pydantic_core import to_json

from ..types import Event
from ..types.events import data_to_wire


def event_line(event: Event) -> str:
    """An event as one line: `{"event": ..., "data": <the wire's object>, "sequence": n}`."""
    return to_json({"event": event.event, "data": data_to_wire(event), "sequence": event.sequence}).decode()


def print_event(event: Event) -> None:
    """Write an event as one line, at once."""
    print(event_line(event), flush=True)


def print_json(value: Mapping[str, object] | Sequence[Mapping[str, object]], *, indented: bool | None = None) -> None:
    """Write an object, or a list of them: indented at a terminal, else on one line, unless told."""
    is_indented = sys.stdout.isatty() if indented is None else indented
    print(to_json(value, indent=2 if is_indented else None).decode(), flush=True)
