"""What a backend implements: `ChatModel`, the small one; or `Provider`, `Assistant`, `Thread` and `Run`.

The records and events that they speak of are re-exported from `anyassistant.types`.
"""

from ..types import (
    AssistantRecord,
    Attachment,
    Content,
    ContentPart,
    Event,
    FinishReason,
    HostedTool,
    Image,
    Limits,
    Message,
    Page,
    PageQuery,
    Part,
    Refusal,
    RunRecord,
    RunStep,
    Text,
    ThreadRecord,
    ToolCall,
    ToolOutput,
    ToolSpec,
    Usage,
)
from .backend import Assistant, Provider, Run, Thread
from .capabilities import Capabilities
from .chat_model import (
    AssistantMessage,
    ChatModel,
    ModelDelta,
    ModelMessage,
    ModelRequest,
    NamedTool,
    ResponseSchema,
    ToolCallDelta,
    ToolChoice,
    ToolMessage,
    UserMessage,
)
from .execution import Journal, Screening, ToolExecutor, unknown_tool_output
from .files import FileParams, Files, VectorStoreParams, VectorStores
from .params import AssistantParams, MessageParams, ResponseFormat, RunParams, ThreadParams

__all__ = [
    "ChatModel", "Capabilities", "ModelRequest", "ModelDelta", "ModelMessage", "UserMessage", "AssistantMessage",
    "ToolMessage", "ToolCallDelta", "ToolChoice", "NamedTool", "ResponseSchema", "FinishReason",
    "Provider", "Assistant", "Thread", "Run", "ToolExecutor", "Screening", "Journal",
    "unknown_tool_output",
    "Files", "VectorStores", "FileParams", "VectorStoreParams",
    "AssistantParams", "ThreadParams", "MessageParams", "RunParams", "ResponseFormat",
    "AssistantRecord", "ThreadRecord", "RunRecord", "RunStep", "Message", "Event", "Page", "PageQuery", "Limits",
    "Content", "ContentPart", "Part", "Text", "Image", "Refusal", "Attachment", "ToolCall", "ToolOutput", "ToolSpec",
    "HostedTool", "Usage",
]  # fmt: skip
