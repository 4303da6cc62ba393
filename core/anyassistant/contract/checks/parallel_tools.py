"""Several calls in one turn."""

from __future__ import annotations

from ...protocols import AssistantMessage, ModelMessage, ToolMessage
from ..answers import collect
from ..catalogue import Group
from ..kit_tools import IN_PARIS, IN_ROME, TIME, TIME_IN_PARIS, WEATHER, as_called, expect_call, get_time, get_weather
from ..subject import Subject
from ..verdicts import expect, expect_equal

check = Group("parallel tools")


@check(
    rule="ToolCallDelta.index: which call of the turn a piece belongs to; none makes it a whole call",
    trap="pieces of several calls are joined into one, as the index is dropped",
)
async def two_calls_of_one_turn_are_told_apart(subject: Subject) -> None:
    await subject.require("tools", "parallel_tool_calls")
    answer = await subject.ask(subject.scenarios.call(IN_PARIS, TIME_IN_PARIS), tools=[WEATHER, TIME])
    expect_equal(len(answer.calls), 2, "the number of calls")
    for call, wanted in zip(answer.calls, (IN_PARIS, TIME_IN_PARIS), strict=True):
        expect_call(call, wanted)


@check(
    rule="ToolCallDelta.index: two calls of one tool are two calls",
    trap="calls are kept by name",
)
async def one_tool_is_called_twice_in_a_turn(subject: Subject) -> None:
    await subject.require("tools", "parallel_tool_calls")
    answer = await subject.ask(subject.scenarios.call(IN_PARIS, IN_ROME), tools=[WEATHER])
    expect_equal(len(answer.calls), 2, "the number of calls")
    for call, wanted in zip(answer.calls, (IN_PARIS, IN_ROME), strict=True):
        expect_call(call, wanted)


@check(
    rule="ToolCallDelta.id: the provider's own id",
    trap="one id is given to all calls of a turn, and the outputs cannot be told apart",
)
async def the_ids_of_a_turn_differ(subject: Subject) -> None:
    await subject.require("tools", "parallel_tool_calls")
    answer = await subject.ask(subject.scenarios.call(IN_PARIS, IN_ROME), tools=[WEATHER])
    ids = [one.id for one in answer.calls if one.id is not None]
    expect(len(ids) == len(set(ids)), "ids that differ", ids)


@check(
    rule="ModelRequest.parallel_tool_calls False: at most one call in a turn",
    trap="the field is ignored, as most answers have one call anyhow",
)
async def calls_that_may_not_be_parallel_come_one_by_one(subject: Subject) -> None:
    await subject.require("tools", "parallel_tool_calls")
    scene = subject.scenarios.call(IN_PARIS, IN_ROME)
    answer = await subject.ask(scene, tools=[WEATHER], parallel_tool_calls=False)
    expect_equal(len(answer.calls), 1, "the number of calls")


@check(
    rule="Capabilities.parallel_tool_calls, not claimed: at most one call in a turn",
    trap="the capability is forgotten in the claims, and apps that forbid parallel calls find out otherwise",
)
async def unclaimed_parallel_calls_never_come(subject: Subject) -> None:
    await subject.require("tools")
    await subject.require_lack("parallel_tool_calls")
    scene = subject.scenarios.call(IN_PARIS, IN_ROME)
    answer = await subject.ask(scene, tools=[WEATHER], parallel_tool_calls=False)
    expect(len(answer.calls) <= 1, "one call at most", answer.calls)


@check(
    rule="ToolMessage: one for each call, in the order of the calls",
    trap="outputs are matched by their position among all outputs of the thread",
)
async def all_outputs_reach_the_model_in_order(subject: Subject) -> None:
    await subject.require("tools", "parallel_tool_calls")
    scene = subject.scenarios.call(IN_PARIS, IN_ROME)
    async with subject.open() as model:
        first = await collect(model.respond(subject.request(scene, tools=[WEATHER])))
        calls = [as_called(one, id=f"call_kit_{at}") for at, one in enumerate(first.calls)]
        outputs = [ToolMessage(one.id, one.name, f"output {at}") for at, one in enumerate(calls)]
        state = first.states[-1] if first.states else None
        history: list[ModelMessage] = [AssistantMessage(first.text, calls, state), *outputs]
        answer = await collect(model.respond(subject.request(scene, *history, tools=[WEATHER])))
    wanted = subject.scenarios.answer_to_outputs(["output 0", "output 1"])
    expect(wanted is None or answer.text == wanted, f"the answer {wanted!r}", answer.text)


@check(
    rule='Concepts, "The life of a run": all calls of a turn are made, and belong to one run step',
    trap="only the first call is handed on",
)
async def calls_of_one_turn_are_one_step(subject: Subject) -> None:
    await subject.require("tools", "parallel_tool_calls")
    scene = subject.scenarios.call(IN_PARIS, TIME_IN_PARIS, IN_ROME)
    async with subject.talk(scene.message, tools=[get_weather, get_time]) as talk:
        result = await talk.result()
    made = [[one.output for one in step.tool_calls] for step in result.steps if step.type == "tool_calls"]
    expect_equal(made, [["sunny in Paris", "noon in Paris", "sunny in Rome"]], "the outputs, step by step")
