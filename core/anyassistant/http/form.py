"""A file in a form, as the body of a request: one on disk is read as it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx

from ..errors import InvalidRequest

PIECE_BYTES = 2**18


@dataclass(frozen=True, slots=True)
class File:
    """A file to be uploaded, and the fields of the form that it is sent in.

    Attributes:
        size: Bytes of a content that is a path, as it was looked at; what is sent has so many.
    """

    name: str
    content: bytes | Path
    media_type: str
    field: str
    fields: Mapping[str, str]
    size: int = 0

    def to_form(self) -> Mapping[str, tuple[str, bytes, str]]:
        """The file as httpx takes it; what is on disk comes later."""
        return {self.field: (self.name, b"" if isinstance(self.content, Path) else self.content, self.media_type)}


async def size_of(path: Path) -> int:
    """How many bytes a file has.

    Raises:
        InvalidRequest: It cannot be looked at.
    """
    try:
        return (await anyio.Path(path).stat()).st_size
    except OSError as error:
        raise _unreadable(path, error) from error


def stream_form(request: httpx.Request, file: File) -> None:
    """Make the request's form, which was made of an empty file, one with the file's content, read as it is sent."""
    assert isinstance(file.content, Path)
    form = request.read()
    boundary = request.headers["Content-Type"].rpartition("boundary=")[2].encode()
    end = b"\r\n--%b--\r\n" % boundary
    head = form.removesuffix(end)
    request.headers["Content-Length"] = str(len(head) + file.size + len(end))
    request.stream = _Form(head, file.content, file.size, end)


class Watched(httpx.AsyncByteStream, AsyncIterator[bytes]):
    """The body of a request, of which it is told when all of it was given away.

    Args:
        when_sent: Called then.
    """

    def __init__(self, stream: httpx.AsyncByteStream, when_sent: Callable[[], None]) -> None:
        self._stream = stream
        self._pieces = aiter(stream)
        self._when_sent = when_sent

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._pieces)
        except StopAsyncIteration:
            self._when_sent()
            raise

    async def aclose(self) -> None:
        await self._stream.aclose()


def _unreadable(path: Path, error: OSError) -> InvalidRequest:
    message = f"The file {str(path)!r} cannot be read: {error.strerror or error}."
    return InvalidRequest(message, param="file", code="file_not_found")


class _Form(httpx.AsyncByteStream, AsyncIterator[bytes]):
    """A class, since trio complains of an async generator where sending is given up. Each attempt begins anew."""

    def __init__(self, head: bytes, path: Path, size: int, end: bytes) -> None:
        self._head = head
        self._path = path
        self._left = size
        self._end = end
        self._file: anyio.AsyncFile[bytes] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._head:
            head, self._head = self._head, b""
            return head
        if self._left:
            piece = await self._read(min(self._left, PIECE_BYTES))
            self._left -= len(piece)
            return piece
        await self.aclose()
        if not self._end:
            raise StopAsyncIteration
        end, self._end = self._end, b""
        return end

    async def _read(self, count: int) -> bytes:
        try:
            if self._file is None:
                self._file = await anyio.open_file(self._path, "rb")
            piece = await self._file.read(count)
        except OSError as error:
            await self.aclose()
            raise _unreadable(self._path, error) from error
        if not piece:
            await self.aclose()
            message = f"The file {str(self._path)!r} became shorter while it was sent."
            raise InvalidRequest(message, param="file", code="file_changed")
        return piece

    async def aclose(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with anyio.CancelScope(shield=True):
                await file.aclose()
