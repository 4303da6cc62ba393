"""How well the embedded model chooses tools: counted on tool sets that nobody tuned it on."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from anyassistant.protocols import AssistantMessage, ModelMessage, UserMessage
from anyassistant.types import Text, ToolSpec
from anyassistant_local.engine import Engine
from anyassistant_local.routing import choose_tool, describe_wish, weigh_evidence
from anyassistant_local.transcript import split_conversation

ROUTING = Path(__file__).parent / "routing.toml"
REQUIRED_SHARE = 0.75


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


def read_cases(part: str) -> Iterator[tuple[list[ToolSpec], Mapping[str, Any]]]:
    for toolset in tomllib.loads(ROUTING.read_text())["toolset"]:
        if toolset["part"] == part:
            tools = [make_spec(tool) for tool in toolset["tools"]]
            yield from ((tools, case) for case in toolset["cases"])


def make_spec(tool: Mapping[str, Any]) -> ToolSpec:
    parameters = tool.get("parameters", {})
    properties = {name: {"type": kind} for name, kind in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(parameters)}
    return ToolSpec(tool["name"], tool["description"], schema)


def make_conversation(case: Mapping[str, Any]) -> list[ModelMessage]:
    said = [*case.get("before", ()), case["say"]]
    return [AssistantMessage(text) if i % 2 else UserMessage([Text(text)]) for i, text in enumerate(said)]


async def count_right_choices(engine: Engine, part: str) -> tuple[int, list[str]]:
    right, wrong = 0, []
    for tools, case in read_cases(part):
        chosen = await choose_tool(engine, split_conversation(make_conversation(case)), tools)
        name = "" if chosen is None else chosen.name
        right += name == case["tool"]
        if name != case["tool"]:
            wrong.append(f"{case['say']!r}: {name or 'no tool'}, not {case['tool'] or 'no tool'}")
    return right, wrong


async def test_three_of_four_messages_reach_the_right_tool_of_tool_sets_never_seen_before(
    engine: Engine,
) -> None:
    right, wrong = await count_right_choices(engine, "measured")

    assert right / (right + len(wrong)) >= REQUIRED_SHARE, "\n".join(wrong)


def test_the_routing_set_is_large_enough_to_say_something() -> None:
    measured, tuned = list(read_cases("measured")), list(read_cases("tuned"))

    assert len(measured) + len(tuned) >= 60
    assert len(measured) >= 30


@pytest.mark.parametrize(
    ("name", "description", "wish"),
    [
        ("order_item", "Order an item; confirm_order_item() actually buys it.", "order an item"),
        ("get_weather", "Get the weather. Units are metric.", "get the weather"),
        ("get_time", "", "get time"),
    ],
)
def test_a_tool_is_described_as_a_wish(name: str, description: str, wish: str) -> None:
    assert describe_wish(ToolSpec(name, description, {})) == wish


def test_a_single_word_cannot_speak_against_a_candidate_for_long() -> None:
    assert weigh_evidence([[-1.0, -9.0], [-2.0, -2.0], [-3.0, -2.0]]) == [0.5, 0.0, -0.5]
