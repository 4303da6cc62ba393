"""What a tool is told of its run, what it tells the run's readers, and how it learns that nobody waits any more."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import anyio
import anyio.from_thread
import pytest
from anyassistant import AsyncClient, RunContext, Tool, ToolError
from anyassistant.errors import RunCancelled
from anyassistant.types import ExtensionEvent, RunStepDeltaEvent
from anyassistant_tools import ToolCancelled, ToolResult


@dataclass
class Deps:
    user: str


@pytest.fixture
async def client(make_store) -> AsyncGenerator[AsyncClient, None]:
    async with AsyncClient("echo", store=make_store()) as client:
        yield client


async def begin(client: AsyncClient, tool, text: str | None = None, **options):
    name = tool.name if isinstance(tool, Tool) else tool.__name__
    assistant = await client.assistants.create(tools=[tool])
    thread = await client.threads.create(messages=[text or f"CALL {name} {{}}"])
    return thread.run(assistant, **options)


def progress_of(event) -> object:
    is_progress = isinstance(event, ExtensionEvent) and event.event == "anyassistant.tool.progress"
    return event.data["progress"] if is_progress else None


async def told(run) -> list[object]:
    """What readers were told of the calls, in order: progress, and outputs as `("output", text)`."""
    found: list[object] = []
    async for event in run.events(check=False):
        if progress_of(event) is not None:
            found.append(progress_of(event))
        elif isinstance(event, RunStepDeltaEvent):
            details: Any = event.data["delta"]
            [call] = details["step_details"]["tool_calls"]
            if call["function"].get("output") is not None:
                found.append(("output", call["function"]["output"]))
    return found


# What a tool is told


async def test_a_tool_gets_what_the_app_gave_and_who_calls_it(client: AsyncClient) -> None:
    seen: list[RunContext[Deps]] = []

    def who(context: RunContext[Deps]) -> str:
        """Who."""
        seen.append(context)
        return context.deps.user

    run = await begin(client, who, deps=Deps("ann"))
    result = await run.result()
    assert result.text == "TOOL RESULT: ann"
    [context] = seen
    [call] = result.steps[0].tool_calls
    record = result.run
    assert (context.run_id, context.thread_id, context.assistant_id, context.call_id) == (
        record.id,
        record.thread_id,
        record.assistant_id,
        call.id,
    )
    [spec] = record.tools
    assert spec.parameters["properties"] == {}, "no model sees it"


async def test_without_deps_there_are_none(client: AsyncClient) -> None:
    def who(context: RunContext) -> bool:
        """Who."""
        return context.deps is None

    assert (await (await begin(client, who)).result()).text == "TOOL RESULT: true"


async def test_falsy_deps_are_deps(client: AsyncClient) -> None:
    def who(context: RunContext[int]) -> int:
        """Who."""
        return context.deps

    assert (await (await begin(client, who, deps=0)).result()).text == "TOOL RESULT: 0"


async def test_each_call_has_a_key_of_its_own(client: AsyncClient) -> None:
    keys: list[str] = []

    def note(context: RunContext) -> str:
        """Note."""
        keys.append(context.idempotency_key)
        return ""

    text = "CALL note {}\nCALL note {}\nTHEN\nCALL note {}"
    await (await begin(client, note, text)).result()
    await (await begin(client, note, text)).result()
    assert len(set(keys)) == 6


async def test_deps_are_of_whoever_drives_the_run(make_store, make_gate) -> None:
    store, gate = make_store(), make_gate()
    seen: list[str] = []

    async def who(context: RunContext[str]) -> str:
        """Who."""
        seen.append(context.deps)
        if len(seen) == 1:
            await gate()
        return context.deps

    tool = Tool.from_callable(who, idempotent=True)
    async with AsyncClient("echo", store=store) as client:
        run = await (await begin(client, tool, deps="ann")).start()
        await gate.reached()
    async with AsyncClient("echo", store=store) as client:
        resumed = await (await client.threads.get(run.record.thread_id)).resume(tools=[tool], deps="bob")
        assert resumed is not None
        assert (await resumed.result()).text == "TOOL RESULT: bob"
    assert seen == ["ann", "bob"]


async def test_the_idempotency_key_is_the_same_after_a_take_over(make_store, make_gate) -> None:
    store, gate = make_store(), make_gate()
    keys: list[str] = []

    async def pay(context: RunContext) -> str:
        """Pay."""
        keys.append(context.idempotency_key)
        if len(keys) == 1:
            await gate()
        return "paid"

    tool = Tool.from_callable(pay, idempotent=True)
    async with AsyncClient("echo", store=store) as client:
        run = await (await begin(client, tool)).start()
        await gate.reached()
    async with AsyncClient("echo", store=store) as client:
        resumed = await (await client.threads.get(run.record.thread_id)).resume(tools=[tool])
        assert resumed is not None
        await resumed.result()
    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_the_approval_the_call_and_its_reconciliation_have_one_key(make_store, make_gate) -> None:
    store, gate = make_store(), make_gate()
    keys: dict[str, str] = {}

    def needs(context: RunContext) -> bool:
        keys["approval"] = context.idempotency_key
        return False

    def find(context: RunContext[str]) -> str:
        keys["reconcile"] = context.idempotency_key
        return f"found for {context.deps}"

    async def pay(context: RunContext) -> str:
        """Pay."""
        keys["call"] = context.idempotency_key
        await gate()
        return "paid"

    tool = Tool.from_callable(pay, requires_approval=needs, reconcile=find)
    async with AsyncClient("echo", store=store) as client:
        run = await (await begin(client, tool)).start()
        await gate.reached()
    async with AsyncClient("echo", store=store) as client:
        resumed = await (await client.threads.get(run.record.thread_id)).resume(tools=[tool], deps="bob")
        assert resumed is not None
        assert (await resumed.result()).text == "TOOL RESULT: found for bob"
    assert set(keys) == {"approval", "call", "reconcile"}
    assert len(set(keys.values())) == 1


# What it tells


async def counts_async(context: RunContext) -> str:
    """Count."""
    for number in (1, 2, 3):
        context.emit(number)
        await anyio.lowlevel.checkpoint()
    return "counted"


def counts_in_a_thread(context: RunContext) -> str:
    """Count."""
    for number in (1, 2, 3):
        context.emit(number)
    return "counted"


def generates() -> Iterator[object]:
    """Count."""
    yield from (1, 2, 3)
    yield ToolResult("counted")


def generates_and_returns() -> Generator[int, None, str]:
    """Count."""
    yield from (1, 2, 3)
    return "counted"


async def generates_async() -> AsyncIterator[object]:
    """Count."""
    for number in (1, 2, 3):
        yield number
        await anyio.lowlevel.checkpoint()
    yield ToolResult("counted")


@pytest.mark.parametrize("tool", [counts_async, counts_in_a_thread, generates, generates_and_returns, generates_async])
async def test_progress_comes_in_order_and_before_the_output(client: AsyncClient, tool) -> None:
    run = await begin(client, tool)
    assert (await run.result()).text == "TOOL RESULT: counted"
    assert await told(run) == [1, 2, 3, ("output", "counted")]
    events = [event async for event in run.events()]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))


async def test_progress_is_there_before_the_call_has_ended(client: AsyncClient, make_gate) -> None:
    gate = make_gate()

    async def work(context: RunContext) -> str:
        """Work."""
        context.emit("half")
        await gate()
        return "done"

    run = await begin(client, work)
    with anyio.fail_after(20):
        async for event in run.events():
            if progress_of(event) is not None:
                assert progress_of(event) == "half"
                gate.open()
    assert run.record.status == "completed"


async def test_progress_names_its_call(client: AsyncClient) -> None:
    def work(n: int, context: RunContext) -> int:
        """Work."""
        context.emit(n)
        return n

    run = await begin(client, work, 'CALL work {"n": 1}\nCALL work {"n": 2}')
    result = await run.result()
    told = [event.data async for event in run.events() if progress_of(event) is not None]
    by_call = {call.id: call.arguments for call in result.steps[0].tool_calls}
    assert {by_call[str(data["tool_call_id"])]: data["progress"] for data in told} == {'{"n": 1}': 1, '{"n": 2}': 2}


async def test_progress_has_the_form_of_a_result(client: AsyncClient) -> None:
    def work(context: RunContext) -> str:
        """Work."""
        context.emit({"day": date(2026, 1, 2), "raw": b"\x00\xff", "deps": Deps("ann")})
        return ""

    run = await begin(client, work)
    await run.result()
    assert (await told(run))[0] == {"day": "2026-01-02", "raw": "AP8=", "deps": {"user": "ann"}}


async def test_progress_that_is_no_json_fails_the_call_and_is_told_to_nobody(client: AsyncClient) -> None:
    def work(context: RunContext) -> str:
        """Work."""
        context.emit(object())
        return ""

    run = await begin(client, work)
    [call] = (await run.result()).steps[0].tool_calls
    assert call.outcome == "failed"
    assert call.error is not None
    assert "has no JSON form" in call.error
    assert [one for one in await told(run) if not isinstance(one, tuple)] == []


async def test_progress_of_a_function_that_finds_out_what_came_of_a_call(make_store, make_gate) -> None:
    store, gate = make_store(), make_gate()

    def find(context: RunContext) -> str:
        context.emit("looking")
        return "found"

    async def pay() -> str:
        """Pay."""
        await gate()
        return "paid"

    tool = Tool.from_callable(pay, reconcile=find)
    async with AsyncClient("echo", store=store) as client:
        run = await (await begin(client, tool)).start()
        await gate.reached()
    async with AsyncClient("echo", store=store) as client:
        resumed = await (await client.threads.get(run.record.thread_id)).resume(tools=[tool])
        assert resumed is not None
        await resumed.result()
        assert await told(resumed) == ["looking", ("output", "found")]


# When nobody waits any more


class Worker:
    """A sync tool in its thread, which says when it works and what it met after that."""

    def __init__(self) -> None:
        self.works = threading.Event()
        self.may_go_on = threading.Event()
        self.has_ended = threading.Event()
        self.met: BaseException | str | None = None

    def work(self, context: RunContext) -> str:
        """Work."""
        context.emit("begun")
        self.works.set()
        self.may_go_on.wait(30)
        try:
            self.met = "nothing"
            context.emit("late")
        except BaseException as error:
            self.met = error
            raise
        finally:
            self.has_ended.set()
        return "late"

    def work_until_nobody_waits(self, context: RunContext) -> str:
        """Work."""
        self.works.set()
        while not context.cancel_token.is_cancelled:
            self.may_go_on.wait(0.001)
        self.met = "nobody waits"
        self.has_ended.set()
        raise ToolError("stopped")


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.may_go_on.set()


async def reach(event: threading.Event) -> None:
    with anyio.fail_after(20):
        while not event.is_set():  # noqa: ASYNC110 - a thread sets it
            await anyio.sleep(0.002)


async def test_what_is_emitted_after_a_cancel_stops_the_thread_and_is_told_to_nobody(
    client: AsyncClient, worker: Worker
) -> None:
    run = await (await begin(client, worker.work)).start()
    await reach(worker.works)
    await run.cancel()
    with pytest.raises(RunCancelled):
        await run.result()
    events = [event async for event in run.events(check=False)]
    worker.may_go_on.set()
    await reach(worker.has_ended)
    assert isinstance(worker.met, ToolCancelled)
    assert [event async for event in run.events(check=False)] == events
    assert [one for one in await told(run) if not isinstance(one, tuple)] == ["begun"]


async def test_a_sync_tool_learns_of_a_cancel_by_its_token(client: AsyncClient, worker: Worker) -> None:
    run = await (await begin(client, worker.work_until_nobody_waits)).start()
    await reach(worker.works)
    await run.cancel()
    await reach(worker.has_ended)
    assert worker.met == "nobody waits"
    assert (await run.wait()).status == "cancelled"


async def test_a_sync_tool_learns_of_its_time_out_by_its_token(client: AsyncClient, worker: Worker) -> None:
    tool = Tool.from_callable(worker.work_until_nobody_waits, timeout=0.05)
    [call] = (await (await begin(client, tool)).result()).steps[0].tool_calls
    await reach(worker.has_ended)
    assert worker.met == "nobody waits"
    assert call.outcome == "unknown", "a thread that was given up on may still do what it was to do"


async def test_a_generator_in_a_thread_is_closed_when_nobody_waits(client: AsyncClient) -> None:
    ended = threading.Event()
    works = threading.Event()

    def endless() -> Iterator[int]:
        """Work."""
        try:
            while True:
                works.set()
                yield 1
        finally:
            ended.set()

    run = await (await begin(client, endless)).start()
    await reach(works)
    await run.cancel()
    await reach(ended)
    assert (await run.wait()).status == "cancelled"


async def test_an_async_generator_is_closed_when_nobody_waits(client: AsyncClient, make_gate) -> None:
    gate = make_gate()
    ended = threading.Event()

    async def endless() -> AsyncIterator[int]:
        """Work."""
        try:
            yield 1
            await gate()
        finally:
            ended.set()

    run = await (await begin(client, endless)).start()
    await gate.reached()
    await run.cancel()
    assert (await run.wait()).status == "cancelled"
    await reach(ended)


@pytest.mark.parametrize("kind", ["async", "sync", "approval"])
async def test_what_is_emitted_after_the_call_has_ended_is_told_to_nobody(client: AsyncClient, kind: str) -> None:
    """As by a thread or a task that a tool left behind: the run may have ended, and its log with it."""
    kept: list[RunContext] = []

    def work(context: RunContext) -> str:
        """Work."""
        kept.append(context)
        return "done"

    async def awork(context: RunContext) -> str:
        """Work."""
        kept.append(context)
        return "done"

    def needs(context: RunContext) -> bool:
        kept.append(context)
        return False

    tools = {
        "sync": work,
        "async": Tool.from_callable(awork, name="work"),
        "approval": Tool.from_callable(lambda: "done", name="work", description="Work.", requires_approval=needs),
    }
    run = await begin(client, tools[kind], "CALL work {}")
    assert (await run.result()).text == "TOOL RESULT: done"
    events = [event async for event in run.events()]
    assert kept[0].cancel_token.is_cancelled
    with pytest.raises(ToolCancelled):
        kept[0].emit("late")
    assert [event async for event in run.events()] == events


async def test_a_parked_run_tells_its_tools_that_nobody_waits(make_store, worker: Worker) -> None:
    async with AsyncClient("echo", store=make_store()) as client:
        await (await begin(client, worker.work_until_nobody_waits)).start()
        await reach(worker.works)
    await reach(worker.has_ended)
    assert worker.met == "nobody waits"
