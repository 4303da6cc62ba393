"""Messages of threads that a full backend keeps."""

from __future__ import annotations

from ...errors import NotFound, ThreadBusy
from ...protocols import MessageParams, ThreadParams
from ...types import PageQuery, Text
from ..catalogue import Group
from ..conversation import optional, refused, said
from ..subject import Subject
from ..verdicts import expect, expect_equal

check = Group("backend messages")


@check(
    rule="Thread.get_message: a message by id, as it was made",
    trap="roles, parts or metadata are lost between the service's object and ours",
)
async def a_message_is_found_by_its_id(subject: Subject) -> None:
    async with subject.conversation() as talk:
        made = await talk.thread.create_message(MessageParams([Text("Hi.")], "assistant", {"a": "1"}))
        found = await talk.thread.get_message(made.id)
    expect_equal(found, made, "the message")
    came = (found.role, found.text, dict(found.metadata), found.thread_id)
    expect_equal(came, ("assistant", "Hi.", {"a": "1"}, talk.thread.record.id), "role, text, metadata and thread")


@check(
    rule="Thread.get_message: NotFound where there is none of that id",
    trap="the service's 404 is a ProviderError",
)
async def an_unknown_message_is_not_found(subject: Subject) -> None:
    async with subject.conversation("Hello.") as talk:
        with refused(NotFound, "a message"):
            await talk.thread.get_message("msg_contract_unknown")


@check(
    rule="Thread.get_message: a message of this thread",
    trap="messages are looked up by their id alone, and another user's thread is read",
)
async def a_message_of_another_thread_is_not_found(subject: Subject) -> None:
    async with subject.conversation("Hello.") as talk:
        other = await talk.provider.create_thread(ThreadParams([said("Secret.")]))
        [message] = (await other.list_messages(PageQuery())).data
        with refused(NotFound, "a message of another thread"):
            await talk.thread.get_message(message.id)


@check(
    rule="Thread.list_messages: by creation, in the order asked for",
    trap="times in whole seconds are sorted by, and what was said in one second is mixed up",
)
async def messages_are_listed_in_both_orders(subject: Subject) -> None:
    texts = [f"{at}" for at in range(5)]
    async with subject.conversation(*texts[:3]) as talk:
        for text in texts[3:]:
            await talk.add(text)
        up = await talk.thread.list_messages(PageQuery(order="asc"))
        down = await talk.thread.list_messages(PageQuery(order="desc"))
    expect_equal([one.text for one in up.data], texts, "the messages")
    expect_equal([one.text for one in down.data], texts[::-1], "the messages, newest first")


@check(
    rule="PageQuery.limit, after, Page.has_more: pages together are the list, in both orders",
    trap="a cursor counts in the one order alone; the last page claims that others follow",
)
async def pages_of_messages_are_the_list(subject: Subject) -> None:
    texts = [f"{at}" for at in range(5)]
    async with subject.conversation(*texts) as talk:
        for order, wanted in (("asc", texts), ("desc", texts[::-1])):
            came: list[str] = []
            query = PageQuery(limit=2, order="asc" if order == "asc" else "desc")
            more: list[bool] = []
            while True:
                page = await talk.thread.list_messages(query)
                came += [one.text for one in page.data]
                more.append(page.has_more)
                if not page.has_more or len(more) > len(texts):
                    break
                query = PageQuery(limit=2, order=query.order, after=page.data[-1].id)
            expect_equal((came, more), (wanted, [True, True, False]), "the messages, and whether others follow")


@check(
    rule="PageQuery.before: the page ends before that item, in the order asked for",
    trap="`before` is taken as `after` in the other order, and the page comes the wrong way round",
)
async def a_page_ends_before_its_cursor(subject: Subject) -> None:
    async with subject.conversation("0", "1", "2", "3") as talk:
        ids = [one.id for one in (await talk.thread.list_messages(PageQuery(order="asc"))).data]
        page = await talk.thread.list_messages(PageQuery(order="asc", before=ids[2]))
    expect_equal([one.text for one in page.data], ["0", "1"], "the messages before the third")


@check(
    rule="PageQuery.run_id: only messages of this run",
    trap="`run_id` is not sent, and all messages come",
)
async def messages_of_a_run_are_listed_alone(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.answer("First.").message) as talk:
        await talk.run()
        await talk.add(subject.scenarios.answer("Second.").message)
        run = await talk.run()
        page = await talk.thread.list_messages(PageQuery(run_id=run.record.id))
    expect_equal([one.run_id for one in page.data], [run.record.id], "the runs of the messages")


@check(
    rule='Assistants v2 reference, "The message object": an answer names its run, assistant and thread',
    trap="the message is made before the run has its id",
)
async def an_answer_names_where_it_comes_from(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        run = await talk.run()
        page = await talk.thread.list_messages(PageQuery(order="desc", limit=1))
    came = [(one.role, one.status, one.run_id, one.assistant_id, one.thread_id) for one in page.data]
    record = run.record
    wanted = [("assistant", "completed", record.id, record.assistant_id, record.thread_id)]
    expect_equal(came, wanted, "role, status and origin of the answer")


@check(
    rule="Thread.create_message raises ThreadBusy, which names the open run",
    trap="the service's refusal is an InvalidRequest, or the message is taken and the run does not see it",
)
async def a_message_is_refused_while_a_run_is_open(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.stay_busy().message) as talk:
        run = await talk.start()
        with refused(ThreadBusy, "a message") as errors:
            await talk.add("Too early.")
        named = [error.run_id for error in errors if isinstance(error, ThreadBusy)]
        if (await subject.claims()).cancel:
            await run.cancel()
    expect(named in ([run.record.id], [""]), f"ThreadBusy of {run.record.id}, or of no id", named)


@check(
    rule="Thread.update_message: replaces the metadata, and leaves the rest; optional",
    trap="the message is made anew, with another id",
)
async def an_update_replaces_a_messages_metadata(subject: Subject) -> None:
    async with subject.conversation() as talk:
        made = await talk.thread.create_message(MessageParams([Text("Hello.")], metadata={"a": "1", "b": "2"}))
        with optional():
            changed = await talk.thread.update_message(made.id, {"c": "3"})
        found = await talk.thread.get_message(made.id)
    came = (changed.id, changed.text, dict(changed.metadata))
    expect_equal(came, (made.id, "Hello.", {"c": "3"}), "id, text and metadata")
    expect_equal(found, changed, "the message")


@check(
    rule="Thread.delete_message: it is gone; optional",
    trap="it is left out of lists, and found by its id",
)
async def a_deleted_message_is_gone(subject: Subject) -> None:
    async with subject.conversation("One.", "Two.") as talk:
        first = (await talk.thread.list_messages(PageQuery(order="asc"))).data[0]
        with optional():
            await talk.thread.delete_message(first.id)
        with refused(NotFound, "a message"):
            await talk.thread.get_message(first.id)
        left = await talk.thread.list_messages(PageQuery(order="asc"))
    expect_equal([one.text for one in left.data], ["Two."], "the messages")


@check(
    rule="Thread.delete_message: the model does not see it any more; optional",
    trap="the service keeps what the model is given apart from the messages",
)
async def a_deleted_message_is_not_seen_by_the_model(subject: Subject) -> None:
    scene = subject.scenarios.report()
    async with subject.conversation("One.", "Two.", scene.message) as talk:
        first = (await talk.thread.list_messages(PageQuery(order="asc"))).data[0]
        with optional():
            await talk.thread.delete_message(first.id)
        await talk.run()
        answer = (await talk.thread.list_messages(PageQuery(order="desc", limit=1))).data[0]
    expect_equal(subject.read_report(answer.text)["messages"], ["user"] * 2, "the roles of the messages")
