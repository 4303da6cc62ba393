"""Vector stores: indexed, listed and deleted; or refused by whoever keeps none."""

from __future__ import annotations

from contextlib import AsyncExitStack

from ...errors import NotFound, UnsupportedCapability
from ...types import PageQuery
from ..catalogue import Group
from ..conversation import refused
from ..subject import Subject
from ..uploaded import indexed, stored, uploaded
from ..verdicts import expect_equal
from .files import expect_named, expect_pages, require_no_files

check = Group("vector stores")


@check(
    rule="VectorStores.create: it is there with its files, which the service indexes by itself",
    trap="it is told to be completed before its files are, or never",
)
async def a_vector_store_indexes_its_files(subject: Subject) -> None:
    await subject.require_backend("files")
    async with subject.backend() as provider, uploaded(provider) as file, stored(provider, file.id) as made:
        stores = provider.vector_stores()
        found = await indexed(lambda: stores.get(made.id))
    expect_equal((found.id, found.name, dict(found.metadata)), (made.id, "kit", {"team": "kit"}), "the vector store")
    counts = found.file_counts
    expect_equal((found.status, counts.completed, counts.total), ("completed", 1, 1), "its status, and files indexed")


@check(
    rule="PageQuery: vector stores are listed by creation, the newest first where asked, and page by page",
    trap="`after` or `limit` is not sent, or `has_more` is always False",
)
async def vector_stores_are_listed_page_by_page(subject: Subject) -> None:
    await subject.require_backend("files")
    async with subject.backend() as provider, AsyncExitStack() as stack:
        ids = [(await stack.enter_async_context(stored(provider))).id for _ in range(3)]
        await expect_pages(provider.vector_stores().list, ids, "vector stores")


@check(
    rule="VectorStores.add_file: the file is indexed, and listed among those of the vector store",
    trap="the file's own record is given, which says nothing of the index",
)
async def a_file_is_added_to_a_vector_store(subject: Subject) -> None:
    await subject.require_backend("files")
    async with subject.backend() as provider, uploaded(provider) as file, stored(provider) as store:
        stores = provider.vector_stores()
        added = await stores.add_file(store.id, file.id)
        found = await indexed(lambda: stores.get_file(store.id, file.id))
        every = await stores.list_files(store.id, PageQuery())
        failed = await stores.list_files(store.id, PageQuery(), status="failed")
    for one in (added, found):
        expect_equal((one.id, one.vector_store_id), (file.id, store.id), "the file, and its vector store")
    expect_equal(found.status, "completed", "the status of the file")
    came = [one.id for one in every.data], [one.id for one in failed.data]
    expect_equal(came, ([file.id], []), "the files of the vector store, and those that failed")


@check(
    rule="VectorStores.remove_file: takes a file out of it; the file stays",
    trap="the file itself is deleted",
)
async def a_file_that_is_removed_from_a_vector_store_stays(subject: Subject) -> None:
    await subject.require_backend("files")
    async with subject.backend() as provider, uploaded(provider) as file, stored(provider, file.id) as store:
        stores = provider.vector_stores()
        await indexed(lambda: stores.get_file(store.id, file.id))
        await stores.remove_file(store.id, file.id)
        left = await stores.list_files(store.id, PageQuery())
        kept = await provider.files().get(file.id)
    expect_equal([one.id for one in left.data], [], "the files of the vector store")
    expect_equal(kept.id, file.id, "the file")


@check(
    rule="VectorStores.delete: one that was deleted raises NotFound; its files stay",
    trap="its files are deleted with it",
)
async def a_deleted_vector_store_is_gone(subject: Subject) -> None:
    await subject.require_backend("files")
    async with subject.backend() as provider, uploaded(provider) as file, stored(provider, file.id) as store:
        stores = provider.vector_stores()
        await stores.delete(store.id)
        with refused(NotFound, "a vector store that was deleted"):
            await stores.get(store.id)
        kept = await provider.files().get(file.id)
    expect_equal(kept.id, file.id, "the file")


@check(
    rule="VectorStores.get and VectorStores.delete raise NotFound: there is none of that id",
    trap="the service's 404 is a ProviderError, or passes for a deletion",
)
async def an_unknown_vector_store_is_not_found(subject: Subject) -> None:
    await subject.require_backend("files")
    async with subject.backend() as provider:
        stores = provider.vector_stores()
        with refused(NotFound, "a vector store"):
            await stores.get("vs_contract_unknown")
        with refused(NotFound, "a deletion"):
            await stores.delete("vs_contract_unknown")


@check(
    rule="Capabilities.files, not claimed: `client.vector_stores` refuses with UnsupportedCapability",
    trap="`Provider.vector_stores` gives None, or raises NotImplementedError",
)
async def unclaimed_vector_stores_are_refused(subject: Subject) -> None:
    await require_no_files(subject)
    async with subject.client() as client:
        with refused(UnsupportedCapability, "a vector store") as errors:
            await client.vector_stores.create(name="kit")
        with refused(UnsupportedCapability, "a list of vector stores") as more:
            await client.vector_stores.list().page()
    expect_named([*errors, *more])
