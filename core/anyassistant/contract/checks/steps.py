"""Run steps: what a run did, in order."""

from __future__ import annotations

from collections import defaultdict

from ...types import RunStepDeltaEvent, RunStepEvent
from ..catalogue import Group
from ..kit_tools import IN_PARIS, get_weather
from ..subject import Subject
from ..verdicts import expect, expect_equal

check = Group("steps")


@check(
    rule='Assistants v2 reference, "The run step object": an answer is one step of type `message_creation`',
    trap="an empty piece of a call makes a second step",
)
async def an_answer_is_one_step(subject: Subject) -> None:
    async with subject.talk(subject.scenarios.answer("Hello.").message) as talk:
        result = await talk.result()
    steps = [(one.type, one.status, one.message_id) for one in result.steps]
    expect_equal(steps, [("message_creation", "completed", result.messages[0].id)], "the steps")


@check(
    rule='Assistants v2 reference, "The run step object": calls are a step of type `tool_calls`, before the answer',
    trap="text of white space beside the calls becomes a message",
)
async def calls_are_a_step_before_the_answer(subject: Subject) -> None:
    await subject.require("tools")
    async with subject.talk(subject.scenarios.call(IN_PARIS).message, tools=[get_weather]) as talk:
        result = await talk.result()
    steps = [(one.type, one.status) for one in result.steps]
    calls_and_answer = [("tool_calls", "completed"), ("message_creation", "completed")]
    expect_equal(steps[-2:], calls_and_answer, "the last steps")


@check(
    rule="Each step is created, goes on and ends, once each",
    trap="a backend gives one step a new id each time, or never lets it end; hosting writes the steps of a model",
)
async def each_step_begins_and_ends_once(subject: Subject) -> None:
    async with subject.talk(subject.scenarios.answer("Hello.").message) as talk:
        events = [one async for one in talk.run().events() if isinstance(one, RunStepEvent)]
    told: dict[str, list[str]] = defaultdict(list)
    for one in events:
        told[one.data.id].append(one.event.removeprefix("thread.run.step."))
    expect_equal(list(told.values()), [["created", "in_progress", "completed"]] * len(told), "the events of each step")


@check(
    rule="Iterating a run gives its finished steps, which are the stored ones",
    trap="a backend lists steps that it did not tell, or tells them unfinished; hosting writes the steps of a model",
)
async def the_iterated_steps_are_the_stored_ones(subject: Subject) -> None:
    async with subject.talk(subject.scenarios.answer("Hello.").message) as talk:
        run = talk.run()
        iterated = [one.id async for one in run]
        stored = [one.id async for one in run.steps()]
    expect_equal(iterated, stored, "the steps")


@check(
    rule="A step's deltas together are its calls",
    trap="arguments are given twice: in pieces, and whole with the last",
)
async def the_deltas_of_a_call_are_its_arguments(subject: Subject) -> None:
    await subject.require("tools")
    if await subject.is_backend():  # one that does not stream tells its calls whole
        await subject.require("streaming")
    async with subject.talk(subject.scenarios.call(IN_PARIS).message, tools=[get_weather]) as talk:
        run = talk.run()
        deltas = [one async for one in run.events() if isinstance(one, RunStepDeltaEvent)]
        stored = [call.arguments async for step in run.steps() for call in step.tool_calls]
    streamed = "".join(_arguments_in(one.data) for one in deltas)
    expect(stored == [streamed], f"the arguments {stored}", streamed)


def _arguments_in(data: object) -> str:
    """The arguments in a delta of a step, which is the wire's object."""
    if isinstance(data, dict):
        own = data.get("arguments")
        return (own if isinstance(own, str) else "") + "".join(map(_arguments_in, data.values()))
    return "".join(map(_arguments_in, data)) if isinstance(data, list) else ""
