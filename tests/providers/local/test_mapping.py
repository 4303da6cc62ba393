"""Chat-Completions bodies and chunks, in the shapes that llama.cpp's server takes and gives."""

from collections.abc import Sequence
from typing import Any

import pytest
from anyassistant.protocols import (
    AssistantMessage,
    ModelDelta,
    ModelMessage,
    ModelRequest,
    NamedTool,
    ResponseSchema,
    ToolCallDelta,
    ToolMessage,
    UserMessage,
)
from anyassistant.types import Text, ToolCall, ToolSpec, Usage
from anyassistant_local.mapping import BEGIN, GO_ON, GREET, chat_body, chat_messages, read_chunk, tools_body

WEATHER = ToolSpec("get_weather", "Get the weather.", {"type": "object", "properties": {}})
CLOCK = ToolSpec("get_time", "Get the time.", {"type": "object", "properties": {}})
HISTORY = [
    UserMessage([Text("How is the weather?")]),
    AssistantMessage("", [ToolCall("call_1", "get_weather", "{}")]),
    ToolMessage("call_1", "get_weather", "sunny"),
    AssistantMessage("It is sunny."),
]


def request(**settings: Any) -> ModelRequest:
    return ModelRequest(run_id="run_1", model="m", messages=HISTORY, **settings)


def test_instructions_calls_and_results_become_messages() -> None:
    assert chat_messages(request(instructions="Be kind."), with_calls=True) == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "How is the weather?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "name": "get_weather", "content": "sunny"},
        {"role": "assistant", "content": "It is sunny."},
        {"role": "user", "content": GO_ON},
    ]


def test_a_model_without_tools_is_told_what_was_said_alone() -> None:
    roles = [message["role"] for message in chat_messages(request(), with_calls=False)]

    assert roles == ["user", "assistant", "user"]


HI = UserMessage([Text("Hi.")])
CALL = ToolCall("call_1", "get_weather", "{}")
SUNNY = ToolMessage("call_1", "get_weather", "sunny")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ([HI], [("user", "Hi.")]),
        ([HI, AssistantMessage("Hello!")], [("user", "Hi."), ("assistant", "Hello!"), ("user", GO_ON)]),
        (
            [HI, AssistantMessage("Once"), AssistantMessage("upon a time")],
            [("user", "Hi."), ("assistant", "Once\nupon a time"), ("user", GO_ON)],
        ),
        (
            [AssistantMessage("Let me look."), AssistantMessage("Wait.", [CALL]), SUNNY],
            [("assistant", "Let me look.\nWait."), ("tool", "sunny")],
        ),
        ([AssistantMessage("", [CALL]), SUNNY], [("assistant", None), ("tool", "sunny")]),
        (
            [AssistantMessage("", [CALL]), AssistantMessage("Never mind.")],
            [("assistant", None), ("assistant", "Never mind."), ("user", GO_ON)],
        ),
        ([HI, AssistantMessage("")], [("user", "Hi.")]),
        ([], [("user", GREET)]),
    ],
)
def test_a_conversation_always_asks_for_an_answer(
    said: Sequence[ModelMessage], told: Sequence[tuple[str, str | None]]
) -> None:
    messages = chat_messages(ModelRequest("run_1", "m", said), with_calls=True)

    assert [(message["role"], message["content"]) for message in messages] == told


def test_where_nobody_has_spoken_the_instructions_are_to_be_followed() -> None:
    assert chat_messages(ModelRequest("run_1", "m", [], instructions="Tell a joke."), with_calls=True) == [
        {"role": "system", "content": "Tell a joke."},
        {"role": "user", "content": BEGIN},
    ]


def test_a_model_that_knows_no_results_hears_the_data_from_the_user_in_the_end() -> None:
    messages = chat_messages(request(), with_calls=False, data="sunny")

    assert [message["content"] for message in messages] == ["How is the weather?", "It is sunny.", "Data: sunny"]


def test_zero_travels_and_what_nobody_set_does_not() -> None:
    assert chat_body(request(temperature=0.0), [])["temperature"] == 0
    assert {"temperature", "top_p", "max_tokens", "response_format"}.isdisjoint(chat_body(request(), []))
    assert chat_body(request(max_completion_tokens=9, top_p=0.5), []).items() >= {"max_tokens": 9, "top_p": 0.5}.items()


def test_a_schema_travels_as_json_schema() -> None:
    body = chat_body(request(response_schema=ResponseSchema("city", {"type": "object"})), [])

    expected = {"name": "city", "schema": {"type": "object"}, "strict": True}
    assert body["response_format"] == {"type": "json_schema", "json_schema": expected}


def test_a_named_tool_is_the_only_one_and_required() -> None:
    body = tools_body(request(tools=[WEATHER, CLOCK], tool_choice=NamedTool("get_time")))

    assert body == {"tools": [CLOCK.to_wire()], "tool_choice": "required", "parallel_tool_calls": True}
    assert tools_body(request()) == {}


def test_chunks_of_a_call_become_its_pieces() -> None:
    chunks = [
        {"choices": [{"index": 0, "delta": {"role": "assistant", "content": None}, "finish_reason": None}]},
        {
            "choices": [
                {
                    "index": 0,
                    "finish_reason": None,
                    "delta": {
                        "tool_calls": [
                            {
                                "index": 0,
                                "id": "abc",
                                "type": "function",
                                "function": {"name": "get_weather", "arguments": "{"},
                            }
                        ]
                    },
                }
            ]
        },
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
        {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}},
    ]

    assert [delta for chunk in chunks for delta in read_chunk(chunk)] == [
        ModelDelta(tool_call=ToolCallDelta(name="get_weather", arguments="{", index=0, id="abc")),
        ModelDelta(tool_call=ToolCallDelta(arguments="}", index=0)),
        ModelDelta(finish_reason="tool_calls"),
        ModelDelta(usage=Usage(7, 3)),
    ]


def test_text_and_reasoning_are_told_apart_and_progress_is_dropped() -> None:
    progress = {"choices": [{"delta": {"content": ""}}], "prompt_progress": {"total": 9, "processed": 3}}
    thought = {"choices": [{"delta": {"reasoning_content": "Hm."}}]}
    text = {"choices": [{"delta": {"content": "Hello"}, "finish_reason": None}]}

    assert [read_chunk(chunk) for chunk in (progress, thought, text)] == [
        [],
        [ModelDelta(reasoning="Hm.")],
        [ModelDelta(text="Hello")],
    ]
