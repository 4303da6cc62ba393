"""Records as JSON text, and back. A record's text is its fields, as they are called here.

Nothing is validated: it is what we wrote ourselves. Sequences come back as tuples.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from ...types import (
    AssistantRecord,
    Attachment,
    CallState,
    Decision,
    HostedTool,
    Image,
    IncompleteDetails,
    LastError,
    Limits,
    Message,
    MessageIncompleteDetails,
    Part,
    PendingCall,
    Refusal,
    RunRecord,
    RunStep,
    Text,
    ThreadRecord,
    ToolCall,
    ToolSpec,
    Turn,
    TurnCall,
    Usage,
)
from .json_text import check_json, from_text, to_text

CALL_STATES: tuple[CallState, ...] = ("started", "succeeded", "failed", "unknown")
"""The states of calls in the ledger; a row has the number of its place."""

Fields = dict[str, Any]

_RUN_FIELDS = tuple(field.name for field in fields(RunRecord))


def encode(record: AssistantRecord | ThreadRecord | Message | RunRecord | RunStep) -> str:
    return to_text(record, f"{record.object} {record.id}")


def encode_turn(turn: Turn) -> str:
    """A turn as text.

    Raises:
        StoreError: Its `provider_state` is not JSON.
    """
    check_json(turn.provider_state, f"The provider_state of {turn.id}")
    return to_text(turn, turn.id)


def run_progress(record: RunRecord, snapshot: RunRecord) -> Fields:
    """What is different from the run as it began.

    Objects are told apart by identity: equal ones can differ (0 and 0.0), and a driver's record shares what it did not
    change.
    """
    progress: Fields = {}
    for name in _RUN_FIELDS:
        now, before = getattr(record, name), getattr(snapshot, name)
        if now is not before and not (isinstance(now, str | int) and type(now) is type(before) and now == before):
            progress[name] = now
    return progress


def encode_progress(record: RunRecord, snapshot: RunRecord) -> str:
    return to_text(run_progress(record, snapshot), f"run {record.id}")


def decode_assistant(text: str) -> AssistantRecord:
    found: Fields = from_text(text)
    found["tools"] = _each(_tool, found["tools"])
    found["hosted_tools"] = _each(_hosted_tool, found.get("hosted_tools", ()))
    return AssistantRecord(**found)


def decode_thread(text: str) -> ThreadRecord:
    return ThreadRecord(**from_text(text))


def decode_message(text: str) -> Message:
    return message_of(from_text(text))


def decode_step(text: str) -> RunStep:
    return step_of(from_text(text))


def decode_turn(text: str) -> Turn:
    found: Fields = from_text(text)
    found["tool_calls"] = _each(_turn_call, found["tool_calls"])
    found["usage"] = _optional(_usage, found["usage"])
    return Turn(**found)


def decode_snapshot(text: str) -> RunRecord:
    return RunRecord(**_run_fields(from_text(text)))


def decode_run(snapshot: RunRecord, progress: str) -> RunRecord:
    return run_of(snapshot, from_text(progress))


def message_of(found: Fields) -> Message:
    found["content"] = _each(_part, found["content"])
    found["attachments"] = _each(_attachment, found.get("attachments", ()))
    details = found["incomplete_details"]
    if details is not None:
        found["incomplete_details"] = MessageIncompleteDetails(**details)
    return Message(**found)


def step_of(found: Fields) -> RunStep:
    found["tool_calls"] = _each(_tool_call, found["tool_calls"])
    found["usage"] = _optional(_usage, found["usage"])
    found["last_error"] = _optional(error_of, found["last_error"])
    return RunStep(**found)


def run_of(snapshot: RunRecord, progress: Fields) -> RunRecord:
    """A run which differs from its snapshot by these fields."""
    return replace(snapshot, **_run_fields(progress)) if progress else snapshot


def error_of(found: Fields) -> LastError:
    return LastError(**found)


_RUN_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "usage": lambda found: _optional(_usage, found),
    "last_error": lambda found: _optional(error_of, found),
    "pending_calls": lambda found: tuple(PendingCall(**_call_fields(call)) for call in found),
    "tools": lambda found: _each(_tool, found),
    "hosted_tools": lambda found: _each(_hosted_tool, found),
    "limits": lambda found: Limits(**found),
    "incomplete_details": lambda found: _optional(lambda details: IncompleteDetails(**details), found),
}


def _run_fields(found: Fields) -> Fields:
    """Fields of a run, all or some, as the record has them."""
    for name, decode in _RUN_DECODERS.items():
        if name in found:
            found[name] = decode(found[name])
    return found


def _part(found: Fields) -> Part:
    if "value" in found:
        return Text(found["value"], tuple(found["annotations"]))
    if "refusal" in found:
        return Refusal(found["refusal"])
    return _image(found)


def _image(found: Fields) -> Image:
    if found["data"] is not None:
        found["data"] = base64.urlsafe_b64decode(found["data"])
    return Image(**found)


def _tool_call(found: Fields) -> ToolCall:
    return ToolCall(**_call_fields(found))


def _turn_call(found: Fields) -> TurnCall:
    fields = _call_fields(found)
    if "images" in fields:  # calls of version 0001 have none
        fields["images"] = tuple(_image(image) for image in fields["images"])
    return TurnCall(**fields)


def _call_fields(found: Fields) -> Fields:
    decision = found.get("decision")
    return found if decision is None else {**found, "decision": Decision(**decision)}


def _tool(found: Fields) -> ToolSpec:
    return ToolSpec(**found)


def _hosted_tool(found: Fields) -> HostedTool:
    return HostedTool(**found)


def _attachment(found: Fields) -> Attachment:
    return Attachment(found["file_id"], tuple(found["tools"]))


def _usage(found: Fields) -> Usage:
    return Usage(**found)


def _each(decode: Callable[[Fields], Any], found: Iterable[Fields]) -> tuple[Any, ...]:
    return tuple([decode(one) for one in found])


def _optional(decode: Callable[[Fields], Any], found: Mapping[str, Any] | None) -> Any:
    return None if found is None else decode(dict(found))
