"""Many at once: nobody hears another's answer."""

from __future__ import annotations

from contextlib import aclosing

import anyio

from ...client import AsyncClient
from ..answers import Answer, collect
from ..catalogue import Group
from ..scenarios import Scene
from ..subject import Subject
from ..verdicts import expect, expect_equal

check = Group("concurrency")


@check(
    rule="A client runs many threads at once, each with its own answer",
    trap="what belongs to a request is an attribute of the model",
)
async def a_crowd_of_threads_is_answered(subject: Subject) -> None:
    scenes = [subject.scenarios.answer(f"I am number {at}.") for at in range(subject.scenarios.crowd)]
    came: dict[int, str] = {}

    async def ask(client: AsyncClient, at: int, scene: Scene) -> None:
        talk = await subject.begin(client, scene.message)
        came[at] = (await talk.result()).text

    async with subject.client() as client, anyio.create_task_group() as group:
        for at, scene in enumerate(scenes):
            group.start_soon(ask, client, at, scene)
    expect_equal(len(came), len(scenes), "the number of answers")
    mixed = [(scene.answer, came[at]) for at, scene in enumerate(scenes) if scene.answer not in (None, came[at])]
    expect(not mixed, "each answer to its own question", mixed[:2])


@check(
    rule="ChatModel.respond: two streams of one model do not mix",
    trap="one buffer, one response or one parser is shared by all streams",
)
async def two_streams_of_a_model_do_not_mix(subject: Subject) -> None:
    scenes = [subject.scenarios.answer("one " * 20), subject.scenarios.answer("two " * 20)]
    answers: dict[int, Answer] = {}
    async with subject.open() as model:

        async def listen(at: int) -> None:
            deltas = []
            async with aclosing(model.respond(subject.request(scenes[at]))) as stream:
                async for delta in stream:
                    deltas.append(delta)
                    await anyio.lowlevel.checkpoint()
            answers[at] = Answer(deltas)

        async with anyio.create_task_group() as group:
            for at in range(2):
                group.start_soon(listen, at)
    for at, scene in enumerate(scenes):
        expect_equal(answers[at].finish_reasons, ["stop"], "the finish reasons")
        if scene.answer is not None:
            expect_equal(answers[at].text, scene.answer, "the text")


@check(
    rule="ChatModel.respond: closing one stream leaves the others",
    trap="closing one stream closes the connection, or the client, of all",
)
async def closing_a_stream_leaves_another(subject: Subject) -> None:
    scene = subject.scenarios.answer("Not disturbed.")
    async with subject.open() as model:
        other = model.respond(subject.request(subject.scenarios.long_answer(500)))
        async for _ in other:
            break
        answers: list[Answer] = []

        async def listen() -> None:
            answers.append(await collect(model.respond(subject.request(scene))))

        async with anyio.create_task_group() as group:
            group.start_soon(listen)
            await anyio.lowlevel.checkpoint()
            await other.aclose()
    expect_equal(answers[0].finish_reasons, ["stop"], "the finish reasons")
    expect(scene.answer in (None, answers[0].text), f"the answer {scene.answer!r}", answers[0].text)


@check(
    rule="Two clients of one provider do not know of each other",
    trap="a client, a pool or a session is kept at module level, and closed by the first who is done",
)
async def two_providers_do_not_share(subject: Subject) -> None:
    subject.require_several()
    scene = subject.scenarios.answer("Still open.")
    async with subject.open() as second:
        async with subject.open() as first:
            await collect(first.respond(subject.request(scene)))
            await collect(second.respond(subject.request(scene)))
        answer = await collect(second.respond(subject.request(scene)))
    expect_equal(answer.finish_reasons, ["stop"], "the finish reasons")
    expect(scene.answer in (None, answer.text), f"the answer {scene.answer!r}", answer.text)


@check(
    rule="ChatModel.respond: a failure of one call is that call's alone",
    trap="an error is kept, and raised to whoever asks next",
)
async def a_failure_is_that_of_its_own_thread(subject: Subject) -> None:
    good = subject.scenarios.answer("All is well.")
    bad = subject.scenarios.fail("server_error", "The service is ill.")
    statuses: dict[int, str] = {}

    async def ask(client: AsyncClient, at: int) -> None:
        talk = await subject.begin(client, (bad if at % 2 else good).message)
        statuses[at] = (await talk.run().wait()).status

    async with subject.client() as client, anyio.create_task_group() as group:
        for at in range(6):
            group.start_soon(ask, client, at)
    came = [statuses[at] for at in range(6)]
    expect_equal(came, ["completed", "failed"] * 3, "the statuses")
