"""The blocking handles are the awaited ones under the same names, and a whole life through them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import anyassistant
import anyio
import pytest
from anyassistant import Client
from anyassistant.errors import (
    InvalidRequest,
    NotFound,
    RunCancelled,
    RunFailed,
    RunIncomplete,
    RunRequiresAction,
    ThreadBusy,
)
from anyassistant.types import Limits

TWINS = ["Client", "Assistants", "Threads", "Runs", "Assistant", "Thread", "Run", "Paginator"]


def surface(kind: type) -> dict[str, inspect.Signature | None]:
    names = [name for name in dir(kind) if not name.startswith("_") and name not in ("aclose", "close", "pages")]
    return {
        name: inspect.signature(value) if callable(value := inspect.getattr_static(kind, name)) else None
        for name in names
    }


@pytest.mark.parametrize("name", TWINS)
def test_the_blocking_twin_has_the_same_names_and_parameters(name: str) -> None:
    awaited, blocking = surface(getattr(anyassistant, f"Async{name}")), surface(getattr(anyassistant, name))
    assert set(blocking) == set(awaited)
    for method, signature in awaited.items():
        twin = blocking[method]
        assert (signature is None) == (twin is None), method
        if signature is not None and twin is not None:
            assert [(one.name, one.kind, one.default) for one in twin.parameters.values()] == [
                (one.name, one.kind, one.default) for one in signature.parameters.values()
            ], method


def add(a: int = 1, b: int = 2) -> int:
    """Add."""
    return a + b


ELSEWHERE = {"type": "function", "function": {"name": "elsewhere"}}


@pytest.fixture(params=["memory", "sqlite"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with Client("echo", store=":memory:" if request.param == "memory" else str(tmp_path / "a.sqlite3")) as client:
        yield client


def test_objects(client: Client, tmp_path: Path) -> None:
    assistant = client.assistants.create(name="a", tools=[add], metadata={"k": "v"})
    assert client.assistants.update(assistant.id, name="b").name == "b"
    assert client.assistants.get(assistant.id).record.metadata == {"k": "v"}
    assert [one.id for one in client.assistants.list(metadata={"k": "v"})] == [assistant.id]
    thread = client.threads.create(messages=["CALL add {}"], metadata={"k": "v"})
    client.threads.update(thread.id, metadata={"x": "y"})
    assert client.threads.get(thread.id).record.metadata == {"x": "y"}
    run = thread.run(assistant)
    assert run.result().text == "TOOL RESULT: 3"
    assert [message.text for message in thread.messages(order="desc", limit=1)] == ["TOOL RESULT: 3", "CALL add {}"]
    assert [message.text for message in run.messages()] == ["TOOL RESULT: 3"]
    assert [step.type for step in run.steps()] == ["tool_calls", "message_creation"]
    assert [one.id for one in client.runs.list(status="completed")] == [run.id]
    assert client.runs.get(run.id).record == run.record
    client.assistants.delete(assistant.id)
    client.threads.delete(thread.id)
    with pytest.raises(NotFound):
        client.threads.get(thread.id)


def test_errors(client: Client) -> None:
    with pytest.raises(InvalidRequest) as refused:
        client.assistants.create(tools=[add, add])
    assert (refused.value.param, refused.value.code) == ("tools[1]", "duplicate_tool_name")
    assistant = client.assistants.create(tools=[add, ELSEWHERE])
    thread = client.threads.create(messages=["FAIL rate_limit_exceeded slow"])
    with pytest.raises(RunFailed) as failed:
        thread.run(assistant).result()
    assert failed.value.code == "rate_limit_exceeded"
    thread.add("CALL add {}\nTHEN\nCALL add {}")
    with pytest.raises(RunIncomplete) as incomplete:
        list(thread.run(assistant, limits=Limits(turns=1)))
    assert incomplete.value.reason == "max_turns"
    thread.add("CALL elsewhere {}")
    run = thread.run(assistant)
    with pytest.raises(RunRequiresAction) as pending:
        list(run.events())
    with pytest.raises(ThreadBusy) as busy:
        thread.add("more")
    assert busy.value.run_id == run.id
    resumed = thread.resume()
    assert resumed is not None
    resumed.submit_tool_outputs({pending.value.calls[0].id: {"city": "Rome"}})
    assert run.result().text == 'TOOL RESULT: {"city":"Rome"}'
    assert thread.resume() is None


def test_cancel(client: Client) -> None:
    thread = client.threads.create(messages=["SLEEP 60"])
    run = thread.run(client.assistants.create()).start()
    with pytest.raises(TimeoutError):
        run.wait(timeout=0.01)
    client.runs.get(run.id).cancel()
    with pytest.raises(RunCancelled):
        run.result()
    assert [event.event for event in run.events(check=False)][-1] == "thread.run.cancelled"


def test_a_list_may_be_deleted_while_it_is_iterated(client: Client) -> None:
    for _ in range(45):
        client.threads.create()
    for thread in client.threads.list():
        thread.delete()
    assert list(client.threads.list()) == []


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_works_inside_a_running_event_loop(backend: str) -> None:
    async def main() -> str:
        with Client("echo", store=":memory:") as client:
            thread = client.threads.create(messages=["CALL add {}"])
            return thread.run(client.assistants.create(tools=[add])).result().text

    assert anyio.run(main, backend=backend) == "TOOL RESULT: 3"
