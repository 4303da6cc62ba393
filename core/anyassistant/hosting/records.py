"""Records of hosted assistants and runs, made of what was asked for. Pure."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace

from ..protocols import AssistantParams, MessageParams, NamedTool, RunParams, ToolChoice
from ..types import AssistantRecord, HostedTool, Limits, Message, RunRecord
from .ids import new_id
from .store import HistoryMessage, RunState
from .tokens import estimate_message


def assistant_record(assistant_id: str, created_at: int, params: AssistantParams) -> AssistantRecord:
    """An assistant as its parameters have it."""
    return AssistantRecord(
        id=assistant_id,
        created_at=created_at,
        name=params.name,
        description=params.description,
        instructions=params.instructions,
        model=params.model,
        tools=tuple(params.tools),
        temperature=params.temperature,
        top_p=params.top_p,
        response_format=params.response_format or "auto",
        metadata=dict(params.metadata),
    )


def run_record(
    thread_id: str, assistant: AssistantRecord, params: RunParams, default_model: str, now: int
) -> RunRecord:
    """A run with its assistant as it is now: what the run's parameters leave open is the assistant's."""
    instructions = assistant.instructions if params.instructions is None else params.instructions
    if params.additional_instructions:
        instructions = "\n\n".join(filter(None, (instructions, params.additional_instructions)))
    choice = params.tool_choice
    return RunRecord(
        id=new_id("run"),
        thread_id=thread_id,
        assistant_id=assistant.id,
        status="queued",
        model=params.model or assistant.model or default_model,
        metadata=dict(params.metadata),
        expires_at=None if params.expires_in is None else math.ceil(now + params.expires_in),
        created_at=now,
        instructions=instructions,
        tools=tuple(assistant.tools if params.tools is None else params.tools),
        temperature=assistant.temperature if params.temperature is None else params.temperature,
        top_p=assistant.top_p if params.top_p is None else params.top_p,
        max_prompt_tokens=params.max_prompt_tokens,
        max_completion_tokens=params.max_completion_tokens,
        truncation_strategy=params.truncation_strategy or {"type": "auto", "last_messages": None},
        response_format=assistant.response_format if params.response_format is None else params.response_format,
        tool_choice=_wire_choice(choice),
        parallel_tool_calls=params.parallel_tool_calls,
        reasoning_effort=params.reasoning_effort,
        limits=params.limits or Limits(),
    )


def new_message(thread_id: str, params: MessageParams) -> HistoryMessage:
    """A message of the app's, with an estimate of its tokens."""
    now = int(time.time())
    message = Message(
        id=new_id("msg"),
        role=params.role,
        content=tuple(params.content),
        thread_id=thread_id,
        created_at=now,
        completed_at=now,
        metadata=dict(params.metadata),
    )
    return HistoryMessage(message, estimate_message(message))


def as_readers_see(state: RunState) -> RunRecord:
    """A run's record: `cancelling` from the moment at which somebody asked."""
    record = state.record
    if state.cancel_requested_at is not None and record.is_open:
        return replace(record, status="cancelling", pending_calls=())
    return record


def _wire_choice(choice: ToolChoice | HostedTool) -> str | Mapping[str, object]:
    if isinstance(choice, HostedTool):
        return choice.to_wire()
    return {"type": "function", "function": {"name": choice.name}} if isinstance(choice, NamedTool) else choice
