"""Threads and their messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .content import Attachment, Part, join_text
from .wire import Wire

Role: TypeAlias = Literal["user", "assistant"]
MessageStatus: TypeAlias = Literal["in_progress", "incomplete", "completed"]


@dataclass(frozen=True, slots=True)
class ThreadRecord:
    """A thread. `created_at` is UTC epoch seconds.

    `tool_resources` are the files and vector stores of its tools that the service runs, as the wire has them.

    Source: OpenAI Assistants v2 reference, "The thread object".

    Attributes:
        service: The provider that keeps the thread itself, of which this is an index entry; None where it is kept here.
            Not of the wire.
    """

    id: str
    created_at: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    tool_resources: Mapping[str, object] | None = None
    object: Literal["thread"] = "thread"
    service: str | None = None

    def to_wire(self) -> Wire:
        return {
            "id": self.id,
            "object": self.object,
            "created_at": self.created_at,
            "tool_resources": None if self.tool_resources is None else dict(self.tool_resources),
            "metadata": dict(self.metadata),
        }


@dataclass(frozen=True, slots=True)
class MessageIncompleteDetails:
    """Why a message broke off."""

    reason: Literal["content_filter", "max_tokens", "run_cancelled", "run_expired", "run_failed"]


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a thread. Times are UTC epoch seconds.

    Source: OpenAI Assistants v2 reference, "The message object".
    """

    id: str
    role: Role
    content: Sequence[Part]
    run_id: str | None = None
    status: MessageStatus = "completed"
    incomplete_details: MessageIncompleteDetails | None = None
    thread_id: str = ""
    assistant_id: str | None = None
    created_at: int = 0
    completed_at: int | None = None
    incomplete_at: int | None = None
    attachments: Sequence[Attachment] = ()
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    object: Literal["thread.message"] = "thread.message"

    @property
    def text(self) -> str:
        """The text of all parts, refusals included; images have none."""
        return join_text(self.content)

    def to_wire(self) -> Wire:
        details = self.incomplete_details
        return {
            "id": self.id,
            "object": self.object,
            "created_at": self.created_at,
            "thread_id": self.thread_id,
            "status": self.status,
            "incomplete_details": None if details is None else {"reason": details.reason},
            "completed_at": self.completed_at,
            "incomplete_at": self.incomplete_at,
            "role": self.role,
            "content": [part.to_wire() for part in self.content],
            "assistant_id": self.assistant_id,
            "run_id": self.run_id,
            "attachments": [attachment.to_wire() for attachment in self.attachments],
            "metadata": dict(self.metadata),
        }
