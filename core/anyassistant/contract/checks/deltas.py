"""What a model gives is well formed: each delta, and their sequence."""

from __future__ import annotations

import copy
import inspect

from ...errors import ProviderError
from ...hosting.deltas import check_delta
from ...protocols import ModelDelta
from ..answers import Answer, collect
from ..catalogue import Group
from ..kit_tools import IN_PARIS, WEATHER
from ..subject import Subject, exactly
from ..verdicts import Unmet, expect, expect_equal

check = Group("deltas")

OF_RESPOND = "it is about what `respond` gives: a full backend has runs, and gives events"


@check(
    rule="ChatModel.respond gives an async generator, which can be closed",
    trap="`async def respond` that returns a generator, or a class with `__anext__` but without `aclose`",
)
async def respond_gives_an_async_generator(subject: Subject) -> None:
    await subject.require_chat_model(OF_RESPOND)
    async with subject.open() as model:
        deltas = model.respond(subject.request("Hello."))
        came = type(deltas).__name__
        if inspect.iscoroutine(deltas):
            deltas.close()
        expect(hasattr(deltas, "__anext__") and hasattr(deltas, "aclose"), "an async generator", came)
        await deltas.aclose()


@check(
    rule="ModelDelta: each field has its type; usage counts whole numbers; a `provider_state` is JSON",
    trap="a field of the service is handed on that is sometimes null, such as `content`",
)
async def each_delta_is_well_formed(subject: Subject) -> None:
    await subject.require_chat_model(OF_RESPOND)
    answer = await subject.ask(subject.scenarios.answer("Hello."))
    _expect_well_formed(answer)


@check(
    rule="ToolCallDelta: `name` and `id` with the first piece, `arguments` is JSON text, never an object",
    trap="services that give arguments as an object need `json.dumps`, not `str`",
)
async def each_delta_of_a_call_is_well_formed(subject: Subject) -> None:
    await subject.require_chat_model(OF_RESPOND)
    await subject.require("tools")
    answer = await subject.ask(subject.scenarios.call(IN_PARIS), tools=[WEATHER])
    _expect_well_formed(answer)
    first = next((delta.tool_call for delta in answer.deltas if delta.tool_call is not None), None)
    expect(first is not None and bool(first.name), "a call whose first piece has its name", first)


@check(
    rule="ModelDelta.finish_reason must come exactly once",
    trap="the reason is given with the last text and once more with the usage, or not at all where the stream ends",
)
async def an_answer_has_one_finish_reason(subject: Subject) -> None:
    answer = await subject.ask(subject.scenarios.answer("Hello."))
    expect_equal(answer.finish_reasons, ["stop"], "the finish reasons")


@check(
    rule="ModelDelta.finish_reason must come exactly once; with calls it is `tool_calls`",
    trap="services that say `stop` with calls too: the reason follows from what was given",
)
async def a_call_has_one_finish_reason(subject: Subject) -> None:
    await subject.require("tools")
    answer = await subject.ask(subject.scenarios.call(IN_PARIS), tools=[WEATHER])
    expect_equal(answer.finish_reasons, ["tool_calls"], "the finish reasons")


@check(
    rule="ModelDelta.finish_reason: behind it come at most the usage and the state",
    trap="a buffer is flushed after the end was told",
)
async def nothing_is_said_after_the_finish_reason(subject: Subject) -> None:
    await subject.require_chat_model(OF_RESPOND)
    answer = await subject.ask(subject.scenarios.answer("Hello there."))
    ends = [at for at, delta in enumerate(answer.deltas) if delta.finish_reason is not None]
    late = [one for one in answer.deltas[ends[0] + 1 :] if one.text or one.refusal or one.tool_call] if ends else []
    expect(not late, "no text and no call after the finish reason", late)


@check(
    rule="ModelDelta.text: an answer is not empty",
    trap="the text is taken from another field than the one which the service streams",
)
async def an_answer_says_something(subject: Subject) -> None:
    answer = await subject.ask(subject.scenarios.answer("Hello."))
    expect(bool(answer.text.strip()), "a text", answer.text or "none")
    expect(not answer.calls, "no call", answer.calls)


@check(
    rule="ModelDelta.text: the deltas together are the answer, each piece once and in order",
    trap="a service that sends the text so far needs the difference; the last chunk has text too",
)
async def the_pieces_are_the_answer(subject: Subject) -> None:
    scene = subject.scenarios.answer("one two three four five six seven eight nine ten")
    wanted = exactly(scene)
    expect_equal((await subject.ask(scene)).text, wanted, "the text")


@check(
    rule="ModelDelta.refusal, finish reason `refusal`: a refusal is no text",
    trap="a refusal ends up as an empty answer",
)
async def a_refusal_is_given_as_one(subject: Subject) -> None:
    answer = await subject.ask(subject.scenarios.refuse())
    expect(bool(answer.refusal), "a `refusal`", answer.text)
    expect_equal(answer.finish_reasons, ["refusal"], "the finish reasons")


@check(
    rule="ModelRequest is frozen and belongs to the caller",
    trap="messages are appended to `request.messages`, or a schema of a tool is made stricter in place",
)
async def the_request_stays_as_it_was(subject: Subject) -> None:
    tools = [copy.deepcopy(WEATHER)] if (await subject.claims()).tools else []
    request = subject.request(subject.scenarios.answer("Hello."), tools=tools)
    before = copy.deepcopy(request)
    async with subject.open() as model:
        await collect(model.respond(request))
    expect_equal(request, before, "the request to stay")


@check(
    rule="ChatModel.respond: an async generator does nothing before it is iterated",
    trap="the request is sent when the generator is made, and leaks when it is thrown away",
)
async def a_stream_that_is_not_read_does_nothing(subject: Subject) -> None:
    await subject.require_chat_model(OF_RESPOND)
    async with subject.open() as model:
        await model.respond(subject.request("Hello.")).aclose()
        await collect(model.respond(subject.request(subject.scenarios.answer("Hello."))))


@check(
    rule="ChatModel.respond answers one request: nothing is kept from one to the next",
    trap="a list of messages, or a stream's buffer, is an attribute of the model",
)
async def the_same_request_is_answered_the_same_way(subject: Subject) -> None:
    scene = subject.scenarios.answer("Hello again.")
    async with subject.open() as model:
        answers = [await collect(model.respond(subject.request(scene, temperature=0.0))) for _ in range(3)]
    reasons = [one.finish_reasons for one in answers]
    expect_equal(reasons, [["stop"]] * 3, "the finish reasons")
    if scene.answer is not None:
        expect_equal([one.text for one in answers], [scene.answer] * 3, "the texts")


def _expect_well_formed(answer: Answer) -> None:
    for delta in answer.deltas:
        try:
            check_delta(delta)
        except ProviderError as error:
            raise Unmet("deltas as the protocol says", str(error)) from None
    expect(all(isinstance(one, ModelDelta) for one in answer.deltas), "deltas", answer.deltas)
