"""Assistants: kept as they were made, and what they say reaches the model."""

from __future__ import annotations

from ...errors import NotFound
from ..catalogue import Group
from ..subject import Subject
from ..verdicts import Unmet, expect, expect_equal

check = Group("assistants")


@check(
    rule='Assistants v2 reference, "Create assistant": what was given comes back',
    trap="a backend drops what its service has no field for, where it should keep or refuse it; hosting keeps all",
)
async def an_assistant_comes_back_as_it_was_made(subject: Subject) -> None:
    async with subject.client() as client:
        made = await client.assistants.create(
            name="Helper",
            description="Helps.",
            instructions="Be brief.",
            model=subject.model,
            temperature=0.0,
            top_p=0.5,
            metadata={"team": "kit"},
        )
        found = await client.assistants.get(made.id)
    expect_equal(found.record, made.record, "the assistant")
    expect_equal(found.record.temperature, 0.0, "the temperature")


@check(
    rule="AssistantRecord.instructions reach the model of each run",
    trap="instructions are sent with a thread's first run alone",
)
async def an_assistants_instructions_reach_each_run(subject: Subject) -> None:
    scene = subject.scenarios.report()
    async with subject.talk(scene.message, instructions="Be brief.") as talk:
        said = [(await talk.result()).text, (await talk.say(scene.message)).text]
    came = [subject.read_report(one)["instructions"] for one in said]
    expect_equal(came, ["Be brief."] * 2, "the instructions")


@check(
    rule="AssistantRecord.temperature 0 reaches the model",
    trap="`temperature or default`",
)
async def an_assistants_temperature_of_0_reaches_the_model(subject: Subject) -> None:
    scene = subject.scenarios.report()
    async with subject.talk(scene.message, temperature=0.0) as talk:
        came = subject.read_report((await talk.result()).text)["temperature"]
    expect(came is not None and came == 0, "the temperature 0", came)


@check(
    rule='Assistants v2 reference, "Create run": instructions of a run replace the assistant\'s',
    trap="the instructions of the first run are kept by the model",
)
async def a_runs_instructions_hold_for_it_alone(subject: Subject) -> None:
    scene = subject.scenarios.report()
    async with subject.talk(scene.message, instructions="Be brief.") as talk:
        said = [(await talk.result(instructions="Be loud.")).text, (await talk.say(scene.message)).text]
    came = [subject.read_report(one)["instructions"] for one in said]
    expect_equal(came, ["Be loud.", "Be brief."], "the instructions")


@check(
    rule='Assistants v2 reference, "Modify assistant": the next run has what was changed',
    trap="what an assistant is was cached by its id",
)
async def a_changed_assistant_answers_as_changed(subject: Subject) -> None:
    scene = subject.scenarios.report()
    async with subject.talk(scene.message, instructions="Be brief.") as talk:
        await talk.result()
        await talk.assistant.update(instructions="Be kind.")
        came = subject.read_report((await talk.say(scene.message)).text)["instructions"]
    expect_equal(came, "Be kind.", "the instructions")


@check(
    rule="NotFound: there is no object of that id",
    trap="a backend marks what is deleted, and still finds it; hosting deletes",
)
async def a_deleted_assistant_is_not_found(subject: Subject) -> None:
    async with subject.client() as client:
        made = await client.assistants.create(model=subject.model)
        await made.delete()
        try:
            await client.assistants.get(made.id)
        except NotFound:
            return
    raise Unmet("NotFound", "an assistant")
