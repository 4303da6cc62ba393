"""What a driver does when a model gives nonsense, when the store fails under it, and when it is interrupted."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from itertools import pairwise
from pathlib import Path

import anyio
import pytest
from anyassistant import AsyncClient, Tool
from anyassistant.errors import RunFailed
from anyassistant.protocols import Capabilities, ChatModel, ModelDelta, ModelRequest, ToolCallDelta, Usage
from anyassistant.store.memory import MemoryStore
from anyassistant.store.sql import connection
from anyassistant.store.sql.sqlite import sqlite_module


def look() -> str:
    """Look."""
    return "ok"


@pytest.mark.parametrize(
    "delta",
    [
        ModelDelta(usage=Usage(None, None)),  # type: ignore[arg-type]
        ModelDelta(usage=Usage(-1, 0)),
        ModelDelta(usage="abc"),  # type: ignore[arg-type]
        ModelDelta(text=b"bytes"),  # type: ignore[arg-type]
        ModelDelta(reasoning=5),  # type: ignore[arg-type]
        ModelDelta(tool_call=ToolCallDelta(7, "{}")),  # type: ignore[arg-type]
        ModelDelta(tool_call=ToolCallDelta("look", None)),  # type: ignore[arg-type]
        ModelDelta(tool_call=ToolCallDelta("look", "{}", id=object())),  # type: ignore[arg-type]
        ModelDelta(finish_reason="because"),  # type: ignore[arg-type]
        "a text",
    ],
)
async def test_a_delta_that_is_not_as_the_protocol_says_fails_the_run_and_frees_the_thread(
    scripted, make_store, delta
) -> None:
    class Odd(scripted):
        async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
            yield ModelDelta(text="so far")
            yield delta

    async with AsyncClient(Odd(), store=make_store()) as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create(tools=[look]))
        with pytest.raises(RunFailed) as caught:
            await run.result()
        assert caught.value.code == "invalid_model_response"
        numbers = [event.sequence async for event in run.events(check=False)]
        assert numbers == list(range(1, len(numbers) + 1))
        await thread.delete()


async def test_an_exception_that_cannot_say_what_it_is_fails_the_run_all_the_same(scripted) -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    async with AsyncClient(scripted([MuteError()]), store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        with pytest.raises(RunFailed, match="MuteError"):
            await thread.run(await client.assistants.create()).result()


@pytest.mark.parametrize("end", ["stop", "tool_calls"])
async def test_a_store_that_fails_for_a_moment_fails_the_run_and_all_accounts_of_it_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    is_full = False
    real = connection.Connection.execute

    def execute(self: connection.Connection, text: str) -> object:
        if is_full and text.startswith("BEGIN IMMEDIATE"):
            raise sqlite_module().OperationalError("database or disk is full")
        return real(self, text)

    class Slow(ChatModel):
        capabilities = Capabilities(tools=True)

        async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
            nonlocal is_full
            for number in range(60):
                is_full = 20 <= number < 40
                yield ModelDelta(text=f"{number} ")
                await anyio.sleep(0.01)
            if end == "tool_calls":
                yield ModelDelta(tool_call=ToolCallDelta("look", "{}"))
            yield ModelDelta(finish_reason=end)

    monkeypatch.setattr(connection.Connection, "execute", execute)
    async with AsyncClient(Slow(), store=str(tmp_path / "data.sqlite3")) as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create(tools=[look]))
        with pytest.raises(RunFailed, match="disk is full"):
            await run.result()
        events = [event async for event in run.events(check=False)]
        assert all(after.sequence == before.sequence + 1 for before, after in pairwise(events))
        assert events[-1].event == "thread.run.failed"
        heard = "".join(event.text for event in events if event.event == "thread.message.delta")
        assert [(one.status, one.text) async for one in run.messages()] == [("incomplete", heard)]
        assert [step.status async for step in run.steps()] == ["failed"]
        await thread.add("usable")


class Wrapping(ChatModel):
    """Makes an exception of its own of an interruption, as HTTP libraries do."""

    capabilities = Capabilities()

    async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        try:
            yield ModelDelta(text="a ")
            await anyio.sleep_forever()
        except BaseException as error:
            raise RuntimeError("connection lost") from error


async def test_a_model_that_wraps_the_interruption_is_parked_and_cancelled_all_the_same(scripted) -> None:
    store = MemoryStore()
    async with AsyncClient(Wrapping(), store=store) as client:
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(await client.assistants.create()).start()
        async for event in run.events():
            if event.event == "thread.message.delta":
                break
    async with AsyncClient(scripted(["here"]), store=store) as client:
        resumed = await (await client.threads.get(thread.id)).resume()
        assert resumed is not None
        assert (await resumed.result()).text == "here"
    async with AsyncClient(Wrapping(), store=store) as client:
        thread = await client.threads.get(thread.id)
        run = await thread.run(await client.assistants.create()).start()
        await run.cancel()
        assert (await run.wait()).status == "cancelled"


async def test_a_fatal_failure_ends_the_run_without_waiting_for_the_other_calls(client: AsyncClient) -> None:
    async def hang() -> None:
        """Hang."""
        await anyio.sleep_forever()

    def burn() -> None:
        """Burn."""
        raise ConnectionError("gone")

    assistant = await client.assistants.create(tools=[hang, Tool.from_callable(burn, fatal=ConnectionError)])
    thread = await client.threads.create(messages=["CALL hang {}\nCALL burn {}"])
    run = thread.run(assistant)
    with anyio.fail_after(20), pytest.raises(RunFailed) as caught:
        await run.result()
    assert isinstance(caught.value.__cause__, ConnectionError)
    [step] = [step async for step in run.steps()]
    assert [call.output is not None for call in step.tool_calls] == [True, True]


async def test_a_run_has_one_repair_turn_however_many_drivers_it_has(scripted, make_gate) -> None:
    store, gate = MemoryStore(), make_gate()
    wanted = {"type": "json_object"}
    async with AsyncClient(scripted(["no json"], [gate]), store=store) as client:
        thread = await client.threads.create(messages=["go"])
        await thread.run(await client.assistants.create(), response_format=wanted).start()
        await gate.reached()
    model = scripted(["no json either"])
    async with AsyncClient(model, store=store) as client:
        run = await (await client.threads.get(thread.id)).resume()
        assert run is not None
        with pytest.raises(RunFailed) as caught:
            await run.result()
        assert caught.value.code == "invalid_output"
    assert "does not fit the response format" in model.requests[0].messages[-1].text


async def test_a_handle_whose_start_was_cancelled_knows_its_run(make_store) -> None:
    async with AsyncClient("echo", store=make_store()) as client:
        thread = await client.threads.create(messages=["SLEEP 60"])
        run = thread.run(await client.assistants.create())
        with anyio.move_on_after(0):
            await run.start()
        await run.cancel()
        assert (await run.wait()).status == "cancelled"
        await thread.add("usable")


async def test_a_client_is_left_in_bounded_time_though_a_tool_heeds_no_cancel(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anyassistant.hosting.driver.PARK_SECONDS", 0.3)
    monkeypatch.setattr("anyassistant.host_task.CLOSE_SECONDS", 0.2)
    let_go = anyio.Event()

    async def stubborn() -> None:
        """Stubborn."""
        while not let_go.is_set():
            with anyio.CancelScope(shield=True):
                await let_go.wait()

    async with AsyncClient("echo", store=":memory:") as client:
        thread = await client.threads.create(messages=["CALL stubborn {}"])
        run = await thread.run(await client.assistants.create(tools=[stubborn])).start()
        async for event in run.events():
            if event.event == "thread.run.step.delta":
                break
        with anyio.fail_after(60):
            await client.aclose()
        assert "does not heed its cancellation" in caplog.text
        let_go.set()
