"""Cancel works from any open status and from another client, and shows at once."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator

import anyio
import anyio.to_thread
import pytest
from anyassistant import AsyncClient, RunContext, host_task
from anyassistant.errors import RunCancelled
from anyassistant_tools import Tool, ToolCancelled


@pytest.fixture
async def client(make_store) -> AsyncGenerator[AsyncClient, None]:
    async with AsyncClient("echo", store=make_store()) as client:
        yield client


async def check_cancelled(run, thread) -> list:
    with pytest.raises(RunCancelled):
        await run.result()
    assert run.record.status == "cancelled"
    assert run.record.cancelled_at is not None
    assert await thread.resume() is None
    await thread.add("usable at once")
    events = [event.event async for event in run.events(check=False)]
    assert events[-2:] == ["thread.run.cancelling", "thread.run.cancelled"]
    return events


async def test_before_the_start_it_makes_a_cancelled_run(scripted, make_store) -> None:
    model = scripted()
    async with AsyncClient(model, store=make_store()) as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create())
        await run.cancel()
        assert await check_cancelled(run, thread) == [
            "thread.run.created",
            "thread.run.queued",
            "thread.run.cancelling",
            "thread.run.cancelled",
        ]
    assert model.requests == []


async def test_in_the_models_stream_the_text_so_far_is_kept(scripted, make_gate, make_store) -> None:
    gate = make_gate()
    async with AsyncClient(scripted(["so far", gate, " never"]), store=make_store()) as client:
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(await client.assistants.create()).start()
        await gate.reached()
        await run.cancel()
        await check_cancelled(run, thread)
        [message] = [message async for message in run.messages()]
        assert (message.text, message.status) == ("so far", "incomplete")
        assert message.incomplete_details is not None
        assert message.incomplete_details.reason == "run_cancelled"
        [step] = [step async for step in run.steps()]
        assert step.status == "cancelled"


async def test_the_model_is_told_what_it_had_said(scripted, make_gate, make_store) -> None:
    gate = make_gate()
    model = scripted(["so far", gate], ["again"])
    async with AsyncClient(model, store=make_store()) as client:
        thread = await client.threads.create(messages=["go"])
        assistant = await client.assistants.create()
        run = await thread.run(assistant).start()
        await gate.reached()
        await run.cancel()
        await run.wait()
        await thread.add("again")
        await thread.run(assistant).result()
    assert [message.text for message in model.requests[1].messages] == ["go", "so far", "again"]


async def test_in_an_async_tool_the_tool_is_cancelled(client: AsyncClient, make_gate) -> None:
    gate = make_gate()
    was_cancelled = False

    async def work() -> str:
        """Work."""
        nonlocal was_cancelled
        try:
            await gate()
        except anyio.get_cancelled_exc_class():
            was_cancelled = True
            raise
        return ""

    thread = await client.threads.create(messages=["CALL work {}\nCALL! none {}"])
    run = await thread.run(await client.assistants.create(tools=[work])).start()
    await gate.reached()
    await run.cancel()
    await check_cancelled(run, thread)
    assert was_cancelled
    [step] = [step async for step in run.steps()]
    assert step.status == "cancelled"
    first, second = step.tool_calls
    assert first.output == "Not finished: the run was cancelled first. It may have taken effect."
    assert second.output is not None


async def test_in_a_sync_tool_the_run_ends_without_waiting_for_it(client: AsyncClient) -> None:
    entered, released = threading.Event(), threading.Event()

    def work() -> str:
        """Work."""
        entered.set()
        released.wait(30)
        return "late"

    thread = await client.threads.create(messages=["CALL work {}"])
    run = await thread.run(await client.assistants.create(tools=[work])).start()
    try:
        await anyio.to_thread.run_sync(entered.wait, 20)
        await run.cancel()
        await check_cancelled(run, thread)
    finally:
        released.set()
    [step] = [step async for step in run.steps()]
    assert step.tool_calls[0].output != "late"


async def test_calls_that_had_not_begun_say_so(client: AsyncClient, make_gate) -> None:
    from anyassistant.types import Limits

    gate = make_gate()

    async def work(n: int) -> int:
        """Work."""
        await gate()
        return n

    thread = await client.threads.create(messages=["\n".join(f'CALL work {{"n": {n}}}' for n in range(3))])
    run = thread.run(await client.assistants.create(tools=[work]), limits=Limits(parallel_tools=1))
    await run.start()
    await gate.reached()
    await run.cancel()
    await check_cancelled(run, thread)
    [step] = [step async for step in run.steps()]
    outputs = [call.output for call in step.tool_calls]
    assert outputs[0] == "Not finished: the run was cancelled first. It may have taken effect."
    assert outputs[1:] == ["Not called: the run was cancelled first."] * 2


async def test_while_it_is_asked_whether_a_call_needs_approval_what_the_model_said_is_whole(
    scripted, make_call, make_gate, make_store
) -> None:
    gate = make_gate()

    async def needs() -> bool:
        await gate()
        return True

    def buy() -> str:
        """Buy it."""
        return "bought"

    tool = Tool.from_callable(buy, requires_approval=needs)
    async with AsyncClient(scripted(["I buy it.", make_call("buy")]), store=make_store()) as client:
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(await client.assistants.create(tools=[tool])).start()
        await gate.reached()
        await run.cancel()
        events = await check_cancelled(run, thread)
        assert "thread.message.completed" in events
        [message] = [message async for message in run.messages()]
        assert (message.text, message.status) == ("I buy it.", "completed")
        said, called = [step async for step in run.steps()]
        assert (said.status, called.status) == ("completed", "cancelled")
        assert [call.output for call in called.tool_calls] == ["Not called: the run was cancelled first."]


async def test_after_the_end_it_changes_nothing(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["hi"])
    run = thread.run(await client.assistants.create())
    await run.result()
    before = run.record
    await run.cancel()
    await run.cancel()
    assert run.record == before
    assert (await run.result()).text == "ECHO: hi"


async def test_it_is_seen_as_cancelling_at_once_by_everyone(scripted, make_gate, make_store) -> None:
    gate, closing = make_gate(), make_gate()

    async def slow_to_close() -> None:
        try:
            await gate()
        finally:
            with anyio.CancelScope(shield=True):
                await closing()

    store = make_store()
    async with AsyncClient(scripted([slow_to_close]), store=store) as client, AsyncClient("echo", store=store) as other:
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(await client.assistants.create()).start()
        await gate.reached()
        seen = await other.runs.get(run.id)
        assert seen.record.status == "in_progress"
        await seen.cancel()
        assert seen.record.status == "cancelling"
        assert (await client.runs.get(run.id)).record.status == "cancelling"
        assert [one.record.status async for one in other.runs.list()] == ["cancelling"]
        await closing.reached()
        closing.open()
        await check_cancelled(run, thread)


async def test_from_another_client_on_the_same_store(make_gate, make_store) -> None:
    gate = make_gate()

    async def work() -> str:
        """Work."""
        await gate()
        return ""

    store = make_store()
    async with AsyncClient("echo", store=store) as client, AsyncClient("echo", store=store) as other:
        thread = await client.threads.create(messages=["CALL work {}"])
        run = await thread.run(await client.assistants.create(tools=[work])).start()
        await gate.reached()
        await (await other.runs.get(run.id)).cancel()
        await check_cancelled(run, thread)


async def test_it_is_finished_by_whoever_comes_next_where_the_driver_was_parked(
    scripted, make_gate, make_store
) -> None:
    gate = make_gate()
    store = make_store()
    async with AsyncClient(scripted(["half", gate]), store=store) as client:
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(await client.assistants.create()).start()
        await gate.reached()
    async with AsyncClient(scripted(), store=store) as client:
        parked = await client.runs.get(run.id)
        assert parked.record.status == "in_progress"
        await parked.cancel()
        assert parked.record.status == "cancelled"
        await check_cancelled(parked, await client.threads.get(thread.id))


async def test_a_follower_sees_the_cancel(scripted, make_gate, make_store) -> None:
    gate = make_gate()
    async with AsyncClient(scripted([gate]), store=make_store()) as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create())
        names: list[str] = []

        async def follow() -> None:
            names.extend([event.event async for event in run.events(check=False)])

        async with anyio.create_task_group() as group:
            group.start_soon(follow)
            await gate.reached()
            await run.cancel()
        assert names[-1] == "thread.run.cancelled"


async def test_a_cancelled_reader_does_not_cancel_the_run(scripted, make_gate, make_store) -> None:
    gate = make_gate()
    async with AsyncClient(scripted([gate, "end"]), store=make_store()) as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create())
        async with anyio.create_task_group() as group:
            group.start_soon(run.result)
            await gate.reached()
            group.cancel_scope.cancel()
        gate.open()
        assert (await run.result()).text == "end"


async def test_a_tool_that_heeds_no_cancellation_does_not_keep_its_run_from_ending(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_task, "LEAVE_SECONDS", 0.01)
    begun, may_end = anyio.Event(), anyio.Event()
    refused: list[Exception] = []

    async def stubborn(ctx: RunContext) -> None:
        begun.set()
        with anyio.CancelScope(shield=True):
            await may_end.wait()
        try:
            ctx.emit("too late")
        except ToolCancelled as error:
            refused.append(error)

    thread = await client.threads.create(messages=["CALL stubborn {}"])
    run = await thread.run(await client.assistants.create(tools=[stubborn])).start()
    await begun.wait()
    await run.cancel()
    assert (await run.wait()).status == "cancelled"
    [step] = [step async for step in run.steps()]
    assert step.tool_calls[0].outcome == "unknown"
    may_end.set()
    await anyio.wait_all_tasks_blocked()
    assert refused
    assert [event.event async for event in run.events(check=False)][-1] == "thread.run.cancelled"
