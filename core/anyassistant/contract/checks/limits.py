"""Limits: a run that reaches one ends `incomplete`, with the reason."""

from __future__ import annotations

import anyio

from ...errors import RunExpired, RunIncomplete
from ...types import Limits, RunRecord
from ..catalogue import Group
from ..kit_tools import IN_PARIS, IN_ROME, TIME_IN_PARIS, get_time, get_weather
from ..subject import Subject
from ..verdicts import Unmet, expect, expect_equal

check = Group("limits")


@check(
    rule="ModelRequest.max_completion_tokens: the answer is cut, with the finish reason `length`",
    trap="the service's word for it (`max_tokens`, `MAX_TOKENS`) is mapped to `stop`",
)
async def a_cut_answer_ends_with_length(subject: Subject) -> None:
    bound = subject.tokens(5)
    answer = await subject.ask(subject.scenarios.long_answer(40 * bound), max_completion_tokens=bound)
    expect_equal(answer.finish_reasons, ["length"], "the finish reasons")
    expect(len(answer.text) < 80 * bound, f"an answer of {bound} tokens", answer.text)


@check(
    rule='Concepts, "Limits": a run out of tokens is `incomplete`, what it said is kept, its thread is usable',
    trap="an answer that was cut is given as a whole one",
)
async def a_run_out_of_tokens_is_incomplete(subject: Subject) -> None:
    bound = subject.tokens(5)
    async with subject.talk(subject.scenarios.long_answer(40 * bound).message) as talk:
        try:
            await talk.result(max_completion_tokens=bound)
        except RunIncomplete as error:
            expect_equal(error.reason, "max_completion_tokens", "the reason")
            expect(bool(error.text), "the text so far", "none")
            await talk.thread.add("Usable at once.")
            return
    raise Unmet("RunIncomplete", "a run that completed")


@check(
    rule='Concepts, "What the model is given": `max_completion_tokens` is a budget of the whole run',
    trap="usage of calls is not reported, and the budget is not used up by them",
)
async def each_call_gets_the_rest_of_the_budget(subject: Subject) -> None:
    await subject.require("usage", "tools")
    answer = subject.scenarios.answer_to_outputs(["sunny in Paris"])
    async with subject.talk(subject.scenarios.call(IN_PARIS).message, tools=[get_weather]) as talk:
        result = await talk.result(max_completion_tokens=1_000)
    used = result.usage.completion_tokens
    expect(0 < used <= 1_000, "1 to 1,000 tokens", used)
    expect(answer is None or result.text == answer, f"the answer {answer!r}", result.text)


@check(
    rule="Limits.turns: so many model calls",
    trap="a model that calls one of its tools itself hides a turn",
)
async def a_run_ends_after_its_turns(subject: Subject) -> None:
    await subject.require("tools")
    scene = subject.scenarios.call_in_rounds(IN_PARIS, TIME_IN_PARIS, IN_ROME)
    record = await _incomplete(subject, scene.message, Limits(turns=2))
    expect_equal(_reason(record), "max_turns", "the reason")


@check(
    rule="Limits.repeated_calls: so many turns in a row with the same call and the same arguments",
    trap="arguments are rewritten, so that the same call looks new",
)
async def a_run_ends_at_a_repeated_call(subject: Subject) -> None:
    await subject.require("tools")
    scene = subject.scenarios.call_in_rounds(IN_PARIS, IN_PARIS, IN_PARIS)
    record = await _incomplete(subject, scene.message, Limits(repeated_calls=2))
    expect_equal(_reason(record), "repeated_call", "the reason")


@check(
    rule="Limits.seconds: a run ends in the middle of a model call",
    trap="a call that does not heed its cancellation goes on past the limit",
)
async def a_run_ends_after_its_seconds(subject: Subject) -> None:
    scene = subject.scenarios.stay_busy()
    began = anyio.current_time()
    record = await _incomplete(subject, scene.message, Limits(seconds=0.2))
    expect_equal(_reason(record), "max_seconds", "the reason")
    seconds = anyio.current_time() - began
    expect(seconds < subject.patience.prompt + 0.2, "an end soon after 0.2 s", f"after {seconds:.1f} s")


@check(
    rule="RunOptions.expires_in: a run ends `expired`, whatever it does",
    trap="a call that does not heed its cancellation goes on past the time",
)
async def a_run_expires_in_the_middle_of_a_call(subject: Subject) -> None:
    scene = subject.scenarios.stay_busy()
    async with subject.talk(scene.message) as talk:
        began = anyio.current_time()
        try:
            await talk.result(expires_in=0.2)
        except RunExpired:
            seconds = anyio.current_time() - began
            expect(seconds < subject.patience.prompt + 0.2, "an end soon after 0.2 s", f"after {seconds:.1f} s")
            return
    raise Unmet("RunExpired", "a run that completed")


@check(
    rule="RunOptions.max_prompt_tokens: a prompt that cannot fit is not sent",
    trap="`count_tokens` gives less than the prompt has",
)
async def a_prompt_that_cannot_fit_is_not_sent(subject: Subject) -> None:
    bound = subject.tokens(1)
    async with subject.talk("More words than fit, by any count. " * bound) as talk:
        run = talk.run(max_prompt_tokens=bound)
        record = await run.wait()
        said = [one async for one in run.messages()]
    expect_equal((record.status, _reason(record)), ("incomplete", "max_prompt_tokens"), "status and reason")
    expect(not said, "no message", said)


async def _incomplete(subject: Subject, message: str, limits: Limits) -> RunRecord:
    await subject.require_cancel()  # by which a backend's thread becomes usable
    tools = [get_weather, get_time] if (await subject.claims()).tools else []
    async with subject.talk(message, tools=tools) as talk:
        record = await talk.run(limits=limits).wait()
        expect_equal(record.status, "incomplete", "the status")
        await talk.thread.add("Usable at once.")
    return record


def _reason(record: RunRecord) -> str | None:
    return None if record.incomplete_details is None else record.incomplete_details.reason
