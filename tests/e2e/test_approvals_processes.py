"""Approvals across processes: decided by another one, killed at any moment, and no call made twice."""

import runpy
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from anyassistant import Client, Tool
from anyassistant.types import ToolCall

PROGRAMS = Path(__file__).parent / "programs"
ORDER_AND_BUY = """CALL order_item {"item_id": "sg-1"}
CALL confirm_order_item {"order_id": "ord-1"}
THEN
CALL order_item {"item_id": "sg-2"}"""
ANSWER = "TOOL RESULT: order of sg-1 | bought ord-1 | order of sg-2"

Start = Callable[..., Any]


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    return tmp_path / "sales.txt"


def tools(sales: Path, *, idempotent: bool = False) -> Sequence[Tool]:
    """The tools that the programs have."""
    seller = runpy.run_path(str(PROGRAMS / "seller.py"))
    made: Sequence[Tool] = seller["ask_first"](seller["make_tools"](sales), idempotent=idempotent)
    return made


def sold(sales: Path) -> Counter[str]:
    return Counter(sales.read_text().splitlines()) if sales.exists() else Counter()


def until_sold(sales: Path, line: str) -> None:
    deadline = time.monotonic() + 60
    while line not in sold(sales):
        assert time.monotonic() < deadline


def rest_and_kill(start_program: Start, database: str, sales: Path) -> str:
    """The thread of a run that rests for an approval, and whose process was killed in its rest."""
    program = start_program("ask.py", database, str(sales), ORDER_AND_BUY, "raise")
    thread_id: str = program.read_until(lambda line: line.startswith("thread_"))
    assert program.read_until(lambda line: line.startswith("waits")) == "waits for confirm_order_item"
    program.kill()
    assert sold(sales) == Counter(["ordered sg-1"])
    return thread_id


def the_call(client: Client, thread_id: str) -> ToolCall:
    """The call that needed approval."""
    [run] = client.runs.list(thread_id=thread_id)
    [call] = [call for step in run.steps() for call in step.tool_calls if call.name == "confirm_order_item"]
    return call


def told(client: Client, thread_id: str) -> Counter[str]:
    """How often each approval event is in the run's log, whose numbers have no gap."""
    [run] = client.runs.list(thread_id=thread_id)
    events = list(run.events(check=False))
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    return Counter(event.event for event in events if event.event.startswith("anyassistant.approval"))


ONCE = Counter(["anyassistant.approval.asked", "anyassistant.approval.decided"])


@pytest.mark.parametrize("has_tools", [True, False], ids=["with the tools", "without"])
def test_another_process_approves_while_the_first_one_waits(
    start_program: Start, database: str, sales: Path, has_tools: bool
) -> None:
    program = start_program("ask.py", database, str(sales), ORDER_AND_BUY, "wait")
    thread_id = program.read_until(lambda line: line.startswith("thread_"))
    program.read_until(lambda line: line == "rests")
    other = start_program("approve.py", database, str(sales) if has_tools else "-", "-", "approve")
    lines = other.finish().splitlines()
    assert lines == ['decided {"order_id": "ord-1"}', *([ANSWER] if has_tools else [])]
    assert program.finish().splitlines()[-1] == ANSWER
    assert sold(sales) == Counter(["ordered sg-1", "bought ord-1", "ordered sg-2"])
    with Client("echo", store=database) as client:
        decision = the_call(client, thread_id).decision
        assert decision is not None
        assert (decision.approved, decision.by) == (True, "eve")
        assert told(client, thread_id) == ONCE


def test_a_rest_outlives_its_process_and_is_decided_by_another(
    start_program: Start, database: str, sales: Path
) -> None:
    thread_id = rest_and_kill(start_program, database, sales)
    output = start_program("approve.py", database, str(sales), "-", "approve").finish()
    assert output.splitlines()[-1] == ANSWER
    assert sold(sales) == Counter(["ordered sg-1", "bought ord-1", "ordered sg-2"])
    with Client("echo", store=database) as client:
        assert told(client, thread_id) == ONCE
        client.threads.get(thread_id).add("The thread is usable.")


def test_a_rejection_in_another_process_is_told_to_the_model(start_program: Start, database: str, sales: Path) -> None:
    rest_and_kill(start_program, database, sales)
    output = start_program("approve.py", database, str(sales), "-", "reject").finish()
    assert "A person did not approve this call. Too dear." in output
    assert sold(sales) == Counter(["ordered sg-1", "ordered sg-2"])


def test_a_decision_outlives_the_process_that_made_it(start_program: Start, database: str, sales: Path) -> None:
    """Decided by one process without the tools; the call is made by a third one, with the edited arguments."""
    thread_id = rest_and_kill(start_program, database, sales)
    start_program("approve.py", database, "-", "-", "edit").finish()
    assert sold(sales) == Counter(["ordered sg-1"])
    with Client("echo", store=database) as client:
        run = client.threads.get(thread_id).resume(tools=tools(sales))
        assert run is not None
        assert run.result().text == ANSWER.replace("ord-1", "ord-9")
        assert the_call(client, thread_id).outcome == "succeeded"
        assert told(client, thread_id) == ONCE
    assert sold(sales) == Counter(["ordered sg-1", "bought ord-9", "ordered sg-2"])


@pytest.mark.parametrize("moment", [1, 2, 3, 4, 5, 6, 8, 10])
def test_killed_at_any_moment_after_the_decision_nothing_is_made_twice_and_nobody_is_asked_again(
    start_program: Start, database: str, sales: Path, moment: int
) -> None:
    thread_id = rest_and_kill(start_program, database, sales)
    program = start_program("approve.py", database, str(sales), "-", "approve", str(moment))
    assert program.read_until(lambda line: line.startswith("decided")) == 'decided {"order_id": "ord-1"}'
    assert program.process.wait() == -signal.SIGKILL
    with Client("echo", store=database) as client:
        run = client.threads.get(thread_id).resume(tools=tools(sales))
        if run is not None:  # it was not quicker than the kill
            run.result()
        [last] = client.runs.list(thread_id=thread_id)
        assert last.record.status == "completed"
        call = the_call(client, thread_id)
        assert call.decision is not None
        assert call.decision.by == "eve"
        assert call.outcome in ("succeeded", "unknown")
        assert told(client, thread_id) == ONCE
    assert max(sold(sales).values()) == 1
    assert call.outcome == "unknown" or sold(sales)["bought ord-1"] == 1


@pytest.mark.parametrize("is_idempotent", [False, True])
def test_killed_in_the_middle_of_the_approved_call(
    start_program: Start, database: str, sales: Path, tmp_path: Path, is_idempotent: bool
) -> None:
    thread_id = rest_and_kill(start_program, database, sales)
    program = start_program("approve.py", database, str(sales), str(tmp_path / "never"), "approve")
    until_sold(sales, "bought ord-1")
    program.kill()
    with Client("echo", store=database) as client:
        run = client.threads.get(thread_id).resume(tools=tools(sales, idempotent=is_idempotent))
        assert run is not None
        text = run.result().text
        call = the_call(client, thread_id)
        assert told(client, thread_id) == ONCE, "the approval holds for the second try as well"
    if is_idempotent:
        assert (text, call.outcome) == (ANSWER, "succeeded")
        assert sold(sales)["bought ord-1"] == 2
    else:
        assert "outcome of this call is unknown" in text
        assert call.outcome == "unknown"
        assert sold(sales)["bought ord-1"] == 1


def test_two_processes_that_decide_at_once_sell_once(start_program: Start, database: str, sales: Path) -> None:
    thread_id = rest_and_kill(start_program, database, sales)
    programs = [
        start_program("approve.py", database, str(sales), "-", decision) for decision in ("approve", "reject", "edit")
    ]
    for program in programs:
        program.process.communicate(timeout=120)
    with Client("echo", store=database) as client:
        [run] = client.runs.list(thread_id=thread_id)
        assert run.record.status == "completed"
        assert told(client, thread_id) == ONCE
        call = the_call(client, thread_id)
        assert call.decision is not None
        wanted = {True: [call.decision.arguments or call.arguments], False: []}[call.decision.approved]
        bought = [line for line in sold(sales).elements() if line.startswith("bought")]
        assert [f'{{"order_id": "{line.split()[1]}"}}' for line in bought] == wanted
    assert max(sold(sales).values()) == 1
