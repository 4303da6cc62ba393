"""How a tool is called in a run, as its options say; and what the ledger, the step and the model learn of it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator
from datetime import date
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyassistant import AsyncClient, Tool, ToolError
from anyassistant.errors import RunFailed, RunRequiresAction
from anyassistant.protocols import Capabilities, ToolMessage
from anyassistant.store.memory import MemoryStore
from anyassistant.types import Image, Limits, ToolCall
from anyassistant_tools import CallHadNoEffect, ToolArgumentsError, ToolResult
from anyassistant_tools.mcp import MCPServerError

ELSEWHERE = {"type": "function", "function": {"name": "elsewhere"}}
PNG = b"\x89PNG\r\n\x1a\n-not-really"
JPEG = b"\xff\xd8\xff-not-really"


@pytest.fixture
async def client(make_store) -> AsyncGenerator[AsyncClient, None]:
    async with AsyncClient("echo", store=make_store()) as client:
        yield client


async def begin(client: AsyncClient, tools, text: str, **options):
    assistant = await client.assistants.create(tools=tools)
    thread = await client.threads.create(messages=[text])
    return thread.run(assistant, **options)


async def one_call(client: AsyncClient, tool: Tool, arguments: str = "{}") -> ToolCall:
    run = await begin(client, [tool], f"CALL {tool.name} {arguments}")
    [call] = (await run.result()).steps[0].tool_calls
    return call


async def calls_of(run) -> list[ToolCall]:
    return [call async for step in run.steps() for call in step.tool_calls]


async def ledger(client: AsyncClient, run) -> dict[str, str]:
    """The ledger's states by the names of the calls' tools."""
    states = await (await client.runs._session()).store.list_claims(run.id)
    return {call.name: states[call.id] for call in await calls_of(run) if call.id in states}


async def parked(store, tool: Tool, gate, arguments: str = "{}"):
    """A run whose driver went away in the middle of a call."""
    async with AsyncClient("echo", store=store) as client:
        run = await (await begin(client, [tool], f"CALL {tool.name} {arguments}")).start()
        await gate.reached()
    return run


async def taken_over(client: AsyncClient, run, tools):
    resumed = await (await client.threads.get(run.record.thread_id)).resume(tools=tools)
    assert resumed is not None
    return resumed


# sequential


async def test_a_sequential_call_runs_alone_in_the_order_of_the_calls(client: AsyncClient) -> None:
    """Calls before it end first, it has nobody beside it, and calls behind it begin after it."""
    log: list[str] = []
    both = {"first": anyio.Event(), "last": anyio.Event()}

    async def free(name: str) -> str:
        """Run beside another, and end only when both have begun."""
        log.append(f"begin {name}")
        group = name.split()[0]
        if [one.startswith(f"begin {group}") for one in log].count(True) == 2:
            both[group].set()
        await both[group].wait()
        log.append(f"end {name}")
        return name

    async def alone() -> str:
        """Run alone."""
        log.append("begin alone")
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        log.append("end alone")
        return "alone"

    calls = ["first 1", "first 2", None, "last 1", "last 2"]
    text = "\n".join("CALL alone {}" if name is None else f'CALL free {{"name": "{name}"}}' for name in calls)
    run = await begin(client, [free, Tool.from_callable(alone, sequential=True)], text)
    with anyio.fail_after(20):
        assert (await run.result()).text == "TOOL RESULT: first 1 | first 2 | alone | last 1 | last 2"
    at = log.index("begin alone")
    assert log[at + 1] == "end alone"
    assert {one.split()[1] for one in log[:at]} == {"first"}
    assert {one.split()[1] for one in log[at + 2 :]} == {"last"}


async def test_sequential_calls_run_one_after_another(client: AsyncClient) -> None:
    log: list[str] = []

    async def alone(n: int) -> int:
        """Run alone."""
        log.append(f"begin {n}")
        await anyio.lowlevel.checkpoint()
        log.append(f"end {n}")
        return n

    text = "\n".join(f'CALL alone {{"n": {n}}}' for n in range(4))
    await (await begin(client, [Tool.from_callable(alone, sequential=True)], text)).result()
    assert log == [f"{what} {n}" for n in range(4) for what in ("begin", "end")]


async def test_a_fatal_call_lets_no_later_one_begin(client: AsyncClient) -> None:
    made: list[str] = []

    def bad() -> None:
        """Fail."""
        raise ConnectionError

    def later() -> None:
        """Come later."""
        made.append("later")

    tools = [Tool.from_callable(bad, fatal=ConnectionError, sequential=True), later]
    run = await begin(client, tools, "CALL bad {}\nCALL later {}")
    with pytest.raises(RunFailed):
        await run.result()
    assert made == []
    assert [call.outcome for call in await calls_of(run)] == ["failed", "skipped"]


# max_attempts


def takes(number: int) -> int:
    """Take a number."""
    return number


@pytest.mark.parametrize("options", [{}, {"requires_approval": True}], ids=["claimed", "asked about"])
async def test_after_so_many_refusals_in_a_row_the_run_fails_with_their_cause(client: AsyncClient, options) -> None:
    tool = Tool.from_callable(takes, max_attempts=2, **options)
    run = await begin(
        client, [tool], 'CALL takes {"number": "a"}\nTHEN\nCALL takes {"number": "b"}\nTHEN\nCALL takes {}'
    )
    with pytest.raises(RunFailed) as caught:
        await run.result()
    assert caught.value.code == "invalid_tool_arguments"
    assert isinstance(caught.value.__cause__, ToolArgumentsError)
    calls = await calls_of(run)
    assert [(call.arguments, call.outcome) for call in calls] == [
        ('{"number": "a"}', "refused"),
        ('{"number": "b"}', "refused"),
    ]
    thread = await client.threads.get(run.record.thread_id)
    await thread.add("usable")


async def test_a_call_that_fits_begins_the_count_anew(client: AsyncClient) -> None:
    tool = Tool.from_callable(takes, max_attempts=2)
    bad, good = 'CALL takes {"number": "a"}', 'CALL takes {"number": 1}'
    run = await begin(client, [tool], "\nTHEN\n".join([bad, good, bad, good]))
    assert (await run.result()).run.status == "completed"


async def test_attempts_are_counted_per_tool(client: AsyncClient) -> None:
    other = Tool.from_callable(takes, name="takes_too", max_attempts=2)
    tools = [Tool.from_callable(takes, max_attempts=2), other]
    run = await begin(client, tools, "CALL takes {}\nTHEN\nCALL takes_too {}\nTHEN\nCALL takes {}")
    with pytest.raises(RunFailed, match="'takes'"):
        await run.result()
    assert [call.name for call in await calls_of(run)] == ["takes", "takes_too", "takes"]


@pytest.mark.parametrize("options", [{}, {"requires_approval": True}], ids=["claimed", "asked about"])
async def test_attempts_in_one_turn_count_each(client: AsyncClient, options) -> None:
    run = await begin(client, [Tool.from_callable(takes, max_attempts=2, **options)], "CALL takes {}\nCALL takes {}")
    with pytest.raises(RunFailed) as caught:
        await run.result()
    assert caught.value.code == "invalid_tool_arguments"


async def test_one_attempt_is_the_only_one(client: AsyncClient) -> None:
    run = await begin(client, [Tool.from_callable(takes, max_attempts=1)], "CALL takes {}")
    with pytest.raises(RunFailed):
        await run.result()


async def test_attempts_are_counted_over_a_take_over(scripted, make_call, make_gate, make_store) -> None:
    store, gate = make_store(), make_gate()
    tool = Tool.from_callable(takes, max_attempts=2)
    async with AsyncClient(scripted([make_call("takes")], [gate]), store=store) as client:
        run = await (await begin(client, [tool], "go")).start()
        await gate.reached()
    async with AsyncClient(scripted([make_call("takes", '{"number": "a"}')]), store=store) as client:
        with pytest.raises(RunFailed) as caught:
            await (await taken_over(client, run, [tool])).result()
        assert caught.value.code == "invalid_tool_arguments"


# reconcile


class Payment:
    """A payment that goes wrong in its first process, and what can be found out about it."""

    def __init__(self, gate) -> None:
        self.gate = gate
        self.made = 0

    def tool(self, reconcile) -> Tool:
        async def pay(amount: int) -> str:
            """Pay."""
            self.made += 1
            if self.made == 1:
                await self.gate()
            return f"paid {amount}"

        return Tool.from_callable(pay, reconcile=reconcile)


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_what_reconcile_gives_is_the_result(make_store, make_gate, kind: str) -> None:
    def find(amount: int) -> dict[str, int]:
        return {"paid": amount}

    async def afind(amount: int) -> ToolResult:
        await anyio.lowlevel.checkpoint()
        return ToolResult('{"paid":5}', metadata={"found": True})

    store, payment = make_store(), Payment(make_gate())
    tool = payment.tool(find if kind == "sync" else afind)
    run = await parked(store, tool, payment.gate, '{"amount": 5}')
    async with AsyncClient("echo", store=store) as client:
        resumed = await taken_over(client, run, [tool])
        assert (await resumed.result()).text == 'TOOL RESULT: {"paid":5}'
        [call] = await calls_of(resumed)
        assert (call.outcome, call.error) == ("succeeded", None)
        assert call.metadata == ({} if kind == "sync" else {"found": True})
        assert await ledger(client, resumed) == {"pay": "succeeded"}
    assert payment.made == 1


async def test_a_call_that_had_no_effect_is_made_once_more(make_store, make_gate) -> None:
    asked: list[int] = []

    def find(amount: int) -> None:
        asked.append(amount)
        raise CallHadNoEffect

    store, payment = make_store(), Payment(make_gate())
    tool = payment.tool(find)
    run = await parked(store, tool, payment.gate, '{"amount": 5}')
    async with AsyncClient("echo", store=store) as client:
        resumed = await taken_over(client, run, [tool])
        assert (await resumed.result()).text == "TOOL RESULT: paid 5"
        assert await ledger(client, resumed) == {"pay": "succeeded"}
    assert (payment.made, asked) == (2, [5])


async def test_where_reconcile_raises_the_outcome_stays_unknown(make_store, make_gate) -> None:
    def find() -> None:
        raise OSError("the bank is closed")

    store, payment = make_store(), Payment(make_gate())
    tool = payment.tool(find)
    run = await parked(store, tool, payment.gate, '{"amount": 5}')
    async with AsyncClient("echo", store=store) as client:
        resumed = await taken_over(client, run, [tool])
        assert "outcome of this call is unknown" in (await resumed.result()).text
        [call] = await calls_of(resumed)
        assert call.outcome == "unknown"
        assert call.error is not None
        assert "the bank is closed" in call.error
        assert await ledger(client, resumed) == {"pay": "unknown"}
    assert payment.made == 1


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_where_reconcile_cancels_its_own_task_the_outcome_stays_unknown(make_store, make_gate) -> None:
    async def find() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await anyio.lowlevel.checkpoint()

    store, payment = make_store(), Payment(make_gate())
    tool = payment.tool(find)
    run = await parked(store, tool, payment.gate, '{"amount": 5}')
    async with AsyncClient("echo", store=store) as client:
        resumed = await taken_over(client, run, [tool])
        assert "outcome of this call is unknown" in (await resumed.result()).text
        assert await ledger(client, resumed) == {"pay": "unknown"}


async def test_reconcile_does_not_hold_up_a_cancel(make_store, make_gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anyassistant.host_task.LEAVE_SECONDS", 0.01)
    asked = make_gate()

    async def find() -> None:
        with anyio.CancelScope(shield=True):
            await asked()

    store, payment = make_store(), Payment(make_gate())
    tool = payment.tool(find)
    run = await parked(store, tool, payment.gate, '{"amount": 5}')
    async with AsyncClient("echo", store=store) as client:
        resumed = await taken_over(client, run, [tool])
        await resumed.start()
        await asked.reached()
        with anyio.fail_after(10):
            await resumed.cancel()
            assert (await resumed.wait()).status == "cancelled"
        asked.open()


async def test_reconcile_may_speak_to_the_model(make_store, make_gate) -> None:
    def find() -> None:
        raise ToolError("The bank refused it.")

    store, payment = make_store(), Payment(make_gate())
    tool = payment.tool(find)
    run = await parked(store, tool, payment.gate, '{"amount": 5}')
    async with AsyncClient("echo", store=store) as client:
        resumed = await taken_over(client, run, [tool])
        assert (await resumed.result()).text == "TOOL RESULT: The bank refused it."
        assert [call.outcome for call in await calls_of(resumed)] == ["failed"]
        assert await ledger(client, resumed) == {"pay": "failed"}


async def test_an_idempotent_tool_is_called_again_and_not_reconciled(make_store, make_gate) -> None:
    def find() -> None:
        raise AssertionError

    store, payment = make_store(), Payment(make_gate())
    tool = payment.tool(find).changed(idempotent=True)
    run = await parked(store, tool, payment.gate, '{"amount": 5}')
    async with AsyncClient("echo", store=store) as client:
        assert (await (await taken_over(client, run, [tool])).result()).text == "TOOL RESULT: paid 5"


# Where it runs, and how much of it a model gets


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module that both processes can import."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import process_tool

    return process_tool


async def test_a_tool_may_run_in_a_process_of_its_own(client: AsyncClient, there) -> None:
    call = await one_call(client, Tool.from_callable(there.where, isolate="process"))
    assert call.error is None, call.error
    assert call.output is not None
    assert int(call.output) != os.getpid()


async def test_a_process_that_ends_fails_its_call_alone(client: AsyncClient, there) -> None:
    tools = [Tool.from_callable(fn, isolate="process") for fn in (there.dies, there.where)]
    run = await begin(client, tools, "CALL dies {}\nTHEN\nCALL where {}")
    first, second = [call for step in (await run.result()).steps for call in step.tool_calls]
    assert (first.outcome, second.outcome) == ("unknown", "succeeded")
    assert first.output == "dies failed with an internal error. It may have taken effect."
    assert await ledger(client, run) == {"dies": "unknown", "where": "succeeded"}


async def test_an_async_tool_that_overran_may_have_taken_effect(client: AsyncClient) -> None:
    async def pay() -> None:
        """Pay."""
        await anyio.sleep_forever()

    run = await begin(client, [Tool.from_callable(pay, timeout=0.01)], "CALL pay {}")
    [call] = (await run.result()).steps[0].tool_calls
    assert call.output == "pay took longer than 0.01 s. It may have taken effect."
    assert call.outcome == "unknown"
    assert await ledger(client, run) == {"pay": "unknown"}


async def test_a_server_that_was_lost_in_a_call_may_have_done_it(client: AsyncClient) -> None:
    async def pay(begun: bool) -> None:
        """Pay."""
        raise MCPServerError("It is gone.", may_have_taken_effect=begun)

    tools = [pay]
    run = await begin(client, tools, 'CALL pay {"begun": true}\nTHEN\nCALL pay {"begun": false}')
    lost, unsent = [call for step in (await run.result()).steps for call in step.tool_calls]
    assert (lost.output, lost.outcome) == ("pay failed with an internal error. It may have taken effect.", "unknown")
    assert (unsent.output, unsent.outcome) == ("pay failed with an internal error.", "failed")


async def test_a_tool_that_fails_by_its_own_time_out_failed(client: AsyncClient) -> None:
    async def pay() -> None:
        """Pay."""
        raise TimeoutError

    call = await one_call(client, Tool.from_callable(pay, timeout=60))
    assert (call.output, call.outcome) == ("pay failed with an internal error.", "failed")


async def test_an_inline_tool_runs_on_the_event_loop(client: AsyncClient) -> None:
    threads: list[int] = []

    def here() -> str:
        """Here."""
        threads.append(threading.get_ident())
        return "here"

    call = await one_call(client, Tool.from_callable(here, inline=True))
    assert call.output == "here"
    assert threads == [threading.get_ident()]


async def test_a_long_result_is_cut_and_says_so(client: AsyncClient) -> None:
    def long() -> str:
        """Long."""
        return "x" * 1000

    call = await one_call(client, Tool.from_callable(long, max_content=100))
    assert call.output is not None
    assert len(call.output) == 100
    assert call.output.endswith("[cut here: the result has 1000 characters]")
    assert call.outcome == "succeeded"


# Metadata and images


async def test_metadata_is_for_the_app_alone(client: AsyncClient) -> None:
    def look() -> ToolResult:
        """Look."""
        return ToolResult("seen", metadata={"url": "https://x", "day": date(2026, 1, 2), "pair": (1, 2)})

    run = await begin(client, [look], "CALL look {}")
    result = await run.result()
    assert result.text == "TOOL RESULT: seen"
    kept = {"url": "https://x", "day": "2026-01-02", "pair": [1, 2]}
    [call] = result.steps[0].tool_calls
    assert call.metadata == kept, "in its JSON form, from every store"
    details: Any = result.steps[0].to_wire()["step_details"]
    assert details["tool_calls"][0]["metadata"] == kept


async def test_metadata_without_a_json_form_fails_the_call(client: AsyncClient) -> None:
    def look() -> ToolResult:
        """Look."""
        return ToolResult("seen", metadata={"handle": object()})

    call = await one_call(client, Tool.from_callable(look))
    assert (call.outcome, call.output) == ("failed", "look gave a result that cannot be shown.")


def shows() -> ToolResult:
    """Show."""
    return ToolResult("Look:", images=[PNG, JPEG])


@pytest.mark.parametrize("is_taken_over", [False, True])
async def test_images_reach_a_model_that_takes_them(
    scripted, make_call, make_gate, make_store, is_taken_over: bool
) -> None:
    store, gate = make_store(), make_gate()
    first = scripted([make_call("shows")], *([[gate]] if is_taken_over else []))
    second = scripted()
    async with AsyncClient(first, store=store) as client:
        run = await begin(client, [shows], "go")
        if is_taken_over:
            await run.start()
            await gate.reached()
        else:
            await run.result()
    if is_taken_over:
        async with AsyncClient(second, store=store) as client:
            await (await taken_over(client, run, [shows])).result()
    request = second.requests[0] if is_taken_over else first.requests[1]
    told = request.messages[-1]
    assert isinstance(told, ToolMessage)
    assert told.text == "Look:"
    assert list(told.images) == [
        Image.from_bytes(PNG, media_type="image/png"),
        Image.from_bytes(JPEG, media_type="image/jpeg"),
    ]


async def test_images_are_announced_to_a_model_that_takes_none(scripted, make_call, make_store) -> None:
    model = scripted([make_call("shows")], capabilities=Capabilities(tools=True))
    async with AsyncClient(model, store=make_store()) as client:
        await (await begin(client, [shows], "go")).result()
        [run] = [run async for run in client.runs.list()]
        thread = await client.threads.get(run.record.thread_id)
        await thread.run(run.record.assistant_id, additional_messages=["again"]).result()
    for request in model.requests[1:]:
        [told] = [message for message in request.messages if isinstance(message, ToolMessage)]
        assert told.text == "Look:\n[2 image(s) that this model cannot be shown]"
        assert list(told.images) == []


# fatal


async def test_a_fatal_output_ends_the_run_though_its_driver_went_away_with_it(make_gate) -> None:
    gate = make_gate()

    class Stops(MemoryStore):
        """Its driver is stopped as soon as the fatal output is written."""

        async def flush(self, run_id, epoch, /) -> None:
            await super().flush(run_id, epoch)
            turns = await self.list_turns(run_id)
            if not gate.visits and any(call.fatal for turn in turns for call in turn.tool_calls):
                await gate()

    def bad() -> None:
        """Fail."""
        raise ConnectionError("no shop")

    def other() -> str:
        """Do something else."""
        raise AssertionError("it must not be made")

    store = Stops()
    tools = [Tool.from_callable(bad, fatal=ConnectionError, sequential=True), other]
    async with AsyncClient("echo", store=store) as client:
        run = await (await begin(client, tools, "CALL bad {}\nCALL other {}")).start()
        await gate.reached()
    state = await store.get_run(run.id)
    assert state is not None
    assert (state.record.status, state.driver) == ("in_progress", None)
    async with AsyncClient("echo", store=store) as client:
        resumed = await taken_over(client, run, tools)
        with pytest.raises(RunFailed) as caught:
            await resumed.result()
        assert caught.value.code == "tool_failed"
        assert [call.outcome for call in await calls_of(resumed)] == ["failed", "skipped"]
        await (await client.threads.get(run.record.thread_id)).add("usable")


# What came of a call


async def test_each_outcome_is_on_the_step_and_in_the_ledger(client: AsyncClient, make_gate) -> None:
    gate = make_gate()

    def good() -> str:
        """Good."""
        return "good"

    def bad() -> str:
        """Bad."""
        raise ValueError

    def odd() -> object:
        """Odd."""
        return object()

    def asked() -> str:
        """Ask."""
        return "asked"

    async def hangs() -> str:
        """Hang."""
        await gate()
        return ""

    tools = [good, bad, odd, takes, Tool.from_callable(asked, requires_approval=True), hangs, ELSEWHERE]
    names = ["good", "bad", "odd", "takes", "asked", "elsewhere"]
    text = "\n".join(f"CALL {name} {{}}" for name in names) + "\nCALL! none {}\nTHEN\nCALL hangs {}\nCALL good {}"
    run = await begin(client, tools, text, limits=Limits(parallel_tools=1))
    with pytest.raises(RunRequiresAction) as caught:
        await run.result()
    waiting = {call.name: call.id for call in caught.value.calls}
    await run.submit_tool_outputs({waiting["elsewhere"]: "Rome"})
    await run.reject(waiting["asked"], "No.")
    await gate.reached()
    await run.cancel()
    await run.wait()
    first, second = [step async for step in run.steps()]
    assert {call.name: call.outcome for call in first.tool_calls} == {
        "good": "succeeded",
        "bad": "failed",
        "odd": "failed",
        "takes": "refused",
        "asked": "rejected",
        "elsewhere": "succeeded",
        "none": "refused",
    }
    assert {call.name: call.outcome for call in second.tool_calls} == {"hangs": "unknown", "good": "skipped"}
    states = await (await client.runs._session()).store.list_claims(run.id)
    assert {call.name: states.get(call.id) for call in first.tool_calls} == {
        "good": "succeeded",
        "bad": "failed",
        "odd": "failed",
        "takes": "failed",
        "asked": None,
        "elsewhere": "succeeded",
        "none": None,
    }, "it has what was begun or made elsewhere, and nothing else"
    assert {call.name: states.get(call.id) for call in second.tool_calls} == {"hangs": "unknown", "good": None}


async def test_a_call_under_way_is_started_in_the_ledger(client: AsyncClient, make_gate) -> None:
    gate = make_gate()

    async def hangs() -> str:
        """Hang."""
        await gate()
        return ""

    run = await (await begin(client, [hangs], "CALL hangs {}")).start()
    await gate.reached()
    assert await ledger(client, run) == {"hangs": "started"}
    gate.open()
    await run.result()
    assert await ledger(client, run) == {"hangs": "succeeded"}


async def test_a_failure_text_that_no_store_can_carry_is_kept_all_the_same(client: AsyncClient) -> None:
    def bad() -> str:
        """Bad."""
        raise ToolError("half a pair: \ud83d")

    call = await one_call(client, Tool.from_callable(bad))
    assert call.outcome == "failed"
    assert call.output is not None
    assert call.output.startswith("half a pair: ")
