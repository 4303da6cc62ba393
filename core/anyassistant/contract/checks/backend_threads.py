"""Threads that a full backend keeps."""

from __future__ import annotations

from uuid import uuid4

from ...errors import NotFound, UnsupportedCapability
from ...protocols import AssistantParams, RunParams, ThreadParams
from ...types import PageQuery, RunEvent
from ..asked_by_run import settled
from ..catalogue import Group
from ..conversation import listed, listen, optional, refused, said
from ..subject import Subject
from ..verdicts import expect, expect_equal

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


@check(
    rule="Provider.create_thread_and_run: a new thread as `create_thread` makes it, and its run",
    trap="the messages or the metadata of the one are taken for those of the other",
)
async def a_thread_is_made_with_its_run(subject: Subject) -> None:
    message = said(subject.scenarios.answer("Hello.").message)
    async with subject.backend() as provider:
        assistant = await provider.create_assistant(AssistantParams(model=subject.model))
        wanted = ThreadParams([message], {"of": "thread"}), RunParams(assistant.record.id, metadata={"of": "run"})
        thread, run = await provider.create_thread_and_run(*wanted, executor=None, follow=False)
        ended = await settled(run)
        found = await provider.get_thread(thread.record.id)
        messages = (await found.list_messages(PageQuery(order="asc"))).data
        of_run = (await found.get_run(run.record.id)).record
    expect_equal((ended.status, ended.thread_id), ("completed", thread.record.id), "the run's end, and its thread")
    came = (dict(found.record.metadata), dict(of_run.metadata))
    expect_equal(came, ({"of": "thread"}, {"of": "run"}), "the metadata of both")
    expect_equal([one.role for one in messages], ["user", "assistant"], "whose messages there are")


@check(
    rule="Provider.create_thread_and_run, follow: the stream is asked for with the call that starts the run",
    trap="it is asked for by `create_run` alone",
)
async def a_run_that_is_made_with_its_thread_is_followed(subject: Subject) -> None:
    await subject.require_streaming_backend()
    wanted = ThreadParams([said(subject.scenarios.answer("Hello.").message)])
    async with subject.backend() as provider:
        assistant = await provider.create_assistant(AssistantParams(model=subject.model))
        run = RunParams(assistant.record.id)
        _, begun = await provider.create_thread_and_run(wanted, run, executor=None, follow=True)
        async with begun:
            events = await listen(begun)
    ends = [one.data.status for one in events if isinstance(one, RunEvent) and not one.data.is_open]
    expect_equal(ends, ["completed"], "the ends that are told")


@check(
    rule="Provider.create_thread_and_run: both are made, or neither",
    trap="the thread is made first, and left when its run is refused",
)
async def no_thread_is_left_of_a_run_that_is_refused(subject: Subject) -> None:
    await subject.require_backend("list_threads")
    name = uuid4().hex
    wanted = ThreadParams([said("Hello.")], {"name": name})
    async with subject.backend() as provider:
        with optional():
            await (await provider.create_thread(ThreadParams())).delete()
        with refused(NotFound, "a run of an unknown assistant"):
            await provider.create_thread_and_run(
                wanted, RunParams("asst_contract_unknown"), executor=None, follow=False
            )
        page = await provider.list_threads(PageQuery(limit=100, order="desc"))
    expect(name not in [one.record.metadata.get("name") for one in page.data], "no thread", f"a thread named {name}")
