"""What travels: records, events, turns, usage. Data only."""

from .assistants import AssistantRecord
from .content import Attachment, Content, ContentPart, Detail, Image, Part, Refusal, Text, join_text
from .events import (
    ErrorEvent,
    Event,
    ExtensionEvent,
    MessageDeltaEvent,
    MessageEvent,
    RunEvent,
    RunStepDeltaEvent,
    RunStepEvent,
)
from .files import FileCounts, FileRecord, VectorStoreFile, VectorStoreRecord
from .messages import Message, MessageIncompleteDetails, MessageStatus, Role, ThreadRecord
from .paging import Order, Page, PageQuery
from .runs import (
    TERMINAL,
    IncompleteDetails,
    IncompleteReason,
    LastError,
    Limits,
    RunRecord,
    RunResult,
    RunStatus,
    RunStep,
    StepStatus,
)
from .tools import CallOutcome, CallState, Decision, HostedTool, PendingCall, ToolCall, ToolOutput, ToolSpec
from .turns import FinishReason, HistoryItem, Turn, TurnCall
from .usage import Usage

__all__ = [
    "AssistantRecord", "ThreadRecord", "Message", "MessageIncompleteDetails", "MessageStatus", "Role",
    "Content", "ContentPart", "Part", "Text", "Image", "Refusal", "Attachment", "Detail", "join_text",
    "RunRecord", "RunStatus", "RunStep", "StepStatus", "RunResult", "TERMINAL", "Limits", "LastError",
    "IncompleteDetails", "IncompleteReason",
    "ToolSpec", "HostedTool", "ToolCall", "PendingCall", "ToolOutput", "Decision", "CallOutcome", "CallState",
    "Turn", "TurnCall", "FinishReason", "HistoryItem",
    "Event", "RunEvent", "RunStepEvent", "RunStepDeltaEvent", "MessageEvent", "MessageDeltaEvent", "ErrorEvent",
    "ExtensionEvent",
    "FileRecord", "VectorStoreRecord", "VectorStoreFile", "FileCounts", "Page", "PageQuery", "Order", "Usage",
]  # fmt: skip
