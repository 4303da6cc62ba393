"""Runs that a service keeps: they look as those that are kept here, and no call is made twice."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator

import anyio
import anyio.lowlevel
import pytest
from anyassistant import AsyncClient, RunContext, Tool, tool
from anyassistant.config import Resolved
from anyassistant.errors import (
    AnyAssistantError,
    InvalidRequest,
    NotFound,
    ProviderError,
    RunCancelled,
    RunExpired,
    RunFailed,
    RunIncomplete,
    RunRequiresAction,
    StoreError,
    ThreadBusy,
)
from anyassistant.plugins import Manifest
from anyassistant.protocols import AssistantParams, RunParams, ThreadParams
from anyassistant.store.memory import MemoryStore
from anyassistant.types import Event, Limits, Page
from pydantic import BaseModel


def get_shopping_history(ctx: RunContext[str]) -> list[str]:
    """What was bought."""
    return [f"hat of {ctx.deps}"]


def order_item(item_id: str) -> str:
    """Order an item."""
    return f"ordered {item_id}"


@tool(requires_approval=True)
def confirm_order_item(order_id: str) -> str:
    """Buy it."""
    return f"bought {order_id}"


TOOLS = [get_shopping_history, order_item, confirm_order_item]


@pytest.fixture
async def client(service, make_store) -> AsyncGenerator[AsyncClient, None]:
    async with AsyncClient(service, store=make_store()) as client:
        yield client


async def begin(client: AsyncClient, text: str, **options):
    assistant = await client.assistants.create(tools=TOOLS)
    thread = await client.threads.create(messages=[text])
    return thread, thread.run(assistant, deps="ann", **options)


async def test_tools_are_called_and_the_run_goes_on(client: AsyncClient, service) -> None:
    thread, run = await begin(client, 'CALL get_shopping_history {}\nTHEN\nCALL order_item {"item_id": "sg-1"}')
    result = await run.result()
    assert result.text == 'TOOL RESULT: ["hat of ann"] | ordered sg-1'
    assert [len(outputs) for outputs in service.submitted] == [1, 1]
    assert [message.role async for message in thread.messages()] == ["user", "assistant"]
    assert [step.type for step in result.steps] == ["tool_calls", "tool_calls", "message_creation"]
    [call] = result.steps[0].tool_calls
    assert (call.output, call.outcome) == ('["hat of ann"]', "succeeded")


async def test_its_events_are_one_numbered_stream(client: AsyncClient) -> None:
    _, run = await begin(client, "CALL get_shopping_history {}")
    events = [event async for event in run.events()]
    names = [event.event for event in events]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert names[:3] == ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
    assert names[-1] == "thread.run.completed"
    assert "thread.run.requires_action" not in names  # its calls were made here
    assert names.count("thread.run.in_progress") == names.count("thread.message.completed") == 1
    assert "".join(event.text for event in events if event.event == "thread.message.delta") == (
        'TOOL RESULT: ["hat of ann"]'
    )
    again = [event async for event in run.events(after=events[4].sequence)]
    assert again == events[5:]


async def test_iterating_gives_finished_steps(client: AsyncClient) -> None:
    _, run = await begin(client, "CALL get_shopping_history {}")
    assert [step.status async for step in run] == ["completed", "completed"]


@pytest.mark.parametrize("at", range(1, 24))
async def test_a_stream_that_breaks_anywhere_loses_and_repeats_nothing(service, make_store, at: int) -> None:
    seen = 0

    def break_at(event: Event) -> None:
        nonlocal seen
        seen += 1
        if seen == at:
            raise ProviderError("the stream broke", code="connection_error")

    service.on_event = break_at
    calls: list[str] = []

    def count(item_id: str) -> str:
        """Count."""
        calls.append(item_id)
        return "counted"

    async with AsyncClient(service, store=make_store()) as client:
        assistant = await client.assistants.create(tools=[count])
        thread = await client.threads.create(messages=['CALL count {"item_id": "a"}'])
        run = thread.run(assistant)
        events = [event async for event in run.events()]
        result = await run.result()
    assert result.text == "TOOL RESULT: counted"
    assert calls == ["a"]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    told = "".join(event.text for event in events if event.event == "thread.message.delta")
    assert told == "TOOL RESULT: counted"
    ids = [(event.event, event.data.id) for event in events if "delta" not in event.event]
    assert len(ids) == len(set(ids))
    for name in ("thread.run.step.created", "thread.run.step.completed"):
        assert len([one for one, _ in ids if one == name]) == 2
    assert [step.status for step in result.steps] == ["completed", "completed"]


async def test_what_waits_for_the_caller_rests_and_goes_on_from_there(client: AsyncClient, service) -> None:
    text = 'CALL confirm_order_item {"order_id": "o"}\nCALL locate {}\nCALL order_item {"item_id": "x"}'
    assistant = await client.assistants.create(tools=[*TOOLS, Tool.from_schema("locate", "", {"type": "object"})])
    thread = await client.threads.create(messages=[text])
    run = thread.run(assistant, deps="ann")
    with pytest.raises(RunRequiresAction) as rest:
        await run.result()
    assert [(call.name, call.waits_for) for call in rest.value.calls] == [
        ("confirm_order_item", "approval"),
        ("locate", "output"),
    ]
    approval, output = rest.value.calls
    with pytest.raises(ThreadBusy):
        await thread.add("more")
    await run.approve(approval.id, by="eve")
    assert run.record.status == "requires_action"
    assert service.submitted == []
    await run.submit_tool_outputs({output.id: {"city": "Rome"}})
    result = await run.result()
    assert result.text == 'TOOL RESULT: bought o | {"city":"Rome"} | ordered x'
    [outputs] = service.submitted  # they go in together
    assert len(outputs) == 3
    decision = result.steps[0].tool_calls[0].decision
    assert decision is not None
    assert (decision.approved, decision.by) == (True, "eve")


async def test_a_rejected_call_is_told_to_the_model(client: AsyncClient) -> None:
    _, run = await begin(client, 'CALL confirm_order_item {"order_id": "o"}')
    with pytest.raises(RunRequiresAction) as rest:
        await run.result()
    await run.reject(rest.value.calls[0].id, "Too dear.", by="eve")
    assert (await run.result()).text == "TOOL RESULT: A person did not approve this call. Too dear."


async def test_an_approval_that_lapses_while_an_approved_call_runs_is_asked_for_again(
    client: AsyncClient, service, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought: list[str] = []
    now = time.time

    @tool(requires_approval=True)
    async def buy(order_id: str) -> str:
        """Buy an order, which takes a minute."""
        bought.append(order_id)
        monkeypatch.setattr(time, "time", lambda: now() + 61)
        return f"bought {order_id}"

    assistant = await client.assistants.create(tools=[buy])
    thread = await client.threads.create(messages=['CALL buy {"order_id": "a"}\nCALL buy {"order_id": "b"}'])
    run = thread.run(assistant, limits=Limits(parallel_tools=1))
    first, second = (await run.wait()).pending_calls
    await run.approve(first.id, expires_in=60)
    await run.approve(second.id, arguments={"order_id": "c"}, expires_in=60)
    [waiting] = (await run.wait()).pending_calls
    assert (waiting.id, waiting.waits_for, waiting.decision) == (second.id, "approval", None)
    assert waiting.arguments == second.arguments
    assert (bought, service.submitted) == (["a"], [])
    await run.approve(second.id)
    assert (await run.result()).text == "TOOL RESULT: bought a | bought b"
    assert bought == ["a", "b"]


async def test_another_client_decides_and_the_first_ones_tools_go_on(service, make_store) -> None:
    store = make_store()
    async with AsyncClient(service, store=store) as client:
        thread, run = await begin(client, 'CALL confirm_order_item {"order_id": "o"}')
        with pytest.raises(RunRequiresAction):
            await run.result()
        [waiting] = [one async for one in client.runs.list(status="requires_action")]
        [call] = waiting.record.pending_calls
        await waiting.approve(call.id, by="eve")
        [call] = waiting.record.pending_calls if await waiting.wait() is None else (await waiting.wait()).pending_calls
        assert call.waits_for == "output"  # of somebody who has the tool
        mine = await (await client.threads.get(thread.id)).resume(tools=TOOLS)
        assert mine is not None
        assert (await mine.result()).text == "TOOL RESULT: bought o"


async def test_cancel_reaches_the_service(client: AsyncClient, service) -> None:
    begun = anyio.Event()

    async def wait_long() -> None:
        """Wait."""
        begun.set()
        await anyio.sleep_forever()

    assistant = await client.assistants.create(tools=[wait_long])
    thread = await client.threads.create(messages=["CALL wait_long {}"])
    run = await thread.run(assistant).start()
    await begun.wait()
    await run.cancel()
    with pytest.raises(RunCancelled):
        await run.result()
    assert service.cancelled == [run.id]
    await thread.add("usable")


async def test_a_resting_run_can_be_cancelled(client: AsyncClient, service) -> None:
    thread, run = await begin(client, 'CALL confirm_order_item {"order_id": "o"}')
    with pytest.raises(RunRequiresAction):
        await run.result()
    await run.cancel()
    assert (await run.wait()).status == "cancelled"
    assert service.cancelled == [run.id]
    await thread.add("usable")


async def test_a_fatal_tool_ends_the_run_at_both_ends(client: AsyncClient, service) -> None:
    @tool(fatal=ConnectionError)
    def broken() -> None:
        """Break."""
        raise ConnectionError("no line")

    assistant = await client.assistants.create(tools=[broken])
    thread = await client.threads.create(messages=["CALL broken {}"])
    run = thread.run(assistant)
    with pytest.raises(RunFailed) as failed:
        await run.result()
    assert failed.value.code == "tool_failed"
    assert isinstance(failed.value.__cause__, ConnectionError)
    assert service.cancelled == [run.id]
    await thread.add("usable")


async def test_a_run_that_failed_at_the_service_fails_here(client: AsyncClient) -> None:
    _, run = await begin(client, "FAIL rate_limit_exceeded slow down")
    with pytest.raises(RunFailed) as failed:
        await run.result()
    assert failed.value.code == "rate_limit_exceeded"


async def test_a_run_is_parked_with_its_client_and_resumed_by_the_next(service, make_store) -> None:
    store = make_store()
    keep = service.inner  # a client closes its provider: this one lives on
    provider = type("Kept", (type(service),), {"aclose": lambda self: anyio.lowlevel.checkpoint()})(store=service.store)
    del keep
    begun, calls = anyio.Event(), []

    @tool(idempotent=True)
    async def wait_once() -> str:
        """Wait."""
        calls.append(1)
        begun.set()
        if len(calls) == 1:
            await anyio.sleep_forever()
        return "done"

    async with AsyncClient(provider, store=store) as client:
        assistant = await client.assistants.create(tools=[wait_once])
        thread = await client.threads.create(messages=["CALL wait_once {}"])
        run = await thread.run(assistant).start()
        await begun.wait()
    async with AsyncClient(provider, store=store) as client:
        mine = await (await client.threads.get(thread.id)).resume(tools=[wait_once])
        assert mine is not None
        assert mine.id == run.id
        assert (await mine.result()).text == "TOOL RESULT: done"
    assert len(calls) == 2
    await type(service).aclose(provider)


async def test_a_run_begun_elsewhere_is_found_by_its_thread(service, make_store) -> None:
    async with AsyncClient(service, store=make_store()) as client:
        thread, run = await begin(client, "hello")
        await run.result()
        async with AsyncClient(service, store=MemoryStore()) as other:
            theirs = await other.threads.get(thread.id)
            assert [message.text async for message in theirs.messages()] == ["hello", "ECHO: hello"]


async def test_threads_are_listed_from_the_index_where_the_service_cannot(client: AsyncClient) -> None:
    made = [await client.threads.create() for _ in range(3)]
    assert [thread.id async for thread in client.threads.list()] == [thread.id for thread in reversed(made)]
    listed = [thread async for thread in client.threads.list()]
    await listed[0].add("hello")
    assert [message.text async for message in made[2].messages()] == ["hello"]


async def test_the_provider_is_closed_with_its_client(service) -> None:
    async with AsyncClient(service, store=":memory:") as client:
        await client.threads.create()
    assert service.is_closed


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(turns=2), "max_turns"),
        (Limits(repeated_calls=2), "repeated_call"),
    ],
)
async def test_limits_end_a_run_that_would_go_on_for_ever(client: AsyncClient, service, limits, reason: str) -> None:
    again = 'CALL order_item {"item_id": "x"}'
    thread, run = await begin(client, "\nTHEN\n".join([again] * 10), limits=limits)
    with pytest.raises(RunIncomplete) as incomplete:
        await run.result()
    assert incomplete.value.reason == reason
    assert service.cancelled == [run.id]
    assert len([step async for step in run.steps()]) == 2
    await thread.add("usable")


async def test_active_seconds_and_expiry_end_a_run(client: AsyncClient, service) -> None:
    thread, run = await begin(client, "SLEEP 3600", limits=Limits(seconds=0.05))
    with pytest.raises(RunIncomplete) as incomplete:
        await run.result()
    assert incomplete.value.reason == "max_seconds"
    run = thread.run(await client.assistants.create(), expires_in=0.05)
    with pytest.raises(RunExpired):
        await run.result()
    assert len(service.cancelled) == 2
    await thread.add("usable")


async def test_a_resting_run_that_ended_at_the_service_is_seen_by_whoever_looks(service, make_store) -> None:
    async with AsyncClient(service, store=make_store()) as client:
        thread, run = await begin(client, 'CALL confirm_order_item {"order_id": "o"}')
        with pytest.raises(RunRequiresAction):
            await run.result()
        theirs = await (await service.get_thread(thread.id)).get_run(run.id)
        await theirs.cancel()
        assert (await client.runs.get(run.id)).record.status == "cancelled"
        assert [event.event async for event in run.events(check=False)][-1] == "thread.run.cancelled"
        await thread.add("usable")


async def test_the_ledger_knows_what_came_of_each_call(service, make_store) -> None:
    store = MemoryStore()

    def fail() -> None:
        """Fail."""
        raise ValueError("no")

    async with AsyncClient(service, store=store) as client:
        assistant = await client.assistants.create(tools=[order_item, fail])
        thread = await client.threads.create(messages=['CALL order_item {"item_id": "x"}\nCALL fail {}\nCALL! gone {}'])
        result = await thread.run(assistant).result()
        calls = {call.name: call for call in result.steps[0].tool_calls}
        claims = await store.list_claims(result.run.id)
        assert {name: claims.get(call.id) for name, call in calls.items() if name != "gone"} == {
            "order_item": "succeeded",
            "fail": "failed",
        }
        assert calls["fail"].error is not None
        assert "ValueError: no" in calls["fail"].error


async def test_a_manifest_of_a_full_backend_is_used_by_name(service, monkeypatch: pytest.MonkeyPatch) -> None:
    class Config(BaseModel):
        pass

    manifest = Manifest.provider("pausing", contract="1", config=Config, create=lambda _: service)
    monkeypatch.setattr("anyassistant.config.resolve", lambda target, path: Resolved(manifest, Config(), "a-model", ()))
    async with AsyncClient("pausing", store=":memory:") as client:
        assistant = await client.assistants.create()
        assert assistant.record.model == "a-model"
        thread = await client.threads.create(messages=["hello"])
        assert (await thread.run(assistant).result()).text == "ECHO: hello"


async def test_a_client_of_another_provider_leaves_its_runs_alone(service, make_store) -> None:
    store = make_store()
    async with AsyncClient(service, store=store) as client:
        _, run = await begin(client, 'CALL confirm_order_item {"order_id": "o"}')
        with pytest.raises(RunRequiresAction) as rest:
            await run.result()
        async with AsyncClient("echo", store=store) as other:
            theirs = await other.runs.get(run.id)
            assert theirs.record.status == "requires_action"
            with pytest.raises(InvalidRequest, match=r"kept by provider 'pausing'.*'echo'") as refused:
                await theirs.approve(rest.value.calls[0].id)
            assert refused.value.code == "other_provider"
        await run.approve(rest.value.calls[0].id)
        assert (await run.result()).text == "TOOL RESULT: bought o"


async def test_a_thread_is_opened_and_listed_where_it_is_kept(service, make_store) -> None:
    store = make_store()
    async with AsyncClient(service, store=store) as client, AsyncClient("echo", store=store) as other:
        theirs = await client.threads.create(metadata={"k": "v"})
        await client.threads.update(theirs.id, metadata={"k": "w"})
        ours = await other.threads.create()
        for one, thread, keeper in ((other, theirs, "provider 'pausing'"), (client, ours, "no service")):
            with pytest.raises(InvalidRequest, match=f"Thread {thread.id} is kept by {keeper}") as refused:
                await one.threads.get(thread.id)
            assert refused.value.code == "other_provider"
        assert [one.id async for one in client.threads.list()] == [theirs.id]
        assert [one.id async for one in other.threads.list()] == [ours.id]
        assert (await client.threads.get(theirs.id)).record.metadata == {"k": "w"}
        assert (await other.threads.get(ours.id)).id == ours.id


@pytest.fixture
async def run_class(service) -> type:
    """The class of the service's runs, to be changed by a test."""
    thread = await service.create_thread(ThreadParams())
    assistant = await service.create_assistant(AssistantParams())
    return type(await thread.create_run(RunParams(assistant.record.id), executor=None, follow=False))


async def test_outputs_that_were_taken_though_their_answer_was_lost_are_not_missed(
    client: AsyncClient, service, run_class: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = run_class.submit_tool_outputs

    async def refuse_what_was_taken(self, outputs, /, *, follow: bool) -> None:
        await submit(self, outputs, follow=follow)
        raise InvalidRequest("The run does not wait.", param="run_id", code="run_not_waiting")

    monkeypatch.setattr(run_class, "submit_tool_outputs", refuse_what_was_taken)
    _, run = await begin(client, "CALL get_shopping_history {}")
    assert (await run.result()).text == 'TOOL RESULT: ["hat of ann"]'


async def test_a_run_that_has_ended_before_its_outputs_came_ends_as_the_service_says(
    client: AsyncClient, service, run_class: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def end_first(self, outputs, /, *, follow: bool) -> None:
        await self.cancel()
        raise InvalidRequest("The run does not wait.", param="run_id", code="run_not_waiting")

    monkeypatch.setattr(run_class, "submit_tool_outputs", end_first)
    _, run = await begin(client, "CALL get_shopping_history {}")
    with pytest.raises(RunCancelled):
        await run.result()


async def test_outputs_that_the_service_waits_for_and_refuses_fail_the_run(
    client: AsyncClient, service, run_class: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(self, outputs, /, *, follow: bool) -> None:
        raise InvalidRequest("Not like that.", param="tool_outputs", code="invalid_value")

    monkeypatch.setattr(run_class, "submit_tool_outputs", refuse)
    _, run = await begin(client, "CALL get_shopping_history {}")
    with pytest.raises(RunFailed) as failed:
        await run.result()
    assert failed.value.code == "invalid_value"


async def test_streams_are_given_back(
    client: AsyncClient, service, run_class: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    async def aclose(self) -> None:
        closed.append(self.record.id)

    monkeypatch.setattr(run_class, "aclose", aclose)
    _, run = await begin(client, "hello")
    await run.result()
    assert closed == [run.id]


@pytest.mark.parametrize("hides", ["first", "always"])
async def test_steps_that_a_service_tells_late_or_never(
    client: AsyncClient, service, run_class: type, monkeypatch: pytest.MonkeyPatch, hides: str
) -> None:
    """Calls of which no step tells have a step here, which the service's becomes when it comes."""
    looks = 0
    list_steps = run_class.list_steps

    async def hide(self, query, /):
        nonlocal looks
        looks += 1
        return Page([]) if looks == 1 or hides == "always" else await list_steps(self, query)

    def break_stream(event: Event) -> None:
        raise ProviderError("no stream", code="connection_error")

    monkeypatch.setattr(run_class, "list_steps", hide)
    service.on_event = break_stream
    _, run = await begin(client, "CALL get_shopping_history {}")
    result = await run.result()
    calls = [call for step in result.steps for call in step.tool_calls]
    assert [(call.name, call.output) for call in calls] == [("get_shopping_history", '["hat of ann"]')]
    assert {step.status for step in result.steps} == {"completed"}


async def test_a_service_says_when_it_wants_to_be_asked_again(
    client: AsyncClient, service, run_class: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_paused = anyio.Event()

    async def pause(seconds: float) -> None:
        """The model sleeps until the poller has."""
        if seconds == 7.5:
            has_paused.set()
        await has_paused.wait()

    def break_stream(event: Event) -> None:
        raise ProviderError("no stream", code="connection_error")

    monkeypatch.setattr(run_class, "poll_after", 7.5)
    monkeypatch.setattr("anyassistant.remote.loop.anyio.sleep", pause)
    service.on_event = break_stream
    _, run = await begin(client, "SLEEP 0.2")
    with anyio.fail_after(20):
        await run.result()
    assert has_paused.is_set()


@pytest.mark.parametrize("asks", ["goes on", "cancels"])
async def test_a_run_that_was_deleted_at_the_service_does_not_stay_open(
    client: AsyncClient, service, run_class: type, monkeypatch: pytest.MonkeyPatch, asks: str
) -> None:
    _, run = await begin(client, 'CALL confirm_order_item {"order_id": "o"}')
    with pytest.raises(RunRequiresAction) as rest:
        await run.result()

    async def get_thread(self, thread_id: str, /) -> None:
        raise NotFound("It is gone.", param="thread_id", code="not_found")

    monkeypatch.setattr(type(service), "get_thread", get_thread)
    if asks == "cancels":
        await run.cancel()
        assert (await run.wait()).status in ("cancelled", "failed")
        return
    with pytest.raises(AnyAssistantError):
        await run.approve(rest.value.calls[0].id, by="eve")
    assert not (await run.wait()).is_open


async def test_why_a_run_could_not_be_kept_here_is_not_hidden_by_what_came_of_undoing_it(
    service, run_class: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fill_disk(*args: object) -> None:
        raise StoreError("The disk is full.")

    async def lose_service(self) -> None:
        raise ProviderError("The service is gone.", code="connection_error")

    store = MemoryStore()
    async with AsyncClient(service, store=store) as client:
        _, run = await begin(client, "hello")
        monkeypatch.setattr(store, "create_run", fill_disk)
        monkeypatch.setattr(run_class, "cancel", lose_service)
        with pytest.raises(StoreError):
            await run.start()


@pytest.mark.parametrize("does", ["runs", "adds"])
async def test_a_run_that_holds_a_thread_can_be_taken_over_by_who_is_told_of_it(
    client: AsyncClient, service, does: str
) -> None:
    """It may be one of ours whose beginning was not heard."""
    thread, run = await begin(client, 'CALL confirm_order_item {"order_id": "o"}')
    with pytest.raises(RunRequiresAction):
        await run.result()
    async with AsyncClient(service, store=MemoryStore()) as other:
        theirs = await other.threads.get(thread.id)
        assistant = await other.assistants.get(run.record.assistant_id, tools=TOOLS)
        with pytest.raises(ThreadBusy) as busy:
            await (theirs.run(assistant).start() if does == "runs" else theirs.add("more"))
        assert busy.value.run_id == run.id
        await (await other.runs.get(run.id)).cancel()
        await theirs.add("usable")
