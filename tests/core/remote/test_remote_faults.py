"""What goes wrong with runs that a service keeps: outages, drivers that are lost, services that lack things."""

from __future__ import annotations

from dataclasses import replace

import anyio
import anyio.lowlevel
import pytest
from anyassistant import AsyncClient, ToolResult, tool
from anyassistant.errors import InvalidRequest, ProviderError, RunFailed, RunIncomplete, RunRequiresAction
from anyassistant.store.memory import MemoryStore
from anyassistant.types import Limits, Page, PageQuery, RunRecord, RunStep


def order_item(item_id: str) -> str:
    """Order an item."""
    return f"ordered {item_id}"


@tool(requires_approval=True)
def confirm_order_item(order_id: str) -> str:
    """Buy it."""
    return f"bought {order_id}"


async def rest(client: AsyncClient):
    assistant = await client.assistants.create(tools=[confirm_order_item])
    thread = await client.threads.create(messages=['CALL confirm_order_item {"order_id": "o"}'])
    run = thread.run(assistant)
    with pytest.raises(RunRequiresAction) as action:
        await run.result()
    return thread, run, action.value.calls[0].id


class Outage:
    """Whether the service can be reached."""

    def __init__(self, service, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_on = False
        self.asked = 0
        get_thread = service.get_thread

        async def get(thread_id: str):
            self.asked += 1
            if self.is_on:
                raise ProviderError("no line", code="connection_error")
            return await get_thread(thread_id)

        monkeypatch.setattr(service, "get_thread", get)


@pytest.fixture
def outage(service, monkeypatch: pytest.MonkeyPatch) -> Outage:
    return Outage(service, monkeypatch)


async def test_a_call_is_decided_once_whoever_is_first(service, make_store) -> None:
    async with AsyncClient(service, store=make_store()) as client:
        _, run, call_id = await rest(client)
        acknowledged: list[str] = []

        async def decide(handle, what: str) -> None:
            try:
                if what == "approve":
                    await handle.approve(call_id, by="ann")
                else:
                    await handle.reject(call_id, "No.", by="eve")
            except InvalidRequest:
                return
            acknowledged.append(what)

        handles = [await client.runs.get(run.id) for _ in range(4)]
        async with anyio.create_task_group() as group:
            for handle, what in zip(handles, ("approve", "reject") * 2, strict=True):
                group.start_soon(decide, handle, what)
        assert len(acknowledged) == 1
        [step] = [step async for step in run.steps() if step.tool_calls]
        decision = step.tool_calls[0].decision
        assert decision is not None
        assert decision.approved == (acknowledged == ["approve"])


async def test_what_is_kept_here_is_listed_though_the_service_is_down(service, make_store, outage: Outage) -> None:
    async with AsyncClient(service, store=make_store()) as client:
        _, run, _ = await rest(client)
        outage.is_on, outage.asked = True, 0
        assert [one.id async for one in client.runs.list()] == [run.id]
        assert outage.asked == 0
        assert (await client.runs.get(run.id)).record.status == "requires_action"


async def test_an_outage_is_not_told_as_the_callers_mistake(service, make_store, outage: Outage) -> None:
    async with AsyncClient(service, store=make_store()) as client:
        _, run, call_id = await rest(client)
        outage.is_on = True
        with pytest.raises(ProviderError, match="no line"):
            await run.approve(call_id)
        outage.is_on = False
        await run.approve(call_id)
        assert (await run.result()).text == "TOOL RESULT: bought o"


async def test_a_base_exception_ends_its_run_and_nothing_else(service, make_store) -> None:
    def leave(order_id: str) -> bool:
        raise SystemExit(3)

    @tool(requires_approval=leave)
    def buy(order_id: str) -> str:
        """Buy."""
        return order_id

    async with AsyncClient(service, store=make_store()) as client:
        assistant = await client.assistants.create(tools=[buy])
        thread = await client.threads.create(messages=['CALL buy {"order_id": "o"}'])
        run = thread.run(assistant)
        assert not (await run.wait()).is_open
        await thread.add("usable")


async def test_a_fatal_failure_outlives_its_driver(service, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()

    @tool(fatal=ConnectionError)
    def broken() -> None:
        """Break."""
        raise ConnectionError("no line")

    async with AsyncClient(service, store=store) as client:
        assistant = await client.assistants.create(tools=[broken])
        thread = await client.threads.create(messages=["CALL broken {}"])
        run = thread.run(assistant)
        lost = anyio.Event()

        def lose(_: object, output: object) -> None:  # the lease goes right after the output was written
            [held] = store._runs._items.values()
            held.base = replace(held.base, epoch=held.base.epoch + 1, driver=None)
            lost.set()

        with monkeypatch.context() as patch:
            patch.setattr("anyassistant.remote.loop.RunLoop._raise_if_fatal", lose)
            await run.start()
            await lost.wait()
        mine = await thread.resume(tools=[broken])
        assert mine is not None
        with pytest.raises(RunFailed) as failed:
            await mine.result()
        assert failed.value.code == "tool_failed"


async def test_a_service_without_steps_is_held_to_limits_and_its_rounds_end(service, monkeypatch) -> None:
    async def no_steps(self, query: PageQuery) -> Page[RunStep]:
        return Page([], False)

    def refuse(_: object) -> None:
        raise ProviderError("no streams here", code="connection_error")

    service.on_event = refuse
    monkeypatch.setattr(service.run_type, "list_steps", no_steps)
    again = "\nTHEN\n".join(['CALL order_item {"item_id": "x"}'] * 9)
    async with AsyncClient(service, store=MemoryStore()) as client:
        assistant = await client.assistants.create(tools=[order_item])
        thread = await client.threads.create(messages=[again])
        run = thread.run(assistant, limits=Limits(turns=2))
        with pytest.raises(RunIncomplete) as incomplete:
            await run.result()
        assert incomplete.value.reason == "max_turns"
        steps = [step async for step in run.steps()]
        assert [step.status for step in steps] == ["completed", "completed"]


async def test_images_of_a_tool_are_told_in_words(service, make_store) -> None:
    def draw() -> ToolResult:
        """Draw."""
        return ToolResult("a hat", images=[b"\x89PNG"])

    async with AsyncClient(service, store=make_store()) as client:
        assistant = await client.assistants.create(tools=[draw])
        thread = await client.threads.create(messages=["CALL draw {}"])
        result = await thread.run(assistant).result()
    assert "a hat\n[1 image(s) that this model cannot be shown]" in result.text


async def test_a_run_of_somebody_else_is_taken_as_it_is(service, make_store) -> None:
    async with AsyncClient(service, store=make_store()) as client:
        thread, run, _ = await rest(client)
        async with AsyncClient(service, store=MemoryStore()) as other:
            theirs = await (await other.threads.get(thread.id))._backend.get_run(run.id)
            assert theirs.record.status == "requires_action"
            await run.cancel()
            await run.wait()
            ended = thread.run(await client.assistants.create(), additional_messages=["hello"])
            await ended.result()
        async with AsyncClient(service, store=MemoryStore()) as third:
            found = await (await third.threads.get(thread.id))._backend.get_run(ended.id)
            assert found.record.status == "completed"
            assert [event.event async for event in found.events()][-1] == "thread.run.completed"
            await (await third.threads.get(thread.id)).add("the thread is free")


async def test_readers_that_find_a_thread_at_once_do_not_get_in_each_others_way(service, make_store) -> None:
    async with AsyncClient(service, store=MemoryStore()) as client:
        thread = await client.threads.create(messages=["hello"])
        async with AsyncClient(service, store=make_store()) as other, anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(other.threads.get, thread.id)


async def test_a_pause_that_is_told_too_late_is_not_answered_twice(service, monkeypatch) -> None:
    refresh = service.run_type.refresh
    seen: dict[str, RunRecord] = {}

    async def lagging(self) -> RunRecord:
        record = await refresh(self)
        if record.status == "requires_action":
            seen[record.id] = record
        elif record.id in seen:  # one look more at what is over
            self.record = seen.pop(record.id)
        return self.record

    def refuse(_: object) -> None:
        raise ProviderError("no streams here", code="connection_error")

    service.on_event = refuse
    monkeypatch.setattr(service.run_type, "refresh", lagging)
    async with AsyncClient(service, store=MemoryStore()) as client:
        assistant = await client.assistants.create(tools=[order_item])
        thread = await client.threads.create(messages=['CALL order_item {"item_id": "x"}'])
        assert (await thread.run(assistant).result()).text == "TOOL RESULT: ordered x"
    assert len(service.submitted) == 1


async def test_an_id_that_is_used_twice_is_no_answer_to_the_second_call(service, monkeypatch) -> None:
    refresh = service.run_type.refresh
    first: list[str] = []

    async def repeating(self) -> RunRecord:
        record = await refresh(self)
        calls = list(record.pending_calls)
        if calls and not first:
            first.append(calls[0].id)
        elif calls and calls[0].id != first[0]:
            self.record = replace(record, pending_calls=[replace(calls[0], id=first[0])])
        return self.record

    def refuse(_: object) -> None:
        raise ProviderError("no streams here", code="connection_error")

    async def no_steps(self, query: PageQuery) -> Page[RunStep]:
        return Page([], False)

    service.on_event = refuse
    monkeypatch.setattr(service.run_type, "list_steps", no_steps)
    monkeypatch.setattr(service.run_type, "refresh", repeating)
    monkeypatch.setattr("anyassistant.remote.loop.STALE_SECONDS", 0.0)
    async with AsyncClient(service, store=MemoryStore()) as client:
        assistant = await client.assistants.create(tools=[order_item])
        text = 'CALL order_item {"item_id": "x"}\nTHEN\nCALL order_item {"item_id": "y"}'
        thread = await client.threads.create(messages=[text])
        with pytest.raises(RunFailed, match="two calls the id") as failed:
            await thread.run(assistant).result()
        assert failed.value.code == "invalid_response"


async def test_a_call_that_was_begun_is_told_as_one_when_its_run_is_cancelled(service, make_store) -> None:
    store = make_store()
    begun = anyio.Event()

    async def wait_long() -> None:
        """Wait."""
        begun.set()
        await anyio.sleep_forever()

    async with AsyncClient(service, store=store) as client:
        assistant = await client.assistants.create(tools=[wait_long])
        thread = await client.threads.create(messages=["CALL wait_long {}\nCALL elsewhere {}"])
        run = await thread.run(assistant).start()
        await begun.wait()
        await run.cancel()
        assert (await run.wait()).status == "cancelled"
        [step] = [step async for step in run.steps()]
        call = step.tool_calls[0]
        assert call.outcome == "unknown"
        assert call.output == "Not finished: the run was cancelled first. It may have taken effect."


async def test_cancel_during_an_outage_is_told_to_who_waits_and_done_afterwards(
    service, make_store, outage: Outage
) -> None:
    async with AsyncClient(service, store=make_store()) as client:
        _, run, _ = await rest(client)
        outage.is_on = True
        await run.cancel()
        assert run.record.status == "cancelling"
        outage.asked = 0
        with pytest.raises(ProviderError, match="no line"):
            await run.wait()
        assert outage.asked < 10
        outage.is_on = False
        assert (await run.wait()).status == "cancelled"


async def test_an_approved_call_whose_driver_went_away_is_taken_up_again(service, make_store) -> None:
    store = make_store()
    provider = type("Kept", (type(service),), {"aclose": lambda self: anyio.lowlevel.checkpoint()})(store=service.store)
    begun, calls = anyio.Event(), []

    @tool(requires_approval=True, idempotent=True)
    async def pay() -> str:
        """Pay."""
        calls.append(1)
        begun.set()
        if len(calls) == 1:
            await anyio.sleep_forever()
        return "paid"

    async with AsyncClient(provider, store=store) as client:
        assistant = await client.assistants.create(tools=[pay])
        thread = await client.threads.create(messages=["CALL pay {}"])
        run = thread.run(assistant)
        with pytest.raises(RunRequiresAction) as action:
            await run.result()
        await run.approve(action.value.calls[0].id)
        await begun.wait()
        assert (await client.runs.get(run.id)).record.status == "in_progress"
    async with AsyncClient(provider, store=store) as client:
        mine = await (await client.threads.get(thread.id)).resume(tools=[pay])
        assert mine is not None
        assert (await mine.result()).text == "TOOL RESULT: paid"
    await type(service).aclose(provider)
