"""Files: put at a service, listed and deleted; or refused by whoever keeps none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from uuid import uuid4

import anyio

from ...errors import AnyAssistantError, InvalidRequest, NotFound, UnsupportedCapability
from ...protocols import FileParams, Provider
from ...types import FileRecord, Page, PageQuery, VectorStoreRecord
from ..catalogue import Group
from ..conversation import refused
from ..subject import Subject
from ..uploaded import CONTENT, FILENAME, uploaded
from ..verdicts import NotApplicable, expect, expect_equal

check = Group("files")

Record = TypeVar("Record", FileRecord, VectorStoreRecord)

LINES = 4_000
"""That a file has which is read piece by piece."""


@check(
    rule="Files.upload: the file's record; Files.get: the same, by id",
    trap="the name of the file is left out, or its size is not told",
)
async def an_uploaded_file_is_found_by_its_id(subject: Subject) -> None:
    await subject.require_backend("files")
    async with subject.backend() as provider, uploaded(provider) as made, subject.backend() as other:
        found = await other.files().get(made.id)
    expect_equal(found, made, "the file")
    came = (found.filename, found.bytes, found.purpose)
    expect_equal(came, (FILENAME, len(CONTENT), "assistants"), "what it was made of")


@check(
    rule="Files.content: the bytes that were uploaded, where the service gives them",
    trap="the bytes are taken for text, and decoded",
)
async def the_content_of_a_file_comes_back(subject: Subject) -> None:
    await subject.require_backend("files")
    content = CONTENT + bytes(range(256))
    params = FileParams(content, len(content), FILENAME)
    async with subject.backend() as provider, uploaded(provider, params) as made:
        came = await _content(provider, made.id)
    expect_equal(came, content, "the content")


@check(
    rule="FileParams.content: bytes, or where they are: then the file is read as it is sent",
    trap="the first piece of a file is sent, or its path",
)
async def a_path_is_uploaded_whole(subject: Subject) -> None:
    await subject.require_backend("files")
    content = CONTENT * LINES
    with TemporaryDirectory() as folder:
        path = Path(folder) / FILENAME
        await anyio.Path(path).write_bytes(content)
        params = FileParams(path, len(content), FILENAME)
        async with subject.backend() as provider, uploaded(provider, params) as made:
            expect_equal(made.bytes, len(content), "the number of bytes")
            came = await _content(provider, made.id)
    expect(came == content, f"the {len(content):,} bytes of the file", f"{len(came):,} bytes")


@check(
    rule="PageQuery: files are listed by creation, the newest first where asked, and page by page",
    trap="`after` or `limit` is not sent, or `has_more` is always False",
)
async def files_are_listed_page_by_page(subject: Subject) -> None:
    await subject.require_backend("files")
    async with subject.backend() as provider, AsyncExitStack() as stack:
        ids = [(await stack.enter_async_context(uploaded(provider))).id for _ in range(3)]
        await expect_pages(provider.files().list, ids, "files")


@check(
    rule="Files.list, purpose: those which are for that alone",
    trap="the purpose is not sent",
)
async def files_are_listed_by_their_purpose(subject: Subject) -> None:
    await subject.require_backend("files")
    query = PageQuery(limit=100, order="desc")
    async with subject.backend() as provider, uploaded(provider) as made:
        same = await provider.files().list(query, purpose=made.purpose)
        try:
            other = await provider.files().list(query, purpose="vision")
        except InvalidRequest as error:
            raise NotApplicable(f"the service has no files for `vision`: {error}") from None
    expect(made.id in [one.id for one in same.data], "the file among those of its purpose", same.data)
    expect(made.id not in [one.id for one in other.data], "no file of another purpose", other.data)


@check(
    rule="Files.delete: a file that was deleted raises NotFound, and is not listed",
    trap="a deletion that is answered is not looked at",
)
async def a_deleted_file_is_gone(subject: Subject) -> None:
    await subject.require_backend("files")
    async with subject.backend() as provider, uploaded(provider) as made:
        files = provider.files()
        await files.delete(made.id)
        with refused(NotFound, "a file that was deleted"):
            await files.get(made.id)
        page = await files.list(PageQuery(limit=100, order="desc"))
    expect(made.id not in [one.id for one in page.data], "no file that was deleted", made.id)


@check(
    rule="Files.get and Files.delete raise NotFound: there is none of that id",
    trap="the service's 404 is a ProviderError, or passes for a deletion",
)
async def an_unknown_file_is_not_found(subject: Subject) -> None:
    await subject.require_backend("files")
    async with subject.backend() as provider:
        files = provider.files()
        with refused(NotFound, "a file"):
            await files.get("file-contract-unknown")
        with refused(NotFound, "a deletion"):
            await files.delete("file-contract-unknown")


@check(
    rule="client.files.upload: a file that is empty, or not there, is refused with InvalidRequest; nothing is sent",
    trap="none of a backend's: the client looks first",
)
async def what_cannot_be_uploaded_is_not_sent(subject: Subject) -> None:
    await subject.require_backend("files")
    name = f"{uuid4().hex}.txt"
    async with subject.client() as client:
        with refused(InvalidRequest, "a file without content"):
            await client.files.upload(b"", filename=name)
        with TemporaryDirectory() as folder, refused(InvalidRequest, "a file that is not there"):
            await client.files.upload(Path(folder) / name)
        page = await client.files.list().page()
    expect(name not in [one.filename for one in page.data], "no file", name)


@check(
    rule="Capabilities.files, not claimed: `client.files` refuses with UnsupportedCapability",
    trap="`Provider.files` gives None, or raises NotImplementedError",
)
async def unclaimed_files_are_refused(subject: Subject) -> None:
    await require_no_files(subject)
    async with subject.client() as client:
        with refused(UnsupportedCapability, "a file") as errors:
            await client.files.upload(CONTENT, filename=FILENAME)
        with refused(UnsupportedCapability, "a list of files") as more:
            await client.files.list().page()
    expect_named([*errors, *more])


async def expect_pages(
    list_page: Callable[[PageQuery], Awaitable[Page[Record]]], ids: Sequence[str], what: str
) -> None:
    """Go on where these three, in the order of their creation, are listed the newest first, and page by page.

    Raises:
        Unmet: They are not.
    """
    whole = await list_page(PageQuery(limit=100, order="desc"))
    page = await list_page(PageQuery(limit=1, order="desc", after=ids[2]))
    rest = await list_page(PageQuery(limit=1, order="desc", after=ids[1]))
    expect_equal([one.id for one in whole.data if one.id in ids], list(ids[::-1]), f"the {what}")
    expect_equal(
        ([one.id for one in page.data], page.has_more), ([ids[1]], True), "a page of one, and that others follow"
    )
    expect_equal([one.id for one in rest.data], [ids[0]], "the next page")


async def require_no_files(subject: Subject) -> None:
    """Go on where files are not claimed, or claimed by a chat model: hosting has no place for them.

    Raises:
        NotApplicable: A backend claims them.
    """
    if await subject.is_backend():
        await subject.require_lack("files")


async def _content(provider: Provider, file_id: str) -> bytes:
    """What is in a file.

    Raises:
        NotApplicable: The service does not give what was uploaded.
    """
    try:
        return await provider.files().content(file_id)
    except InvalidRequest as error:
        raise NotApplicable(f"the service gives no file that was uploaded: {error}") from None


def expect_named(errors: Sequence[AnyAssistantError]) -> None:
    """Go on where these two are refusals of files.

    Raises:
        Unmet: They name another capability.
    """
    named = [error.capability for error in errors if isinstance(error, UnsupportedCapability)]
    expect_equal(named, ["files", "files"], "the capability that is named")
