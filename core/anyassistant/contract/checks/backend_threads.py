"""Threads that a full backend keeps."""

from __future__ import annotations

from ...errors import NotFound, UnsupportedCapability
from ...protocols import ThreadParams
from ...types import PageQuery
from ..catalogue import Group
from ..conversation import listed, optional, refused, said
from ..subject import Subject
from ..verdicts import expect_equal

check = Group("backend threads")


@check(
    rule="Provider.get_thread: a thread by id, as it was made",
    trap="the id that is given is one's own, and another process does not know it",
)
async def a_thread_is_found_by_its_id(subject: Subject) -> None:
    async with subject.backend() as provider:
        made = (await provider.create_thread(ThreadParams(metadata={"team": "kit"}))).record
    async with subject.backend() as provider:
        found = (await provider.get_thread(made.id)).record
    expect_equal(found, made, "the thread")
    expect_equal(dict(found.metadata), {"team": "kit"}, "the metadata")


@check(
    rule="Provider.get_thread raises NotFound: there is none of that id",
    trap="a thread is made where there is none, or the first call on it fails instead",
)
async def an_unknown_thread_is_not_found(subject: Subject) -> None:
    async with subject.backend() as provider:
        with refused(NotFound, "a thread"):
            await provider.get_thread("thread_contract_unknown")


@check(
    rule="ThreadParams.messages: the thread begins with all of them, in order",
    trap="a service takes so many messages at once, and the others are lost",
)
async def a_thread_begins_with_all_its_messages(subject: Subject) -> None:
    texts = [f"Number {at}." for at in range(40)]
    async with subject.backend() as provider:
        thread = await provider.create_thread(ThreadParams([said(one) for one in texts]))
        page = await thread.list_messages(PageQuery(limit=100, order="asc"))
    expect_equal([one.text for one in page.data], texts, "the messages")


@check(
    rule="Thread.update: replaces the metadata; optional",
    trap="the new pairs are added to the old ones",
)
async def an_update_replaces_the_metadata(subject: Subject) -> None:
    async with subject.backend() as provider:
        thread = await provider.create_thread(ThreadParams(metadata={"a": "1", "b": "2"}))
        with optional():
            record = await thread.update({"c": "3"})
        expect_equal(thread.record, record, "`record`, which was given,")
        found = (await provider.get_thread(record.id)).record
    expect_equal((dict(record.metadata), found), ({"c": "3"}, record), "the metadata")


@check(
    rule="Thread.delete: it is not found any more; optional",
    trap="what is deleted is only forgotten by this object",
)
async def a_deleted_thread_is_gone(subject: Subject) -> None:
    async with subject.backend() as provider:
        thread = await provider.create_thread(ThreadParams())
        with optional():
            await thread.delete()
        with refused(NotFound, "a thread"):
            await provider.get_thread(thread.record.id)


@check(
    rule="Capabilities.list_threads, claimed: threads are listed by creation, in both orders",
    trap="only the threads that this process made are listed",
)
async def threads_are_listed_in_both_orders(subject: Subject) -> None:
    async with subject.backend() as provider:
        await subject.require("list_threads")
        ids = [(await provider.create_thread(ThreadParams())).record.id for _ in range(3)]
    async with subject.backend() as provider:
        up = await provider.list_threads(PageQuery(limit=1, order="asc", after=ids[0]))
        down = await provider.list_threads(PageQuery(order="desc", after=ids[2]))
    expect_equal((listed(up.data), up.has_more), ([ids[1]], True), "a page of one, and that others follow")
    expect_equal(listed(down.data, among=ids), [ids[1], ids[0]], "the threads before the last, newest first")


@check(
    rule="Capabilities.list_threads, not claimed: `list_threads` raises UnsupportedCapability",
    trap="an empty page is given, which says that there are no threads",
)
async def unclaimed_lists_of_threads_are_refused(subject: Subject) -> None:
    async with subject.backend() as provider:
        await subject.require_lack("list_threads")
        with refused(UnsupportedCapability, "a page of threads"):
            await provider.list_threads(PageQuery())
