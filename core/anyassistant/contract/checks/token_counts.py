"""`count_tokens`: what a prompt costs, before it is sent."""

from __future__ import annotations

from ...protocols import ChatModel
from ..catalogue import Group
from ..kit_tools import TIME, WEATHER
from ..subject import Subject
from ..verdicts import NotApplicable, Unmet, expect

check = Group("counting tokens")


@check(
    rule="ChatModel.count_tokens: tokens of the request's prompt, or None",
    trap="characters or bytes are counted, or a float is given",
)
async def a_count_is_a_whole_number(subject: Subject) -> None:
    async with subject.open() as model:
        count = await model.count_tokens(subject.request("Hello there."))
    if count is None:
        raise NotApplicable("`count_tokens` gives None: the length is estimated")
    expect(isinstance(count, int) and count > 0, "a number of tokens", count)


@check(
    rule="ChatModel.count_tokens: all messages of the request",
    trap="only the last message is counted",
)
async def a_longer_prompt_counts_more(subject: Subject) -> None:
    async with subject.open() as model:
        short = await _count(model, subject, "Hello.")
        long = await _count(model, subject, *["Here are a few more words."] * 20, "Hello.")
    expect(long >= short + 20, f"at least {short + 20} tokens", long)


@check(
    rule="ChatModel.count_tokens: the instructions are part of the prompt",
    trap="what goes into a field of its own at the service is not counted",
)
async def instructions_count(subject: Subject) -> None:
    async with subject.open() as model:
        short = await _count(model, subject, "Hello.")
        long = await _count(model, subject, "Hello.", instructions="Be kind, and be brief. " * 20)
    expect(long >= short + 20, f"at least {short + 20} tokens", long)


@check(
    rule="ChatModel.count_tokens counts, and asks the model nothing",
    trap="counting changes what the next answer is",
)
async def counting_is_repeatable(subject: Subject) -> None:
    async with subject.open() as model:
        tools = [WEATHER, TIME] if (await subject.claims()).tools else []
        counts = {await _count(model, subject, "Hello there.", tools=tools) for _ in range(3)}
    expect(len(counts) == 1, "the same count each time", sorted(counts))


async def _count(model: ChatModel, subject: Subject, *messages: str, **settings: object) -> int:
    count = await model.count_tokens(subject.request(*messages, **settings))
    if count is None:
        raise NotApplicable("`count_tokens` gives None: the length is estimated")
    if not isinstance(count, int):
        raise Unmet("a number of tokens", count)
    return count
