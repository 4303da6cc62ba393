"""The blocking client: the same behaviour as the async one, from any blocking code."""

import asyncio
import contextvars
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from anyassistant import Assistant, Client, Thread
from anyassistant.errors import (
    ConfigError,
    InvalidRequest,
    NotFound,
    RunCancelled,
    RunFailed,
    RunRequiresAction,
    StoreError,
    ThreadBusy,
)
from anyassistant.store.memory import MemoryStore


def get_shopping_history() -> list[str]:
    """Get the shopping order history for the current user."""
    return ["hat"]


@pytest.fixture
def client() -> Iterator[Client]:
    with Client("echo", store=":memory:") as client:
        yield client


@pytest.fixture
def assistant(client: Client) -> Assistant:
    return client.assistants.create(name="Shop", tools=[get_shopping_history])


@pytest.fixture
def thread(client: Client) -> Thread:
    return client.threads.create()


def test_a_run_gives_its_finished_steps(assistant: Assistant, thread: Thread) -> None:
    thread.add("CALL get_shopping_history {}")
    steps = list(thread.run(assistant))
    assert [(step.type, step.status) for step in steps] == [
        ("tool_calls", "completed"),
        ("message_creation", "completed"),
    ]
    assert [message.text for message in thread.messages()][-1] == 'TOOL RESULT: ["hat"]'


def test_events_come_in_order_and_whole(assistant: Assistant, thread: Thread) -> None:
    events = list(thread.run(assistant, additional_messages=["TOKENS 3000"]).events())
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    text = "".join(event.text for event in events if event.event == "thread.message.delta")
    assert text == "tok " * 3000


def test_leaving_the_events_early_leaves_the_run_going(assistant: Assistant, thread: Thread) -> None:
    run = thread.run(assistant, additional_messages=["TOKENS 2000"])
    for event in run.events():
        if event.event == "thread.message.delta":
            break
    assert run.result().text == "tok " * 2000


def test_a_failed_run_raises_from_the_providers_error(assistant: Assistant, thread: Thread) -> None:
    run = thread.run(assistant, additional_messages=["FAIL rate_limit_exceeded slow down"])
    with pytest.raises(RunFailed, match="slow down") as caught:
        run.result()
    assert caught.value.code == "rate_limit_exceeded"
    with pytest.raises(RunFailed):
        list(run.events())
    with pytest.raises(RunFailed):
        list(run)


def test_wait_reports_and_times_out_without_ending_the_run(assistant: Assistant, thread: Thread) -> None:
    run = thread.run(assistant, additional_messages=["SLEEP 60"])
    with pytest.raises(TimeoutError):
        run.wait(timeout=0.05)
    with pytest.raises(ThreadBusy, match=run.id):
        thread.add("meanwhile")
    run.cancel()
    assert run.wait().status == "cancelled"
    with pytest.raises(RunCancelled):
        run.result()


def test_a_run_that_waits_for_its_caller_goes_on_with_the_outputs(client: Client, thread: Thread) -> None:
    assistant = client.assistants.create(tools=[{"type": "function", "function": {"name": "locate"}}])
    run = thread.run(assistant, additional_messages=["CALL locate {}"])
    with pytest.raises(RunRequiresAction) as rest:
        run.result()
    run.submit_tool_outputs({call.id: {"city": "Rome"} for call in rest.value.calls})
    assert run.result().text == 'TOOL RESULT: {"city":"Rome"}'


def test_lists_are_iterated_across_pages(client: Client, thread: Thread) -> None:
    for number in range(45):
        thread.add(f"message {number}")
    assert [message.text for message in thread.messages()] == [f"message {number}" for number in range(45)]
    page = thread.messages(order="desc", limit=7).page()
    assert [message.text for message in page.data] == [f"message {number}" for number in range(44, 37, -1)]
    assert page.has_more


def test_it_works_inside_a_running_event_loop() -> None:
    async def notebook_cell() -> str:
        with Client("echo", store=":memory:") as client:
            thread = client.threads.create(messages=["hello"])
            return thread.run(client.assistants.create()).result().text

    assert asyncio.run(notebook_cell()) == "ECHO: hello"


def test_several_threads_share_a_client(client: Client, assistant: Assistant) -> None:
    answers: dict[int, str] = {}

    def converse(number: int) -> None:
        thread = client.threads.create(messages=[f"hello {number}"])
        answers[number] = thread.run(assistant).result().text

    threads = [threading.Thread(target=converse, args=[number]) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert answers == {number: f"ECHO: hello {number}" for number in range(8)}


def test_clients_of_one_process_can_share_a_memory_store() -> None:
    store = MemoryStore()
    with Client("echo", store=store) as first:
        thread_id = first.threads.create(messages=["hello"]).id
    with Client("echo", store=store) as second:
        assert [message.text for message in second.threads.get(thread_id).messages()] == ["hello"]


def test_leaving_a_client_parks_its_run_and_another_resumes_it() -> None:
    store = MemoryStore()
    with Client("echo", store=store) as first:
        thread = first.threads.create(messages=["SLEEP 0.2\nTOKENS 3"])
        run = thread.run(first.assistants.create()).start()
        assert run.record.is_open
    with Client("echo", store=store) as second:
        resumed = second.threads.get(thread.id).resume()
        assert resumed is not None
        assert resumed.id == run.id
        assert resumed.result().text == "tok tok tok "


def test_a_tool_sees_the_callers_context_variables(client: Client, thread: Thread) -> None:
    user = contextvars.ContextVar("user", default="nobody")

    def who() -> str:
        """Who asks."""
        return user.get()

    user.set("ann")
    run = thread.run(client.assistants.create(tools=[who]), additional_messages=["CALL who {}"])
    assert run.result().text == "TOOL RESULT: ann"


def test_a_tool_may_use_a_blocking_client(client: Client, thread: Thread) -> None:
    def count_assistants() -> int:
        """How many assistants there are."""
        return len(list(client.assistants.list()))

    run = thread.run(
        client.assistants.create(tools=[count_assistants]), additional_messages=["CALL count_assistants {}"]
    )
    assert run.result().text == "TOOL RESULT: 1"


def test_an_async_tool_that_uses_the_blocking_client_is_told_to_use_the_async_one(
    client: Client, thread: Thread
) -> None:
    async def count_assistants() -> int:
        """How many assistants there are."""
        return len(list(client.assistants.list()))

    run = thread.run(
        client.assistants.create(tools=[count_assistants]), additional_messages=["CALL count_assistants {}"]
    )
    result = run.result()
    assert "AsyncClient" in str(result.steps[0].tool_calls[0].error)


def test_errors_reach_the_caller(client: Client) -> None:
    with pytest.raises(NotFound, match="thread_none"):
        client.threads.get("thread_none")
    with pytest.raises(ConfigError, match="no-such-provider"), Client("no-such-provider", store=":memory:"):
        pass


@pytest.mark.parametrize("wrong", [None, 7, {"id": "asst_1"}])
def test_a_run_of_no_assistant_names_the_parameter(thread: Thread, wrong: Any) -> None:
    with pytest.raises(InvalidRequest, match="`assistant` must be an assistant of this client") as caught:
        thread.run(wrong)
    assert caught.value.param == "assistant"


def test_handles_refuse_to_be_pickled_and_records_do_not(client: Client, assistant: Assistant, thread: Thread) -> None:
    run = thread.run(assistant, additional_messages=["hello"])
    result = run.result()
    for handle in (client, assistant, thread, run, thread.messages()):
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(handle)
    for value in (assistant.record, thread.record, result, *run.events()):
        assert pickle.loads(pickle.dumps(value)) == value


def test_a_closed_client_can_be_used_again() -> None:
    client = Client("echo", store=MemoryStore())
    with client:
        thread_id = client.threads.create(messages=["hello"]).id
    with client:
        assert client.threads.get(thread_id).run(client.assistants.create()).result().text == "ECHO: hello"


def client_threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "anyassistant-client"]


def test_closing_ends_the_thread_of_a_client_whose_store_cannot_close() -> None:
    class Stuck(MemoryStore):
        async def aclose(self) -> None:
            raise StoreError("the disk is gone")

    before = client_threads()
    client = Client("echo", store=Stuck())
    client.threads.create()
    with pytest.raises(StoreError, match="the disk is gone"):
        client.close()
    assert client_threads() == before


def test_closing_an_unused_client_starts_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    client = Client("echo", store=":memory:")
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", lambda one: started.append(one.name))
        client.close()
        client.close()
    assert started == []
    with pytest.raises(InvalidRequest, match="The client is closed"):
        client.threads.create()
    client.close()


def run_script(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_process_ends_without_closing_its_client_while_a_tool_hangs() -> None:
    done = run_script(
        """
        import time
        from anyassistant import Client

        def hang() -> None:
            "Hang."
            time.sleep(600)

        client = Client("echo", store=":memory:")
        thread = client.threads.create(messages=["CALL hang {}"])
        run = thread.run(client.assistants.create(tools=[hang]))
        for event in run.events():
            if event.event == "thread.run.step.delta":
                break
        print("leaving")
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "leaving\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_client_says_that_it_does_not_survive_a_fork() -> None:
    done = run_script(
        """
        import os
        from anyassistant import Client

        client = Client("echo", store=":memory:")
        client.threads.create()
        if os.fork() == 0:
            try:
                client.threads.create()
            except RuntimeError as error:
                print(error, flush=True)
            os._exit(0)
        os.wait()
        """
    )
    assert done.stdout == ("This client was made before a fork, which its thread did not survive: make a new one.\n"), (
        done.stderr
    )


def test_an_interrupt_ends_the_wait_and_the_client_stays_usable(assistant: Assistant, thread: Thread) -> None:
    run = thread.run(assistant, additional_messages=["SLEEP 60"]).start()
    timer = threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run.result()
    timer.join()
    run.cancel()
    assert run.wait().status == "cancelled"
    thread.add("usable")


def test_a_handle_shows_its_kind_and_its_id(client: Client, assistant: Assistant, thread: Thread) -> None:
    run = thread.run(assistant)
    assert repr(thread) == f"<Thread {thread.id}>"
    assert repr(run) == "<Run not begun>"
    run.start()
    assert repr(run) == f"<Run {run.id}>"
    assert repr(client) == "<Client>"
