"""Files and vector stores that a check puts at a service, and takes away again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import anyio

from ..errors import AnyAssistantError
from ..protocols import FileParams, Provider, VectorStoreParams
from ..types import FileRecord, VectorStoreFile, VectorStoreRecord
from .asked_by_run import CLOSE_SECONDS, PAUSE

CONTENT = b"The weather in Paris is sunny.\n"
FILENAME = "kit.txt"

T = TypeVar("T", VectorStoreRecord, VectorStoreFile)


@asynccontextmanager
async def uploaded(provider: Provider, params: FileParams | None = None) -> AsyncGenerator[FileRecord, None]:
    """A file at the service, deleted on leaving."""
    files = provider.files()
    made = await files.upload(params or FileParams(CONTENT, len(CONTENT), FILENAME))
    try:
        yield made
    finally:
        await _take_away(lambda: files.delete(made.id))


@asynccontextmanager
async def stored(provider: Provider, *file_ids: str) -> AsyncGenerator[VectorStoreRecord, None]:
    """A vector store at the service, deleted on leaving."""
    stores = provider.vector_stores()
    made = await stores.create(VectorStoreParams("kit", file_ids, {"team": "kit"}))
    try:
        yield made
    finally:
        await _take_away(lambda: stores.delete(made.id))


async def indexed(look: Callable[[], Awaitable[T]]) -> T:
    """What is looked at until the service has indexed it."""
    while (found := await look()).status == "in_progress":  # noqa: ASYNC110 - nobody tells
        await anyio.sleep(PAUSE if found.poll_after is None else found.poll_after)
    return found


async def _take_away(delete: Callable[[], Awaitable[None]]) -> None:
    with anyio.move_on_after(CLOSE_SECONDS, shield=True), suppress(AnyAssistantError):
        await delete()
