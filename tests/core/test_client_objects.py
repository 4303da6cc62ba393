"""Assistants, threads and messages: made, read, changed, listed, deleted."""

from __future__ import annotations

import copy
import pickle

import pytest
from anyassistant import AsyncClient
from anyassistant.errors import InvalidRequest, NotFound, ThreadBusy
from anyassistant.types import Text


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


async def test_an_assistant_is_what_it_was_made_as(client: AsyncClient) -> None:
    made = await client.assistants.create(
        name="Helper",
        description="helps",
        instructions="Help.",
        model="m-1",
        tools=[add],
        temperature=0,
        top_p=0.5,
        metadata={"team": "a"},
        response_format={"type": "json_object"},
    )
    got = await client.assistants.get(made.id)
    assert got.record == made.record
    wire = got.record.to_wire()
    assert wire["object"] == "assistant"
    assert wire["temperature"] == 0
    assert wire["tools"] == [{"type": "function", "function": {"name": "add", "description": "Add.", **parameters()}}]
    assert made.id.startswith("asst_")
    assert (made.name, made.record.response_format) == ("Helper", {"type": "json_object"})


def parameters() -> dict[str, object]:
    from anyassistant import Tool

    return {"parameters": Tool.from_callable(add).parameters}


async def test_what_the_caller_does_with_its_own_dicts_does_not_reach_the_record(client: AsyncClient) -> None:
    schema: dict[str, object] = {"type": "object"}
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    pairs = {"k": "v"}
    made = await client.assistants.create(tools=[tool], response_format=wanted, metadata=pairs)
    schema["type"] = pairs["k"] = "changed"
    wanted["type"] = "changed"
    record = (await client.assistants.get(made.id)).record
    assert record == made.record
    assert "changed" not in str(record)


async def test_an_update_keeps_what_is_not_given(client: AsyncClient) -> None:
    made = await client.assistants.create(name="a", instructions="i", temperature=0, tools=[add], metadata={"k": "v"})
    before = made.record
    updated = await client.assistants.update(made.id, name="b")
    assert updated.name == "b"
    after = (await client.assistants.get(made.id)).record
    assert (after.instructions, after.temperature, after.metadata) == ("i", 0, {"k": "v"})
    assert (after.tools, after.created_at) == (before.tools, before.created_at)
    await made.update(name=None, metadata={})
    assert (made.record.name, made.record.metadata, made.record.instructions) == (None, {}, "i")


async def test_an_update_of_the_tools_binds_them(client: AsyncClient) -> None:
    made = await client.assistants.create()
    await made.update(tools=[add])
    thread = await client.threads.create(messages=['CALL add {"a": 1, "b": 2}'])
    assert (await thread.run(made).result()).text == "TOOL RESULT: 3"
    await made.update(tools=[])
    await thread.add('CALL add {"a": 1, "b": 2}')
    assert (await thread.run(made).result()).text.startswith("ECHO")


async def test_a_deleted_assistant_is_gone_and_its_runs_stay(client: AsyncClient) -> None:
    assistant = await client.assistants.create()
    thread = await client.threads.create(messages=["hi"])
    run = thread.run(assistant)
    await run.result()
    await assistant.delete()
    for attempt in (assistant.delete, lambda: assistant.update(name="x"), lambda: client.assistants.get(assistant.id)):
        with pytest.raises(NotFound):
            await attempt()
    assert (await client.runs.get(run.id)).record.assistant_id == assistant.id


async def test_two_functions_of_one_name_cannot_be_registered(client: AsyncClient, refused) -> None:
    assistant = await client.assistants.create(tools=[add])
    with refused("fn", "duplicate_tool_name"):
        assistant.register_function(add)


async def test_registering_binds_a_tool_that_the_record_already_has(client: AsyncClient) -> None:
    made = await client.assistants.create(tools=[add])
    assistant = await client.assistants.get(made.id)
    assistant.register_function(add)
    thread = await client.threads.create(messages=['CALL add {"a": 1, "b": 2}'])
    assert (await thread.run(assistant).result()).text == "TOOL RESULT: 3"


async def test_a_thread_is_made_with_messages_and_metadata(client: AsyncClient) -> None:
    made = await client.threads.create(messages=["one", [Text("two"), "three"]], metadata={"k": "v"})
    got = await client.threads.get(made.id)
    assert got.record == made.record
    assert got.record.to_wire()["metadata"] == {"k": "v"}
    messages = [message async for message in got.messages()]
    assert [message.text for message in messages] == ["one", "twothree"]
    assert {message.thread_id for message in messages} == {made.id}


async def test_a_threads_metadata_is_replaced(client: AsyncClient) -> None:
    made = await client.threads.create(metadata={"k": "v"})
    await client.threads.update(made.id, metadata={"x": "y"})
    assert (await client.threads.get(made.id)).record.metadata == {"x": "y"}


async def test_a_message_keeps_role_and_metadata(client: AsyncClient) -> None:
    thread = await client.threads.create()
    said = await thread.add("I said so", role="assistant", metadata={"k": "v"})
    [stored] = [message async for message in thread.messages()]
    assert stored == said
    assert (stored.role, stored.metadata, stored.status, stored.run_id) == ("assistant", {"k": "v"}, "completed", None)
    assert stored.to_wire()["content"] == [{"type": "text", "text": {"value": "I said so", "annotations": []}}]


async def test_messages_come_in_the_order_in_which_they_were_said(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["1"])
    assistant = await client.assistants.create()
    await thread.run(assistant, additional_messages=["2", "3"]).result()
    assert [message.text async for message in thread.messages()] == ["1", "2", "3", "ECHO: 3"]
    assert [message.text async for message in thread.messages(order="desc")] == ["ECHO: 3", "3", "2", "1"]


async def test_the_messages_of_one_run(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["1"])
    assistant = await client.assistants.create()
    first = (await thread.run(assistant).result()).run
    await thread.add("2")
    second = (await thread.run(assistant).result()).run
    assert [message.text async for message in thread.messages(run_id=first.id)] == ["ECHO: 1"]
    assert [message.text async for message in thread.messages(run_id=second.id)] == ["ECHO: 2"]
    assert [message.text async for message in thread.messages(run_id="run_none")] == []


async def test_a_deleted_thread_takes_its_messages_and_runs_along(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["1"])
    run = thread.run(await client.assistants.create())
    await run.result()
    await thread.delete()
    for attempt in (thread.delete, lambda: client.runs.get(run.id), lambda: thread.messages().page()):
        with pytest.raises(NotFound):
            await attempt()
    assert [one async for one in client.runs.list()] == []


async def test_a_thread_with_an_open_run_is_not_deleted(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["SLEEP 60"])
    run = await thread.run(await client.assistants.create()).start()
    with pytest.raises(ThreadBusy) as caught:
        await client.threads.delete(thread.id)
    assert (caught.value.run_id, caught.value.thread_id) == (run.id, thread.id)
    await run.cancel()


async def test_metadata_filters_the_lists(client: AsyncClient) -> None:
    assistant = await client.assistants.create(name="a", metadata={"team": "x", "env": "prod"})
    await client.assistants.create(name="b", metadata={"team": "x"})
    await client.assistants.create(name="c")
    assert [one.name async for one in client.assistants.list(metadata={"team": "x"})] == ["b", "a"]
    assert [one.name async for one in client.assistants.list(metadata={"team": "x", "env": "prod"})] == ["a"]
    assert [one.name async for one in client.assistants.list(metadata={"team": "y"})] == []
    thread = await client.threads.create(messages=["hi"], metadata={"team": "x"})
    await client.threads.create()
    assert [one.id async for one in client.threads.list(metadata={"team": "x"})] == [thread.id]
    run = thread.run(assistant, metadata={"team": "x"})
    await run.result()
    assert [one.id async for one in client.runs.list(metadata={"team": "x"})] == [run.id]
    assert [one.id async for one in client.runs.list(metadata={"team": "y"})] == []
    with pytest.raises(ValueError, match="metadata"):
        client.threads.list(metadata={"team": 1})  # type: ignore[dict-item]


async def test_runs_are_listed_by_status_and_thread(client: AsyncClient, refused) -> None:
    assistant = await client.assistants.create()
    one, two = await client.threads.create(messages=["a"]), await client.threads.create(messages=["FAIL"])
    first, second = thread_runs = one.run(assistant), two.run(assistant)
    for run in thread_runs:
        await run.wait()
    assert [run.id async for run in client.runs.list()] == [second.id, first.id]
    assert [run.id async for run in client.runs.list(thread_id=one.id)] == [first.id]
    assert [run.id async for run in client.runs.list(status="failed")] == [second.id]
    with refused("status"):
        client.runs.list(status="finished")  # type: ignore[arg-type]


async def test_handles_refuse_to_be_pickled_and_say_what_to_do(client: AsyncClient) -> None:
    assistant = await client.assistants.create()
    thread = await client.threads.create(messages=["hi"])
    run = thread.run(assistant)
    for handle in (client, client.threads, client.assistants, client.runs, assistant, thread, run, thread.messages()):
        for refuse in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="pickle its `record`"):
                refuse(handle)


async def test_records_and_events_can_be_pickled(client: AsyncClient) -> None:
    assistant = await client.assistants.create(tools=[add], metadata={"k": "v"})
    thread = await client.threads.create(messages=['CALL add {"a": 1, "b": 2}'])
    run = thread.run(assistant)
    events = [event async for event in run.events()]
    result = await run.result()
    for value in (assistant.record, thread.record, run.record, result, *events, *result.steps, *result.messages):
        assert pickle.loads(pickle.dumps(value)) == value


async def test_a_handle_shows_its_kind_and_its_id(client: AsyncClient) -> None:
    assistant = await client.assistants.create()
    thread = await client.threads.create(messages=["hello"])
    run = thread.run(assistant)
    assert repr(assistant) == f"<AsyncAssistant {assistant.id}>"
    assert repr(thread) == f"<AsyncThread {thread.id}>"
    assert repr(run) == "<AsyncRun not begun>"
    await run.wait()
    assert repr(run) == f"<AsyncRun {run.id}>"
    assert repr(client.threads) == "<AsyncThreads>"
    await thread.delete()
    assert repr(thread) == f"<AsyncThread {thread.id}>"


def test_a_handle_that_is_half_made_can_be_shown() -> None:
    from anyassistant import Thread

    assert repr(Thread.__new__(Thread)).startswith("<Thread")


async def test_a_message_in_the_form_of_the_assistants_api_is_refused_with_what_to_write(client: AsyncClient) -> None:
    with pytest.raises(InvalidRequest, match=r"messages\[0\].*content alone; thread\.add\(text, role='assistant'\)"):
        await client.threads.create(messages=[{"role": "user", "content": "hi"}])  # type: ignore[list-item]
    with pytest.raises(InvalidRequest, match="put the part into a list"):
        await client.threads.create(messages=[{"type": "text", "text": "hi"}])  # type: ignore[list-item]
