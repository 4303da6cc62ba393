"""What a model is asked reaches it: every field of `ModelRequest`, as the model reports it."""

from __future__ import annotations

from ...protocols import AssistantMessage, NamedTool, ResponseSchema, UserMessage
from ...types import Text
from ..answers import collect
from ..catalogue import Group
from ..kit_tools import TIME, WEATHER
from ..subject import Subject
from ..verdicts import NotApplicable, expect, expect_equal

check = Group("model requests")

SCHEMA = ResponseSchema(
    "answer", {"type": "object", "properties": {"model": {"type": "string"}}, "required": ["model"]}
)


@check(
    rule="ModelRequest.temperature: None where nobody set it; 0 is a value",
    trap="`if request.temperature:` takes 0 for absent; ask `is not None`",
)
async def a_temperature_of_0_arrives(subject: Subject) -> None:
    came = (await subject.reported(temperature=0.0))["temperature"]
    expect(came is not None and came == 0, "the temperature 0", came)


@check(
    rule="ModelRequest.temperature: None where nobody set it; 0 is a value",
    trap="a default of one's own, such as 1.0, hides the service's default and the profile's",
)
async def a_temperature_that_nobody_set_is_not_sent(subject: Subject) -> None:
    expect_equal((await subject.reported())["temperature"], None, "the temperature")


@check(
    rule="ModelRequest.temperature, ModelRequest.top_p: as they were set",
    trap="the settings are read once from the config instead of from each request",
)
async def the_temperature_is_that_of_the_request(subject: Subject) -> None:
    came = [(await subject.reported(temperature=value))["temperature"] for value in (0.25, 1.5)]
    expect_equal(came, [0.25, 1.5], "the temperatures")


@check(
    rule="ModelRequest.top_p: as it was set",
    trap="`top_p` is forgotten beside `temperature`",
)
async def top_p_arrives(subject: Subject) -> None:
    expect_equal((await subject.reported(top_p=0.5))["top_p"], 0.5, "`top_p`")


@check(
    rule="ModelRequest.max_completion_tokens: what this call may give, or None for no bound",
    trap="the service's name of the field differs (`max_tokens`, `num_predict`), and an unknown one is ignored",
)
async def max_completion_tokens_arrive(subject: Subject) -> None:
    came = (await subject.reported(max_completion_tokens=4_000))["max_completion_tokens"]
    expect_equal(came, 4_000, "`max_completion_tokens`")


@check(
    rule="ModelRequest.max_completion_tokens: what this call may give, or None for no bound",
    trap="a bound of one's own cuts answers short of which the app knows nothing",
)
async def a_bound_that_nobody_set_is_not_sent(subject: Subject) -> None:
    expect_equal((await subject.reported())["max_completion_tokens"], None, "`max_completion_tokens`")


@check(
    rule="ModelRequest.reasoning_effort: as the provider names it",
    trap="the effort is dropped in silence by models that know it under another name",
)
async def the_reasoning_effort_arrives(subject: Subject) -> None:
    expect_equal((await subject.reported(reasoning_effort="low"))["reasoning_effort"], "low", "`reasoning_effort`")


@check(
    rule="ModelRequest.model: the name that the run resolved",
    trap="the config's model is sent whatever the run says, so that `assistants.create(model=...)` does nothing",
)
async def the_model_is_that_of_the_request(subject: Subject) -> None:
    expect_equal((await subject.reported())["model"], subject.model, "the model")


@check(
    rule="ModelRequest.instructions: what the model is told first",
    trap="the instructions are put into the first user message, or only sent with the first turn",
)
async def the_instructions_arrive(subject: Subject) -> None:
    came = (await subject.reported(instructions="Be brief."))["instructions"]
    expect_equal(came, "Be brief.", "the instructions")


@check(
    rule="ModelRequest.instructions: None where there are none",
    trap="an empty system message is sent, which some services refuse",
)
async def without_instructions_none_are_sent(subject: Subject) -> None:
    expect_equal((await subject.reported())["instructions"], None, "the instructions")


@check(
    rule="ModelRequest.tools: all of them, in order",
    trap="tools are put into a dictionary or cut off at a number of one's own",
)
async def the_tools_arrive_in_order(subject: Subject) -> None:
    await subject.require("tools")
    expect_equal((await subject.reported(tools=[WEATHER, TIME]))["tools"], [WEATHER.name, TIME.name], "the tools")


@check(
    rule="ModelRequest.tools: those of this request",
    trap="tools are kept from the request before",
)
async def without_tools_none_are_sent(subject: Subject) -> None:
    await subject.require("tools")
    async with subject.open() as model:
        scene = subject.scenarios.report()
        await collect(model.respond(subject.request(scene, tools=[WEATHER])))
        answer = await collect(model.respond(subject.request(scene)))
    expect_equal(subject.read_report(answer.text)["tools"], [], "the tools")


@check(
    rule='ModelRequest.tool_choice: "auto", "none", "required" or a NamedTool',
    trap="only `auto` is handled, as that is what one tries first",
)
async def each_tool_choice_arrives(subject: Subject) -> None:
    await subject.require("tools")
    choices = ("auto", "none", "required", NamedTool(TIME.name))
    came = [(await subject.reported(tools=[WEATHER, TIME], tool_choice=one))["tool_choice"] for one in choices]
    expect_equal(came, ["auto", "none", "required", TIME.name], "the tool choices")


@check(
    rule="ModelRequest.parallel_tool_calls: False forbids several calls in one turn",
    trap="the field is sent only where it is true, and the service's default is true as well",
)
async def that_calls_may_not_be_parallel_arrives(subject: Subject) -> None:
    await subject.require("tools", "parallel_tool_calls")
    came = [
        (await subject.reported(tools=[WEATHER], parallel_tool_calls=one))["parallel_tool_calls"]
        for one in (True, False)
    ]
    expect_equal(came, [True, False], "`parallel_tool_calls`")


@check(
    rule="ModelRequest.response_schema: the JSON Schema that an answer must fit",
    trap="the schema is sent, its name is not, or the other way round",
)
async def the_response_schema_arrives(subject: Subject) -> None:
    await subject.require("json_schema")
    came = (await subject.reported(response_schema=SCHEMA))["response_schema"]
    if not isinstance(came, dict):
        raise NotApplicable("the report does not show the schema as an object")
    expect_equal(came.get("schema", came), SCHEMA.schema, "the schema")


@check(
    rule="ModelRequest.messages: oldest first, each with its role",
    trap="only the last message is sent, or the assistant's are left out",
)
async def the_whole_history_arrives(subject: Subject) -> None:
    report = await subject.reported(UserMessage([Text("Hello.")]), AssistantMessage("Hello!"))
    expect_equal(report["messages"], ["user", "assistant", "user"], "the roles of the messages")
