"""Vector stores that the service keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyassistant import protocols
from anyassistant.protocols import VectorStoreParams
from anyassistant.types import Page, PageQuery, VectorStoreFile, VectorStoreRecord
from anyassistant.types.files import IndexingStatus

from .bodies import page_parameters, vector_store_body
from .client import AssistantsClient, path_of
from .mapping import vector_store_file, vector_store_record
from .wire import WireVectorStore, WireVectorStoreFile


class ServiceVectorStores(protocols.VectorStores):
    """Vector stores that the service keeps."""

    def __init__(self, client: AssistantsClient) -> None:
        self._client = client

    async def create(self, params: VectorStoreParams, /) -> VectorStoreRecord:
        body = vector_store_body(params)
        return vector_store_record(await self._client.post("/vector_stores", body, WireVectorStore, creates=True))

    async def get(self, vector_store_id: str, /) -> VectorStoreRecord:
        return vector_store_record(*await self._client.get_polled(_path(vector_store_id), WireVectorStore))

    async def list(self, query: PageQuery, /) -> Page[VectorStoreRecord]:
        page = await self._client.list("/vector_stores", WireVectorStore, page_parameters(query))
        return Page([vector_store_record(one) for one in page.data], page.has_more)

    async def delete(self, vector_store_id: str, /) -> None:
        await self._client.delete(_path(vector_store_id))

    async def add_file(self, vector_store_id: str, file_id: str, /) -> VectorStoreFile:
        """Add a file; adding it twice is as good as once."""
        path = _path(vector_store_id, "files")
        return vector_store_file(await self._client.post(path, {"file_id": file_id}, WireVectorStoreFile))

    async def get_file(self, vector_store_id: str, file_id: str, /) -> VectorStoreFile:
        path = _path(vector_store_id, "files", file_id)
        return vector_store_file(*await self._client.get_polled(path, WireVectorStoreFile))

    async def list_files(
        self, vector_store_id: str, query: PageQuery, /, *, status: IndexingStatus | None = None
    ) -> Page[VectorStoreFile]:
        parameters = {**page_parameters(query), "filter": status}
        page = await self._client.list(_path(vector_store_id, "files"), WireVectorStoreFile, parameters)
        return Page([vector_store_file(one) for one in page.data], page.has_more)

    async def remove_file(self, vector_store_id: str, file_id: str, /) -> None:
        await self._client.delete(_path(vector_store_id, "files", file_id))


def _path(*parts: str) -> str:
    return path_of("vector_stores", *parts)


if TYPE_CHECKING:
    _stores: type[protocols.VectorStores] = ServiceVectorStores
