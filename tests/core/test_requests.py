"""What is refused, by which name, and that nothing was written then."""

from __future__ import annotations

import math

import pytest
from anyassistant import AsyncClient, Image
from anyassistant.errors import InvalidRequest, NotFound, UnsupportedCapability
from anyassistant.protocols import Capabilities
from anyassistant.types import Limits, Refusal, Text
from pydantic import BaseModel

SURROGATE = "a\ud800b"


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


def wire(name: object, **function: object) -> dict[str, object]:
    return {"type": "function", "function": {"name": name, **function}}


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


class Opaque:
    pass


ASSISTANTS = [
    ({"name": "n" * 257}, "name", "too_long"),
    ({"description": "d" * 513}, "description", "too_long"),
    ({"instructions": "i" * 256_001}, "instructions", "too_long"),
    ({"name": 5}, "name", "invalid_value"),
    ({"model": ""}, "model", "invalid_value"),
    ({"name": SURROGATE}, "name", "invalid_value"),
    ({"instructions": SURROGATE}, "instructions", "invalid_value"),
    ({"model": b"m"}, "model", "invalid_value"),
    ({"temperature": 2.1}, "temperature", "invalid_value"),
    ({"temperature": -0.1}, "temperature", "invalid_value"),
    ({"temperature": True}, "temperature", "invalid_value"),
    ({"temperature": "warm"}, "temperature", "invalid_value"),
    ({"temperature": math.nan}, "temperature", "invalid_value"),
    ({"top_p": 1.5}, "top_p", "invalid_value"),
    ({"metadata": {str(n): "v" for n in range(17)}}, "metadata", "too_many_items"),
    ({"metadata": {"k" * 65: "v"}}, "metadata", "invalid_value"),
    ({"metadata": {"k": "v" * 513}}, "metadata.k", "invalid_value"),
    ({"metadata": {"k": 1}}, "metadata", "invalid_value"),
    ({"metadata": {1: "v"}}, "metadata", "invalid_value"),
    ({"metadata": {"k": SURROGATE}}, "metadata.k", "invalid_value"),
    ({"metadata": {SURROGATE: "v"}}, "metadata", "invalid_value"),
    ({"metadata": ["k"]}, "metadata", "invalid_value"),
    ({"tools": [add, add]}, "tools[1]", "duplicate_tool_name"),
    ({"tools": [add, wire("f"), wire("add")]}, "tools[2]", "duplicate_tool_name"),
    ({"tools": [wire("has space")]}, "tools[0]", "invalid_tool_name"),
    ({"tools": [wire("n" * 65)]}, "tools[0]", "invalid_tool_name"),
    ({"tools": [wire("")]}, "tools[0]", "invalid_tool_name"),
    ({"tools": [wire(5)]}, "tools[0]", "invalid_tool"),
    ({"tools": [{"type": "function"}]}, "tools[0]", "invalid_tool"),
    ({"tools": [{}]}, "tools[0]", "invalid_tool"),
    ({"tools": [5]}, "tools[0]", "invalid_tool"),
    ({"tools": [wire("f", parameters="none")]}, "tools[0]", "invalid_json_schema"),
    ({"tools": [wire("f", parameters={"type": "array"})]}, "tools[0]", "invalid_json_schema"),
    (
        {"tools": [add, wire("f", parameters={"properties": {"a": {"type": "strin"}}})]},
        "tools[1]",
        "invalid_json_schema",
    ),
    ({"tools": [wire("f", parameters={"$ref": "https://example.com/f"})]}, "tools[0]", "invalid_json_schema"),
    ({"tools": [wire("f", parameters={"type": {1, 2}})]}, "tools[0]", "invalid_value"),
    ({"tools": [wire("f", parameters={"default": Opaque()})]}, "tools[0]", "invalid_value"),
    ({"tools": [wire("f", description=SURROGATE)]}, "tools[0]", "invalid_value"),
    ({"tools": "add"}, "tools", "invalid_value"),
    ({"tools": None}, "tools", "invalid_value"),
    ({"tools": add}, "tools", "invalid_value"),
    ({"tools": [wire(f"f{n}") for n in range(129)]}, "tools", "too_many_tools"),
    ({"response_format": "json"}, "response_format", "invalid_value"),
    ({"response_format": {"type": "xml"}}, "response_format", "invalid_value"),
    ({"response_format": {"type": "json_schema"}}, "response_format", "invalid_value"),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "nothing"}}}},
        "response_format",
        "invalid_json_schema",
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": SURROGATE, "schema": {}}}},
        "response_format",
        "invalid_value",
    ),
    ({"response_format": {"type": "json_object", "x": nested(100_000)}}, "response_format", "invalid_value"),
    ({"instructons": "typo"}, "instructons", "unknown_parameter"),
]


@pytest.mark.parametrize(("options", "param", "code"), ASSISTANTS)
async def test_an_assistant_that_is_refused_is_not_made(client: AsyncClient, refused, options, param, code) -> None:
    with refused(param, code):
        await client.assistants.create(**options)
    assert [one async for one in client.assistants.list()] == []


@pytest.mark.parametrize(("options", "param", "code"), ASSISTANTS)
async def test_an_update_that_is_refused_changes_nothing(client: AsyncClient, refused, options, param, code) -> None:
    assistant = await client.assistants.create(name="before", tools=[wire("f")], metadata={"a": "b"})
    before = assistant.record
    with refused(param, code):
        await assistant.update(**options)
    assert assistant.record == before
    assert (await client.assistants.get(assistant.id)).record == before


CONTENTS = [
    ("", "content", "empty_content"),
    (" \n\t", "content", "empty_content"),
    ([], "content", "empty_content"),
    ([""], "content", "empty_content"),
    ([Text("  ")], "content", "empty_content"),
    (SURROGATE, "content", "invalid_value"),
    ([Text(SURROGATE)], "content[0]", "invalid_value"),
    (["fine", SURROGATE], "content[1]", "invalid_value"),
    (5, "content", "invalid_value"),
    (None, "content", "invalid_value"),
    (b"bytes", "content", "invalid_value"),
    ({"type": "text", "text": "not in a list"}, "content", "invalid_value"),
    (["fine", 5], "content[1]", "invalid_value"),
    ([Text(5)], "content[0]", "invalid_value"),  # type: ignore[arg-type]
    ([Refusal("no")], "content[0]", "invalid_value"),
    ([{"type": "video", "video": "x"}], "content[0]", "invalid_value"),
    ([{"type": "text"}], "content[0]", "invalid_value"),
    ([{"type": "image_url", "image_url": {"url": "data:image/png;base64,!!!"}}], "content[0]", "invalid_value"),
    ([Image()], "content[0]", "invalid_value"),
    ([Image(url="https://x.test/a.png", file_id="file-1")], "content[0]", "invalid_value"),
]


@pytest.mark.parametrize(("content", "param", "code"), CONTENTS)
async def test_a_message_that_is_refused_is_not_added(client: AsyncClient, refused, content, param, code) -> None:
    thread = await client.threads.create()
    with refused(param, code):
        await thread.add(content)
    assert [one async for one in thread.messages()] == []


@pytest.mark.parametrize(("content", "param", "code"), CONTENTS)
async def test_a_thread_with_a_bad_message_is_not_made(client: AsyncClient, refused, content, param, code) -> None:
    with refused(param.replace("content", "messages[1]"), code):
        await client.threads.create(messages=["fine", content])
    assert [one async for one in client.threads.list()] == []


async def test_an_images_bytes_url_and_wire_dict_are_taken(client: AsyncClient) -> None:
    thread = await client.threads.create()
    message = await thread.add(
        [
            "look",
            Image.from_bytes(b"png", media_type="image/png"),
            {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}},
            {"type": "image_file", "image_file": {"file_id": "file-1"}},
            {"type": "text", "text": {"value": "there", "annotations": []}},
        ]
    )
    kinds = [part.to_wire()["type"] for part in message.content]
    assert kinds == ["text", "image_url", "image_url", "image_file", "text"]
    assert message.text == "lookthere"


@pytest.mark.parametrize("messages", ["one text", b"bytes", {"role": "user"}, 5, None])
async def test_threads_are_made_of_lists_of_messages(client: AsyncClient, refused, messages) -> None:
    with refused("messages"):
        await client.threads.create(messages=messages)


@pytest.mark.parametrize("role", ["system", "", None, ["user"]])
async def test_a_message_has_a_role_that_exists(client: AsyncClient, refused, role) -> None:
    thread = await client.threads.create()
    with refused("role"):
        await thread.add("hello", role=role)


RUNS = [
    ({"temperature": 3}, "temperature", "invalid_value"),
    ({"top_p": -1}, "top_p", "invalid_value"),
    ({"model": 5}, "model", "invalid_value"),
    ({"model": ""}, "model", "invalid_value"),
    ({"instructions": "i" * 256_001}, "instructions", "too_long"),
    ({"additional_instructions": SURROGATE}, "additional_instructions", "invalid_value"),
    ({"additional_messages": "text"}, "additional_messages", "invalid_value"),
    ({"additional_messages": {"role": "user"}}, "additional_messages", "invalid_value"),
    ({"additional_messages": 5}, "additional_messages", "invalid_value"),
    ({"additional_messages": 0}, "additional_messages", "invalid_value"),
    ({"additional_messages": ["fine", ""]}, "additional_messages[1]", "empty_content"),
    ({"max_prompt_tokens": 0}, "max_prompt_tokens", "invalid_value"),
    ({"max_completion_tokens": 1.5}, "max_completion_tokens", "invalid_value"),
    ({"max_completion_tokens": True}, "max_completion_tokens", "invalid_value"),
    ({"truncation_strategy": "auto"}, "truncation_strategy", "invalid_value"),
    ({"truncation_strategy": {"type": "last_messages"}}, "truncation_strategy", "invalid_value"),
    ({"truncation_strategy": {"type": "last_messages", "last_messages": 0}}, "truncation_strategy", "invalid_value"),
    ({"tool_choice": "always"}, "tool_choice", "invalid_value"),
    ({"tool_choice": {"type": "function"}}, "tool_choice", "invalid_value"),
    ({"parallel_tool_calls": 1}, "parallel_tool_calls", "invalid_value"),
    ({"reasoning_effort": 3}, "reasoning_effort", "invalid_value"),
    ({"metadata": {str(n): "v" for n in range(17)}}, "metadata", "too_many_items"),
    ({"limits": {"turns": 3}}, "limits", "invalid_value"),
    ({"limits": Limits(turns=0)}, "limits.turns", "invalid_value"),
    ({"limits": Limits(turns=True)}, "limits.turns", "invalid_value"),
    ({"limits": Limits(parallel_tools=0)}, "limits.parallel_tools", "invalid_value"),
    ({"limits": Limits(repeated_calls=0)}, "limits.repeated_calls", "invalid_value"),
    ({"limits": Limits(seconds=math.inf)}, "limits.seconds", "invalid_value"),
    ({"limits": Limits(seconds=math.nan)}, "limits.seconds", "invalid_value"),
    ({"limits": Limits(seconds="5")}, "limits.seconds", "invalid_value"),  # type: ignore[arg-type]
    ({"expires_in": 0}, "expires_in", "invalid_value"),
    ({"expires_in": -1}, "expires_in", "invalid_value"),
    ({"expires_in": "soon"}, "expires_in", "invalid_value"),
    ({"tools": [add, add]}, "tools[1]", "duplicate_tool_name"),
    ({"response_format": {"type": "json_schema"}}, "response_format", "invalid_value"),
    ({"response_format": Opaque}, "response_format", "invalid_value"),
    ({"additional_message": ["typo"]}, "additional_message", "unknown_parameter"),
]


@pytest.mark.parametrize(("options", "param", "code"), RUNS)
async def test_a_run_that_is_refused_is_refused_at_once(client: AsyncClient, refused, options, param, code) -> None:
    assistant = await client.assistants.create(tools=[add])
    thread = await client.threads.create(messages=["hello"])
    with refused(param, code):
        thread.run(assistant, **options)
    assert [run async for run in client.runs.list()] == []


@pytest.mark.parametrize("assistant", [None, 5, object()])
async def test_a_run_needs_an_assistant(client: AsyncClient, refused, assistant) -> None:
    thread = await client.threads.create(messages=["hello"])
    with refused("assistant"):
        thread.run(assistant)


async def test_a_tool_choice_must_name_a_tool_of_the_run(client: AsyncClient, refused) -> None:
    assistant = await client.assistants.create(tools=[add])
    thread = await client.threads.create(messages=["hello"])
    choice = {"type": "function", "function": {"name": "multiply"}}
    with refused("tool_choice"):
        await thread.run(assistant, tool_choice=choice, additional_messages=["more"]).start()
    with refused("tool_choice"):
        await thread.run(assistant, tool_choice=choice, tools=[wire("f")]).start()
    assert len([one async for one in thread.messages()]) == 1
    assert (await thread.run(assistant, tool_choice={"type": "function", "function": {"name": "add"}}).result()).text


async def test_an_unknown_parameter_is_answered_with_the_nearest_one(client: AsyncClient) -> None:
    with pytest.raises(InvalidRequest, match="Did you mean 'instructions'"):
        await client.assistants.create(instructons="typo")  # type: ignore[call-arg]


@pytest.mark.parametrize("key", ["asst_none", "", "thread_none", 5])
async def test_ids_that_nobody_gave_are_not_found(client: AsyncClient, key) -> None:
    for get, param in (
        (client.assistants.get, "assistant_id"),
        (client.threads.get, "thread_id"),
        (client.runs.get, "run_id"),
        (client.assistants.delete, "assistant_id"),
        (client.threads.delete, "thread_id"),
    ):
        with pytest.raises(NotFound) as caught:
            await get(key)
        assert (caught.value.param, caught.value.code) == (param, "not_found")


async def test_a_run_of_an_unknown_assistant_writes_nothing(client: AsyncClient) -> None:
    thread = await client.threads.create()
    with pytest.raises(NotFound):
        await thread.run("asst_none", additional_messages=["hello"]).result()
    assert [one async for one in thread.messages()] == []
    assert await thread.resume() is None


async def test_a_run_on_a_deleted_thread_is_not_found(client: AsyncClient) -> None:
    assistant = await client.assistants.create()
    thread = await client.threads.create()
    await client.threads.delete(thread.id)
    with pytest.raises(NotFound):
        await thread.run(assistant).result()
    with pytest.raises(NotFound):
        await thread.add("hello")


async def test_a_run_that_has_not_begun_has_no_record(client: AsyncClient, refused) -> None:
    assistant = await client.assistants.create()
    thread = await client.threads.create()
    run = thread.run(assistant)
    for name in ("id", "record"):
        with refused("run", "run_not_started"):
            getattr(run, name)


@pytest.mark.parametrize("after", [-1, "3", None, 1.5, True])
async def test_events_begin_after_a_number(client: AsyncClient, refused, after) -> None:
    assistant = await client.assistants.create()
    thread = await client.threads.create(messages=["hello"])
    with refused("after"):
        thread.run(assistant).events(after=after)


async def test_a_hosted_tool_of_the_wire_is_a_capability_that_is_not_there(client: AsyncClient) -> None:
    with pytest.raises(UnsupportedCapability) as caught:
        await client.assistants.create(tools=[add, {"type": "code_interpreter"}])
    assert (caught.value.capability, caught.value.param) == ("hosted_tools", "tools")


@pytest.mark.parametrize(
    ("capability", "options"),
    [
        ("tools", {"tools": [add]}),
        ("json_schema", {"response_format": {"type": "json_object"}}),
        ("images", {"additional_messages": [[Image.from_url("https://x.test/a.png")]]}),
    ],
)
async def test_what_a_model_does_not_claim_is_refused_before_anything_is_written(
    scripted, capability: str, options
) -> None:
    model = scripted(capabilities=Capabilities())
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["hello"])
        with pytest.raises(UnsupportedCapability) as caught:
            await thread.run(await client.assistants.create(), **options).start()
        assert caught.value.capability == capability
        assert await thread.resume() is None
        assert len([one async for one in thread.messages()]) == 1
    assert model.requests == []


async def test_an_image_for_a_model_that_takes_none_is_not_added(scripted) -> None:
    async with AsyncClient(scripted(capabilities=Capabilities()), store=":memory:") as client:
        thread = await client.threads.create()
        with pytest.raises(UnsupportedCapability):
            await thread.add([Image.from_url("https://x.test/a.png")])
        assert [one async for one in thread.messages()] == []


async def test_a_model_that_cannot_call_in_parallel_is_told_so(scripted) -> None:
    model = scripted(capabilities=Capabilities(tools=True))
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["hello"])
        await thread.run(await client.assistants.create(tools=[add])).result()
    assert model.requests[0].parallel_tool_calls is False


async def test_a_pydantic_model_without_a_schema_is_refused(client: AsyncClient, refused) -> None:
    class Odd(BaseModel, arbitrary_types_allowed=True):
        value: Opaque

    thread = await client.threads.create(messages=["hello"])
    with refused("response_format"):
        thread.run(await client.assistants.create(), response_format=Odd)
