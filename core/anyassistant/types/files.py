"""Files and vector stores that a provider's service keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .runs import LastError
from .wire import Wire

VectorStoreStatus: TypeAlias = Literal["in_progress", "completed", "expired"]
IndexingStatus: TypeAlias = Literal["in_progress", "completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file. Times are UTC epoch seconds.

    Attributes:
        bytes: How many it has.
        purpose: What it is for, such as `assistants`.

    Source: OpenAI reference, "The file object".
    """

    id: str
    filename: str = ""
    bytes: int = 0
    purpose: str = "assistants"
    created_at: int = 0
    expires_at: int | None = None
    object: Literal["file"] = "file"

    def to_wire(self) -> Wire:
        return {
            "id": self.id,
            "object": self.object,
            "bytes": self.bytes,
            "created_at": self.created_at,
            "expires_at": self.expires_at,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",  # deprecated, and asked for
        }


@dataclass(frozen=True, slots=True)
class FileCounts:
    """How far a vector store is with its files."""

    in_progress: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    total: int = 0

    def to_wire(self) -> Wire:
        return {
            "in_progress": self.in_progress,
            "completed": self.completed,
            "failed": self.failed,
            "cancelled": self.cancelled,
            "total": self.total,
        }


@dataclass(frozen=True, slots=True)
class VectorStoreRecord:
    """Files that `file_search` searches. Times are UTC epoch seconds.

    Attributes:
        poll_after: Seconds after which the service wants to be asked for it again, as it said; not of the wire.

    Source: OpenAI reference, "The vector store object".
    """

    id: str
    name: str = ""
    status: VectorStoreStatus = "completed"
    file_counts: FileCounts = field(default_factory=FileCounts)
    usage_bytes: int = 0
    created_at: int = 0
    last_active_at: int | None = None
    expires_at: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    poll_after: float | None = field(default=None, compare=False)
    object: Literal["vector_store"] = "vector_store"

    def to_wire(self) -> Wire:
        return {
            "id": self.id,
            "object": self.object,
            "created_at": self.created_at,
            "name": self.name,
            "usage_bytes": self.usage_bytes,
            "file_counts": self.file_counts.to_wire(),
            "status": self.status,
            "last_active_at": self.last_active_at,
            "expires_at": self.expires_at,
            "metadata": dict(self.metadata),
        }


@dataclass(frozen=True, slots=True)
class VectorStoreFile:
    """A file of a vector store.

    Attributes:
        id: Of the file.
        last_error: Why it could not be indexed.
        poll_after: As of a vector store.

    Source: OpenAI reference, "The vector store file object".
    """

    id: str
    vector_store_id: str = ""
    status: IndexingStatus = "completed"
    last_error: LastError | None = None
    usage_bytes: int = 0
    created_at: int = 0
    poll_after: float | None = field(default=None, compare=False)
    object: Literal["vector_store.file"] = "vector_store.file"

    def to_wire(self) -> Wire:
        return {
            "id": self.id,
            "object": self.object,
            "created_at": self.created_at,
            "vector_store_id": self.vector_store_id,
            "status": self.status,
            "last_error": None if self.last_error is None else self.last_error.to_wire(),
            "usage_bytes": self.usage_bytes,
        }
