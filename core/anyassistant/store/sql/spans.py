"""The event log as it is stored: all events of one commit in one row, with the numbers of its first and last one.

A payload is a list. A list of four in it is a span of a message's deltas, `[DELTA, message id, kind, texts]`, each text
with a number of its own, so that replay is exact also from inside a span; a pair is any other event, `[name, data]`,
with one number. A run in `data` is what differs from the run as it began. Numbers follow one another within a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from ...types import (
    ErrorEvent,
    Event,
    ExtensionEvent,
    MessageDeltaEvent,
    MessageEvent,
    RunEvent,
    RunRecord,
    RunStepDeltaEvent,
    RunStepEvent,
)
from ...types.events import message_delta
from .codec import error_of, message_of, run_of, run_progress, step_of
from .json_text import from_text, to_text

DELTA = "d"

Kind = Literal["text", "refusal"]


@dataclass(frozen=True, slots=True)
class Span:
    """Events of one commit, whose numbers follow one another."""

    first: int
    last: int
    payload: str


def encode_events(events: Sequence[Event], snapshot: RunRecord) -> Iterator[Span]:
    """Events as rows: one, unless numbers are left out.

    Raises:
        StoreError: The data of an event is not JSON.
    """
    start = 0
    for at in range(1, len(events) + 1):
        if at == len(events) or events[at].sequence != events[at - 1].sequence + 1:
            piece = events[start:at]
            payload = to_text(_payload(piece, snapshot), f"An event of run {snapshot.id}")
            yield Span(piece[0].sequence, piece[-1].sequence, payload)
            start = at


def decode_events(span: Span, after: int, snapshot: RunRecord) -> Iterator[Event]:
    """The events of a row behind a number.

    Args:
        snapshot: The run as it began.
    """
    sequence = span.first - 1
    for entry in from_text(span.payload):
        if entry[0] == DELTA:
            _, message_id, kind, texts = entry
            for text in texts:
                sequence += 1
                if sequence > after:
                    yield message_delta(message_id, text, sequence, kind=kind)
        else:
            sequence += 1
            if sequence > after:
                yield _event(entry[0], entry[1], sequence, snapshot)


def _payload(events: Sequence[Event], snapshot: RunRecord) -> list[object]:
    payload: list[object] = []
    open_id, open_kind = "", ""
    texts: list[str] = []
    for event in events:
        plain = _plain_delta(event) if isinstance(event, MessageDeltaEvent) else None
        if plain is not None:
            message_id, kind, text = plain
            if message_id != open_id or kind != open_kind:
                open_id, open_kind, texts = message_id, kind, []
                payload.append((DELTA, open_id, open_kind, texts))
            texts.append(text)
            continue
        open_id = ""
        data = event.data
        payload.append((event.event, run_progress(data, snapshot) if isinstance(data, RunRecord) else data))
    return payload


def _plain_delta(event: MessageDeltaEvent) -> tuple[str, Kind, str] | None:
    """Message, kind and text of a delta that has nothing else in it, as `message_delta` makes them."""
    data = cast("dict[str, Any]", event.data)
    try:
        message_id, delta = data["id"], data["delta"]
        (part,) = delta["content"]
        kind = part["type"]
        text = part["text"]["value"] if kind == "text" else part["refusal"]
        is_plain = (
            len(data) == 3
            and data["object"] == "thread.message.delta"
            and len(delta) == 1
            and len(part) == 3
            and part["index"] == 0
            and (kind == "refusal" or (kind == "text" and len(part["text"]) == 1))
            and type(text) is str
        )
    except (KeyError, TypeError, ValueError):
        return None
    return (message_id, kind, text) if is_plain else None


def _event(name: Any, data: Any, sequence: int, snapshot: RunRecord) -> Event:
    match name:
        case "error":
            return ErrorEvent(name, error_of(data), sequence)
        case "thread.message.delta":
            return MessageDeltaEvent(name, data, sequence)
        case "thread.run.step.delta":
            return RunStepDeltaEvent(name, data, sequence)
        case _ if name.startswith("anyassistant."):
            return ExtensionEvent(name, data, sequence)
        case _ if name.startswith("thread.message."):
            return MessageEvent(name, message_of(data), sequence)
        case _ if name.startswith("thread.run.step."):
            return RunStepEvent(name, step_of(data), sequence)
        case _:
            return RunEvent(name, run_of(snapshot, data), sequence)
