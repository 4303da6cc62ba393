"""Approvals by the blocking client: the same answers, from any thread."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyassistant import Client, Tool
from anyassistant.errors import InvalidRequest, RunRequiresAction
from anyassistant.types import PendingCall

BUY = 'CALL buy {"order_id": "ord-1"}'


@pytest.fixture(params=["memory", "sqlite"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with Client("echo", store=":memory:" if request.param == "memory" else str(tmp_path / "a.sqlite3")) as client:
        yield client


@pytest.fixture
def bought() -> list[str]:
    return []


@pytest.fixture
def tool(bought: list[str]) -> Tool:
    def buy(order_id: str) -> str:
        """Buy an order."""
        bought.append(order_id)
        return f"bought {order_id}"

    return Tool.from_callable(buy, requires_approval=True)


def pending(client: Client, tool: Tool, text: str = BUY):
    run = client.threads.create(messages=[text]).run(client.assistants.create(tools=[tool]))
    with pytest.raises(RunRequiresAction) as rest:
        run.result()
    return run, rest.value.calls


def test_approve_and_reject(client: Client, tool: Tool, bought: list[str]) -> None:
    run, [first, second] = pending(client, tool, f"{BUY}\n{BUY}")
    run.approve(first.id, arguments={"order_id": "ord-2"}, by="eve", expires_in=60)
    assert [call.id for call in run.record.pending_calls] == [second.id]
    run.reject(second.id, "Too dear.", by="eve")
    assert run.result().text == "TOOL RESULT: bought ord-2 | A person did not approve this call. Too dear."
    assert bought == ["ord-2"]
    with pytest.raises(InvalidRequest):
        run.approve(first.id)


def test_whatever_rests_is_found_and_decided_by_another_handle(client: Client, tool: Tool, bought: list[str]) -> None:
    run, _ = pending(client, tool)
    for rest in client.runs.list(status="requires_action"):
        for call in rest.record.pending_calls:
            rest.approve(call.id)
    resumed = client.threads.get(run.record.thread_id).resume(tools=[tool])
    assert resumed is not None
    assert resumed.result().text == "TOOL RESULT: bought ord-1"


@pytest.mark.parametrize("way", ["result", "wait", "iterate", "events"])
def test_a_run_that_waits_goes_on_when_another_thread_approves(
    client: Client, tool: Tool, bought: list[str], way: str
) -> None:
    assistant = client.assistants.create(tools=[tool])
    run = client.threads.create(messages=[BUY]).run(assistant, on_action="wait").start()

    def approve() -> None:
        calls: list[PendingCall] = []
        while not calls:
            calls = list(client.runs.get(run.id).record.pending_calls)
        client.runs.get(run.id).approve(calls[0].id)

    person = threading.Thread(target=approve)
    person.start()
    match way:
        case "result":
            assert run.result().text == "TOOL RESULT: bought ord-1"
        case "wait":
            assert run.wait(timeout=20).status == "completed"
        case "iterate":
            assert [step.status for step in run] == ["completed", "completed"]
        case _:
            assert list(run.events())[-1].event == "thread.run.completed"
    person.join()
    assert bought == ["ord-1"]
