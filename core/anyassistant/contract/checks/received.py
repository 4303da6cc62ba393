"""What a model is asked reaches its service to the letter, as the service's double reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ...protocols import AssistantMessage, ModelMessage, ToolMessage, UserMessage
from ...types import Text, ToolCall, ToolSpec
from ..kit_tools import TIME, WEATHER
from ..subject import Subject
from ..verdicts import expect_equal
from .requests import check

ASKED = 'Grüße aus Malmö: 你好,  שלום, 🙂.\n\nA second paragraph\tafter a tab: "quoted" & <b>marked</b>, C:\\new.'
SAID = "Sure, I look it up — één moment:\n- Malmö\n- 東京"
CALLS = (
    ToolCall("call_kit_1", WEATHER.name, '{"city": "Malmö"}'),
    ToolCall("call_kit_2", TIME.name, '{"city": "東京 \\"tonight\\""}'),
)
LONG = " ".join(f"{hour:04}: rain, 7 °C." for hour in range(270))  # some 5,000 characters
SEARCH = ToolSpec(
    "search_orders",
    'Find orders: "open" ones first.\nDates are ISO 8601 — größer als 2020.',
    {
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": ["open", "sent"], "description": "Which ones; für alle: none."},
            "lines": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"sku": {"type": "string"}, "count": {"type": "integer"}},
                    "required": ["sku", "count"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["status", "lines"],
        "additionalProperties": False,
    },
)


@check(
    rule="ModelRequest.messages: what the user and the assistant said, to the letter",
    trap="the assistant's text is looked for under another name and sent empty; text is escaped or stripped",
)
async def what_was_said_arrives_to_the_letter(subject: Subject) -> None:
    scene = subject.scenarios.answer("And now?")
    request = await subject.received(UserMessage([Text(ASKED)]), AssistantMessage(SAID), scene)
    wanted = [("user", ASKED), ("assistant", SAID), ("user", scene.message)]
    expect_equal([(one.role, one.text) for one in request.messages], wanted, "the messages")


@check(
    rule="AssistantMessage.text: what was said beside calls, too",
    trap="a turn with calls is sent with an empty content",
)
async def what_was_said_beside_calls_arrives(subject: Subject) -> None:
    messages = await _messages_of_a_turn_with_calls(subject)
    texts = [one.text for one in messages if isinstance(one, AssistantMessage)]
    expect_equal(texts, [SAID, "Rain."], "the assistant's texts")


@check(
    rule="AssistantMessage.tool_calls: as they were made, with id, name and arguments",
    trap="arguments are text in one wire and an object in the other, and end as {}; an output's tool names the call",
)
async def past_calls_arrive_as_they_were_made(subject: Subject) -> None:
    messages = await _messages_of_a_turn_with_calls(subject)
    calls = [call for one in messages if isinstance(one, AssistantMessage) for call in one.tool_calls]
    came = [(call.name, _json(call.arguments)) for call in calls]
    expect_equal(came, [(call.name, json.loads(call.arguments)) for call in CALLS], "the calls")
    if any(call.id for call in calls):  # some wires have none
        expect_equal([call.id for call in calls], [call.id for call in CALLS], "the calls' ids")


@check(
    rule="ToolMessage.text: the whole output, to the letter",
    trap="a long output is cut to spare tokens; the tool package has its own limit, which the app can set",
)
async def outputs_arrive_whole(subject: Subject) -> None:
    messages = await _messages_of_a_turn_with_calls(subject)
    outputs = [one.text for one in messages if isinstance(one, ToolMessage)]
    expect_equal(outputs, [LONG, ASKED], "the outputs")


@check(
    rule="ToolSpec: a tool's name, description and JSON Schema, to the letter",
    trap='only `{"type": "object"}` is sent, or no description: the model guesses, and mostly guesses well',
)
async def tools_arrive_with_description_and_schema(subject: Subject) -> None:
    await subject.require("tools")
    request = await subject.received(subject.scenarios.answer("Hello."), tools=[SEARCH, WEATHER])
    wanted = [(one.name, one.description, one.parameters) for one in (SEARCH, WEATHER)]
    expect_equal([(one.name, one.description, one.parameters) for one in request.tools], wanted, "the tools")


@check(
    rule="ModelRequest.instructions: to the letter",
    trap="they are put into a template, cut, or joined with words of the provider's own",
)
async def instructions_arrive_to_the_letter(subject: Subject) -> None:
    request = await subject.received(subject.scenarios.answer("Hello."), instructions=f"{ASKED}\n{LONG}")
    expect_equal(request.instructions, f"{ASKED}\n{LONG}", "the instructions")


async def _messages_of_a_turn_with_calls(subject: Subject) -> Sequence[ModelMessage]:
    await subject.require("tools")
    request = await subject.received(
        "How is the weather?",
        AssistantMessage(SAID, CALLS),
        ToolMessage(CALLS[0].id, CALLS[0].name, LONG),
        ToolMessage(CALLS[1].id, CALLS[1].name, ASKED),
        AssistantMessage("Rain."),
        subject.scenarios.answer("And now?"),
        tools=[WEATHER, TIME],
    )
    return request.messages


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
