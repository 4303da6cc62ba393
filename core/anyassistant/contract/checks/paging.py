"""Order and pages of what is listed."""

from __future__ import annotations

from ..catalogue import Group
from ..subject import Subject
from ..verdicts import expect_equal

check = Group("ordering and paging")


@check(
    rule="thread.messages(): in the order in which they were said",
    trap="answers belong to another question than the one before them, as the model keeps one in hand",
)
async def questions_and_answers_take_turns(subject: Subject) -> None:
    scenes = [subject.scenarios.answer(f"Number {at}.") for at in range(3)]
    async with subject.talk() as talk:
        for scene in scenes:
            await talk.say(scene.message)
        said = [(one.role, one.text) async for one in talk.thread.messages()]
    expect_equal([role for role, _ in said], ["user", "assistant"] * 3, "the roles")
    expect_equal([text for _, text in said[::2]], [scene.message for scene in scenes], "the questions")
    foretold = [scene.answer for scene in scenes]
    if None not in foretold:
        expect_equal([text for _, text in said[1::2]], foretold, "the answers")


@check(
    rule="thread.messages(order='desc'): the newest first",
    trap="a backend ignores `PageQuery.order`, or sorts by a time that several share; the store sorts for a model",
)
async def messages_are_listed_the_newest_first_where_asked(subject: Subject) -> None:
    async with subject.talk(*[f"{at}" for at in range(5)]) as talk:
        said = [one.text async for one in talk.thread.messages(order="desc")]
    expect_equal(said, ["4", "3", "2", "1", "0"], "the messages")


@check(
    rule="Page.has_more, PageQuery.after: pages together are the list, each item once",
    trap="a backend gives the item of `after` again, or `has_more` for a last page; the store cuts for a model",
)
async def pages_together_are_the_list(subject: Subject) -> None:
    async with subject.talk(*[f"{at}" for at in range(7)]) as talk:
        said = [one.text async for one in talk.thread.messages(limit=3)]
        first = await talk.thread.messages(limit=3).page()
        rest = [one.text async for one in talk.thread.messages(after=first.data[-1].id)]
    expect_equal(said, [f"{at}" for at in range(7)], "the messages")
    expect_equal((first.has_more, rest), (True, ["3", "4", "5", "6"]), "what follows the first page")


@check(
    rule="thread.messages(run_id=...): those that the run wrote",
    trap="a backend ignores `PageQuery.run_id`, or filters after it cut; the store filters for a model",
)
async def messages_are_found_by_their_run(subject: Subject) -> None:
    async with subject.talk(subject.scenarios.answer("First.").message) as talk:
        await talk.result()
        second = await talk.say(subject.scenarios.answer("Second.").message)
        said = [one.id async for one in talk.thread.messages(run_id=second.run.id)]
        wanted = [one.id async for one in talk.thread.messages() if one.run_id == second.run.id]
    expect_equal(said, wanted, "the messages of the second run")


@check(
    rule="client.runs.list(): the newest first, of one thread where asked",
    trap="a backend sorts by a time in seconds, which several runs share; the store sorts for a model",
)
async def runs_are_listed_the_newest_first(subject: Subject) -> None:
    async with subject.talk(subject.scenarios.answer("First.").message) as talk:
        first = await talk.result()
        second = await talk.say(subject.scenarios.answer("Second.").message)
        listed = [one.id async for one in talk.client.runs.list(thread_id=talk.thread.id)]
    expect_equal(listed, [second.run.id, first.run.id], "the runs")
