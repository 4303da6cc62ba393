"""Files and vector stores of a service, where it keeps any: `Provider.files()` and `Provider.vector_stores()`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ..types import FileRecord, Page, PageQuery, VectorStoreFile, VectorStoreRecord
from ..types.files import IndexingStatus


@dataclass(frozen=True, slots=True)
class FileParams:
    """A file to be uploaded.

    Attributes:
        content: Its bytes, or where it is; then it is read as it is sent.
        size: How many bytes it has, at least one.
    """

    content: bytes | Path = field(repr=False)
    size: int
    filename: str
    purpose: str = "assistants"


@dataclass(frozen=True, slots=True)
class VectorStoreParams:
    name: str | None = None
    file_ids: Sequence[str] = ()
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


class Files(Protocol):
    """The files of a service."""

    @abstractmethod
    async def upload(self, params: FileParams, /) -> FileRecord:
        """Put a file there. What is larger than the service takes is refused before anything is sent."""
        ...

    @abstractmethod
    async def get(self, file_id: str, /) -> FileRecord: ...

    @abstractmethod
    async def list(self, query: PageQuery, /, *, purpose: str | None = None) -> Page[FileRecord]: ...

    @abstractmethod
    async def delete(self, file_id: str, /) -> None: ...

    @abstractmethod
    async def content(self, file_id: str, /) -> bytes: ...


class VectorStores(Protocol):
    """The vector stores of a service. It indexes their files by itself: who waits asks again."""

    @abstractmethod
    async def create(self, params: VectorStoreParams, /) -> VectorStoreRecord: ...

    @abstractmethod
    async def get(self, vector_store_id: str, /) -> VectorStoreRecord: ...

    @abstractmethod
    async def list(self, query: PageQuery, /) -> Page[VectorStoreRecord]: ...

    @abstractmethod
    async def delete(self, vector_store_id: str, /) -> None:
        """Delete one; its files stay."""
        ...

    @abstractmethod
    async def add_file(self, vector_store_id: str, file_id: str, /) -> VectorStoreFile: ...

    @abstractmethod
    async def get_file(self, vector_store_id: str, file_id: str, /) -> VectorStoreFile: ...

    @abstractmethod
    async def list_files(
        self, vector_store_id: str, query: PageQuery, /, *, status: IndexingStatus | None = None
    ) -> Page[VectorStoreFile]: ...

    @abstractmethod
    async def remove_file(self, vector_store_id: str, file_id: str, /) -> None:
        """Take a file out of it; the file stays."""
        ...
