"""What a run may have otherwise than its assistant."""

from __future__ import annotations

import json

import pytest
from anyassistant import AsyncClient
from anyassistant.protocols import NamedTool


def add(a: int = 1, b: int = 2) -> int:
    """Add."""
    return a + b


def greet() -> str:
    """Greet."""
    return "hi"


@pytest.fixture
async def ask(client: AsyncClient):
    async def ask(assistant: dict[str, object], **options: object) -> dict[str, object]:
        made = await client.assistants.create(**assistant)  # type: ignore[arg-type]
        thread = await client.threads.create(messages=["REQUEST"])
        result = await thread.run(made, **options).result()  # type: ignore[arg-type]
        given: dict[str, object] = json.loads(result.text)
        return given

    return ask


async def test_what_is_not_given_is_the_assistants(ask) -> None:
    given = await ask({"model": "m", "instructions": "i", "temperature": 0.5, "top_p": 0.5, "tools": [add]})
    assert (given["model"], given["instructions"], given["temperature"], given["top_p"]) == ("m", "i", 0.5, 0.5)
    assert given["tools"] == ["add"]


async def test_model_and_instructions(ask) -> None:
    given = await ask({"model": "m", "instructions": "i"}, model="other", instructions="else")
    assert (given["model"], given["instructions"]) == ("other", "else")


async def test_empty_instructions_are_instructions(ask) -> None:
    assert (await ask({"instructions": "i"}, instructions=""))["instructions"] == ""


async def test_additional_instructions_come_behind(ask) -> None:
    assert (await ask({"instructions": "i"}, additional_instructions="and more"))["instructions"] == "i\n\nand more"
    assert (await ask({}, additional_instructions="only"))["instructions"] == "only"


@pytest.mark.parametrize("at", ["assistant", "run"])
async def test_a_temperature_of_0_arrives_as_0(ask, at: str) -> None:
    given = await (ask({"temperature": 0, "top_p": 0}) if at == "assistant" else ask({}, temperature=0, top_p=0))
    assert (given["temperature"], given["top_p"]) == (0, 0)
    given = await ask({"temperature": 1.5}, temperature=0)
    assert given["temperature"] == 0


async def test_none_stays_none(ask) -> None:
    given = await ask({})
    assert (given["temperature"], given["top_p"], given["max_completion_tokens"]) == (None, None, None)
    assert given["instructions"] is None
    assert given["model"] == "echo", "no model anywhere is the provider's name"


async def test_tools_instead_of_the_assistants(ask, client: AsyncClient) -> None:
    assert (await ask({"tools": [add]}, tools=[greet]))["tools"] == ["greet"]
    assert (await ask({"tools": [add]}, tools=[]))["tools"] == []
    thread = await client.threads.create(messages=["CALL greet {}\nCALL! add {}"])
    result = await thread.run(await client.assistants.create(tools=[add]), tools=[greet]).result()
    assert result.text == "TOOL RESULT: hi | There is no tool 'add'. Tools: greet."


async def test_additional_messages_are_added_to_the_thread(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["one"])
    run = thread.run(await client.assistants.create(), additional_messages=["two", ["three", "!"]])
    assert (await run.result()).text == "ECHO: three!"
    assert [message.text async for message in thread.messages()] == ["one", "two", "three!", "ECHO: three!"]


async def test_a_tool_choice_holds_for_the_first_call_and_then_is_auto(scripted, make_call) -> None:
    for choice, arrives in (
        ("required", "required"),
        ({"type": "function", "function": {"name": "add"}}, NamedTool("add")),
        ("auto", "auto"),
    ):
        model = scripted([make_call("add")], [make_call("add", '{"a": 2}')])
        async with AsyncClient(model, store=":memory:") as client:
            thread = await client.threads.create(messages=["go"])
            run = thread.run(await client.assistants.create(tools=[add]), tool_choice=choice)
            await run.result()
            assert run.record.tool_choice == choice
        assert [request.tool_choice for request in model.requests] == [arrives, "auto", "auto"]


async def test_a_tool_choice_of_none_stays(scripted) -> None:
    model = scripted()
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        await thread.run(await client.assistants.create(tools=[add]), tool_choice="none").result()
    assert model.requests[0].tool_choice == "none"


async def test_parallel_tool_calls_false_arrives(ask) -> None:
    assert (await ask({}, parallel_tool_calls=False))["parallel_tool_calls"] is False
    assert (await ask({}))["parallel_tool_calls"] is True


async def test_reasoning_effort_and_the_runs_id_arrive(scripted) -> None:
    model = scripted()
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create(), reasoning_effort="low")
        await run.result()
    assert (model.requests[0].reasoning_effort, model.requests[0].run_id) == ("low", run.id)
    assert model.requests[0].model == "Scripted", "a bare chat model's name is its class's"


async def test_a_run_keeps_its_assistant_as_it_was(client: AsyncClient) -> None:
    tool = {"type": "function", "function": {"name": "elsewhere"}}
    assistant = await client.assistants.create(instructions="before", tools=[tool])
    thread = await client.threads.create(messages=["CALL elsewhere {}\nREQUEST"])
    run = thread.run(assistant)
    record = await run.wait()
    await assistant.update(instructions="after", tools=[])
    await run.submit_tool_outputs({record.pending_calls[0].id: "x"})
    await run.result()
    assert (run.record.instructions, [one.name for one in run.record.tools]) == ("before", ["elsewhere"])


async def test_a_runs_metadata_is_its_own(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["hi"])
    run = thread.run(await client.assistants.create(metadata={"a": "b"}), metadata={"c": "d"})
    assert (await run.wait()).metadata == {"c": "d"}
