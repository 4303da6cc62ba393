"""Events: what a run tells while it goes on.

The names are those of the Assistants stream; ours begin with `anyassistant.`. `sequence` counts up per run, across
tool rounds, and is the last id that the event covers: `events(after=sequence)` goes on behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, cast

from .messages import Message
from .runs import LastError, RunRecord, RunStep

RunEventName: TypeAlias = Literal[
    "thread.run.created", "thread.run.queued", "thread.run.in_progress", "thread.run.requires_action",
    "thread.run.completed", "thread.run.incomplete", "thread.run.failed", "thread.run.cancelling",
    "thread.run.cancelled", "thread.run.expired",
]  # fmt: skip
RunStepEventName: TypeAlias = Literal[
    "thread.run.step.created", "thread.run.step.in_progress", "thread.run.step.completed",
    "thread.run.step.failed", "thread.run.step.cancelled", "thread.run.step.expired",
]  # fmt: skip
MessageEventName: TypeAlias = Literal[
    "thread.message.created", "thread.message.in_progress", "thread.message.completed", "thread.message.incomplete"
]
ExtensionEventName: TypeAlias = Literal[
    "anyassistant.tool.progress", "anyassistant.reasoning.delta",
    "anyassistant.approval.asked", "anyassistant.approval.decided",
]  # fmt: skip


class _HasFrame(Protocol):
    @property
    def event(self) -> str: ...
    @property
    def data(self) -> Mapping[str, object] | RunRecord | RunStep | Message | LastError: ...
    @property
    def sequence(self) -> int: ...


class _Framed:
    """What all events share beside their fields, whose types are each one's own."""

    __slots__ = ()

    def to_sse(self: _HasFrame) -> str:
        """The event as a block of a server-sent event stream, its `sequence` as the id.

        Source: HTML Living Standard, "Server-sent events"; JSON has no raw line break, so nothing needs escaping.
        """
        from pydantic_core import to_json

        return f"event: {self.event}\nid: {self.sequence}\ndata: {to_json(data_to_wire(self)).decode()}\n\n"


@dataclass(frozen=True, slots=True)
class RunEvent(_Framed):
    """The run reached a status."""

    event: RunEventName
    data: RunRecord
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class RunStepEvent(_Framed):
    """A run step began or ended."""

    event: RunStepEventName
    data: RunStep
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class RunStepDeltaEvent(_Framed):
    """A piece of a run step: a tool call as the model writes it, or an output. `data` is the wire's object."""

    event: Literal["thread.run.step.delta"]
    data: Mapping[str, object]
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class MessageEvent(_Framed):
    """A message began or ended."""

    event: MessageEventName
    data: Message
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class MessageDeltaEvent(_Framed):
    """A piece of a message. `data` is the wire's object, `text` what it adds."""

    event: Literal["thread.message.delta"]
    data: Mapping[str, object]
    sequence: int = 0

    @property
    def text(self) -> str:
        """What it adds to the message: text, or the words of a refusal."""
        delta = cast("Mapping[str, list[dict[str, object]]]", self.data["delta"])
        content = delta["content"]
        return _part_text(content[0]) if len(content) == 1 else "".join(map(_part_text, content))


@dataclass(frozen=True, slots=True)
class ErrorEvent(_Framed):
    """A fault of the stream itself; a run's own failure is `thread.run.failed`."""

    event: Literal["error"]
    data: LastError
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class ExtensionEvent(_Framed):
    """What the Assistants stream has no name for.

    `anyassistant.tool.progress` (`tool_call_id`, `progress`), `anyassistant.reasoning.delta` (`text`),
    `anyassistant.approval.asked` and `.decided` (`tool_call_id` and the call, or the decision).
    """

    event: ExtensionEventName
    data: Mapping[str, object]
    sequence: int = 0


Event: TypeAlias = (
    RunEvent | RunStepEvent | RunStepDeltaEvent | MessageEvent | MessageDeltaEvent | ExtensionEvent | ErrorEvent
)


def message_delta(
    message_id: str, text: str, sequence: int, *, kind: Literal["text", "refusal"] = "text"
) -> MessageDeltaEvent:
    """The event of a piece of a message's text, or of a refusal."""
    part: dict[str, object] = (
        {"index": 0, "type": "text", "text": {"value": text}}
        if kind == "text"
        else {"index": 0, "type": "refusal", "refusal": text}
    )
    data = {"id": message_id, "object": "thread.message.delta", "delta": {"content": [part]}}
    return MessageDeltaEvent("thread.message.delta", data, sequence)


def data_to_wire(event: _HasFrame) -> Mapping[str, object]:
    """An event's data as the wire's object."""
    data = event.data
    return data if isinstance(data, Mapping) else data.to_wire()


def _part_text(part: Mapping[str, object]) -> str:
    text = part.get("text")
    if isinstance(text, dict):  # what JSON gives; asking for a Mapping costs four times as much
        return str(text.get("value") or "")
    return str(part.get("refusal") or "")
