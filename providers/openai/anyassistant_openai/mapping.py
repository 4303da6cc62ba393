"""The wire's objects as the types of the protocol. What has no place in these is left out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from anyassistant.types import (
    AssistantRecord,
    Attachment,
    FileCounts,
    FileRecord,
    HostedTool,
    Image,
    IncompleteDetails,
    IncompleteReason,
    LastError,
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
    Usage,
    VectorStoreFile,
    VectorStoreRecord,
)

from .wire import (
    Format,
    Json,
    WireAction,
    WireAssistant,
    WireError,
    WireFile,
    WireMessage,
    WireRun,
    WireStep,
    WireThread,
    WireUsage,
    WireVectorStore,
    WireVectorStoreFile,
)

NO_PARAMETERS: Mapping[str, object] = {"type": "object", "properties": {}}


def assistant_record(wire: WireAssistant) -> AssistantRecord:
    return AssistantRecord(
        id=wire.id,
        name=wire.name,
        model=wire.model,
        metadata=wire.metadata,
        tools=tool_specs(wire.tools),
        hosted_tools=hosted_tools(wire.tools),
        tool_resources=wire.tool_resources or None,
        description=wire.description,
        instructions=wire.instructions,
        temperature=wire.temperature,
        top_p=wire.top_p,
        response_format=_response_format(wire.response_format),
        created_at=wire.created_at,
    )


def thread_record(wire: WireThread) -> ThreadRecord:
    return ThreadRecord(wire.id, wire.created_at, wire.metadata, wire.tool_resources or None)


def message(wire: WireMessage) -> Message:
    reason = (wire.incomplete_details or {}).get("reason")
    return Message(
        id=wire.id,
        role=wire.role,
        content=[part for one in wire.content if (part := _part(one)) is not None],
        run_id=wire.run_id,
        status=wire.status,
        incomplete_details=None if reason is None else MessageIncompleteDetails(reason),
        thread_id=wire.thread_id,
        assistant_id=wire.assistant_id,
        created_at=wire.created_at,
        completed_at=wire.completed_at,
        incomplete_at=wire.incomplete_at,
        attachments=[found for one in wire.attachments if (found := _attachment(one)) is not None],
        metadata=wire.metadata,
    )


def run_record(wire: WireRun) -> RunRecord:
    return RunRecord(
        id=wire.id,
        thread_id=wire.thread_id,
        assistant_id=wire.assistant_id or "",
        status=wire.status,
        model=wire.model or "",
        metadata=wire.metadata,
        usage=_usage(wire.usage),
        last_error=_last_error(wire.last_error),
        pending_calls=_pending_calls(wire.required_action) if wire.status == "requires_action" else (),
        incomplete_details=_incomplete_details(wire.incomplete_details),
        expires_at=wire.expires_at,
        created_at=wire.created_at,
        started_at=wire.started_at,
        cancelled_at=wire.cancelled_at,
        failed_at=wire.failed_at,
        completed_at=wire.completed_at,
        instructions=wire.instructions,
        tools=tool_specs(wire.tools),
        hosted_tools=hosted_tools(wire.tools),
        temperature=wire.temperature,
        top_p=wire.top_p,
        max_prompt_tokens=wire.max_prompt_tokens,
        max_completion_tokens=wire.max_completion_tokens,
        truncation_strategy=wire.truncation_strategy or {"type": "auto", "last_messages": None},
        response_format=_response_format(wire.response_format),
        tool_choice=wire.tool_choice or "auto",
        parallel_tool_calls=wire.parallel_tool_calls,
        reasoning_effort=wire.reasoning_effort,
    )


def run_step(wire: WireStep) -> RunStep:
    """A step; one of a kind that the types do not have is a round of tools without calls."""
    details = wire.step_details
    return RunStep(
        id=wire.id,
        type="message_creation" if wire.type == "message_creation" else "tool_calls",
        status=wire.status,
        tool_calls=[tool_call(call) for call in details.tool_calls],
        message_id=None if details.message_creation is None else details.message_creation.message_id,
        usage=_usage(wire.usage),
        last_error=_last_error(wire.last_error),
        run_id=wire.run_id,
        thread_id=wire.thread_id,
        assistant_id=wire.assistant_id or "",
        created_at=wire.created_at,
        completed_at=wire.completed_at,
        failed_at=wire.failed_at,
        cancelled_at=wire.cancelled_at,
        expired_at=wire.expired_at,
        metadata=wire.metadata,
    )


def file_record(wire: WireFile) -> FileRecord:
    return FileRecord(wire.id, wire.filename, wire.bytes, wire.purpose, wire.created_at, wire.expires_at)


def vector_store_record(wire: WireVectorStore, poll_after: float | None = None) -> VectorStoreRecord:
    return VectorStoreRecord(
        id=wire.id,
        name=wire.name,
        status=wire.status,
        file_counts=FileCounts(**wire.file_counts.model_dump()),
        usage_bytes=wire.usage_bytes,
        created_at=wire.created_at,
        last_active_at=wire.last_active_at,
        expires_at=wire.expires_at,
        metadata=wire.metadata,
        poll_after=poll_after,
    )


def vector_store_file(wire: WireVectorStoreFile, poll_after: float | None = None) -> VectorStoreFile:
    return VectorStoreFile(
        id=wire.id,
        vector_store_id=wire.vector_store_id,
        status=wire.status,
        last_error=_last_error(wire.last_error),
        usage_bytes=wire.usage_bytes,
        created_at=wire.created_at,
        poll_after=poll_after,
    )


def tool_specs(tools: Sequence[Json]) -> Sequence[ToolSpec]:
    """The functions among an assistant's or a run's tools."""
    return [spec for tool in tools if (spec := _tool_spec(tool)) is not None]


def hosted_tools(tools: Sequence[Json]) -> Sequence[HostedTool]:
    """The tools that the service runs itself: `code_interpreter`, `file_search` and its own."""
    kinds = [(tool, str(tool.get("type") or "")) for tool in tools]
    return [HostedTool(kind, tool.get(kind) or {}) for tool, kind in kinds if kind not in ("", "function")]


def _tool_spec(tool: Json) -> ToolSpec | None:
    match tool:
        case {"type": "function", "function": {"name": str(name)}}:
            function = tool["function"]
            return ToolSpec(name, function.get("description") or "", function.get("parameters") or NO_PARAMETERS)
        case _:
            return None


def tool_call(call: Json) -> ToolCall:
    """A call of a step; one of a tool that the service runs itself is named by the tool."""
    match call:
        case {"type": "code_interpreter", "code_interpreter": {"input": str(code)}}:
            said = call["code_interpreter"]
            return ToolCall(
                _id(call),
                "code_interpreter",
                json.dumps({"input": code}),
                output=_logs(said.get("outputs")),
                hosted=said,
            )
        case {"function": {"name": str(name)}}:
            said = call["function"]
            return ToolCall(_id(call), name, said.get("arguments") or "", output=said.get("output"))
        case _:
            kind = str(call.get("type") or "")
            said = call.get(kind)
            said = said if isinstance(said, dict) else {}
            return ToolCall(_id(call), kind, json.dumps(said), hosted=said)


def _id(call: Json) -> str:
    return str(call.get("id") or "")


def _logs(outputs: object) -> str:
    """What code has printed."""
    if not isinstance(outputs, list):
        return ""
    return "".join(one["logs"] for one in outputs if isinstance(one, dict) and isinstance(one.get("logs"), str))


def _pending_calls(wire: WireAction | None) -> Sequence[PendingCall]:
    calls = () if wire is None else wire.submit_tool_outputs.tool_calls
    return [PendingCall(call.id, call.function.name, call.function.arguments) for call in calls]


def _attachment(wire: Json) -> Attachment | None:
    match wire:
        case {"file_id": str(file_id)}:
            tools = wire.get("tools") or ()
            return Attachment(file_id, tuple(str(tool["type"]) for tool in tools if "type" in tool))
        case _:
            return None


def _part(wire: Json) -> Part | None:
    """A part of a message; None if it is of no kind that the types have."""
    match wire:
        case {"type": "text", "text": {"value": str(value)}}:
            return Text(value, wire["text"].get("annotations") or ())
        case {"type": "text", "text": str(value)}:  # as it is said, which some servers give back
            return Text(value)
        case {"type": "image_file", "image_file": {"file_id": str(file_id)}}:
            return Image(file_id=file_id, detail=wire["image_file"].get("detail") or "auto")
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            return Image(url=url, detail=wire["image_url"].get("detail") or "auto")
        case {"type": "refusal", "refusal": str(words)}:
            return Refusal(words)
        case _:
            return None


def _usage(wire: WireUsage | None) -> Usage | None:
    return None if wire is None else Usage(wire.prompt_tokens, wire.completion_tokens)


def _last_error(wire: WireError | None) -> LastError | None:
    return None if wire is None else LastError(wire.code, wire.message)


def _incomplete_details(wire: Json | None) -> IncompleteDetails | None:
    reason: Any = (wire or {}).get("reason")
    return IncompleteDetails(reason) if reason in get_args(IncompleteReason) else None


def _response_format(wire: Format) -> Mapping[str, object] | Literal["auto"]:
    return "auto" if wire is None else wire
