"""One driver at a time: the lock of a thread, leases, taking over, following."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.errors import RunAbandoned, RunFailed, ThreadBusy
from anyassistant.store.memory import MemoryStore


@pytest.fixture
async def client(make_store) -> AsyncGenerator[AsyncClient, None]:
    async with AsyncClient("echo", store=make_store()) as client:
        yield client


async def test_a_second_run_on_a_busy_thread_names_the_open_run(scripted, make_gate, make_store) -> None:
    gate = make_gate()
    async with AsyncClient(scripted([gate]), store=make_store()) as client:
        assistant = await client.assistants.create()
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(assistant).start()
        with pytest.raises(ThreadBusy, match=run.id) as caught:
            await thread.run(assistant, additional_messages=["more"]).result()
        assert (caught.value.thread_id, caught.value.run_id) == (thread.id, run.id)
        gate.open()
        await run.wait()
        assert [message.text async for message in thread.messages()] == ["go"], "nothing was added"


async def test_a_message_for_a_busy_thread_is_refused(scripted, make_gate, make_store) -> None:
    gate = make_gate()
    async with AsyncClient(scripted([gate, "end"]), store=make_store()) as client:
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(await client.assistants.create()).start()
        with pytest.raises(ThreadBusy, match=run.id):
            await thread.add("more")
        gate.open()
        await run.result()
        await thread.add("more")


@pytest.mark.parametrize("text", ["hi", "FAIL server_error oh", "TOKENS 9"])
async def test_a_lock_ends_with_its_run_whatever_ended_it(client: AsyncClient, text: str) -> None:
    assistant = await client.assistants.create()
    thread = await client.threads.create(messages=[text])
    await thread.run(assistant, max_completion_tokens=5).wait()
    await thread.add("again")
    assert (await thread.run(assistant).result()).text == "ECHO: again"


async def test_two_runs_begun_at_once_are_one(scripted, make_gate, make_store) -> None:
    gate = make_gate()
    async with AsyncClient(scripted([gate, "end"]), store=make_store()) as client:
        assistant = await client.assistants.create()
        thread = await client.threads.create(messages=["go"])
        outcomes: list[str] = []

        async def begin() -> None:
            try:
                await thread.run(assistant).start()
                outcomes.append("begun")
            except ThreadBusy:
                outcomes.append("busy")

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(begin)
        assert sorted(outcomes) == ["begun"] + ["busy"] * 4
        gate.open()


async def test_one_handle_used_by_many_tasks_is_one_run(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["hi"])
    run = thread.run(await client.assistants.create())
    texts: list[str] = []

    async def ask() -> None:
        texts.append((await run.result()).text)

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(ask)
    assert texts == ["ECHO: hi"] * 5
    assert len([one async for one in client.runs.list()]) == 1


async def test_resume_is_none_where_no_run_is_open(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["hi"])
    assert await thread.resume() is None
    await thread.run(await client.assistants.create()).result()
    assert await thread.resume() is None


async def test_resume_follows_a_run_that_somebody_drives(scripted, make_gate, make_store) -> None:
    gate, store = make_gate(), make_store()
    model = scripted(["a", gate, "b"])
    other_model = scripted()
    async with AsyncClient(model, store=store) as client, AsyncClient(other_model, store=store) as other:
        thread = await client.threads.create(messages=["go"])
        await thread.run(await client.assistants.create()).start()
        await gate.reached()
        run = await (await other.threads.get(thread.id)).resume()
        assert run is not None
        gate.open()
        assert (await run.result()).text == "ab"
    assert other_model.requests == []


async def test_leaving_the_client_parks_the_run_and_resume_goes_on(scripted, make_gate, make_call, make_store) -> None:
    made: list[int] = []

    def note(n: int) -> int:
        """Note."""
        made.append(n)
        return n

    gate, store = make_gate(), make_store()
    async with AsyncClient(scripted([make_call("note", '{"n": 1}')], ["half", gate]), store=store) as client:
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(await client.assistants.create(tools=[note])).start()
        await gate.reached()
    model = scripted([make_call("note", '{"n": 2}')], ["end"])
    async with AsyncClient(model, store=store) as client:
        thread = await client.threads.get(thread.id)
        with pytest.raises(ThreadBusy):
            await thread.add("held until then")
        resumed = await thread.resume(tools=[note])
        assert resumed is not None
        assert (await resumed.result()).text == "end"
        assert resumed.id == run.id
        assert made == [1, 2]
        assert [one.text for one in model.requests[0].messages if one.role == "tool"] == ["1"]
        messages = [(message.text, message.status) async for message in resumed.messages()]
        assert messages == [("half", "incomplete"), ("end", "completed")]
        events = [event async for event in resumed.events()]
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        steps = [(step.type, step.status) async for step in resumed.steps()]
        assert [status for _, status in steps] == ["completed", "failed", "completed", "completed"]


@pytest.mark.parametrize("idempotent", [False, True])
async def test_a_call_that_was_under_way_is_repeated_only_if_its_tool_is_idempotent(
    make_gate, idempotent: bool, make_store
) -> None:
    from anyassistant import Tool

    gate, store = make_gate(), make_store()
    made: list[str] = []

    async def pay() -> str:
        """Pay."""
        made.append("pay")
        if len(made) == 1:
            await gate()
        return "paid"

    tool = Tool.from_callable(pay, idempotent=idempotent)
    async with AsyncClient("echo", store=store) as client:
        thread = await client.threads.create(messages=["CALL pay {}"])
        await thread.run(await client.assistants.create(tools=[tool])).start()
        await gate.reached()
    async with AsyncClient("echo", store=store) as client:
        run = await (await client.threads.get(thread.id)).resume(tools=[tool])
        assert run is not None
        text = (await run.result()).text
    if idempotent:
        assert (made, text) == (["pay", "pay"], "TOOL RESULT: paid")
    else:
        assert made == ["pay"]
        assert "outcome of this call is unknown" in text


async def test_a_call_that_had_not_begun_is_made_by_the_next_driver(make_gate, make_store) -> None:
    from anyassistant.types import Limits

    gate, store = make_gate(), make_store()
    made: list[int] = []

    async def work(n: int) -> int:
        """Work."""
        made.append(n)
        if n == 0:
            await gate()
        return n

    async with AsyncClient("echo", store=store) as client:
        thread = await client.threads.create(messages=['CALL work {"n": 0}\nCALL work {"n": 1}'])
        run = thread.run(await client.assistants.create(tools=[work]), limits=Limits(parallel_tools=1))
        await run.start()
        await gate.reached()
    async with AsyncClient("echo", store=store) as client:
        resumed = await (await client.threads.get(thread.id)).resume(tools=[work])
        assert resumed is not None
        assert (await resumed.result()).text.endswith(" | 1")
    assert made == [0, 1]


async def test_a_model_that_fails_to_tell_what_it_can_leaves_no_lock(scripted, make_gate) -> None:
    class Moody(scripted):
        asked = 0

        async def capabilities_of(self, model: str, /):
            self.asked += 1
            if self.asked == 2:
                raise OSError("no route")
            return self.capabilities

    async with AsyncClient(Moody(["end"]), store=":memory:") as client:
        assistant = await client.assistants.create()
        thread = await client.threads.create(messages=["go"])
        with pytest.raises(RunFailed, match="no route"):
            await thread.run(assistant).result()
        assert (await thread.run(assistant).result()).text == "end"


async def test_a_run_begun_while_the_leases_are_looked_after_is_kept(scripted, make_gate) -> None:
    looking, first, second = make_gate(), make_gate(), make_gate()

    class Slow(MemoryStore):
        async def check(self, run_ids, /):
            states = await super().check(run_ids)
            await looking()
            return states

    store = Slow()
    async with AsyncClient(scripted([first], [second, "end"]), store=store) as client:
        assistant = await client.assistants.create()
        one = await (await client.threads.create(messages=["a"])).run(assistant).start()
        await first.reached()
        await one.cancel()
        await looking.reached()
        two = await (await client.threads.create(messages=["b"])).run(assistant).start()
        await second.reached()
        looking.open()
        assert (await one.wait()).status == "cancelled"
        second.open()
        with anyio.fail_after(5):
            assert (await two.result()).text == "end"


async def test_a_cancel_in_the_moment_of_taking_over_is_seen(scripted, make_gate) -> None:
    gate, store = make_gate(), MemoryStore()
    async with AsyncClient(scripted([gate]), store=store) as client:
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(await client.assistants.create()).start()
        await gate.reached()

    take_over = store.take_over

    async def take_over_and_cancel(run_id: str, /, **fields):
        state = await take_over(run_id, **fields)
        await store.request_cancel(run_id, 1.0)
        return state

    store.take_over = take_over_and_cancel  # type: ignore[method-assign]
    async with AsyncClient(scripted([make_gate()]), store=store) as client:
        resumed = await (await client.threads.get(thread.id)).resume()
        assert resumed is not None
        with anyio.fail_after(5):
            assert (await resumed.wait()).status == "cancelled"
        assert resumed.id == run.id


class Lost(MemoryStore):
    """A store in which a client's renewals do not arrive, as of a process that hangs."""

    async def renew(self, runs, lease_until, /) -> None:
        return


async def test_a_run_whose_driver_is_silent_is_taken_over_after_the_lease(scripted, make_gate, until) -> None:
    gate, store = make_gate(), Lost()
    silent, model = scripted(["old ", gate, "late"]), scripted(["new"])
    async with AsyncClient(silent, store=store, lease=0.3) as one, AsyncClient(model, store=store, lease=0.3) as two:
        thread = await one.threads.create(messages=["go"])
        run = await thread.run(await one.assistants.create()).start()
        await gate.reached()
        other = await two.threads.get(thread.id)
        followed = await other.resume()
        assert followed is not None
        with pytest.raises(RunAbandoned, match="nobody drives it"):
            await followed.result()
        taken = await other.resume()
        assert taken is not None
        assert (await taken.result()).text == "new"
        before = [event async for event in taken.events()]
        gate.open()
        assert (await run.result()).text == "new", "the first client sees what the other made of it"
        assert [event async for event in run.events()] == before, "a driver that lost its lease writes nothing"
        assert [message.text async for message in taken.messages()] == ["old ", "new"]
        assert [message.status async for message in taken.messages()] == ["incomplete", "completed"]


async def test_a_driver_that_lost_its_lease_makes_no_further_call(make_gate) -> None:
    gate, store = make_gate(), Lost()
    made: list[str] = []

    async def first() -> str:
        """First."""
        if made:
            return "again"
        made.append("first")
        with anyio.CancelScope(shield=True):
            await gate()
        return "late"

    def second() -> str:
        """Second."""
        made.append("second")
        return "2"

    async with AsyncClient("echo", store=store, lease=0.2) as one, AsyncClient("echo", store=store) as two:
        assistant = await one.assistants.create(tools=[first, second])
        thread = await one.threads.create(messages=["CALL first {}\nTHEN\nCALL second {}"])
        await thread.run(assistant).start()
        await gate.reached()
        await anyio.sleep(0.21)
        taken = await (await two.threads.get(thread.id)).resume(tools=[first, second])
        assert taken is not None
        result = await taken.result()
        gate.open()
        assert "unknown" in result.text
        assert result.text.endswith("| 2")
    assert made == ["first", "second"]


async def test_a_live_driver_keeps_its_lease(scripted, make_gate) -> None:
    gate, store = make_gate(), MemoryStore()
    async with (
        AsyncClient(scripted([gate, "end"]), store=store, lease=0.15) as one,
        AsyncClient(scripted(), store=store, lease=0.15) as two,
    ):
        thread = await one.threads.create(messages=["go"])
        await thread.run(await one.assistants.create()).start()
        await gate.reached()
        await anyio.sleep(0.4)
        followed = await (await two.threads.get(thread.id)).resume()
        assert followed is not None
        gate.open()
        assert (await followed.result()).text == "end"
    state = await store.get_run(followed.id)
    assert state is not None
    assert state.epoch == 1, "nobody took it over"


async def test_a_parked_run_is_abandoned_for_who_follows_it(scripted, make_gate, make_store) -> None:
    gate, store = make_gate(), make_store()
    async with AsyncClient(scripted([gate]), store=store) as client:
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(await client.assistants.create()).start()
        await gate.reached()
    async with AsyncClient(scripted(), store=store) as client:
        parked = await client.runs.get(run.id)
        with pytest.raises(RunAbandoned) as caught:
            await parked.result()
        assert caught.value.run.id == run.id


async def test_a_lease_must_be_above_0() -> None:
    from anyassistant.errors import ConfigError

    for lease in (0, -1, float("nan")):
        with pytest.raises(ConfigError, match="lease"):
            AsyncClient("echo", lease=lease)


async def test_a_stores_failure_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from anyassistant.errors import StoreError

    error = StoreError("the disk is full")

    async def fail(self: MemoryStore, thread_id: str, *, before: int | None, limit: int) -> None:
        raise error

    async with AsyncClient("echo", store=MemoryStore()) as client:
        assistant = await client.assistants.create()
        thread = await client.threads.create(messages=["hi"])
        with monkeypatch.context() as patch:
            patch.setattr(MemoryStore, "read_history", fail)
            with pytest.raises(RunFailed, match="the disk is full") as caught:
                await thread.run(assistant).result()
        assert caught.value.__cause__ is error
        await thread.add("again")
        assert (await thread.run(assistant).result()).text == "ECHO: again"


async def test_a_store_that_cannot_be_read_by_the_next_driver_fails_the_run(
    scripted, make_gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    from anyassistant.errors import StoreError

    gate, store = make_gate(), MemoryStore()
    async with AsyncClient(scripted(["half", gate]), store=store) as client:
        thread = await client.threads.create(messages=["go"])
        await thread.run(await client.assistants.create()).start()
        await gate.reached()

    async def fail(self: MemoryStore, run_id: str) -> None:
        raise StoreError("a page is broken")

    async with AsyncClient(scripted(), store=store) as client:
        monkeypatch.setattr(MemoryStore, "list_turns", fail)
        run = await (await client.threads.get(thread.id)).resume()
        assert run is not None
        with pytest.raises(RunFailed, match="a page is broken"):
            await run.result()
