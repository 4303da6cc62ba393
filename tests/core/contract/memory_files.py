"""Files and vector stores of a right backend, in memory. What is added to a vector store is indexed at a first look."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

import anyio
from anyassistant import protocols as p
from anyassistant.errors import NotFound
from anyassistant.store.shelf import Shelf
from anyassistant.types import FileRecord, Page, PageQuery, VectorStoreFile, VectorStoreRecord
from anyassistant.types.files import FileCounts, IndexingStatus

T = TypeVar("T")


@dataclass
class Archive:
    """What a service keeps, whichever provider asks."""

    files: Shelf[FileRecord] = field(default_factory=lambda: Shelf("file"))
    contents: dict[str, bytes] = field(default_factory=dict)
    stores: Shelf[VectorStoreRecord] = field(default_factory=lambda: Shelf("vector store"))
    added: dict[str, Shelf[VectorStoreFile]] = field(default_factory=dict)
    """Of each vector store its files."""
    count: int = 0

    def new_id(self, kind: str) -> str:
        self.count += 1
        return f"{kind}_{self.count}"


class MemoryFiles(p.Files):
    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def upload(self, params: p.FileParams, /) -> FileRecord:
        content = params.content
        kept = content if isinstance(content, bytes) else await anyio.Path(content).read_bytes()
        made = FileRecord(self._archive.new_id("file"), params.filename, len(kept), params.purpose, created_at=1)
        self._archive.files.add(made.id, made)
        self._archive.contents[made.id] = kept
        return made

    async def get(self, file_id: str, /) -> FileRecord:
        return found(self._archive.files, file_id)

    async def list(self, query: PageQuery, /, *, purpose: str | None = None) -> Page[FileRecord]:
        return self._archive.files.page(query, lambda one: purpose in (None, one.purpose))

    async def delete(self, file_id: str, /) -> None:
        found(self._archive.files, file_id)
        self._archive.files.remove(file_id)

    async def content(self, file_id: str, /) -> bytes:
        return self._archive.contents[found(self._archive.files, file_id).id]


class MemoryVectorStores(p.VectorStores):
    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def create(self, params: p.VectorStoreParams, /) -> VectorStoreRecord:
        key = self._archive.new_id("vs")
        made = VectorStoreRecord(key, params.name or "", metadata=dict(params.metadata), created_at=1)
        self._archive.stores.add(key, made)
        self._archive.added[key] = Shelf("file of a vector store")
        for file_id in params.file_ids:
            await self.add_file(key, file_id)
        return self._counted(made)

    async def get(self, vector_store_id: str, /) -> VectorStoreRecord:
        told = self._counted(found(self._archive.stores, vector_store_id))
        for one in self._archive.added[vector_store_id].page(PageQuery(limit=100), lambda _: True).data:
            await self.get_file(vector_store_id, one.id)
        return told

    async def list(self, query: PageQuery, /) -> Page[VectorStoreRecord]:
        page = self._archive.stores.page(query, lambda _: True)
        return Page([self._counted(one) for one in page.data], page.has_more)

    async def delete(self, vector_store_id: str, /) -> None:
        found(self._archive.stores, vector_store_id)
        self._archive.stores.remove(vector_store_id)

    async def add_file(self, vector_store_id: str, file_id: str, /) -> VectorStoreFile:
        added = VectorStoreFile(found(self._archive.files, file_id).id, vector_store_id, "in_progress", created_at=1)
        self._added(vector_store_id).put(file_id, added)
        return added

    async def get_file(self, vector_store_id: str, file_id: str, /) -> VectorStoreFile:
        told = found(self._added(vector_store_id), file_id)
        self._added(vector_store_id).replace(file_id, replace(told, status="completed"))
        return told

    async def list_files(
        self, vector_store_id: str, query: PageQuery, /, *, status: IndexingStatus | None = None
    ) -> Page[VectorStoreFile]:
        return self._added(vector_store_id).page(query, lambda one: status in (None, one.status))

    async def remove_file(self, vector_store_id: str, file_id: str, /) -> None:
        found(self._added(vector_store_id), file_id)
        self._added(vector_store_id).remove(file_id)

    def _added(self, vector_store_id: str) -> Shelf[VectorStoreFile]:
        return self._archive.added[found(self._archive.stores, vector_store_id).id]

    def _counted(self, record: VectorStoreRecord) -> VectorStoreRecord:
        states = [one.status for one in self._archive.added[record.id].page(PageQuery(limit=100), lambda _: True).data]
        counts = FileCounts(states.count("in_progress"), states.count("completed"), total=len(states))
        return replace(record, file_counts=counts, status="in_progress" if counts.in_progress else "completed")


def found(shelf: Shelf[T], key: str) -> T:
    item = shelf.get(key)
    if item is None:
        raise NotFound(f"There is no {key!r}.", param="id", code="not_found")
    return item
