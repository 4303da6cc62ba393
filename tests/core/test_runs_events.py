"""A run's events: numbered, nested, replayable, and the same as what the store says."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.errors import RunError, RunFailed
from anyassistant.types import TERMINAL, Event, MessageEvent, RunEvent, RunStepEvent


@pytest.fixture
async def client(make_store) -> AsyncGenerator[AsyncClient, None]:
    async with AsyncClient("echo", store=make_store()) as client:
        yield client


SCRIPTS = {
    "answer": "hello there",
    "calls": "CALL add {}\nCALL! nope {}\nTHEN\nCALL add {}",
    "failed": "CALL add {}\nFAIL server_error oh",
    "pending": "CALL elsewhere {}",
}


def add() -> int:
    """Add."""
    return 3


ELSEWHERE = {"type": "function", "function": {"name": "elsewhere"}}


@pytest.fixture(params=SCRIPTS)
async def run(client: AsyncClient, request: pytest.FixtureRequest):
    assistant = await client.assistants.create(tools=[add, ELSEWHERE])
    thread = await client.threads.create(messages=[SCRIPTS[request.param]])
    return thread.run(assistant)


async def read(run, **options) -> list[Event]:
    return [event async for event in run.events(check=False, **options)]


async def test_numbers_begin_at_1_and_have_no_gap(run) -> None:
    events = await read(run)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))


async def test_a_run_begins_with_created_and_queued_and_ends_with_one_end(run) -> None:
    events = await read(run)
    names = [event.event for event in events]
    assert names[:3] == ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
    ends = [name for name in names if name.removeprefix("thread.run.") in {*TERMINAL, "requires_action"}]
    assert ends == [names[-1]]
    assert names[-1] == f"thread.run.{run.record.status}"


async def test_steps_lie_in_the_run_and_messages_in_their_step(run) -> None:
    check_nesting(await read(run))


def check_nesting(events: Sequence[Event]) -> None:
    open_steps: dict[str, str | None] = {}
    open_messages: set[str] = set()
    ended: set[str] = set()
    for event in events:
        match event:
            case RunStepEvent(event="thread.run.step.created", data=step):
                assert step.id not in open_steps
                open_steps[step.id] = step.message_id
            case RunStepEvent(event="thread.run.step.in_progress", data=step):
                assert step.id in open_steps
            case RunStepEvent(data=step):
                assert step.message_id is None or step.message_id not in open_messages, "the message ends first"
                del open_steps[step.id]
                ended.add(step.id)
            case MessageEvent(event="thread.message.created", data=message):
                assert message.id in open_steps.values(), "a message lies in its step"
                open_messages.add(message.id)
            case MessageEvent(event="thread.message.in_progress", data=message):
                assert message.id in open_messages
            case MessageEvent(data=message):
                open_messages.remove(message.id)
            case RunEvent(event=name) if name.removeprefix("thread.run.") in TERMINAL:
                assert not open_steps
                assert not open_messages
            case _ if event.event == "thread.message.delta":
                assert event.data["id"] in open_messages
            case _ if event.event == "thread.run.step.delta":
                assert event.data["id"] in open_steps


async def test_a_replay_from_every_number_is_the_tail(run) -> None:
    events = await read(run)
    for after in range(len(events) + 3):
        assert await read(run, after=after) == events[after:]


async def test_a_late_reader_sees_what_an_early_one_saw(client: AsyncClient, run) -> None:
    events = await read(run)
    late = await client.runs.get(run.id)
    assert await read(late) == events


async def test_two_readers_and_one_that_breaks_off(client: AsyncClient, scripted, make_gate, make_store) -> None:
    gate = make_gate()
    async with AsyncClient(scripted(["a", "b", gate, "c"]), store=make_store()) as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create())
        seen: dict[str, list[Event]] = {"one": [], "two": []}

        async def follow(name: str) -> None:
            seen[name] = await read(run)

        async with anyio.create_task_group() as group:
            group.start_soon(follow, "one")
            async for event in run.events():
                if event.event == "thread.message.delta":
                    break
            group.start_soon(follow, "two")
            await gate.reached()
            gate.open()
        assert seen["one"] == seen["two"] == await read(run)
        assert [event.text for event in seen["one"] if event.event == "thread.message.delta"] == ["a", "b", "c"]
        assert (await run.result()).text == "abc", "breaking off detaches, and the run goes on"


async def test_events_come_while_the_run_goes_on(scripted, make_gate, make_store) -> None:
    gate = make_gate()
    async with AsyncClient(scripted(["a", gate, "b"]), store=make_store()) as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create())
        async for event in run.events():
            if event.event == "thread.message.delta" and event.text == "a":
                assert gate.visits <= 1
                assert run.record.status == "in_progress"
                gate.open()


async def test_the_stream_says_what_is_stored(run, client: AsyncClient) -> None:
    events = await read(run)
    said: dict[str, str] = {}
    calls: dict[str, dict[int, dict[str, str]]] = {}
    for event in events:
        if event.event == "thread.message.delta":
            said[event.data["id"]] = said.get(event.data["id"], "") + event.text
        elif event.event == "thread.run.step.delta":
            for piece in event.data["delta"]["step_details"]["tool_calls"]:
                one = calls.setdefault(event.data["id"], {}).setdefault(piece["index"], {"arguments": ""})
                one["id"] = piece["id"]
                for key, value in piece["function"].items():
                    one[key] = one["arguments"] + value if key == "arguments" else value
    messages = {message.id: message async for message in run.messages()}
    assert said == {key: message.text for key, message in messages.items()}
    steps = [step async for step in run.steps()]
    stored = {
        step.id: {
            at: {"id": one.id, "name": one.name, "arguments": one.arguments, "output": one.output}
            for at, one in enumerate(step.tool_calls)
        }
        for step in steps
        if step.type == "tool_calls"
    }
    assert calls == stored
    last = {event.data.id: event.data for event in events if isinstance(event, RunStepEvent | MessageEvent)}
    assert last == {step.id: step for step in steps if step.status != "in_progress"} | messages | {
        step.id: last[step.id] for step in steps if step.status == "in_progress"
    }


async def test_iterating_gives_the_finished_steps(run) -> None:
    steps = []
    with suppress(RunError):
        async for step in run:
            steps.append(step)
    assert steps == [step async for step in run.steps() if step.status != "in_progress"]
    assert all(step.status in ("completed", "failed") for step in steps)


async def test_the_end_is_the_same_for_events_iteration_and_result(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["FAIL server_error oh"])
    run = thread.run(await client.assistants.create())
    for attempt in (run.result, lambda: read_checked(run), lambda: iterate(run)):
        with pytest.raises(RunFailed, match="oh") as caught:
            await attempt()
        assert caught.value.run == run.record
    assert (await run.wait()).status == "failed", "`wait` only reports"
    assert (await read(run))[-1].event == "thread.run.failed", "and so do unchecked events"


async def read_checked(run) -> None:
    async for _ in run.events():
        pass


async def iterate(run) -> None:
    async for _ in run:
        pass


async def test_iterating_after_the_result_gives_the_steps_all_the_same(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["hi"])
    run = thread.run(await client.assistants.create())
    await run.result()
    assert [step.type async for step in run] == ["message_creation"]


async def test_a_left_iteration_goes_on_where_it_was(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["CALL add {}\nTHEN\nCALL add {}"])
    run = thread.run(await client.assistants.create(tools=[add]))
    async for step in run:
        first = step
        break
    rest = [step async for step in run]
    assert [first, *rest] == [step async for step in run.steps()]


async def test_an_event_is_a_block_of_an_event_stream(run) -> None:
    for event in await read(run):
        lines = event.to_sse().split("\n")
        assert lines[0] == f"event: {event.event}"
        assert lines[1] == f"id: {event.sequence}"
        assert lines[3:] == ["", ""]
        data = json.loads(lines[2].removeprefix("data: "))
        assert data["object"].startswith("thread.")


async def test_a_hostile_text_stays_inside_its_frame(scripted, make_store) -> None:
    text = "x\n\nevent: thread.run.failed\ndata: {}\r\n\x00\u2028</script>"
    async with AsyncClient(scripted([text]), store=make_store()) as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create())
        for event in await read(run):
            assert len(event.to_sse().splitlines()) in (4, 5)
            assert event.to_sse().count("\n") == 4
        assert (await run.result()).text == text


async def test_waiting_has_a_time_out_and_leaves_the_run_going(scripted, make_gate, make_store) -> None:
    gate = make_gate()
    async with AsyncClient(scripted([gate, "b"]), store=make_store()) as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create())
        with pytest.raises(TimeoutError):
            await run.wait(timeout=0.01)
        gate.open()
        assert (await run.wait(timeout=10)).status == "completed"


async def test_the_run_object_is_the_wires(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["CALL elsewhere {}"])
    run = thread.run(await client.assistants.create(tools=[ELSEWHERE]), metadata={"k": "v"})
    wire = (await run.wait()).to_wire()
    [call] = run.record.pending_calls
    assert wire["object"] == "thread.run"
    assert wire["required_action"] == {
        "type": "submit_tool_outputs",
        "submit_tool_outputs": {
            "tool_calls": [{"id": call.id, "type": "function", "function": {"name": "elsewhere", "arguments": "{}"}}]
        },
    }
    assert {"incomplete_details", "last_error", "usage", "truncation_strategy", "response_format"} <= set(wire)
    [step] = [one.to_wire() async for one in run.steps()]
    assert step["object"] == "thread.run.step"
    assert step["step_details"]["tool_calls"][0]["function"]["output"] is None
