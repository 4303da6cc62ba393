"""`client.files`: files that the provider's service keeps."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path

import anyio

from ..errors import InvalidRequest
from ..protocols import FileParams
from ..types import FileRecord, Page, PageQuery
from .checks import check_text, invalid
from .handle import Handle
from .paginator import AsyncPaginator
from .requests import page_query
from .session import SessionGetter


class AsyncFiles(Handle):
    """`client.files`. Every call raises UnsupportedCapability where the provider keeps no files."""

    def __init__(self, session: SessionGetter) -> None:
        self._session = session

    async def upload(
        self, file: str | PathLike[str] | bytes, /, *, filename: str | None = None, purpose: str = "assistants"
    ) -> FileRecord:
        """Put a file at the service.

        It is not sent twice where it may have arrived. A large one is read as it is sent.

        Args:
            file: Its path, or its bytes.
            filename: Its name there, by whose suffix its type is known; bytes need one.
            purpose: What it is for, as the service has it.

        Raises:
            InvalidRequest: There is no such file (`file_not_found`), it is empty (`empty_file`), or larger than the
                service takes (`file_too_large`); nothing was sent.
            ProviderError: The service failed, or the connection broke: it may have the file.
        """
        files = (await self._session()).provider.files()
        return await files.upload(await _file_params(file, filename, purpose))

    async def get(self, file_id: str, /) -> FileRecord:
        """A file's record by id.

        Raises:
            NotFound: There is none.
        """
        return await (await self._session()).provider.files().get(file_id)

    def list(self, *, purpose: str | None = None) -> AsyncPaginator[FileRecord]:
        """All files, the newest first; with `purpose`, those which are for that."""

        async def fetch(query: PageQuery) -> Page[FileRecord]:
            return await (await self._session()).provider.files().list(query, purpose=purpose)

        return AsyncPaginator(fetch, page_query(), lambda one: one.id)

    async def delete(self, file_id: str, /) -> None:
        """Delete a file.

        Raises:
            NotFound: There is none.
        """
        await (await self._session()).provider.files().delete(file_id)

    async def content(self, file_id: str, /) -> bytes:
        """What is in a file.

        Raises:
            NotFound: There is none.
            InvalidRequest: The service does not give it: some give only what their tools wrote.
        """
        return await (await self._session()).provider.files().content(file_id)


async def _file_params(file: object, filename: str | None, purpose: str) -> FileParams:
    content: bytes | Path
    if isinstance(file, bytes):
        content, size, found = file, len(file), filename
    elif isinstance(file, str | PathLike):
        content = Path(fspath(file))
        size, found = await _size_of(content), filename or content.name
    else:
        raise invalid("file", f"must be a path or bytes, not {type(file).__name__}")
    if not found:
        raise invalid("filename", "is needed with bytes: by its suffix the service knows the type")
    if size == 0:
        raise InvalidRequest(f"The file {found!r} is empty.", param="file", code="empty_file")
    return FileParams(content, size, check_text(found, "filename"), check_text(purpose, "purpose"))


async def _size_of(path: Path) -> int:
    found = anyio.Path(path)
    try:
        if await found.is_file():
            return (await found.stat()).st_size
        message = f"There is no file {str(path)!r}."
    except OSError as error:
        message = f"The file {str(path)!r} cannot be looked at: {error.strerror or error}."
    raise InvalidRequest(message, param="file", code="file_not_found")
