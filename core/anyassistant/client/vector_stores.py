"""`client.vector_stores`: files that `file_search` searches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import anyio

from .. import protocols
from ..errors import IndexingFailed
from ..protocols import VectorStoreParams
from ..types import Page, PageQuery, VectorStoreFile, VectorStoreRecord
from ..types.files import IndexingStatus
from .checks import check_metadata, check_text, invalid
from .handle import Handle
from .paginator import AsyncPaginator
from .requests import page_query
from .session import SessionGetter

T = TypeVar("T", VectorStoreRecord, VectorStoreFile)

FIRST_PAUSE = 0.25
"""Seconds before an index is looked at again; each further look comes later, up to `LONGEST_PAUSE`."""
LONGEST_PAUSE = 5.0
LONGEST_ASKED_PAUSE = 30.0
"""What a service may ask for instead."""
MAX_FAILURES = 100
"""Failed files of which an error tells."""


class AsyncVectorStores(Handle):
    """`client.vector_stores`. Every call raises UnsupportedCapability where the provider has none."""

    def __init__(self, session: SessionGetter) -> None:
        self._session = session

    async def create(
        self,
        *,
        name: str | None = None,
        file_ids: Sequence[str] = (),
        metadata: Mapping[str, str] | None = None,
        wait: bool = True,
        timeout: float | None = 600.0,
    ) -> VectorStoreRecord:
        """Make a vector store, and wait until its files are indexed.

        Args:
            wait: False returns at once; `wait(id)` waits later.
            timeout: Seconds, or None to wait as long as it takes.

        Raises:
            IndexingFailed: Some files could not be indexed; it says which, and why. The vector store is there.
            TimeoutError: The service is still at it, and goes on. The vector store is there.
        """
        if isinstance(file_ids, str) or not all(isinstance(one, str) for one in file_ids):
            raise invalid("file_ids", "must be a list of ids of files")
        named = None if name is None else check_text(name, "name")
        params = VectorStoreParams(named, tuple(file_ids), check_metadata(metadata))
        made = await (await self._stores()).create(params)
        return await self.wait(made.id, timeout=timeout) if wait and file_ids else made

    async def wait(self, vector_store_id: str, /, *, timeout: float | None = 600.0) -> VectorStoreRecord:
        """Wait until all files of a vector store are indexed.

        Raises:
            IndexingFailed: Some could not be.
            TimeoutError: The service is still at it, and goes on.
        """
        stores = await self._stores()
        record = await _wait(lambda: stores.get(vector_store_id), f"Vector store {vector_store_id}", timeout)
        if record.file_counts.failed:
            query = PageQuery(limit=MAX_FAILURES, order="asc")
            raise _failed(vector_store_id, (await stores.list_files(vector_store_id, query, status="failed")).data)
        return record

    async def get(self, vector_store_id: str, /) -> VectorStoreRecord:
        """A vector store by id.

        Raises:
            NotFound: There is none.
        """
        return await (await self._stores()).get(vector_store_id)

    def list(self) -> AsyncPaginator[VectorStoreRecord]:
        """All vector stores, the newest first."""

        async def fetch(query: PageQuery) -> Page[VectorStoreRecord]:
            return await (await self._stores()).list(query)

        return AsyncPaginator(fetch, page_query(), lambda one: one.id)

    async def delete(self, vector_store_id: str, /) -> None:
        """Delete a vector store. Its files stay.

        Raises:
            NotFound: There is none.
        """
        await (await self._stores()).delete(vector_store_id)

    async def add_file(
        self, vector_store_id: str, file_id: str, /, *, wait: bool = True, timeout: float | None = 600.0
    ) -> VectorStoreFile:
        """Add a file to a vector store, and wait until it is indexed.

        Args:
            wait: False returns at once.
            timeout: Seconds, or None to wait as long as it takes.

        Raises:
            IndexingFailed: It could not be indexed.
            TimeoutError: The service is still at it, and goes on.
            NotFound: There is no such vector store, or no such file.
        """
        stores = await self._stores()
        added = await stores.add_file(vector_store_id, file_id)
        if wait and added.status == "in_progress":
            what = f"File {file_id} of vector store {vector_store_id}"
            added = await _wait(lambda: stores.get_file(vector_store_id, file_id), what, timeout)
        if wait and added.status != "completed":
            raise _failed(vector_store_id, [added])
        return added

    def list_files(
        self, vector_store_id: str, /, *, status: IndexingStatus | None = None
    ) -> AsyncPaginator[VectorStoreFile]:
        """The files of a vector store, the newest first; with `status`, those that stand so."""

        async def fetch(query: PageQuery) -> Page[VectorStoreFile]:
            return await (await self._stores()).list_files(vector_store_id, query, status=status)

        return AsyncPaginator(fetch, page_query(), lambda one: one.id)

    async def remove_file(self, vector_store_id: str, file_id: str, /) -> None:
        """Take a file out of a vector store. The file stays.

        Raises:
            NotFound: It is not in there.
        """
        await (await self._stores()).remove_file(vector_store_id, file_id)

    async def _stores(self) -> protocols.VectorStores:
        return (await self._session()).provider.vector_stores()


async def _wait(look: Callable[[], Awaitable[T]], what: str, timeout: float | None) -> T:
    """Look until the service is done."""
    pause = FIRST_PAUSE
    with anyio.move_on_after(timeout):
        while (found := await look()).status == "in_progress":
            await anyio.sleep(pause if found.poll_after is None else min(found.poll_after, LONGEST_ASKED_PAUSE))
            pause = min(pause * 1.5, LONGEST_PAUSE)
        return found
    raise TimeoutError(f"{what} is still being indexed after {timeout} s; the service goes on.")


def _failed(vector_store_id: str, files: Sequence[VectorStoreFile]) -> IndexingFailed:
    why = [f"{one.id} ({one.last_error.message if one.last_error else one.status})" for one in files]
    return IndexingFailed(
        f"Vector store {vector_store_id} could not index {', '.join(why) or 'some of its files'}.",
        vector_store_id=vector_store_id,
        files=tuple(files),
    )
