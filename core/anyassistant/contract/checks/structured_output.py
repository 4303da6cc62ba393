"""Answers that fit a JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import BaseModel, Field

from ...errors import RunFailed, UnsupportedCapability
from ...hosting.output import problem_with
from ...protocols import ResponseSchema
from ..catalogue import Group
from ..kit_tools import WEATHER
from ..subject import Subject
from ..verdicts import Unmet, expect

check = Group("structured output")

SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {"model": {"type": "string", "maxLength": 40}},
    "required": ["model"],
    "additionalProperties": True,
}
WIRE = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}


class Named(BaseModel):
    """Which model answers."""

    model: str = Field(max_length=40)


@check(
    rule="Capabilities.json_schema, claimed: an answer is JSON of the schema, and nothing else",
    trap="the model is only asked for JSON, and wraps it in a sentence or in a block of Markdown",
)
async def an_answer_fits_its_schema(subject: Subject) -> None:
    await subject.require("json_schema")
    scene = subject.scenarios.answer_in_json(SCHEMA)
    answer = await subject.ask(scene, response_schema=ResponseSchema("answer", SCHEMA))
    problem = problem_with(answer.text, SCHEMA)
    expect(problem is None, "JSON of the schema", f"{answer.text[:300]!r}: {problem}")


@check(
    rule="ModelRequest.response_schema holds where tools are offered too",
    trap="tools and schema exclude each other at the service, and one of them is dropped in silence",
)
async def a_schema_holds_beside_tools(subject: Subject) -> None:
    await subject.require("json_schema", "tools")
    scene = subject.scenarios.answer_in_json(SCHEMA)
    schema = ResponseSchema("answer", SCHEMA)
    answer = await subject.ask(scene, response_schema=schema, tools=[WEATHER], tool_choice="none")
    problem = problem_with(answer.text, SCHEMA)
    expect(problem is None, "JSON of the schema", f"{answer.text[:300]!r}: {problem}")


@check(
    rule='Reference, "Thread": `response_format` of a type gives an instance of it',
    trap="the answer is repaired by a second call each time, as the schema is not enforced",
)
async def a_typed_answer_is_an_instance_at_once(subject: Subject) -> None:
    await subject.require("json_schema")
    scene = subject.scenarios.answer_in_json(SCHEMA)
    async with subject.talk(scene.message) as talk:
        try:
            result = await talk.thread.run(talk.assistant, response_format=Named).result()
        except RunFailed as error:
            raise Unmet("an answer that fits", f"the run failed: {error}") from None
    expect(isinstance(result.output, Named), "an instance", result.output)
    expect(len(result.messages) == 1, "one answer, without a repair", [one.text for one in result.messages])


@check(
    rule="response_format json_object: the answer is a JSON object",
    trap="`json_object` is sent as a schema without a type, which some services refuse",
)
async def a_json_object_is_one(subject: Subject) -> None:
    await subject.require("json_schema")
    scene = subject.scenarios.answer_in_json({"type": "object"})
    async with subject.talk(scene.message) as talk:
        result = await talk.thread.run(talk.assistant, response_format={"type": "json_object"}).result()
    expect(isinstance(json.loads(result.text), dict), "a JSON object", result.text)


@check(
    rule="Capabilities.json_schema, not claimed: a run that asks for it is refused with UnsupportedCapability",
    trap="a capability that the service lacks is claimed since a prompt sometimes does it",
)
async def an_unclaimed_schema_is_refused(subject: Subject) -> None:
    await subject.require_lack("json_schema")
    async with subject.talk("Hello.") as talk:
        try:
            await talk.thread.run(talk.assistant, response_format=WIRE).start()
        except UnsupportedCapability as error:
            expect(error.capability == "json_schema", "the capability `json_schema`", error.capability)
            return
    raise Unmet("UnsupportedCapability", "a run")
