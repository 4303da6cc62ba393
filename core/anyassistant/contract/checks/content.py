"""Text of every kind and size."""

from __future__ import annotations

import json

from ...errors import ProviderError
from ...types import ToolSpec
from ..answers import collect
from ..catalogue import Group
from ..kit_tools import WEATHER
from ..scenarios import ScriptedCall
from ..subject import Subject, exactly
from ..verdicts import Unmet, expect, expect_equal

check = Group("Unicode and large content")

SCRIPTS = "Grüße, здравствуй, 你好世界, مرحبا, नमस्ते, 👩🏽‍🚀🇩🇪, Z͑ͫ̓ͪ̂ͫ, 𝒳"
MARKUP = """<script>alert("x")</script> & 'quotes' \\n {"a": [1, "]"]} data: [DONE] """


@check(
    rule="ModelDelta.text: every character, whatever its script",
    trap="chunks of bytes are decoded one by one, and characters are cut in two",
)
async def every_script_comes_through(subject: Subject) -> None:
    scene = subject.scenarios.answer(SCRIPTS)
    wanted = exactly(scene)
    expect_equal((await subject.ask(scene)).text, wanted, "the text")


@check(
    rule="Text from tools and models is data",
    trap="text is interpolated into JSON or SSE by hand",
)
async def markup_comes_through_as_text(subject: Subject) -> None:
    scene = subject.scenarios.answer(MARKUP)
    wanted = exactly(scene)
    expect_equal((await subject.ask(scene)).text, wanted, "the text")


@check(
    rule="ToolCallDelta.arguments: every character",
    trap="arguments are decoded or escaped once too often",
)
async def every_script_comes_through_in_arguments(subject: Subject) -> None:
    await subject.require("tools")
    wanted = ScriptedCall(WEATHER.name, {"city": 'Gräfenhainichen "你好" 👩🏽‍🚀 \\ /'})
    answer = await subject.ask(subject.scenarios.call(wanted), tools=[WEATHER])
    expect_equal(len(answer.calls), 1, "the number of calls")
    expect_equal(answer.calls[0].values, dict(wanted.arguments), "the arguments")


@check(
    rule="ModelRequest.instructions: every character",
    trap="headers or form fields carry text in Latin-1",
)
async def every_script_comes_through_in_instructions(subject: Subject) -> None:
    came = (await subject.reported(instructions=SCRIPTS))["instructions"]
    expect_equal(came, SCRIPTS, "the instructions")


@check(
    rule="A message may be large: it is answered, or fails with a code",
    trap="a prompt that is too long fails as `server_error`, or blocks the event loop while it is encoded",
)
async def a_large_message_is_answered_or_fails_with_a_code(subject: Subject) -> None:
    scene = subject.scenarios.answer("wort" * 50_000)
    try:
        answer = await subject.ask(scene)
    except ProviderError as error:
        expect(error.code == "context_length_exceeded", "the code `context_length_exceeded`", error.code)
        return
    expect_equal(len(answer.finish_reasons), 1, "the number of finish reasons")
    if scene.answer is not None:
        expect_equal(len(answer.text), len(scene.answer), "the length of the answer")


@check(
    rule="ModelDelta.text: all pieces of a long answer",
    trap="a buffer has a bound, and what does not fit is dropped",
)
async def a_long_answer_is_whole(subject: Subject) -> None:
    scene = subject.scenarios.long_answer(2_000)
    wanted = exactly(scene)
    expect_equal((await subject.ask(scene)).text, wanted, "the text")


@check(
    rule="ToolCallDelta.arguments may be long",
    trap="arguments are cut, or read with a parser that has a bound",
)
async def long_arguments_are_whole(subject: Subject) -> None:
    await subject.require("tools")
    wanted = ScriptedCall("note", {"text": "wort" * 5_000})
    note = ToolSpec("note", "Note a text.", {"type": "object", "properties": {"text": {"type": "string"}}})
    answer = await subject.ask(subject.scenarios.call(wanted), tools=[note])
    expect_equal(len(answer.calls), 1, "the number of calls")
    expect_equal(len(json.dumps(answer.calls[0].values)), len(json.dumps(dict(wanted.arguments))), "the length")


@check(
    rule="ModelRequest.messages: a long history",
    trap="the history is cut at a number of messages of one's own",
)
async def a_long_history_is_answered(subject: Subject) -> None:
    scene = subject.scenarios.answer("Still there?")
    context = (await subject.claims()).context_tokens
    count = 200 if context is None else min(200, context // 40)
    async with subject.open() as model:
        request = subject.request(*["Hello once more."] * count, scene)
        answer = await collect(model.respond(request))
    if answer.finish_reasons != ["stop"]:
        raise Unmet("an answer", answer.finish_reasons)
    expect(scene.answer is None or answer.text == scene.answer, f"the answer {scene.answer!r}", answer.text)
