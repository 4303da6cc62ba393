"""Calls that a person has to approve: who is asked, what may be answered, and what comes of each answer."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from itertools import permutations
from typing import Any

import anyio
import pytest
from anyassistant import AsyncClient, RunContext, Tool, Toolset
from anyassistant.errors import InvalidRequest, RunCancelled, RunExpired, RunFailed, RunRequiresAction, ThreadBusy
from anyassistant.store.memory import MemoryStore
from anyassistant.types import Event, ExtensionEvent, Limits, RunStep, ToolCall

ELSEWHERE = {"type": "function", "function": {"name": "elsewhere"}}
BUY = 'CALL buy {"order_id": "ord-1"}'


class Shop:
    """A shop that notes what was bought."""

    def __init__(self) -> None:
        self.bought: list[str] = []

    def tool(self, **options: Any) -> Tool:
        def buy(order_id: str, amount: int = 1) -> str:
            """Buy an order."""
            self.bought.append(f"{amount} x {order_id}")
            return f"bought {order_id}"

        return Tool.from_callable(buy, **{"requires_approval": True, **options})


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
async def client(make_store) -> AsyncGenerator[AsyncClient, None]:
    async with AsyncClient("echo", store=make_store()) as client:
        yield client


async def begin(client: AsyncClient, tools, text: str = BUY, **options):
    assistant = await client.assistants.create(tools=tools)
    thread = await client.threads.create(messages=[text])
    return thread.run(assistant, **options)


async def rest(client: AsyncClient, tools, text: str = BUY, **options):
    run = await begin(client, tools, text, **options)
    with pytest.raises(RunRequiresAction) as caught:
        await run.result()
    return run, caught.value.calls


async def calls_of(run) -> list[ToolCall]:
    return [call async for step in run.steps() for call in step.tool_calls]


async def ledger(client: AsyncClient, run) -> dict[str, str]:
    return dict(await (await client.runs._session()).store.list_claims(run.id))


async def extensions(run, name: str) -> list[dict[str, object]]:
    return [
        dict(event.data)
        async for event in run.events(check=False)
        if isinstance(event, ExtensionEvent) and event.event == f"anyassistant.approval.{name}"
    ]


# Who is asked


async def test_a_call_that_needs_approval_rests_and_is_not_made(client: AsyncClient, shop: Shop) -> None:
    run, [call] = await rest(client, [shop.tool()])
    assert (call.name, call.arguments, call.waits_for) == ("buy", '{"order_id": "ord-1"}', "approval")
    assert (run.record.status, list(run.record.pending_calls)) == ("requires_action", [call])
    assert shop.bought == []
    assert await ledger(client, run) == {}
    with pytest.raises(ThreadBusy):
        await (await client.threads.get(run.record.thread_id)).add("meanwhile")


async def test_a_function_of_the_arguments_says_which_calls_need_it(client: AsyncClient, shop: Shop) -> None:
    tool = shop.tool(requires_approval=lambda amount: amount > 1)
    text = f'{BUY}\nCALL buy {{"order_id": "ord-2", "amount": 2}}'
    run, calls = await rest(client, [tool], text)
    assert [call.arguments for call in calls] == ['{"order_id": "ord-2", "amount": 2}']
    assert shop.bought == ["1 x ord-1"], "the default of an argument that was left out was given to the function"
    await run.approve(calls[0].id)
    assert (await run.result()).text == "TOOL RESULT: bought ord-1 | bought ord-2"


async def test_the_function_may_be_async_and_is_given_the_calls_context(client: AsyncClient, shop: Shop) -> None:
    seen: list[tuple[object, str, str]] = []

    async def needs(order_id: str, context: RunContext[str]) -> bool:
        await anyio.lowlevel.checkpoint()
        seen.append((context.deps, context.run_id, context.call_id))
        return context.deps != "ann"

    run, [call] = await rest(client, [shop.tool(requires_approval=needs)], deps="bob")
    assert set(seen) == {("bob", run.id, call.id)}
    run = await begin(client, [shop.tool(requires_approval=needs)], deps="ann")
    assert (await run.result()).text == "TOOL RESULT: bought ord-1"


async def test_where_the_function_raises_the_call_fails_and_is_not_made(client: AsyncClient, shop: Shop) -> None:
    def needs() -> bool:
        raise ValueError("the secret is 42")

    run = await begin(client, [shop.tool(requires_approval=needs)])
    assert (await run.result()).text == "TOOL RESULT: buy failed with an internal error."
    [call] = await calls_of(run)
    assert call.error is not None
    assert "the secret is 42" in call.error
    assert (shop.bought, await ledger(client, run)) == ([], {})


async def test_the_function_may_end_the_run(client: AsyncClient, shop: Shop) -> None:
    def needs() -> bool:
        raise ConnectionError("no shop")

    run = await begin(client, [shop.tool(requires_approval=needs, fatal=ConnectionError)])
    with pytest.raises(RunFailed) as caught:
        await run.result()
    assert caught.value.code == "tool_failed"
    assert isinstance(caught.value.__cause__, ConnectionError)
    assert shop.bought == []


@pytest.mark.parametrize("arguments", ['{"order_id": 1', '{"order": "ord-1"}', '{"order_id": "a", "amount": "many"}'])
async def test_nobody_is_asked_about_arguments_that_do_not_fit(client: AsyncClient, shop: Shop, arguments: str) -> None:
    run = await begin(client, [shop.tool()], f"CALL buy {arguments}")
    assert "buy was not called" in (await run.result()).text
    [call] = await calls_of(run)
    assert call.outcome == "refused"
    assert await extensions(run, "asked") == []
    assert await ledger(client, run) == {}, "it was never made"


async def test_readers_are_told_once_that_a_call_waits_and_once_what_was_decided(
    client: AsyncClient, shop: Shop
) -> None:
    run, [first, second] = await rest(client, [shop.tool()], f"{BUY}\n{BUY}")
    asked = [{"tool_call_id": call.id, "name": "buy", "arguments": call.arguments} for call in (first, second)]
    assert await extensions(run, "asked") == asked
    await run.approve(first.id, by="eve")
    await run.reject(second.id, "Too dear.")
    await run.result()
    assert await extensions(run, "asked") == asked
    told = await extensions(run, "decided")
    assert [(one["tool_call_id"], one["approved"], one["by"], one["reason"]) for one in told] == [
        (first.id, True, "eve", None),
        (second.id, False, None, "Too dear."),
    ]
    events = [event async for event in run.events()]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))


# What may be decided


async def test_an_approved_call_is_made(client: AsyncClient, shop: Shop) -> None:
    run, [call] = await rest(client, [shop.tool()])
    before = time.time()
    await run.approve(call.id, by="eve")
    assert run.record.pending_calls == (), "the handle knows at once"
    assert (await run.result()).text == "TOOL RESULT: bought ord-1"
    assert shop.bought == ["1 x ord-1"]
    [made] = await calls_of(run)
    assert made.outcome == "succeeded"
    assert made.decision is not None
    assert (made.decision.approved, made.decision.by) == (True, "eve")
    assert before <= made.decision.at <= time.time()
    assert await ledger(client, run) == {call.id: "succeeded"}


async def test_the_decision_is_on_the_wire(client: AsyncClient, shop: Shop) -> None:
    run, [call] = await rest(client, [shop.tool()])
    await run.approve(call.id, arguments={"order_id": "ord-2"}, by="eve", expires_in=60)
    await run.result()
    step: RunStep = await anext(aiter(run.steps()))
    details: Any = step.to_wire()["step_details"]
    [wire] = details["tool_calls"]
    decision = wire["decision"]
    assert (decision["approved"], decision["by"], decision["reason"]) == (True, "eve", None)
    assert decision["arguments"] == '{"order_id": "ord-2"}'
    assert decision["expires_at"] == decision["at"] + 60
    assert wire["function"]["arguments"] == '{"order_id": "ord-1"}', "what the model wrote stays"


async def test_a_rejected_call_is_not_made_and_the_model_is_told_why(client: AsyncClient, shop: Shop) -> None:
    run, [call] = await rest(client, [shop.tool()])
    await run.reject(call.id, "Too dear.", by="eve")
    assert (await run.result()).text == "TOOL RESULT: A person did not approve this call. Too dear."
    [made] = await calls_of(run)
    assert (made.outcome, made.error) == ("rejected", "rejected by eve: Too dear.")
    assert made.decision is not None
    assert (made.decision.approved, made.decision.by, made.decision.reason) == (False, "eve", "Too dear.")
    assert (shop.bought, await ledger(client, run)) == ([], {})


async def test_edited_arguments_are_what_the_tool_gets_and_what_the_model_sees(
    scripted, make_call, make_store, shop: Shop
) -> None:
    model = scripted([make_call("buy", '{"order_id": "ord-1"}', id="own-1")])
    async with AsyncClient(model, store=make_store()) as client:
        run, [call] = await rest(client, [shop.tool()])
        await run.approve(call.id, arguments={"order_id": "örd-2", "amount": 3})
        await run.result()
        [made] = await calls_of(run)
    assert shop.bought == ["3 x örd-2"]
    assert made.arguments == '{"order_id": "ord-1"}', "the step keeps what the model wrote"
    assert made.decision is not None
    assert made.decision.arguments == '{"order_id": "örd-2", "amount": 3}'
    _, spoken, told = model.requests[1].messages
    assert [(one.id, one.arguments) for one in spoken.tool_calls] == [("own-1", '{"order_id": "örd-2", "amount": 3}')]
    assert told.text == "bought örd-2"


@pytest.mark.parametrize(
    "arguments", [{"order": "ord-1"}, {"order_id": 5}, {}, {"order_id": "a", "amount": "many"}, {"order_id": object()}]
)
async def test_edited_arguments_that_do_not_fit_are_refused_before_anything_is_written(
    client: AsyncClient, shop: Shop, refused, arguments
) -> None:
    run, [call] = await rest(client, [shop.tool()])
    events = [event async for event in run.events(check=False)]
    with refused("arguments"):
        await run.approve(call.id, arguments=arguments)
    assert [event async for event in run.events(check=False)] == events
    assert list((await run.wait()).pending_calls) == [call]
    await run.approve(call.id)
    assert (await run.result()).text == "TOOL RESULT: bought ord-1"


@pytest.mark.parametrize(
    ("param", "decide"),
    [
        ("by", lambda run, call: run.approve(call, by="")),
        ("by", lambda run, call: run.approve(call, by="x" * 257)),
        ("by", lambda run, call: run.reject(call, "no", by=7)),
        ("expires_in", lambda run, call: run.approve(call, expires_in=0)),
        ("expires_in", lambda run, call: run.approve(call, expires_in=float("nan"))),
        ("arguments", lambda run, call: run.approve(call, arguments='{"order_id": "a"}')),
        ("reason", lambda run, call: run.reject(call, "")),
        ("reason", lambda run, call: run.reject(call, None)),
    ],
)
async def test_a_decision_is_validated(client: AsyncClient, shop: Shop, refused, param: str, decide) -> None:
    run, [call] = await rest(client, [shop.tool()])
    with refused(param):
        await decide(run, call.id)
    assert list((await run.wait()).pending_calls) == [call]


# What is refused


async def unchanged(run, act: Callable[[], Any], code: str) -> None:
    """The act is refused with a code, and neither log nor record are other than before."""
    events = [event async for event in run.events(check=False)]
    record = await run.wait()
    with pytest.raises(InvalidRequest) as caught:
        await act()
    assert caught.value.code == code, str(caught.value)
    assert [event async for event in run.events(check=False)] == events
    assert await run.wait() == record


async def test_a_call_is_decided_once(client: AsyncClient, shop: Shop) -> None:
    run, [first, second] = await rest(client, [shop.tool()], f"{BUY}\n{BUY}")
    await run.approve(first.id)
    assert [call.id for call in run.record.pending_calls] == [second.id]
    await unchanged(run, lambda: run.approve(first.id), "unknown_tool_call")
    await unchanged(run, lambda: run.reject(first.id, "no"), "unknown_tool_call")
    assert shop.bought == [], "outputs are gathered and go in together"


async def test_each_pending_call_takes_the_answer_that_it_waits_for(client: AsyncClient, shop: Shop) -> None:
    run, [approval, output] = await rest(client, [shop.tool(), ELSEWHERE], f"{BUY}\nCALL elsewhere {{}}")
    assert (approval.waits_for, output.waits_for) == ("approval", "output")
    await unchanged(run, lambda: run.submit_tool_outputs({approval.id: "bought"}), "wrong_answer")
    await unchanged(run, lambda: run.approve(output.id), "wrong_answer")
    await unchanged(run, lambda: run.reject(output.id, "no"), "wrong_answer")
    await unchanged(run, lambda: run.submit_tool_outputs({output.id: "Rome", approval.id: "bought"}), "wrong_answer")
    await unchanged(run, lambda: run.approve("call_none"), "unknown_tool_call")


async def test_a_run_that_has_ended_takes_no_decision(client: AsyncClient, shop: Shop) -> None:
    run, [call] = await rest(client, [shop.tool()])
    await run.approve(call.id)
    await run.result()
    await unchanged(run, lambda: run.approve(call.id), "run_not_waiting")
    await unchanged(run, lambda: run.reject(call.id, "no"), "run_not_waiting")
    cancelled, [call] = await rest(client, [shop.tool()])
    await cancelled.cancel()
    await unchanged(cancelled, lambda: cancelled.approve(call.id), "run_not_waiting")
    fresh = await begin(client, [shop.tool()])
    with pytest.raises(InvalidRequest) as caught:
        await fresh.approve(call.id)
    assert caught.value.code == "run_not_started"


async def test_a_cancel_while_it_rests_ends_the_run_without_the_call(client: AsyncClient, shop: Shop) -> None:
    run, _ = await rest(client, [shop.tool()])
    await run.cancel()
    with pytest.raises(RunCancelled):
        await run.result()
    [call] = await calls_of(run)
    assert (call.outcome, call.output) == ("skipped", "Not called: the run was cancelled first.")
    assert (shop.bought, await ledger(client, run)) == ([], {})


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """`later(61)`: it is so many seconds later now, for whoever reads the clock."""

    def later(seconds: float) -> None:
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() + seconds)

    return later


async def test_a_run_that_expires_while_it_rests_takes_no_decision(client: AsyncClient, shop: Shop, later) -> None:
    run, [call] = await rest(client, [shop.tool()], expires_in=60)
    later(61)
    with pytest.raises(InvalidRequest) as caught:
        await run.approve(call.id)
    assert caught.value.code == "run_not_waiting"
    with pytest.raises(RunExpired):
        await run.result()
    assert shop.bought == []


# One after another, and at once


@pytest.mark.parametrize("order", list(permutations(["first", "second", "output"])))
async def test_a_turn_of_all_kinds_is_answered_in_any_order(scripted, make_call, make_store, shop: Shop, order) -> None:
    """Bound calls are made at once; what waits is answered one by one; the model sees all in the order of the calls."""
    noted: list[str] = []

    def note() -> str:
        """Note."""
        noted.append("noted")
        return "noted"

    buy = [make_call("buy", f'{{"order_id": "ord-{n}"}}') for n in (1, 2)]
    model = scripted([buy[0], make_call("note"), make_call("elsewhere"), buy[1]])
    async with AsyncClient(model, store=make_store()) as client:
        run, calls = await rest(client, [shop.tool(), note, ELSEWHERE])
        assert noted == ["noted"]
        ids = dict(zip(["first", "output", "second"], [call.id for call in calls], strict=True))
        for answered, name in enumerate(order, 1):
            match name:
                case "first":
                    await run.approve(ids[name])
                case "second":
                    await run.reject(ids[name], "One is enough.")
                case _:
                    await run.submit_tool_outputs({ids[name]: "Rome"})
            left = {ids[one] for one in order[answered:]}
            assert {call.id for call in run.record.pending_calls} == left
        assert (await run.result()).text == "done"
        assert len(await extensions(run, "asked")) == 2
        [step, _] = [step async for step in run.steps()]
        assert [call.outcome for call in step.tool_calls] == ["succeeded", "succeeded", "succeeded", "rejected"]
    told = [message.text for message in model.requests[1].messages if message.role == "tool"]
    assert told == ["bought ord-1", "noted", "Rome", "A person did not approve this call. One is enough."]
    assert (shop.bought, noted) == (["1 x ord-1"], ["noted"])


async def test_two_people_decide_two_calls_at_once(make_store, shop: Shop) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as one, AsyncClient("echo", store=store) as two:
        run, [first, second] = await rest(one, [shop.tool()], f"{BUY}\n{BUY}")
        thread = await two.threads.get(run.record.thread_id)
        other = await thread.resume(tools=[shop.tool()])
        assert other is not None
        async with anyio.create_task_group() as group:
            group.start_soon(run.approve, first.id)
            group.start_soon(other.approve, second.id)
        assert (await run.result()).text == "TOOL RESULT: bought ord-1 | bought ord-1"
        assert len(shop.bought) == 2
        assert len(await extensions(run, "decided")) == 2


async def test_of_many_decisions_on_one_call_one_counts_and_the_others_are_told(make_store, shop: Shop) -> None:
    """Another call waits too, so that the run rests again after the first, where a later one could overwrite it."""
    store = make_store()
    outcomes: list[str] = []
    refusals: list[str | None] = []
    async with AsyncClient("echo", store=store) as one, AsyncClient("echo", store=store) as two:
        run, [first, second] = await rest(one, [shop.tool()], f"{BUY}\n{BUY}")

        async def decide(client: AsyncClient, who: str, approved: bool) -> None:
            handle = await client.runs.get(run.id)
            try:
                if approved:
                    await handle.approve(first.id, by=who)
                else:
                    await handle.reject(first.id, "no", by=who)
                outcomes.append(who)
            except InvalidRequest as error:
                refusals.append(error.code)

        async with anyio.create_task_group() as group:
            for number in range(6):
                group.start_soon(decide, [one, two][number % 2], f"person {number}", number % 3 == 0)
        assert len(outcomes) == 1
        assert len(refusals) == 5
        assert set(refusals) <= {"unknown_tool_call", "wrong_answer"}
        decided = await extensions(await one.runs.get(run.id), "decided")
        assert [told["by"] for told in decided] == outcomes
        [made, waiting] = await calls_of(run)
        assert made.decision is not None
        assert made.decision.by == outcomes[0]
        assert (made.outcome is None) == made.decision.approved
        assert waiting.id == second.id
        assert waiting.decision is None


async def test_an_answer_that_is_overtaken_between_its_check_and_its_turn_is_refused(
    make_store, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race of the test before this one, played out step by step."""
    from anyassistant.hosting.host import Host

    store = make_store()
    async with AsyncClient("echo", store=store) as one, AsyncClient("echo", store=store) as two:
        run, [first, _] = await rest(one, [shop.tool()], f"{BUY}\n{BUY}")
        slow, quick = await one.runs.get(run.id), await two.runs.get(run.id)
        take_up = Host.take_up

        async def overtaken(self, state, executor, *answers):
            monkeypatch.setattr(Host, "take_up", take_up)
            await quick.approve(first.id, by="quick")
            return await take_up(self, state, executor, *answers)

        monkeypatch.setattr(Host, "take_up", overtaken)
        with pytest.raises(InvalidRequest) as caught:
            await slow.reject(first.id, "no", by="slow")
        assert caught.value.code == "wrong_answer", "it waits for its output, since nobody here can make it"
        [made, _] = await calls_of(run)
        assert made.decision is not None
        assert (made.decision.by, made.outcome) == ("quick", None)


# From elsewhere, and later


async def test_a_client_without_the_tools_decides_and_one_with_them_goes_on(make_store, shop: Shop) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as client:
        run, [call] = await rest(client, [shop.tool()], deps="ann")
    async with AsyncClient("echo", store=store) as client:
        other = await client.runs.get(run.id)
        await other.approve(call.id, arguments={"order_id": "ord-9"}, by="eve")
        [waiting] = other.record.pending_calls
        assert (waiting.id, waiting.waits_for) == (call.id, "output"), "it can be made, and nobody here can"
        assert waiting.arguments == '{"order_id": "ord-9"}', "what whoever makes it has to know"
        with pytest.raises(RunRequiresAction):
            await other.result()
    assert shop.bought == []
    async with AsyncClient("echo", store=store) as client:
        resumed = await (await client.threads.get(run.record.thread_id)).resume(tools=[shop.tool()])
        assert resumed is not None
        assert (await resumed.result()).text == "TOOL RESULT: bought ord-9"
        assert len(await extensions(resumed, "asked")) == 1
    assert shop.bought == ["1 x ord-9"]


async def test_a_client_without_the_tools_may_submit_the_output_of_what_it_approved(
    client: AsyncClient, make_store, shop: Shop
) -> None:
    run, [call] = await rest(client, [shop.tool()])
    other = await client.runs.get(run.id)
    await other.approve(call.id)
    await other.submit_tool_outputs({call.id: "bought by hand"})
    assert (await other.result()).text == "TOOL RESULT: bought by hand"
    assert shop.bought == []


async def test_a_client_without_the_tools_rejects_and_the_run_goes_on_there(make_store, shop: Shop) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as one, AsyncClient("echo", store=store) as two:
        run, [call] = await rest(one, [shop.tool()])
        other = await two.runs.get(run.id)
        await other.reject(call.id, "No.")
        assert (await other.result()).text == "TOOL RESULT: A person did not approve this call. No."
        assert (await run.result()).text == (await other.result()).text


async def test_a_client_with_the_tools_decides_and_goes_on_there(make_store, shop: Shop) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as client:
        run, [call] = await rest(client, [shop.tool()], deps="ann")
    async with AsyncClient("echo", store=store) as client:
        resumed = await (await client.threads.get(run.record.thread_id)).resume(tools=[shop.tool()])
        assert resumed is not None
        assert [one.waits_for for one in (await resumed.wait()).pending_calls] == ["approval"]
        await resumed.approve(call.id)
        assert (await resumed.result()).text == "TOOL RESULT: bought ord-1"
        assert len(await extensions(resumed, "asked")) == 1


async def test_resume_makes_the_approved_call_and_rests_for_the_undecided_one(make_store, shop: Shop) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as client:
        run, [first, second] = await rest(client, [shop.tool()], f"{BUY}\n{BUY}")
        await (await client.runs.get(run.id)).approve(first.id)
    async with AsyncClient("echo", store=store) as client:
        resumed = await (await client.threads.get(run.record.thread_id)).resume(tools=[shop.tool()])
        assert resumed is not None
        with pytest.raises(RunRequiresAction) as caught:
            await resumed.result()
        assert [(call.id, call.waits_for) for call in caught.value.calls] == [(second.id, "approval")]
        assert shop.bought == ["1 x ord-1"]
        assert len(await extensions(resumed, "asked")) == 2, "nobody is asked twice"
        await resumed.reject(second.id, "No.")
        await resumed.result()
    assert shop.bought == ["1 x ord-1"]


async def test_what_was_asked_stays_asked_whatever_another_clients_code_says(make_store, shop: Shop) -> None:
    store, trusting = make_store(), shop.tool(requires_approval=False)
    text = f"{BUY}\nCALL elsewhere {{}}"
    async with AsyncClient("echo", store=store) as client:
        run, [call, output] = await rest(client, [shop.tool(), ELSEWHERE], text)
    async with AsyncClient("echo", store=store) as client:
        thread = await client.threads.get(run.record.thread_id)
        resumed = await thread.resume(tools=[trusting])
        assert resumed is not None
        assert {one.waits_for for one in (await resumed.wait()).pending_calls} == {"approval", "output"}
        await resumed.submit_tool_outputs({output.id: "Rome"})
        assert [one.id for one in (await resumed.wait()).pending_calls] == [call.id]
    assert shop.bought == []
    async with AsyncClient("echo", store=store) as client:
        thread = await client.threads.get(run.record.thread_id)
        resumed = await thread.resume(tools=[trusting])
        assert resumed is not None
        await resumed.approve(call.id)
        await resumed.result()
    assert shop.bought == ["1 x ord-1"]


async def test_what_was_asked_stays_asked_when_its_driver_is_lost_on_the_way(make_store, make_gate, shop: Shop) -> None:
    """A driver makes the other call of the turn, for which the run leaves its rest, and is parked in it."""
    store, gate = make_store(), make_gate()

    async def elsewhere() -> str:
        """Made by one driver."""
        await gate()
        return "Rome"

    text = f"{BUY}\nCALL elsewhere {{}}"
    async with AsyncClient("echo", store=store) as client:
        run, _ = await rest(client, [shop.tool(), ELSEWHERE], text)
    async with AsyncClient("echo", store=store) as client:
        thread = await client.threads.get(run.record.thread_id)
        assert await thread.resume(tools=[shop.tool(), elsewhere]) is not None
        await gate.reached()
    async with AsyncClient("echo", store=store) as client:
        thread = await client.threads.get(run.record.thread_id)
        resumed = await thread.resume(tools=[shop.tool(requires_approval=False), elsewhere])
        assert resumed is not None
        [call] = (await resumed.wait()).pending_calls
        assert call.waits_for == "approval"
        assert len(await extensions(resumed, "asked")) == 1
    assert shop.bought == []


async def test_an_approval_that_was_not_used_in_time_is_asked_for_again(make_store, shop: Shop, later) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as client:
        run, [call] = await rest(client, [shop.tool()])
        await (await client.runs.get(run.id)).approve(call.id, by="eve", expires_in=60)
    later(61)
    async with AsyncClient("echo", store=store) as client:
        resumed = await (await client.threads.get(run.record.thread_id)).resume(tools=[shop.tool()])
        assert resumed is not None
        [waiting] = (await resumed.wait()).pending_calls
        assert (waiting.waits_for, shop.bought) == ("approval", [])
        assert len(await extensions(resumed, "asked")) == 2
        await resumed.approve(call.id, by="ann", expires_in=60)
        assert (await resumed.result()).text == "TOOL RESULT: bought ord-1"
        [made] = await calls_of(resumed)
        assert made.decision is not None
        assert made.decision.by == "ann"


async def test_an_approval_that_lapses_while_another_call_waits_is_asked_for_again(
    client: AsyncClient, shop: Shop, later
) -> None:
    run, [first, second] = await rest(client, [shop.tool()], f"{BUY}\n{BUY}")
    await run.approve(first.id, expires_in=60)
    later(61)
    await run.approve(second.id)
    assert [(call.id, call.waits_for, call.decision) for call in run.record.pending_calls] == [
        (first.id, "approval", None)
    ]
    assert [told["tool_call_id"] for told in await extensions(run, "asked")] == [first.id, second.id, first.id]
    await run.reject(first.id, "Too late.")
    assert (await run.result()).text == "TOOL RESULT: A person did not approve this call. Too late. | bought ord-1"


@pytest.mark.parametrize("why", ["limit", "sequential"])
async def test_an_approval_that_lapses_while_an_approved_call_runs_is_asked_for_again(
    client: AsyncClient, later, why: str
) -> None:
    bought: list[str] = []

    async def buy(order_id: str) -> str:
        """Buy an order, which takes a minute."""
        bought.append(order_id)
        later(61)
        return f"bought {order_id}"

    tool = Tool.from_callable(buy, requires_approval=True, sequential=why == "sequential")
    limits = Limits(parallel_tools=1 if why == "limit" else 8)
    run, [first, second] = await rest(client, [tool], f"{BUY}\n{BUY}", limits=limits)
    await run.approve(first.id, expires_in=60)
    await run.approve(second.id, arguments={"order_id": "ord-2"}, expires_in=60)
    record = await run.wait()
    assert [(call.id, call.waits_for, call.decision, call.arguments) for call in record.pending_calls] == [
        (second.id, "approval", None, second.arguments)
    ]
    assert await ledger(client, run) == {first.id: "succeeded"}
    assert [told["tool_call_id"] for told in await extensions(run, "asked")] == [first.id, second.id, second.id]
    await run.approve(second.id)
    assert (await run.result()).text == "TOOL RESULT: bought ord-1 | bought ord-1"
    assert bought == ["ord-1", "ord-1"]


async def test_a_cancel_reaches_a_run_whose_function_is_still_asked_whether_a_call_needs_approval(
    client: AsyncClient, make_gate, shop: Shop
) -> None:
    """At first, and again when a decision sets the run going."""
    gate, asked = make_gate(), 0

    async def needs(order_id: str) -> bool:
        nonlocal asked
        asked += 1
        if asked > 1 or order_id == "slow":
            await gate()
        return True

    tool = shop.tool(requires_approval=needs)
    run = await begin(client, [tool], 'CALL buy {"order_id": "slow"}')
    await run.start()
    await gate.reached()
    with anyio.fail_after(10):
        await run.cancel()
        assert (await run.wait()).status == "cancelled"
    gate, asked = make_gate(), 0
    run, [call] = await rest(client, [tool])
    async with anyio.create_task_group() as group:
        group.start_soon(run.approve, call.id)
        await gate.reached()
        with anyio.fail_after(10):
            await (await client.runs.get(run.id)).cancel()
            assert (await run.wait()).status == "cancelled"
    assert shop.bought == []


async def test_a_function_that_heeds_no_cancellation_does_not_hold_up_a_cancel(
    client: AsyncClient, make_gate, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anyassistant.host_task.LEAVE_SECONDS", 0.01)
    gate = make_gate()

    async def needs() -> bool:
        with anyio.CancelScope(shield=True):
            await gate()
        return True

    run = await begin(client, [shop.tool(requires_approval=needs)])
    await run.start()
    await gate.reached()
    with anyio.fail_after(10):
        await run.cancel()
        assert (await run.wait()).status == "cancelled"
    gate.open()
    assert shop.bought == []


async def test_a_function_that_takes_too_long_fails_its_call(client: AsyncClient, shop: Shop) -> None:
    async def needs() -> bool:
        await anyio.sleep_forever()
        return False

    run = await begin(client, [shop.tool(requires_approval=needs, timeout=0.05)])
    assert (await run.result()).text == "TOOL RESULT: buy failed with an internal error."
    assert shop.bought == []


async def test_a_call_that_had_begun_in_time_is_not_asked_for_again(make_store, make_gate, later) -> None:
    store, gate = make_store(), make_gate()
    made: list[str] = []

    async def buy(order_id: str) -> str:
        """Buy."""
        made.append(order_id)
        await gate()
        return "bought"

    tool = Tool.from_callable(buy, requires_approval=True)
    async with AsyncClient("echo", store=store) as client:
        run, [call] = await rest(client, [tool])
        await run.approve(call.id, expires_in=60)
        await gate.reached()
    later(61)
    async with AsyncClient("echo", store=store) as client:
        resumed = await (await client.threads.get(run.record.thread_id)).resume(tools=[tool])
        assert resumed is not None
        assert "outcome of this call is unknown" in (await resumed.result()).text
        assert await ledger(client, resumed) == {call.id: "unknown"}
    assert made == ["ord-1"]


async def test_a_tool_that_nobody_here_runs_waits_for_approval_and_then_for_its_output(client: AsyncClient) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    book = Tool.from_schema("book", "Book.", schema, requires_approval=True)
    run, [call] = await rest(client, [book], 'CALL book {"city": "Rome"}')
    assert call.waits_for == "approval"
    await run.approve(call.id, arguments={"city": "Bonn"})
    [call] = run.record.pending_calls
    assert (call.waits_for, call.arguments) == ("output", '{"city": "Bonn"}')
    await run.submit_tool_outputs({call.id: "booked"})
    assert (await run.result()).text == "TOOL RESULT: booked"


async def test_a_toolset_may_require_approval_of_all_its_tools(client: AsyncClient, shop: Shop) -> None:
    tools = Toolset("shop", [shop.tool(requires_approval=False)]).configure(requires_approval=True)
    run, [call] = await rest(client, [tools])
    await run.approve(call.id)
    assert (await run.result()).text == "TOOL RESULT: bought ord-1"


# Waiting while others decide


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that waits for others looks again at once."""
    monkeypatch.setattr("anyassistant.client.backend_run.FIRST_PAUSE", 0.005)


async def read(run, way: str) -> None:
    match way:
        case "result":
            await run.result()
        case "wait":
            assert (await run.wait()).status == "completed"
        case "events":
            async for _ in run.events():
                pass
        case _:
            async for _ in run:
                pass


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("way", ["result", "wait", "events", "iterate"])
@pytest.mark.parametrize("has_tools", [True, False], ids=["with the tools", "without the tools"])
async def test_a_run_that_waits_goes_on_when_another_client_decides(
    make_store, shop: Shop, until, way: str, has_tools: bool
) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as one, AsyncClient("echo", store=store) as two:
        text = f"{BUY}\n{BUY}\nCALL elsewhere {{}}"
        run = await begin(one, [shop.tool(), ELSEWHERE], text, on_action="wait")
        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                group.start_soon(read, run, way)

                async def has_begun() -> bool:
                    found = [found async for found in two.runs.list(status="requires_action")]
                    return bool(found)

                await until(has_begun)
                [found] = [found async for found in two.runs.list(status="requires_action")]
                thread = await two.threads.get(found.record.thread_id)
                other = await thread.resume(tools=[shop.tool()]) if has_tools else found
                assert other is not None
                first, second, output = other.record.pending_calls
                await other.approve(first.id)
                await other.submit_tool_outputs({output.id: "Rome"})
                await other.reject(second.id, "No.")
        assert (await run.result()).text.startswith("TOOL RESULT: bought ord-1 | A person did not approve")
        assert shop.bought == ["1 x ord-1"]
        events = [event async for event in run.events()]
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))


@pytest.mark.usefixtures("at_once")
async def test_events_of_a_run_that_waits_are_one_stream(client: AsyncClient, shop: Shop) -> None:
    run = await begin(client, [shop.tool()], f"{BUY}\nTHEN\n{BUY}", on_action="wait")
    seen: list[str] = []
    with anyio.fail_after(20):
        async for event in run.events():
            seen.append(event.event)
            assert event.sequence == len(seen)
            if event.event == "thread.run.requires_action":
                await run.approve(event.data.pending_calls[0].id)
    assert seen.count("thread.run.requires_action") == 2
    assert seen[-1] == "thread.run.completed"
    assert len(shop.bought) == 2


@pytest.mark.parametrize("on_action", ["raise", "wait"])
async def test_a_run_that_rests_again_before_its_reader_looks_is_read_on(
    client: AsyncClient, shop: Shop, on_action: str
) -> None:
    run = await begin(client, [shop.tool()], f"{BUY}\nTHEN\n{BUY}", on_action=on_action)
    seen: list[str] = []
    with anyio.fail_after(20):
        async for event in run.events(check=False):
            seen.append(event.event)
            if event.event == "thread.run.requires_action":
                await run.approve(event.data.pending_calls[0].id)
                await (await client.runs.get(run.id)).wait()  # until it rests again, or has ended
    assert seen.count("thread.run.requires_action") == 2
    assert seen[-1] == "thread.run.completed"


@pytest.mark.usefixtures("at_once")
async def test_waiting_for_others_may_be_bounded(client: AsyncClient, shop: Shop) -> None:
    run = await begin(client, [shop.tool()], on_action="wait")
    with pytest.raises(TimeoutError):
        await run.wait(timeout=0.05)
    [call] = run.record.pending_calls
    await run.approve(call.id)
    assert (await run.wait(timeout=10)).status == "completed"


@pytest.mark.usefixtures("at_once")
async def test_waiting_for_others_reads_no_event_twice(shop: Shop, until) -> None:
    given: list[int] = []

    class Noting(MemoryStore):
        def recent_events(self, run_id: str, after: int, /) -> Sequence[Event] | None:
            events = super().recent_events(run_id, after)
            given.extend(event.sequence for event in events or ())
            return events

    async with AsyncClient("echo", store=Noting()) as client:
        run = await begin(client, [shop.tool()], on_action="wait")
        await run.start()

        async def rests() -> bool:
            return (await client.runs.get(run.id)).record.status == "requires_action"

        await until(rests)
        with pytest.raises(TimeoutError):
            await run.wait(timeout=0.05)
        await run.approve(run.record.pending_calls[0].id)
        assert (await run.wait(timeout=10)).status == "completed"
    assert given == list(range(1, len(given) + 1))


@pytest.mark.usefixtures("at_once")
async def test_a_run_that_waits_ends_by_a_cancel(client: AsyncClient, shop: Shop, until) -> None:
    run = await begin(client, [shop.tool()], on_action="wait")
    await run.start()

    async def cancel() -> None:
        async def rests() -> bool:
            return (await client.runs.get(run.id)).record.status == "requires_action"

        await until(rests)
        await (await client.runs.get(run.id)).cancel()

    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            group.start_soon(cancel)
            with pytest.raises(RunCancelled):
                await run.result()


@pytest.mark.usefixtures("at_once")
async def test_the_cause_of_a_failure_is_there_though_another_handle_approved(client: AsyncClient) -> None:
    error = ConnectionError("no shop")

    def buy(order_id: str) -> str:
        """Buy."""
        raise error

    tool = Tool.from_callable(buy, requires_approval=True, fatal=ConnectionError)
    run = await begin(client, [tool], on_action="wait")
    with anyio.fail_after(20), pytest.raises(RunFailed) as caught:
        async for event in run.events():
            if event.event == "thread.run.requires_action":
                await (await client.runs.get(run.id)).approve(event.data.pending_calls[0].id)
    assert caught.value.__cause__ is error


async def test_a_run_that_is_answered_while_its_rest_is_read_is_followed_on(
    make_store, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the last event before the rest and the look at the record, another client sets it going."""
    from anyassistant.hosting.run import HostedRun

    store = make_store()
    async with AsyncClient("echo", store=store) as one, AsyncClient("echo", store=store) as two:
        run = await begin(one, [shop.tool()])
        await run.start()
        await run.wait()
        refresh = HostedRun.refresh

        async def late(self):
            monkeypatch.setattr(HostedRun, "refresh", refresh)
            other = await two.runs.get(run.id)
            await other.reject(other.record.pending_calls[0].id, "No.")
            return await refresh(self)

        stream = run.events(after=2)
        monkeypatch.setattr(HostedRun, "refresh", late)
        names = [event.event async for event in stream]
        assert names[-1] == "thread.run.completed"


async def test_on_action_is_one_of_two(client: AsyncClient, refused) -> None:
    thread = await client.threads.create()
    assistant = await client.assistants.create()
    with refused("on_action"):
        thread.run(assistant, on_action="stay")  # type: ignore[typeddict-item]


# The thread afterwards


async def test_the_thread_is_usable_and_its_history_valid_after_every_answer(
    scripted, make_call, make_store, shop: Shop
) -> None:
    buy = make_call("buy", '{"order_id": "ord-1"}')
    model = scripted([buy, buy], ["one"], [buy], [buy], ["two"])
    async with AsyncClient(model, store=make_store()) as client:
        run, [first, second] = await rest(client, [shop.tool()], "go")
        await run.approve(first.id, arguments={"order_id": "ord-2"})
        await run.reject(second.id, "No.")
        await run.result()
        thread = await client.threads.get(run.record.thread_id)
        assistant = await client.assistants.get(run.record.assistant_id, tools=[shop.tool()])
        resting = thread.run(assistant, additional_messages=["again"])
        with pytest.raises(RunRequiresAction):
            await resting.result()
        await resting.cancel()
        await thread.add("and again")
        last = thread.run(assistant)
        with pytest.raises(RunRequiresAction) as caught:
            await last.result()
        await last.reject(caught.value.calls[0].id, "No.")
        assert (await last.result()).text == "two"
    told = [message.text for message in model.requests[-1].messages if message.role == "tool"]
    assert told == [
        "bought ord-2",
        "A person did not approve this call. No.",
        "Not called: the run was cancelled first.",
        "A person did not approve this call. No.",
    ]
