"""`expires_in`: the run ends expired, whatever it does and whether or not anybody drives it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable

import pytest
from anyassistant import AsyncClient
from anyassistant.errors import RunExpired


@pytest.fixture
async def client(make_store) -> AsyncGenerator[AsyncClient, None]:
    async with AsyncClient("echo", store=make_store()) as client:
        yield client


ELSEWHERE = {"type": "function", "function": {"name": "elsewhere"}}


async def test_a_run_that_is_driven_expires(scripted, make_gate, make_store) -> None:
    async with AsyncClient(scripted(["so far", make_gate()]), store=make_store()) as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create(), expires_in=0.05)
        await run.start()
        assert run.record.expires_at is not None
        with pytest.raises(RunExpired):
            await run.result()
        [message] = [message async for message in run.messages()]
        assert (message.text, message.status) == ("so far", "incomplete")
        assert message.incomplete_details is not None
        assert message.incomplete_details.reason == "run_expired"
        [step] = [step async for step in run.steps()]
        assert step.status == "expired"
        await thread.add("usable at once")


async def test_a_run_that_ends_in_time_does_not(client: AsyncClient) -> None:
    thread = await client.threads.create(messages=["hi"])
    run = thread.run(await client.assistants.create(), expires_in=60)
    await run.result()
    assert (run.record.status, run.record.expires_at) == ("completed", None)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """`later(61)`: it is so many seconds later now, for whoever reads the clock."""

    def later(seconds: float) -> None:
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() + seconds)

    return later


async def resting(client: AsyncClient, later):
    thread = await client.threads.create(messages=["CALL elsewhere {}"])
    run = thread.run(await client.assistants.create(tools=[ELSEWHERE]), expires_in=60)
    record = await run.wait()
    assert record.status == "requires_action"
    later(61)
    return thread, run, record


async def test_a_resting_run_expires_for_whoever_looks(client: AsyncClient, later) -> None:
    _, run, record = await resting(client, later)
    with pytest.raises(RunExpired):
        await run.result()
    [step] = [step async for step in run.steps()]
    assert (step.status, step.tool_calls[0].output) == ("expired", "Not called: the run expired first.")
    with pytest.raises(ValueError, match="waits for nobody"):
        await run.submit_tool_outputs({record.pending_calls[0].id: "late"})


async def test_a_resting_run_that_expired_takes_no_outputs(client: AsyncClient, refused, later) -> None:
    _, run, record = await resting(client, later)
    with refused("run_id", "run_not_waiting"):
        await run.submit_tool_outputs({record.pending_calls[0].id: "late"})


async def test_an_expired_run_does_not_hold_its_thread(client: AsyncClient, later) -> None:
    thread, run, _ = await resting(client, later)
    await thread.add("free")
    assert (await run.wait()).status == "expired"


async def test_a_run_may_follow_an_expired_one_at_once(client: AsyncClient, later) -> None:
    thread, _, _ = await resting(client, later)
    assert (await thread.run(await client.assistants.create(), additional_messages=["hi"]).result()).text == "ECHO: hi"


async def test_a_thread_with_an_expired_run_can_be_deleted_and_has_nothing_to_resume(
    client: AsyncClient, later
) -> None:
    thread, _, _ = await resting(client, later)
    assert await thread.resume() is None
    other, _, _ = await resting(client, later)
    await other.delete()


async def test_a_parked_run_expires_while_nobody_is_there(scripted, make_gate, make_store, later) -> None:
    store, gate = make_store(), make_gate()
    async with AsyncClient(scripted([gate]), store=store) as client:
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(await client.assistants.create(), expires_in=60).start()
        await gate.reached()
    later(61)
    async with AsyncClient(scripted(), store=store) as client:
        assert (await client.runs.get(run.id)).record.status == "expired"
        assert await (await client.threads.get(thread.id)).resume() is None
