"""Histories that are valid, and odd: a model takes each of them."""

from __future__ import annotations

from collections.abc import Sequence

from ...protocols import AssistantMessage, ModelMessage, ToolMessage, UserMessage
from ...types import Text, ToolCall
from ..catalogue import Group
from ..kit_tools import IN_PARIS, TIME, WEATHER, get_weather
from ..scenarios import Scene
from ..subject import Subject
from ..verdicts import expect, expect_equal

check = Group("history validity")


def _called(id: str, output: str, *, arguments: str = '{"city": "Oslo"}', is_error: bool = False) -> list[ModelMessage]:
    call = ToolCall(id, WEATHER.name, arguments)
    return [AssistantMessage("", [call]), ToolMessage(id, WEATHER.name, output, is_error=is_error)]


@check(
    rule="ModelRequest.messages: each call is followed by its output",
    trap="a turn without text is sent with `content: null`, or left out together with its calls",
)
async def a_history_with_calls_is_taken(subject: Subject) -> None:
    await subject.require("tools")
    history = [_said("Weather?"), *_called("call_1", "sunny"), AssistantMessage("It is sunny.")]
    await _expect_taken(subject, history, tools=True)


@check(
    rule="ToolCall.arguments: JSON text as the model wrote it; not necessarily valid",
    trap="`json.loads(call.arguments)` for a service that takes an object",
)
async def arguments_that_are_no_json_are_taken(subject: Subject) -> None:
    await subject.require("tools")
    broken = _called("call_1", "The arguments are not JSON.", arguments='{"city": ', is_error=True)
    await _expect_taken(subject, [_said("Weather?"), *broken, AssistantMessage("I see.")], tools=True)


@check(
    rule="ToolMessage.is_error: the output says what went wrong",
    trap="the error is raised again",
)
async def an_output_that_is_an_error_is_taken(subject: Subject) -> None:
    await subject.require("tools")
    history = [_said("Weather?"), *_called("call_1", "It failed.", is_error=True), AssistantMessage("Sorry.")]
    await _expect_taken(subject, history, tools=True)


@check(
    rule="ToolMessage.text may be empty",
    trap="an empty output is left out, and the call stays without one",
)
async def an_empty_output_is_taken(subject: Subject) -> None:
    await subject.require("tools")
    history = [_said("Weather?"), *_called("call_1", ""), AssistantMessage("Nothing came.")]
    await _expect_taken(subject, history, tools=True)


@check(
    rule="ModelRequest.messages: calls of tools that are not offered any more stay in the history",
    trap="names in the history are looked up among the tools of the request",
)
async def calls_of_tools_that_are_gone_are_taken(subject: Subject) -> None:
    await subject.require("tools")
    history = [_said("Weather?"), *_called("call_1", "sunny"), AssistantMessage("It is sunny.")]
    await _expect_taken(subject, history, tools=False)


@check(
    rule="ModelRequest.messages: several calls of a turn are followed by as many outputs, in their order",
    trap="one output is expected for each turn",
)
async def several_calls_of_a_turn_are_taken(subject: Subject) -> None:
    await subject.require("tools")
    calls = [ToolCall("call_1", WEATHER.name, "{}"), ToolCall("call_2", TIME.name, "{}")]
    outputs = [ToolMessage("call_1", WEATHER.name, "sunny"), ToolMessage("call_2", TIME.name, "noon")]
    asked: list[ModelMessage] = [_said("Weather?"), AssistantMessage("I look.", calls)]
    await _expect_taken(subject, [*asked, *outputs, AssistantMessage("Sunny, noon.")], tools=True)


@check(
    rule="ModelRequest.messages: users may speak several times in a row",
    trap="services that want roles to take turns need neighbours to be joined",
)
async def two_messages_of_the_user_in_a_row_are_taken(subject: Subject) -> None:
    await _expect_taken(subject, [_said("One."), _said("Two.")])


@check(
    rule="ModelRequest.messages: the assistant may speak several times in a row",
    trap="services that want roles to take turns need neighbours to be joined",
)
async def two_messages_of_the_assistant_in_a_row_are_taken(subject: Subject) -> None:
    await _expect_taken(subject, [_said("One."), AssistantMessage("Two."), AssistantMessage("Three.")])


@check(
    rule="ModelRequest.messages may begin with the assistant's",
    trap="the first message is taken for the user's",
)
async def a_history_that_begins_with_the_assistant_is_taken(subject: Subject) -> None:
    await _expect_taken(subject, [AssistantMessage("How can I help?")])


@check(
    rule="AssistantMessage.text may be empty: a turn that was cut off",
    trap="services refuse a message without content",
)
async def an_empty_turn_is_taken(subject: Subject) -> None:
    await _expect_taken(subject, [_said("Hello."), AssistantMessage("")])


@check(
    rule='Concepts, "History is always valid": also after a failure',
    trap="what the failed call left in the model makes the next request invalid",
)
async def a_thread_goes_on_after_a_failure(subject: Subject) -> None:
    scene = subject.scenarios.answer("Better now?")
    async with subject.talk(subject.scenarios.fail("server_error", "The service is ill.").message) as talk:
        await talk.run().wait()
        result = await talk.say(scene.message)
    expect(scene.answer is None or result.text == scene.answer, f"the answer {scene.answer!r}", result.text)


@check(
    rule='Concepts, "History is always valid": each call has exactly one output, also after a cancel',
    trap="outputs that say that a call was not made are sent as its result, without the call",
)
async def a_thread_goes_on_after_a_cancelled_call(subject: Subject) -> None:
    await subject.require_cancel()
    await subject.require("tools")
    scene = subject.scenarios.answer("Never mind.")
    async with subject.talk(subject.scenarios.call(IN_PARIS).message, tools=[WEATHER.to_wire()]) as talk:
        run = talk.run()
        expect_equal((await run.wait()).status, "requires_action", "the status")
        await run.cancel()
        await run.wait()
        talk.assistant.register_function(get_weather)
        result = await talk.say(scene.message)
    expect(scene.answer is None or result.text == scene.answer, f"the answer {scene.answer!r}", result.text)


def _said(text: str) -> UserMessage:
    return UserMessage([Text(text)])


async def _expect_taken(subject: Subject, history: Sequence[ModelMessage], *, tools: bool = False) -> None:
    """Expect an answer to a question that follows this history."""
    scene: Scene = subject.scenarios.answer("Thank you.")
    answer = await subject.ask(*history, scene, tools=[WEATHER, TIME] if tools else [])
    expect_equal(len(answer.finish_reasons), 1, "the number of finish reasons")
    if scene.answer is not None:
        expect_equal(answer.text, scene.answer, "the answer")
