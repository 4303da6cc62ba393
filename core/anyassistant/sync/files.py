"""Files and vector stores, blocking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from os import PathLike

from ..client import AsyncFiles, AsyncVectorStores
from ..client.handle import Handle
from ..types import FileRecord, VectorStoreFile, VectorStoreRecord
from ..types.files import IndexingStatus
from .paginator import Paginator
from .portal import Portal


class Files(Handle):
    """`client.files`: `AsyncFiles`, blocking."""

    def __init__(self, portal: Portal, inner: AsyncFiles) -> None:
        self._portal = portal
        self._inner = inner

    def upload(
        self, file: str | PathLike[str] | bytes, /, *, filename: str | None = None, purpose: str = "assistants"
    ) -> FileRecord:
        """Put a file at the service; see `AsyncFiles.upload`."""
        return self._portal.call(partial(self._inner.upload, file, filename=filename, purpose=purpose))

    def get(self, file_id: str, /) -> FileRecord:
        """A file's record by id."""
        return self._portal.call(partial(self._inner.get, file_id))

    def list(self, *, purpose: str | None = None) -> Paginator[FileRecord]:
        """All files, the newest first; with `purpose`, those which are for that."""
        return Paginator(self._portal, self._inner.list(purpose=purpose), lambda one: one)

    def delete(self, file_id: str, /) -> None:
        """Delete a file."""
        self._portal.call(partial(self._inner.delete, file_id))

    def content(self, file_id: str, /) -> bytes:
        """What is in a file."""
        return self._portal.call(partial(self._inner.content, file_id))


class VectorStores(Handle):
    """`client.vector_stores`: `AsyncVectorStores`, blocking."""

    def __init__(self, portal: Portal, inner: AsyncVectorStores) -> None:
        self._portal = portal
        self._inner = inner

    def create(
        self,
        *,
        name: str | None = None,
        file_ids: Sequence[str] = (),
        metadata: Mapping[str, str] | None = None,
        wait: bool = True,
        timeout: float | None = 600.0,
    ) -> VectorStoreRecord:
        """Make a vector store, and wait until its files are indexed; see `AsyncVectorStores.create`."""
        create = partial(
            self._inner.create, name=name, file_ids=file_ids, metadata=metadata, wait=wait, timeout=timeout
        )
        return self._portal.call(create)

    def wait(self, vector_store_id: str, /, *, timeout: float | None = 600.0) -> VectorStoreRecord:
        """Wait until all files of a vector store are indexed."""
        return self._portal.call(partial(self._inner.wait, vector_store_id, timeout=timeout))

    def get(self, vector_store_id: str, /) -> VectorStoreRecord:
        """A vector store by id."""
        return self._portal.call(partial(self._inner.get, vector_store_id))

    def list(self) -> Paginator[VectorStoreRecord]:
        """All vector stores, the newest first."""
        return Paginator(self._portal, self._inner.list(), lambda one: one)

    def delete(self, vector_store_id: str, /) -> None:
        """Delete a vector store. Its files stay."""
        self._portal.call(partial(self._inner.delete, vector_store_id))

    def add_file(
        self, vector_store_id: str, file_id: str, /, *, wait: bool = True, timeout: float | None = 600.0
    ) -> VectorStoreFile:
        """Add a file to a vector store, and wait until it is indexed; see `AsyncVectorStores.add_file`."""
        return self._portal.call(partial(self._inner.add_file, vector_store_id, file_id, wait=wait, timeout=timeout))

    def list_files(
        self, vector_store_id: str, /, *, status: IndexingStatus | None = None
    ) -> Paginator[VectorStoreFile]:
        """The files of a vector store, the newest first; with `status`, those that stand so."""
        return Paginator(self._portal, self._inner.list_files(vector_store_id, status=status), lambda one: one)

    def remove_file(self, vector_store_id: str, file_id: str, /) -> None:
        """Take a file out of a vector store. The file stays."""
        self._portal.call(partial(self._inner.remove_file, vector_store_id, file_id))
