"""Tools that the service runs itself: asked for, given files, and seen in steps; nobody here calls them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from anyassistant import AsyncClient, Client
from anyassistant.errors import InvalidRequest
from anyassistant.types import Attachment, HostedTool, Text

from .double import Double
from .loopback import Stop, reset

SEARCH = HostedTool("file_search", {"max_num_results": 3})
RESOURCES = {"file_search": {"vector_store_ids": ["vs_1"]}, "code_interpreter": {"file_ids": ["file-1"]}}
CALLS: list[dict[str, Any]] = [
    {
        "id": "call_s",
        "type": "file_search",
        "file_search": {
            "ranking_options": {"ranker": "auto", "score_threshold": 0.0},
            "results": [{"file_id": "file-1", "file_name": "tags.txt", "score": 0.9}],
        },
    },
    {
        "id": "call_c",
        "type": "code_interpreter",
        "code_interpreter": {"input": "1 + 1", "outputs": [{"type": "logs", "logs": "2"}]},
    },
]
UNKNOWN: dict[str, Any] = {"id": "call_b", "type": "bing_grounding", "bing_grounding": {"requesturl": "https://x.test"}}
CITATION = {
    "type": "file_citation",
    "text": "【4:0†tags.txt】",
    "start_index": 0,
    "end_index": 15,
    "file_citation": {"file_id": "file-1"},
}
PATH = {**CITATION, "type": "file_path", "file_path": {"file_id": "file-2"}}


async def cut_at_a_delta(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
    if name == "thread.run.step.delta":
        raise Stop(reset)
    yield frame


def order_item(item_id: str) -> str:
    """Order an item."""
    return f"ordered {item_id}"


async def test_they_are_tools_of_an_assistant_beside_functions(client: AsyncClient, double: Double) -> None:
    made = await client.assistants.create(
        tools=[order_item, SEARCH, {"type": "code_interpreter"}], tool_resources=RESOURCES
    )
    assert [tool.name for tool in made.record.tools] == ["order_item"]
    assert made.record.hosted_tools == [SEARCH, HostedTool("code_interpreter")]
    got = await client.assistants.get(made.id)
    assert (got.record, got.record.tool_resources) == (made.record, RESOURCES)
    assert double.requests[0].body["tools"][1:] == [
        {"type": "file_search", "file_search": {"max_num_results": 3}},
        {"type": "code_interpreter"},
    ]


async def test_they_stay_when_something_else_of_it_is_changed(client: AsyncClient) -> None:
    made = await client.assistants.create(tools=[order_item, SEARCH], tool_resources=RESOURCES)
    changed = await client.assistants.update(made.id, name="n")
    assert (changed.record.name, changed.record.hosted_tools) == ("n", [SEARCH])
    assert changed.record.tool_resources == RESOURCES
    changed = await client.assistants.update(made.id, tools=[order_item])
    assert changed.record.hosted_tools == []


async def test_a_run_has_them_and_may_have_others(client: AsyncClient, double: Double) -> None:
    assistant = await client.assistants.create(tools=[SEARCH])
    thread = await client.threads.create(messages=["hello"])
    assert (await thread.run(assistant).result()).run.hosted_tools == [SEARCH]
    result = await thread.run(
        assistant, tools=[{"type": "code_interpreter"}], tool_choice={"type": "code_interpreter"}
    ).result()
    assert result.run.hosted_tools == [HostedTool("code_interpreter")]
    bodies = [one.body for one in double.requests if one.path.endswith("/runs") and one.method == "POST"]
    assert "tools" not in bodies[0]
    assert bodies[1]["tools"] == [{"type": "code_interpreter"}]
    assert bodies[1]["tool_choice"] == {"type": "code_interpreter"}


async def test_a_function_that_is_bound_here_does_not_take_them_away(client: AsyncClient, double: Double) -> None:
    made = await client.assistants.create(tools=[SEARCH])
    assistant = await client.assistants.get(made.id, tools=[order_item, {"type": "code_interpreter"}])
    thread = await client.threads.create(messages=['CALL order_item {"item_id": "a"}'])
    assert (await thread.run(assistant).result()).text == "TOOL RESULT: ordered a"
    [body] = [one.body for one in double.requests if one.path.endswith("/runs") and one.method == "POST"]
    assert [tool["type"] for tool in body["tools"]] == ["function", "file_search", "code_interpreter"]


async def test_files_go_with_messages(client: AsyncClient, double: Double) -> None:
    both = Attachment("file-2", tools=("code_interpreter", "file_search"))
    thread = await client.threads.create(messages=[["first", Attachment("file-1")]], tool_resources=RESOURCES)
    said = await thread.add("second", attachments=[both, {"file_id": "file-3"}])
    assert list(said.attachments) == [both, Attachment("file-3")]
    assert [list(one.attachments) async for one in thread.messages()] == [
        [Attachment("file-1")],
        [both, Attachment("file-3")],
    ]
    assert said.content == [Text("second")]
    assert thread.record.tool_resources == RESOURCES
    assistant = await client.assistants.create()
    await thread.run(assistant, additional_messages=[["third", both]]).result()
    [body] = [one.body for one in double.requests if one.path.endswith("/runs") and one.method == "POST"]
    [added] = body["additional_messages"]
    assert added["attachments"] == [
        {"file_id": "file-2", "tools": [{"type": "code_interpreter"}, {"type": "file_search"}]}
    ]


async def test_resources_of_a_thread_are_changed(client: AsyncClient) -> None:
    thread = await client.threads.create(metadata={"k": "v"})
    changed = await client.threads.update(thread.id, tool_resources=RESOURCES)
    assert (changed.record.tool_resources, changed.record.metadata) == (RESOURCES, {"k": "v"})
    changed = await client.threads.update(thread.id, metadata={"a": "b"})
    assert (changed.record.tool_resources, changed.record.metadata) == (RESOURCES, {"a": "b"})


@pytest.mark.parametrize("way", ["streamed", "polled", "stream cut"])
async def test_their_calls_are_seen_in_steps_and_not_called(client: AsyncClient, double: Double, way: str) -> None:
    double.hosted_calls = [*CALLS, UNKNOWN]
    # The SDK's types do not know this one: a service that has it is another's.
    double.streams = way == "streamed"
    if way == "stream cut":
        double.streams, double.mangle = True, cut_at_a_delta
    assistant = await client.assistants.create(tools=[order_item, SEARCH])
    thread = await client.threads.create(messages=['CALL order_item {"item_id": "a"}'])
    run = thread.run(assistant)
    events = [event async for event in run.events()]
    result = await run.result()
    double.sent = [(kind, wire) for kind, wire in double.sent if "step_hosted" not in str(wire.get("id"))]
    assert result.text == "TOOL RESULT: ordered a"
    hosted, functions, message = result.steps
    assert [call.to_wire() for call in hosted.tool_calls] == [*CALLS, UNKNOWN]
    assert [(call.name, call.output) for call in hosted.tool_calls][1] == ("code_interpreter", "2")
    assert [call.outcome for call in hosted.tool_calls] == [None, None, None]
    assert [call.output for call in functions.tool_calls] == ["ordered a"]
    assert message.type == "message_creation"
    ids = [(event.event, event.data.id) for event in events if "delta" not in event.event]
    assert len(ids) == len(set(ids))
    assert [step.status for step in result.steps] == ["completed"] * 3


async def test_their_deltas_pass(client: AsyncClient, double: Double) -> None:
    double.hosted_calls = CALLS
    assistant = await client.assistants.create(tools=[SEARCH])
    thread = await client.threads.create(messages=["hello"])
    events = [event async for event in thread.run(assistant).events()]
    [delta] = [event.data for event in events if event.event == "thread.run.step.delta"]
    assert [call["type"] for call in delta["delta"]["step_details"]["tool_calls"]] == [
        "file_search",
        "code_interpreter",
    ]


@pytest.mark.parametrize("store", [":memory:", "sqlite"])
async def test_they_are_replayed_from_the_store(
    config_file: Callable[..., Path], double: Double, tmp_path: Path, store: str
) -> None:
    double.hosted_calls = CALLS
    where = store if store == ":memory:" else str(tmp_path / "x.db")
    async with AsyncClient("service", store=where, config=config_file()) as client:
        assistant = await client.assistants.create(tools=[SEARCH])
        thread = await client.threads.create(messages=["hello"])
        run = thread.run(assistant)
        await run.result()
        again = await client.runs.get(run.id)
        steps = [event.data async for event in again.events() if event.event == "thread.run.step.completed"]
        assert [call.to_wire() for call in steps[0].tool_calls] == CALLS
        assert list(again.record.hosted_tools) == [SEARCH]


async def test_annotations_and_refusals_come_as_they_are(client: AsyncClient, double: Double) -> None:
    def cite(wire: dict[str, Any]) -> dict[str, Any]:
        if wire.get("object") != "thread.message" or wire["role"] != "assistant" or not wire["content"]:
            return wire
        text = {"type": "text", "text": {"value": "【4:0†tags.txt】", "annotations": [CITATION, PATH]}}
        return {**wire, "content": [text, {"type": "refusal", "refusal": " No more."}]}

    double.alter = cite
    assistant = await client.assistants.create()
    thread = await client.threads.create(messages=["hello"])
    result = await thread.run(assistant).result()
    text, refusal = result.messages[0].content
    assert isinstance(text, Text)
    assert list(text.annotations) == [CITATION, PATH]
    assert refusal.to_wire() == {"type": "refusal", "refusal": " No more."}
    assert result.text == "【4:0†tags.txt】 No more."


@pytest.mark.parametrize("broken", [{"file_id": 5}, {"file_id": "f", "tools": "x"}, {"file_id": ""}, "file-1"])
async def test_attachments_that_are_none(client: AsyncClient, double: Double, broken: Any) -> None:
    thread = await client.threads.create()
    before = len(double.requests)
    with pytest.raises(InvalidRequest) as caught:
        await thread.add("x", attachments=[broken])
    assert caught.value.param.startswith("attachments[0]")
    assert len(double.requests) == before


async def test_blocking(config_file: Callable[..., Path], double: Double) -> None:
    double.hosted_calls = CALLS
    path = config_file()

    def ask() -> Any:
        with Client("service", store=":memory:", config=path) as client:
            assistant = client.assistants.create(tools=[SEARCH], tool_resources=RESOURCES)
            thread = client.threads.create(tool_resources=RESOURCES)
            thread.add("hello", attachments=[Attachment("file-1")])
            return thread.run(assistant).result()

    with anyio.fail_after(20):
        result = await anyio.to_thread.run_sync(ask)
    assert result.text == "ECHO: hello"
    assert [call.name for call in result.steps[0].tool_calls] == ["file_search", "code_interpreter"]
