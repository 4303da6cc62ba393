"""Threads: they go on, and know nothing of each other."""

from __future__ import annotations

from ...errors import NotFound
from ..catalogue import Group
from ..subject import Subject
from ..verdicts import Unmet, expect, expect_equal

check = Group("threads")


@check(
    rule="A thread goes on: each run sees what was said before",
    trap="only the last message is sent",
)
async def a_thread_goes_on(subject: Subject) -> None:
    scene = subject.scenarios.report()
    async with subject.talk(subject.scenarios.answer("Hello.").message) as talk:
        await talk.result()
        report = subject.read_report((await talk.say(scene.message)).text)
    expect_equal(report["messages"], ["user", "assistant", "user"], "the roles of the messages")


@check(
    rule="ChatModel.respond answers one request: threads know nothing of each other",
    trap="the history is an attribute of the model",
)
async def threads_know_nothing_of_each_other(subject: Subject) -> None:
    scene = subject.scenarios.report()
    async with subject.talk(scene.message) as talk:
        await talk.result()
        other = await subject.begin(talk.client, scene.message)
        report = subject.read_report((await other.result()).text)
    expect_equal(report["messages"], ["user"], "the roles of the messages")


@check(
    rule="A thread can be run again without a new message",
    trap="a request whose last message is the assistant's is refused by the service, or continued as its text",
)
async def a_thread_is_run_again_without_a_message(subject: Subject) -> None:
    async with subject.talk(subject.scenarios.answer("Hello.").message) as talk:
        await talk.result()
        record = await talk.run().wait()
    expect(record.status == "completed", "a run that completes", f"{record.status}: {record.last_error}")


@check(
    rule="ModelRequest.messages may be empty",
    trap="`request.messages[-1]` raises IndexError",
)
async def an_empty_thread_is_no_crash(subject: Subject) -> None:
    async with subject.talk() as talk:
        run = talk.run()
        record = await run.wait()
    code = record.last_error.code if record.last_error is not None else None
    is_typed = record.status in ("completed", "incomplete") or (record.status == "failed" and code != "server_error")
    expect(is_typed, "an answer, or a failure with a code", f"{record.status}: {record.last_error}")


@check(
    rule='Assistants v2 reference, "Create thread": it may begin with messages',
    trap="messages that the model has not answered are left out",
)
async def a_thread_begins_with_its_messages(subject: Subject) -> None:
    scene = subject.scenarios.report()
    async with subject.talk("One.", "Two.", scene.message) as talk:
        report = subject.read_report((await talk.result()).text)
    expect_equal(report["messages"], ["user"] * 3, "the roles of the messages")


@check(
    rule="NotFound: there is no object of that id",
    trap="a backend marks what is deleted, and still finds it; hosting deletes",
)
async def a_deleted_thread_is_not_found(subject: Subject) -> None:
    async with subject.talk("Hello.") as talk:
        await talk.thread.delete()
        try:
            await talk.client.threads.get(talk.thread.id)
        except NotFound:
            return
    raise Unmet("NotFound", "a thread")
