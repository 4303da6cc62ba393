"""Durability across processes: what a killed process leaves, who takes over, what two processes do at once."""

import os
import runpy
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from anyassistant import Client, Run, Thread, ToolLike
from anyassistant.errors import RunAbandoned, RunCancelled, ThreadBusy

ORDER_AND_BUY = """CALL order_item {"item_id": "sg-1"}
THEN
CALL confirm_order_item {"order_id": "ord-1"}
CALL order_item {"item_id": "sg-2"}
THEN
CALL order_item {"item_id": "sg-3"}
TOKENS 40"""


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    return tmp_path / "sales.txt"


def shop_tools(sales: Path) -> list[ToolLike]:
    """The tools that the programs have."""
    tools: list[ToolLike] = runpy.run_path(str(Path(__file__).parent / "programs" / "seller.py"))["make_tools"](sales)
    return tools


def sold(sales: Path) -> Counter[str]:
    return Counter(sales.read_text().splitlines()) if sales.exists() else Counter()


def assert_consistent(run: Run[str], thread: Thread) -> None:
    """History, steps and event log tell the same story."""
    events = list(run.events(check=False))
    covered = 0
    for event in events:
        assert event.sequence > covered, "an id is covered twice"
        covered = event.sequence
    steps = list(run.steps())
    for step in steps:
        assert step.status in ("completed", "failed"), step
        if step.status == "completed":
            assert all(call.output is not None for call in step.tool_calls)
    ends = [event for event in events if event.event == f"thread.run.{run.record.status}"]
    assert len(ends) == 1
    assert events[-1] is ends[0]
    for message in thread.messages(run_id=run.id):
        heard = "".join(
            event.text for event in events if event.event == "thread.message.delta" and event.data["id"] == message.id
        )
        assert message.text == heard
        assert message.status == "completed" or message.incomplete_details is not None


@pytest.mark.parametrize("moment", [1, 3, 5, 7, 9, 11, 14, 17, 20, 24, 30])
def test_a_run_killed_at_any_moment_is_taken_over_at_once_and_sells_nothing_twice(
    start_program: Callable[..., object], database: str, sales: Path, moment: int
) -> None:
    program = start_program("run.py", database, str(sales), "-", ORDER_AND_BUY, str(moment))
    thread_id = program.read_until(lambda line: line.startswith("thread_"))
    assert program.process.wait() == -signal.SIGKILL

    connection = sqlite3.connect(database)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    with Client("echo", store=database) as client:
        thread = client.threads.get(thread_id)
        run = thread.resume(tools=shop_tools(sales))
        if run is not None:  # it was not quicker than the kill
            run.result()
        last = next(iter(client.runs.list()))
        assert last.record.status == "completed"
        assert_consistent(last, thread)
        thread.add("The thread is usable.")
    assert max(sold(sales).values()) == 1


def test_a_thread_of_a_killed_process_is_busy_until_it_is_resumed(
    start_program: Callable[..., object], database: str, sales: Path, tmp_path: Path
) -> None:
    program = start_program("run.py", database, str(sales), str(tmp_path / "never"), ORDER_AND_BUY)
    thread_id = program.read_until(lambda line: line.startswith("thread_"))
    while "bought ord-1" not in sold(sales):
        pass
    program.kill()
    with Client("echo", store=database) as client:
        thread = client.threads.get(thread_id)
        with pytest.raises(ThreadBusy):
            thread.add("hello?")
        with pytest.raises(ThreadBusy):
            thread.run(client.assistants.create()).start()
        run = thread.resume(tools=shop_tools(sales))
        assert run is not None
        result = run.result()
    calls = {call.arguments: call for step in result.steps for call in step.tool_calls}
    unknown = calls['{"order_id": "ord-1"}']
    assert unknown.output is not None
    assert "outcome of this call is unknown" in unknown.output
    assert unknown.error is not None
    assert sold(sales)["bought ord-1"] == 1


def test_an_idempotent_tool_is_called_again_after_a_kill(
    start_program: Callable[..., object], database: str, sales: Path, tmp_path: Path
) -> None:
    from anyassistant import Tool

    program = start_program("run.py", database, str(sales), str(tmp_path / "never"), ORDER_AND_BUY)
    thread_id = program.read_until(lambda line: line.startswith("thread_"))
    while "bought ord-1" not in sold(sales):
        pass
    program.kill()
    tools = [Tool.from_callable(tool, idempotent=True) for tool in shop_tools(sales)]
    with Client("echo", store=database) as client:
        run = client.threads.get(thread_id).resume(tools=tools)
        assert run is not None
        assert "bought ord-1" in run.result().text
    assert sold(sales)["bought ord-1"] == 2


def test_two_processes_on_one_run_execute_each_call_once(
    start_program: Callable[..., object], database: str, sales: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    first = start_program("run.py", database, str(sales), str(gate), ORDER_AND_BUY)
    thread_id = first.read_until(lambda line: line.startswith("thread_"))
    second = start_program("resume.py", database, str(sales), str(gate), thread_id)
    assert second.read_until(lambda line: True) == "resumed"
    gate.touch()
    answer = second.finish()
    assert first.finish().splitlines()[-1].endswith("thread.run.completed")
    assert answer.startswith("TOOL RESULT: order of sg-1 | bought ord-1")
    assert sold(sales) == Counter(["ordered sg-1", "bought ord-1", "ordered sg-2", "ordered sg-3"])


def test_another_process_cancels_a_run(start_program: Callable[..., object], database: str, sales: Path) -> None:
    program = start_program("run.py", database, str(sales), "-", "SLEEP 300")
    thread_id = program.read_until(lambda line: line.startswith("thread_"))
    program.read_until(lambda line: line.endswith("thread.run.in_progress"))
    with Client("echo", store=database) as client:
        run = next(iter(client.runs.list(thread_id=thread_id)))
        run.cancel()
        assert run.record.status in ("cancelling", "cancelled")
        with pytest.raises(RunCancelled):
            run.result()
        client.threads.get(thread_id).add("usable at once")
    program.read_until(lambda line: line.endswith("thread.run.cancelled"))


def test_a_follower_in_another_process_sees_events_live_and_is_told_when_the_driver_is_gone(
    start_program: Callable[..., object], database: str, sales: Path, tmp_path: Path
) -> None:
    program = start_program("run.py", database, str(sales), str(tmp_path / "never"), ORDER_AND_BUY)
    thread_id = program.read_until(lambda line: line.startswith("thread_"))
    with Client("echo", store=database) as client:
        run = next(iter(client.runs.list(thread_id=thread_id)))
        seen: list[str] = []
        with pytest.raises(RunAbandoned):
            for event in run.events():
                seen.append(event.event)
                if seen.count("thread.run.step.created") == 2 and program.process.poll() is None:
                    program.kill()
        assert seen[:3] == ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]


def test_a_second_process_lists_the_thread_reads_it_in_order_and_continues_it(
    start_program: Callable[..., object], database: str
) -> None:
    with Client("echo", store=database) as client:
        thread = client.threads.create()
        assistant = client.assistants.create()
        for number in range(25):
            thread.run(assistant, additional_messages=[f"message {number}"]).result()
    output = start_program("continue_thread.py", database).finish().splitlines()
    expected = [line for n in range(25) for line in (f"user: message {n}", f"assistant: ECHO: message {n}")]
    assert output == [*expected, "ECHO: and again"]
    with Client("echo", store=database) as client:
        assert [message.text for message in client.threads.get(thread.id).messages()][-1] == "ECHO: and again"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_process_with_a_hanging_tool_exits_at_once_and_the_next_one_goes_on(
    database: str, tmp_path: Path, backend: str
) -> None:
    program = f"""
import time, anyio
from anyassistant import AsyncClient

def hang() -> None:
    "Hang."
    print("in the tool", flush=True)
    time.sleep(600)

async def main():
    async with AsyncClient("echo", store={database!r}) as client:
        thread = await client.threads.create(messages=["CALL hang {{}}"])
        run = await thread.run(await client.assistants.create(tools=[hang])).start()
        async for event in run.events():
            if event.event == "thread.run.step.delta":
                break
        await anyio.sleep(0.2)
    print(thread.id, flush=True)

anyio.run(main, backend={backend!r})
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, env=os.environ
    )
    assert (done.returncode, done.stderr) == (0, "")
    thread_id = done.stdout.split()[-1]
    with Client("echo", store=database) as client:
        run = client.threads.get(thread_id).resume()
        assert run is not None
        assert run.wait().status == "requires_action"
        run.cancel()
        assert run.wait().status == "cancelled"
