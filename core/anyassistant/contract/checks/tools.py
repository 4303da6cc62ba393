"""Tools: calls as the model makes them, and their outputs on the way back."""

from __future__ import annotations

from anyassistant_tools import ToolError

from ...protocols import AssistantMessage, ModelMessage, NamedTool, ToolMessage
from ...types import ToolSpec
from ..answers import collect
from ..catalogue import Group
from ..kit_tools import (
    IN_PARIS,
    IN_ROME,
    TIME,
    TIME_IN_PARIS,
    WEATHER,
    as_called,
    expect_call,
    get_time,
    get_weather,
)
from ..scenarios import ScriptedCall
from ..subject import Subject
from ..verdicts import expect, expect_equal

check = Group("tools")

HARD = ToolSpec(
    "book-a_Trip",
    "Book a trip.",
    {
        "type": "object",
        "$defs": {"Stop": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
        "properties": {
            "stops": {"type": "array", "items": {"$ref": "#/$defs/Stop"}},
            "class": {"enum": ["first", "second"], "default": "second"},
            "seats": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
        },
        "required": ["stops"],
    },
)


@check(
    rule="ToolCallDelta: `name` and `arguments` are what the model wrote",
    trap="arguments arrive in pieces: they are joined by `index`, not parsed one by one",
)
async def a_call_has_its_name_and_arguments(subject: Subject) -> None:
    await subject.require("tools")
    answer = await subject.ask(subject.scenarios.call(IN_PARIS), tools=[WEATHER])
    expect_equal(len(answer.calls), 1, "the number of calls")
    expect_call(answer.calls[0], IN_PARIS)


@check(
    rule="ModelRequest.tools: the model chooses among all of them",
    trap="the first tool is called whatever was asked",
)
async def the_tool_that_is_asked_for_is_called(subject: Subject) -> None:
    await subject.require("tools")
    answer = await subject.ask(subject.scenarios.call(TIME_IN_PARIS), tools=[WEATHER, TIME])
    expect_equal([one.name for one in answer.calls], [TIME.name], "the calls")


@check(
    rule='ModelRequest.tool_choice "none": no call is made',
    trap="the tools are left out of the request instead, and the model is not told why it may not call them",
)
async def with_the_choice_none_no_tool_is_called(subject: Subject) -> None:
    await subject.require("tools")
    scene = subject.scenarios.call(IN_PARIS)
    answer = await subject.ask(scene, tools=[WEATHER], tool_choice="none", max_completion_tokens=subject.tokens(40))
    expect(not answer.calls, "no call", answer.calls)


@check(
    rule='ModelRequest.tool_choice "required": a call is made',
    trap="the service's word is another (`any`), and an unknown one is ignored",
)
async def with_the_choice_required_a_tool_is_called(subject: Subject) -> None:
    await subject.require("tools")
    answer = await subject.ask(subject.scenarios.call(IN_PARIS), tools=[WEATHER, TIME], tool_choice="required")
    expect(bool(answer.calls), "a call", answer.text)


@check(
    rule="ModelRequest.tool_choice NamedTool: this tool is called",
    trap="the name is lost, and the choice becomes `required`",
)
async def a_tool_that_is_named_is_called(subject: Subject) -> None:
    await subject.require("tools")
    scene = subject.scenarios.call(TIME_IN_PARIS)
    answer = await subject.ask(scene, tools=[WEATHER, TIME], tool_choice=NamedTool(TIME.name))
    expect_equal([one.name for one in answer.calls], [TIME.name], "the calls")


@check(
    rule="ToolMessage: what came of a call; the model goes on from it",
    trap="outputs are sent under another id than the one that the service gave with the call",
)
async def an_output_leads_to_an_answer(subject: Subject) -> None:
    await subject.require("tools")
    scene = subject.scenarios.call(IN_PARIS)
    async with subject.open() as model:
        first = await collect(model.respond(subject.request(scene, tools=[WEATHER])))
        expect(bool(first.calls), "a call", first.text)
        called = as_called(first.calls[0])
        state = first.states[-1] if first.states else None
        history: list[ModelMessage] = [
            AssistantMessage(first.text, [called], state),
            ToolMessage(called.id, called.name, "sunny"),
        ]
        answer = await collect(model.respond(subject.request(scene, *history, tools=[WEATHER])))
    expect(not answer.calls, "an answer, now that the output is there", answer.calls)
    wanted = subject.scenarios.answer_to_outputs(["sunny"])
    expect(wanted is None or answer.text == wanted, f"the answer {wanted!r}", answer.text)


@check(
    rule='Concepts, "The life of a run": the calls of bound tools are made, and the run goes on by itself',
    trap="`finish_reason` says `stop` beside the calls",
)
async def a_bound_tool_is_called_and_the_run_completes(subject: Subject) -> None:
    await subject.require("tools")
    async with subject.talk(subject.scenarios.call(IN_PARIS).message, tools=[get_weather]) as talk:
        result = await talk.result()
    made = [(one.name, one.output) for step in result.steps for one in step.tool_calls]
    expect_equal(made, [(WEATHER.name, "sunny in Paris")], "the calls")
    wanted = subject.scenarios.answer_to_outputs(["sunny in Paris"])
    expect(wanted is None or result.text == wanted, f"the answer {wanted!r}", result.text)


@check(
    rule='Concepts, "History is always valid", errors of a tool: the model is told, and the run goes on',
    trap="`ToolMessage.is_error` is taken for a failure of the service",
)
async def a_tool_that_fails_is_told_to_the_model(subject: Subject) -> None:
    await subject.require("tools")

    def get_weather(city: str) -> str:
        """Get the current weather for a city."""
        raise ToolError(f"no weather for {city}")

    async with subject.talk(subject.scenarios.call(IN_PARIS).message, tools=[get_weather]) as talk:
        result = await talk.result(max_completion_tokens=4_000)
    made = [one.outcome for step in result.steps for one in step.tool_calls]
    expect(bool(made) and set(made) == {"failed"}, "a call that failed", made)
    wanted = subject.scenarios.answer_to_outputs(["no weather for Paris"])
    expect(wanted is None or result.text == wanted, f"the answer {wanted!r}", result.text)


@check(
    rule='Concepts, "History is always valid": a call of an unknown tool has an output too',
    trap="names are looked up in the provider, which then raises KeyError",
)
async def a_call_of_an_unknown_tool_is_handed_on(subject: Subject) -> None:
    await subject.require("tools")
    scene = subject.scenarios.call_unknown(ScriptedCall("no_such_tool", {}))
    async with subject.talk(scene.message, tools=[get_weather]) as talk:
        result = await talk.result()
    made = [one for step in result.steps for one in step.tool_calls]
    expect_equal([one.name for one in made], ["no_such_tool"], "the calls")
    # A service may refuse the call itself, and tells what the model is told alone.
    is_refused = made[0].outcome == "refused" or (made[0].output is not None and await subject.is_backend())
    expect(is_refused, "a call that was refused", made[0])


@check(
    rule='Concepts, "The words": a run is the whole agentic loop: turn, calls, turn, ... until it ends',
    trap="outputs of the first round are taken for those of the second",
)
async def calls_in_several_rounds_are_made_in_order(subject: Subject) -> None:
    await subject.require("tools")
    scene = subject.scenarios.call_in_rounds(IN_PARIS, TIME_IN_PARIS, IN_ROME)
    async with subject.talk(scene.message, tools=[get_weather, get_time]) as talk:
        result = await talk.result()
    made = [[one.output for one in step.tool_calls] for step in result.steps if step.type == "tool_calls"]
    expect_equal(made, [["sunny in Paris"], ["noon in Paris"], ["sunny in Rome"]], "the outputs, round by round")


@check(
    rule="ToolSpec.parameters: JSON Schema (draft 2020-12)",
    trap="a schema with `$ref`, `anyOf` or without `required` is refused by the service, or by one's own mapping",
)
async def any_schema_of_a_tool_is_taken(subject: Subject) -> None:
    await subject.require("tools")
    answer = await subject.ask(subject.scenarios.answer("Hello."), tools=[HARD, WEATHER])
    expect_equal(len(answer.finish_reasons), 1, "the number of finish reasons")


@check(
    rule="ToolSpec.parameters may have no properties",
    trap="empty parameters are left out, and the service refuses a function without",
)
async def a_tool_without_parameters_is_taken(subject: Subject) -> None:
    await subject.require("tools")
    bare = ToolSpec("say_hello", "Say hello.", {"type": "object", "properties": {}})
    answer = await subject.ask(subject.scenarios.answer("Hello."), tools=[bare])
    expect_equal(len(answer.finish_reasons), 1, "the number of finish reasons")


@check(
    rule="ModelRequest.tools: up to 128",
    trap="a service's lower limit is met in the middle of a run, as an error without a code",
)
async def many_tools_are_taken(subject: Subject) -> None:
    await subject.require("tools")
    tools = [ToolSpec(f"tool_{at}", f"Tool number {at}.", {"type": "object", "properties": {}}) for at in range(30)]
    came = (await subject.reported(tools=tools))["tools"]
    expect_equal(came, [tool.name for tool in tools], "the tools")
