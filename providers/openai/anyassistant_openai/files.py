"""Files that the service keeps."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

from anyassistant import protocols
from anyassistant.errors import InvalidRequest
from anyassistant.protocols import FileParams
from anyassistant.types import FileRecord, Page, PageQuery

from .bodies import page_parameters
from .client import AssistantsClient, path_of
from .mapping import file_record
from .wire import WireFile

MAX_BYTES = 512 * 2**20
"""Of one file. Source: OpenAI reference, "Upload file"."""


class ServiceFiles(protocols.Files):
    """Files that the service keeps."""

    def __init__(self, client: AssistantsClient) -> None:
        self._client = client

    async def upload(self, params: FileParams, /) -> FileRecord:
        if params.size > MAX_BYTES:
            raise InvalidRequest(
                f"The file {params.filename!r} has {params.size:,} bytes; the service takes at most {MAX_BYTES:,}.",
                param="file",
                code="file_too_large",
            )
        media_type, _ = mimetypes.guess_type(params.filename)
        wire = await self._client.upload(
            params.content,
            WireFile,
            filename=params.filename,
            media_type=media_type or "application/octet-stream",
            purpose=params.purpose,
        )
        return file_record(wire)

    async def get(self, file_id: str, /) -> FileRecord:
        return file_record(await self._client.get(path_of("files", file_id), WireFile))

    async def list(self, query: PageQuery, /, *, purpose: str | None = None) -> Page[FileRecord]:
        page = await self._client.list("/files", WireFile, {**page_parameters(query), "purpose": purpose})
        return Page([file_record(one) for one in page.data], page.has_more)

    async def delete(self, file_id: str, /) -> None:
        await self._client.delete(path_of("files", file_id))

    async def content(self, file_id: str, /) -> bytes:
        return await self._client.download(path_of("files", file_id, "content"))


if TYPE_CHECKING:
    _files: type[protocols.Files] = ServiceFiles
