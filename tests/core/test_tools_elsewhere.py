"""Tools that nobody here can call: the run rests until the caller gives their outputs."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.errors import InvalidRequest, RunCancelled, RunRequiresAction, ThreadBusy


@pytest.fixture
async def client(make_store) -> AsyncGenerator[AsyncClient, None]:
    async with AsyncClient("echo", store=make_store()) as client:
        yield client


def wire(name: str) -> dict[str, object]:
    return {"type": "function", "function": {"name": name, "description": "Elsewhere."}}


def add(a: int = 1, b: int = 2) -> int:
    """Add."""
    return a + b


async def rest(client: AsyncClient, text: str, tools, **options):
    assistant = await client.assistants.create(tools=tools)
    thread = await client.threads.create(messages=[text])
    run = thread.run(assistant, **options)
    with pytest.raises(RunRequiresAction) as caught:
        await run.result()
    return run, caught.value.calls


async def test_the_run_rests_and_names_the_calls(client: AsyncClient) -> None:
    run, calls = await rest(client, 'CALL locate {"who": "ann"}', [wire("locate")])
    [call] = calls
    assert (call.name, call.arguments, call.waits_for) == ("locate", '{"who": "ann"}', "output")
    assert run.record.status == "requires_action"
    assert run.record.pending_calls == calls
    [step] = [step async for step in run.steps()]
    assert (step.status, step.tool_calls[0].output) == ("in_progress", None)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("Rome", "Rome"),
        ({"city": "Rome"}, '{"city":"Rome"}'),
        (None, "null"),
        (b"\xff", "/w=="),
        ([1], "[1]"),
        ("", ""),
    ],
)
async def test_a_submitted_value_is_told_as_a_tools_result_would_be(client: AsyncClient, value, told) -> None:
    run, [call] = await rest(client, "CALL locate {}", [wire("locate")])
    await run.submit_tool_outputs({call.id: value})
    assert (await run.result()).text == f"TOOL RESULT: {told}"
    assert [step.status for step in (await run.result()).steps] == ["completed", "completed"]


async def test_every_way_of_reading_ends_in_the_pending_calls_and_goes_on_behind_them(client: AsyncClient) -> None:
    assistant = await client.assistants.create(tools=[wire("locate")])
    thread = await client.threads.create(messages=["CALL locate {}"])
    run = thread.run(assistant)
    events = []

    async def read() -> None:
        async for event in run.events():
            events.append(event)

    async def iterate() -> None:
        async for _ in run:
            pass

    with pytest.raises(RunRequiresAction):
        await read()
    with pytest.raises(RunRequiresAction) as caught:
        await iterate()
    assert (await run.wait()).status == "requires_action"
    await run.submit_tool_outputs({caught.value.calls[0].id: "Rome"})
    rest = [event async for event in run.events(after=events[-1].sequence)]
    assert [event.sequence for event in events + rest] == list(range(1, len(events + rest) + 1))
    names = [event.event for event in rest if event.event.count(".") == 2 and "run" in event.event]
    assert names == ["thread.run.queued", "thread.run.in_progress", "thread.run.completed"]
    assert [step.type async for step in run] == ["tool_calls", "message_creation"]


async def test_outputs_may_come_one_by_one(client: AsyncClient) -> None:
    run, calls = await rest(
        client, "CALL one {}\nCALL two {}\nCALL three {}", [wire("one"), wire("two"), wire("three")]
    )
    assert [call.name for call in calls] == ["one", "two", "three"]
    await run.submit_tool_outputs({calls[1].id: "2"})
    assert [call.name for call in (await run.wait()).pending_calls] == ["one", "three"]
    await run.submit_tool_outputs({calls[0].id: "1"})
    await run.submit_tool_outputs({calls[2].id: "3"})
    assert (await run.result()).text == "TOOL RESULT: 1 | 2 | 3"


async def test_an_unknown_call_is_refused_and_nothing_is_taken(client: AsyncClient, refused) -> None:
    run, calls = await rest(client, "CALL one {}\nCALL two {}", [wire("one"), wire("two")])
    with refused("tool_outputs", "unknown_tool_call"):
        await run.submit_tool_outputs({calls[0].id: "1", "call_none": "2"})
    assert len((await run.wait()).pending_calls) == 2
    with refused("tool_outputs"):
        await run.submit_tool_outputs({})
    with refused(f"tool_outputs[{calls[0].id}]"):
        await run.submit_tool_outputs({calls[0].id: object()})


async def test_an_output_is_taken_once(client: AsyncClient, refused) -> None:
    run, calls = await rest(client, "CALL one {}\nCALL two {}", [wire("one"), wire("two")])
    await run.submit_tool_outputs({calls[0].id: "first"})
    with refused("tool_outputs", "unknown_tool_call"):
        await run.submit_tool_outputs({calls[0].id: "second"})
    await run.submit_tool_outputs({calls[1].id: "2"})
    assert (await run.result()).text == "TOOL RESULT: first | 2"
    with refused("run_id", "run_not_waiting"):
        await run.submit_tool_outputs({calls[1].id: "3"})


async def test_two_submits_at_once_are_taken_once(client: AsyncClient) -> None:
    run, [call] = await rest(client, "CALL one {}", [wire("one")])
    outcomes: list[str] = []

    async def submit(value: str) -> None:
        try:
            await run.submit_tool_outputs({call.id: value})
            outcomes.append(value)
        except InvalidRequest:
            outcomes.append("refused")

    async with anyio.create_task_group() as group:
        group.start_soon(submit, "a")
        group.start_soon(submit, "b")
    assert sorted(outcomes)[1:] == ["refused"]
    assert (await run.result()).text == f"TOOL RESULT: {min(outcomes)}"


async def test_a_run_that_was_not_started_takes_no_outputs(client: AsyncClient, refused) -> None:
    thread = await client.threads.create(messages=["hi"])
    run = thread.run(await client.assistants.create())
    with refused("run", "run_not_started"):
        await run.submit_tool_outputs({"call_1": "x"})


async def test_bound_tools_of_the_same_turn_are_called_first_and_once(client: AsyncClient) -> None:
    made: list[str] = []

    def note(text: str) -> str:
        """Note."""
        made.append(text)
        return text

    run, [call] = await rest(client, 'CALL note {"text": "a"}\nCALL locate {}\nCALL! none {}', [note, wire("locate")])
    assert call.name == "locate"
    assert made == ["a"]
    [step] = [step async for step in run.steps()]
    assert [one.output is None for one in step.tool_calls] == [False, True, False]
    await run.submit_tool_outputs({call.id: "Rome"})
    assert (await run.result()).text.startswith("TOOL RESULT: a | Rome | There is no tool")
    assert made == ["a"], "outputs are gathered and go in together"


async def test_the_thread_is_held_while_the_run_rests(client: AsyncClient) -> None:
    run, _ = await rest(client, "CALL locate {}", [wire("locate")])
    thread = await client.threads.get(run.record.thread_id)
    with pytest.raises(ThreadBusy) as caught:
        await thread.add("more")
    assert caught.value.run_id == run.id
    await run.cancel()
    await thread.add("more")


async def test_a_resting_run_is_cancelled_at_once(client: AsyncClient) -> None:
    run, _ = await rest(client, "CALL locate {}\nCALL add {}", [wire("locate"), add])
    await run.cancel()
    assert run.record.status == "cancelled"
    with pytest.raises(RunCancelled):
        await run.result()
    [step] = [step async for step in run.steps()]
    assert step.status == "cancelled"
    assert [call.output for call in step.tool_calls] == ["Not called: the run was cancelled first.", "3"]


async def test_resume_binds_what_was_missing(client: AsyncClient) -> None:
    _, [call] = await rest(client, "CALL add {}", [wire("add")])
    [waiting] = [run async for run in client.runs.list(status="requires_action")]
    assert waiting.record.pending_calls == (call,) or list(waiting.record.pending_calls) == [call]
    thread = await client.threads.get(waiting.record.thread_id)
    run = await thread.resume(tools=[add])
    assert run is not None
    assert (await run.result()).text == "TOOL RESULT: 3"


async def test_resume_without_the_tools_leaves_the_run_resting(client: AsyncClient) -> None:
    _, [call] = await rest(client, "CALL locate {}", [wire("locate")])
    thread = await client.threads.get((await anext(aiter(client.runs.list()))).record.thread_id)
    run = await thread.resume(tools=[add])
    assert run is not None
    with pytest.raises(RunRequiresAction) as caught:
        await run.result()
    assert [one.id for one in caught.value.calls] == [call.id]
    await run.submit_tool_outputs({call.id: "Rome"})
    assert (await run.result()).text == "TOOL RESULT: Rome"


async def test_resume_binds_some_and_the_rest_stays_pending(client: AsyncClient) -> None:
    _, calls = await rest(client, "CALL add {}\nCALL locate {}", [wire("add"), wire("locate")])
    thread = await client.threads.get((await anext(aiter(client.runs.list()))).record.thread_id)
    run = await thread.resume(tools=[add])
    assert run is not None
    with pytest.raises(RunRequiresAction) as caught:
        await run.result()
    assert [one.id for one in caught.value.calls] == [calls[1].id]


async def test_outputs_are_kept_when_the_client_is_left_at_once(make_store) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as client:
        run, [call] = await rest(client, "CALL locate {}", [wire("locate")])
        await run.submit_tool_outputs({call.id: "Rome"})
    async with AsyncClient("echo", store=store) as client:
        thread = await client.threads.get(run.record.thread_id)
        resumed = await thread.resume()
        if resumed is None:
            assert (await client.runs.get(run.id)).record.status == "completed"
        else:
            await resumed.result()
        assert [message.text async for message in thread.messages()][-1] == "TOOL RESULT: Rome"


async def test_another_client_submits_and_the_run_goes_on_there(make_store) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as first, AsyncClient("echo", store=store) as second:
        run, [call] = await rest(first, "CALL locate {}", [wire("locate")])
        other = await second.runs.get(run.id)
        await other.submit_tool_outputs({call.id: "Rome"})
        assert (await other.result()).text == "TOOL RESULT: Rome"
        assert (await run.result()).text == "TOOL RESULT: Rome"


async def test_the_model_is_told_of_a_call_and_its_output_in_order(scripted, make_call, make_store) -> None:
    model = scripted([make_call("one"), make_call("two"), make_call("add")])
    async with AsyncClient(model, store=make_store()) as client:
        run, calls = await rest(client, "go", [wire("one"), wire("two"), add])
        await run.submit_tool_outputs({calls[1].id: "2"})
        await run.submit_tool_outputs({calls[0].id: "1"})
        assert (await run.result()).text == "done"
    told = [message.text for message in model.requests[1].messages if message.role == "tool"]
    assert told == ["1", "2", "3"]
