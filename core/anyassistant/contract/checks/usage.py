"""Tokens: reported where that is claimed, and added up."""

from __future__ import annotations

from ...protocols import Usage
from ..answers import collect
from ..catalogue import Group
from ..kit_tools import IN_PARIS, WEATHER, get_weather
from ..subject import Subject
from ..verdicts import expect, expect_equal

check = Group("usage")


@check(
    rule="Capabilities.usage, claimed: tokens of prompt and answer are reported",
    trap="services report usage in a last chunk without choices, or only where it is asked for",
)
async def the_usage_of_an_answer_is_reported(subject: Subject) -> None:
    await subject.require("usage")
    usage = (await subject.ask(subject.scenarios.answer("Hello there."))).usage
    expect(usage.prompt_tokens > 0 and usage.completion_tokens > 0, "tokens of prompt and answer", usage)


@check(
    rule="Capabilities.usage, claimed: also for a turn of calls",
    trap="the stream is left at the calls, before the usage comes",
)
async def the_usage_of_a_call_is_reported(subject: Subject) -> None:
    await subject.require_chat_model("the usage of a backend's run is told when it has ended, not while it rests")
    await subject.require("usage", "tools")
    usage = (await subject.ask(subject.scenarios.call(IN_PARIS), tools=[WEATHER])).usage
    expect(usage.prompt_tokens > 0 and usage.completion_tokens > 0, "tokens of prompt and call", usage)


@check(
    rule="Capabilities.usage, claimed: also for an answer that was cut off",
    trap="only the ending `stop` leads to the code that reads the usage",
)
async def the_usage_of_a_cut_answer_is_reported(subject: Subject) -> None:
    await subject.require("usage")
    bound = subject.tokens(5)
    answer = await subject.ask(subject.scenarios.long_answer(20 * bound), max_completion_tokens=bound)
    expect(0 < answer.usage.completion_tokens <= bound, f"1 to {bound} tokens of answer", answer.usage)


@check(
    rule="Usage.prompt_tokens: what the model was given",
    trap="tokens that come from a cache are left out, or prompt and answer are mixed up",
)
async def a_longer_prompt_has_more_tokens(subject: Subject) -> None:
    await subject.require("usage")
    short = (await subject.ask(subject.scenarios.answer("Hello."))).usage
    long = (await subject.ask(*["Here are a few more words."] * 20, subject.scenarios.answer("Hello."))).usage
    expect(long.prompt_tokens >= short.prompt_tokens + 20, f"at least {short.prompt_tokens + 20} tokens", long)


@check(
    rule="ModelDelta.usage: of this call alone; the last one counts",
    trap="a counter of the model adds up over its requests",
)
async def the_usage_is_that_of_one_call(subject: Subject) -> None:
    await subject.require("usage")
    request = subject.request(subject.scenarios.answer("Hello."), temperature=0.0)
    async with subject.open() as model:
        prompts = [(await collect(model.respond(request))).usage.prompt_tokens for _ in range(3)]
    expect(max(prompts) == min(prompts), "the same tokens of prompt each time", prompts)


@check(
    rule="RunRecord.usage: the sum over all model calls, and over the steps",
    trap="usage comes twice in one call, with parts that were meant to be added",
)
async def the_usage_of_a_run_is_the_sum(subject: Subject) -> None:
    await subject.require("usage", "tools")
    async with subject.talk(subject.scenarios.call(IN_PARIS).message, tools=[get_weather]) as talk:
        result = await talk.result()
    parts = [step.usage for step in result.steps if step.usage is not None]
    expect(len(parts) >= 2, "usage of each of two model calls", parts)
    expect_equal(sum(parts, Usage(0, 0)), result.run.usage, "the sum over the steps to be the run's")


@check(
    rule="Capabilities.usage, not claimed: none is reported",
    trap="the capability is forgotten in the claims, or zeros are reported",
)
async def unclaimed_usage_is_not_reported(subject: Subject) -> None:
    await subject.require_lack("usage")
    answer = await subject.ask(subject.scenarios.answer("Hello."))
    expect(not answer.usages, "no usage", answer.usages)
