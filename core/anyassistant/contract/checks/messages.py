"""Messages: what was said, by whom, and in which parts."""

from __future__ import annotations

from ...protocols import UserMessage
from ...types import Text
from ..catalogue import Group
from ..subject import Subject, exactly
from ..verdicts import expect, expect_equal

check = Group("messages")


@check(
    rule='Assistants v2 reference, "The message object": an answer names its run, assistant and thread',
    trap="a backend's service does not say from which run a message comes; hosting writes those of a model",
)
async def an_answer_is_stored_with_where_it_comes_from(subject: Subject) -> None:
    async with subject.talk(subject.scenarios.answer("Hello.").message) as talk:
        run = talk.run()
        result = await run.result()
    [message] = result.messages
    came = (message.role, message.status, message.run_id, message.assistant_id, message.thread_id)
    expect_equal(came, ("assistant", "completed", run.id, talk.assistant.id, talk.thread.id), "the message's origin")


@check(
    rule="Message.text is what the model said",
    trap="the stored text is made of something else than the streamed one",
)
async def an_answer_is_stored_as_it_was_said(subject: Subject) -> None:
    scene = subject.scenarios.answer("Keep this, please.")
    wanted = exactly(scene)
    async with subject.talk(scene.message) as talk:
        result = await talk.result()
        stored = [one.text async for one in talk.thread.messages()]
    expect_equal((result.text, stored[-1]), (wanted, wanted), "the text")


@check(
    rule="UserMessage.content: all parts of a message",
    trap="`content[0]` is sent, and the rest is lost",
)
async def all_parts_of_a_message_are_sent(subject: Subject) -> None:
    scene = subject.scenarios.answer("one two three")
    wanted = exactly(scene)
    first, rest = scene.message[:4], scene.message[4:]
    answer = await subject.ask(UserMessage([Text(first), Text(rest)]))
    expect_equal(answer.text, wanted, "the answer to both parts")


@check(
    rule="A message that the app adds for the assistant is part of the history",
    trap="only turns that the model itself made are sent",
)
async def an_assistants_message_of_the_app_is_sent(subject: Subject) -> None:
    scene = subject.scenarios.report()
    async with subject.talk("Hello.") as talk:
        await talk.thread.add("Hello, I am here.", role="assistant")
        report = subject.read_report((await talk.say(scene.message)).text)
    expect_equal(report["messages"], ["user", "assistant", "user"], "the roles of the messages")


@check(
    rule='Assistants v2 reference, "Create run": additional messages are added before the run',
    trap="a backend adds them after the run has begun, or in reverse; hosting adds them for a model",
)
async def additional_messages_are_sent(subject: Subject) -> None:
    scene = subject.scenarios.report()
    async with subject.talk("Hello.") as talk:
        result = await talk.result(additional_messages=["One more thing.", scene.message])
        stored = [one.role async for one in talk.thread.messages()]
    expect_equal(subject.read_report(result.text)["messages"], ["user"] * 3, "the roles of the messages")
    expect_equal(stored, ["user", "user", "user", "assistant"], "the stored roles")


@check(
    rule='Assistants v2 reference, "Create run", truncation_strategy: the last n messages',
    trap="a model that keeps the history itself sends what was left out",
)
async def only_the_last_messages_are_sent_where_asked(subject: Subject) -> None:
    scene = subject.scenarios.report()
    async with subject.talk("One.", "Two.", "Three.", scene.message) as talk:
        result = await talk.result(truncation_strategy={"type": "last_messages", "last_messages": 2})
    expect_equal(subject.read_report(result.text)["messages"], ["user"] * 2, "the roles of the messages")


@check(
    rule="An answer is one message of one turn",
    trap="a new message is begun with each chunk",
)
async def an_answer_is_one_message(subject: Subject) -> None:
    async with subject.talk(subject.scenarios.answer("Say a few words.").message) as talk:
        await talk.result()
        roles = [one.role async for one in talk.thread.messages()]
    expect(roles == ["user", "assistant"], "one question and one answer", roles)
