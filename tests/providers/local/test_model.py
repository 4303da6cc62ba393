"""What the embedded model does when asked, on the real weights."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import jsonschema
import pytest
from anyassistant.errors import ProviderError
from anyassistant.protocols import ModelDelta, ModelRequest, NamedTool, ResponseSchema, UserMessage
from anyassistant.types import Text, ToolSpec
from anyassistant_local import LocalModel
from anyassistant_local.weights import DEFAULT_MODEL

WEATHER = ToolSpec(
    "get_weather",
    "Get the current weather for a city.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
CLOCK = ToolSpec("get_time", "Tell the current time.", {"type": "object", "properties": {}})


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop: what the model says is the same on both, and `test_concurrency.py` uses it on both."""
    return "asyncio"


def ask(text: str, **settings: Any) -> ModelRequest:
    return ModelRequest(run_id="run_1", model=DEFAULT_MODEL, messages=[UserMessage([Text(text)])], **settings)


async def collect(deltas: AsyncGenerator[ModelDelta, None]) -> Sequence[ModelDelta]:
    async with aclosing(deltas):
        return [delta async for delta in deltas]


async def test_an_answer_streams_token_by_token_and_ends_once_with_usage(model: LocalModel) -> None:
    deltas = await collect(model.respond(ask("Say hello to me.", temperature=0, max_completion_tokens=40)))

    assert len([delta for delta in deltas if delta.text]) > 2
    assert [delta.finish_reason for delta in deltas if delta.finish_reason] in (["stop"], ["length"])
    (usage,) = [delta.usage for delta in deltas if delta.usage]
    assert usage.prompt_tokens > 5
    assert 2 < usage.completion_tokens <= 40


async def test_a_budget_of_tokens_ends_the_answer_with_length(model: LocalModel) -> None:
    deltas = await collect(model.respond(ask("Tell me a long story.", max_completion_tokens=7)))

    assert [delta.finish_reason for delta in deltas if delta.finish_reason] == ["length"]
    assert [delta.usage.completion_tokens for delta in deltas if delta.usage] == [7]


async def test_temperature_0_gives_the_same_answer_every_time(model: LocalModel) -> None:
    request = ask("Name a colour.", temperature=0, max_completion_tokens=12)

    answers = {"".join(delta.text for delta in await collect(model.respond(request))) for _ in range(3)}

    assert len(answers) == 1


async def test_a_schema_is_enforced(model: LocalModel) -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string", "maxLength": 20},
            "size": {"enum": ["small", "large"]},
            "people": {"type": "integer"},
        },
        "required": ["city", "size", "people"],
        "additionalProperties": False,
    }
    request = ask("Describe Paris.", response_schema=ResponseSchema("city", schema), temperature=0)

    deltas = await collect(model.respond(request))

    jsonschema.validate(json.loads("".join(delta.text for delta in deltas)), schema)
    assert [delta.finish_reason for delta in deltas if delta.finish_reason] == ["stop"]


@pytest.mark.parametrize(
    ("choice", "text", "called"),
    [
        ("auto", "How is the weather in Paris?", "get_weather"),
        ("auto", "Thanks, goodbye!", None),
        ("none", "How is the weather in Paris?", None),
        ("required", "Thanks, goodbye!", "get_weather get_time"),
        (NamedTool("get_time"), "How is the weather in Paris?", "get_time"),
    ],
)
async def test_tool_choice(model: LocalModel, choice: Any, text: str, called: str | None) -> None:
    request = ask(text, tools=[WEATHER, CLOCK], tool_choice=choice, max_completion_tokens=30)

    deltas = await collect(model.respond(request))

    calls = [delta.tool_call for delta in deltas if delta.tool_call]
    (reason,) = [delta.finish_reason for delta in deltas if delta.finish_reason]
    if called is None:
        assert not calls
        assert reason in ("stop", "length")
    else:
        (call,) = calls
        assert call.name is not None
        assert call.name in called
        assert reason == "tool_calls"


async def test_arguments_are_taken_from_what_was_said(model: LocalModel) -> None:
    deltas = await collect(model.respond(ask("How is the weather in Paris?", tools=[WEATHER])))

    (call,) = [delta.tool_call for delta in deltas if delta.tool_call]
    assert json.loads(call.arguments) == {"city": "Paris"}


async def test_prompt_tokens_are_counted(model: LocalModel) -> None:
    short = await model.count_tokens(ask("Hi."))
    long = await model.count_tokens(ask("Hi. " * 50))

    assert short is not None
    assert long is not None
    assert long - short > 90


async def test_a_prompt_that_is_too_long_says_so(model: LocalModel) -> None:
    with pytest.raises(ProviderError) as raised:
        await collect(model.respond(ask("word " * 6000)))

    assert raised.value.code == "context_length_exceeded"


async def test_the_small_model_claims_what_it_can(model: LocalModel) -> None:
    capabilities = await model.capabilities_of(DEFAULT_MODEL)

    assert capabilities.tools
    assert capabilities.json_schema
    assert not capabilities.parallel_tool_calls
    assert capabilities.context_tokens == 4096
