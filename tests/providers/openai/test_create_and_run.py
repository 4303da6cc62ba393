"""A thread and a run on it by one request: both are made, or neither."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from anyassistant import AsyncClient, Client, tool
from anyassistant.errors import InvalidRequest, NotFound, ProviderError, RunRequiresAction
from anyassistant.types import Attachment

from .double import Double, error
from .loopback import Answer, Raw, Request, Stop, Stream, reset

TEXT = 'CALL order_item {"item_id": "a"}'
BOTH = "/threads/runs"


def order_item(item_id: str) -> str:
    """Order an item."""
    return f"ordered {item_id}"


@tool(requires_approval=True)
def confirm_order_item(order_id: str) -> str:
    """Buy it."""
    return f"bought {order_id}"


def answer_once(double: Double, answer: Answer | Stream | Raw) -> None:
    left = [answer]
    double.faults.append(lambda request: left.pop() if left and request.path == f"/v1{BOTH}" else None)


@pytest.mark.parametrize("streams", [True, False])
async def test_one_request_and_the_rest_as_of_any_run(client: AsyncClient, double: Double, streams: bool) -> None:
    double.streams = streams
    assistant = await client.assistants.create(tools=[order_item])
    run = client.threads.create_and_run(
        assistant,
        messages=["Hello.", [TEXT, Attachment("file-1")]],
        thread_metadata={"of": "thread"},
        metadata={"of": "run"},
        tool_resources={"file_search": {"vector_store_ids": ["vs_1"]}},
    )
    events = [event async for event in run.events()]
    result = await run.result()
    thread = await run.thread()
    assert result.text == "TOOL RESULT: ordered a"
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert [step.status for step in result.steps] == ["completed", "completed"]
    assert (thread.id, thread.record.metadata, run.record.metadata) == (
        run.record.thread_id, {"of": "thread"}, {"of": "run"},
    )  # fmt: skip
    assert thread.record.tool_resources == {"file_search": {"vector_store_ids": ["vs_1"]}}
    posts = [path for path in double.paths() if "assistants" not in path and "submit" not in path]
    assert posts == ([BOTH] if streams else [BOTH, BOTH])  # the first of them was refused for its stream
    assert [message.text async for message in thread.messages()] == ["Hello.", TEXT, "TOOL RESULT: ordered a"]
    await thread.add("usable")
    assert [one.id async for one in client.threads.list()] == [thread.id]
    assert [one.id async for one in client.runs.list()] == [run.id]


async def test_more_than_one_request_can_say_is_two(client: AsyncClient, double: Double) -> None:
    assistant = await client.assistants.create()
    many = [str(at) for at in range(40)]
    assert (await client.threads.create_and_run(assistant, messages=many).result()).text == "ECHO: 39"
    run = client.threads.create_and_run(assistant, messages=["x"], additional_instructions="Be kind.")
    assert (await run.result()).text == "ECHO: x"
    assert BOTH not in double.paths()


async def test_additional_messages_come_behind_the_first(client: AsyncClient, double: Double) -> None:
    assistant = await client.assistants.create()
    run = client.threads.create_and_run(assistant, messages=["first"], additional_messages=["second"])
    assert (await run.result()).text == "ECHO: second"
    [body] = [one.body for one in double.requests if one.path.endswith(BOTH)]
    assert [one["content"] for one in body["thread"]["messages"]] == ["first", "second"]


async def test_an_approval(client: AsyncClient) -> None:
    assistant = await client.assistants.create(tools=[confirm_order_item])
    run = client.threads.create_and_run(assistant, messages=['CALL confirm_order_item {"order_id": "o"}'])
    with pytest.raises(RunRequiresAction) as rest:
        await run.result()
    await run.approve(rest.value.calls[0].id)
    assert (await run.result()).text == "TOOL RESULT: bought o"


async def test_it_is_found_by_its_id(client: AsyncClient) -> None:
    assistant = await client.assistants.create()
    run = client.threads.create_and_run(assistant, messages=["hello"])
    with pytest.raises(InvalidRequest) as caught:
        await run.thread()
    assert caught.value.code == "run_not_started"
    await run.result()
    again = await client.runs.get(run.id)
    assert (await again.thread()).id == (await run.thread()).id
    names = [event.event async for event in again.events()]
    assert (names[0], names[-1]) == ("thread.run.created", "thread.run.completed")


async def test_of_no_assistant_there_is_nothing(client: AsyncClient) -> None:
    with pytest.raises(NotFound):
        await client.threads.create_and_run("asst_x", messages=["hello"]).result()
    assert [one async for one in client.threads.list()] == []
    assert [one async for one in client.runs.list()] == []


@pytest.mark.parametrize("status", [500, 503])
async def test_what_may_have_been_done_is_not_done_again(client: AsyncClient, double: Double, status: int) -> None:
    assistant = await client.assistants.create()
    answer_once(double, Answer(b"", status, {"retry-after-ms": "1"}))
    with pytest.raises(ProviderError) as caught:
        await client.threads.create_and_run(assistant, messages=["hello"]).result()
    assert caught.value.status_code == status
    assert double.paths().count(BOTH) == 1


async def test_what_was_refused_for_now_is_asked_for_again(client: AsyncClient, double: Double) -> None:
    assistant = await client.assistants.create()
    answer_once(double, Answer(b"", 429, {"retry-after-ms": "1"}))
    assert (await client.threads.create_and_run(assistant, messages=["hello"]).result()).text == "ECHO: hello"
    assert double.paths().count(BOTH) == 2


@pytest.mark.parametrize("at", ["thread.run.created", "thread.run.in_progress", "thread.run.step.created"])
async def test_a_stream_that_is_cut(client: AsyncClient, double: Double, at: str) -> None:
    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        if name == at:
            double.mangle = None
            raise Stop(reset)
        yield frame

    double.mangle = mangle
    # A tool that rests keeps the run open until it was looked for.
    assistant = await client.assistants.create(tools=[order_item])
    run = client.threads.create_and_run(assistant, messages=[TEXT])
    with anyio.fail_after(20):
        assert (await run.result()).text == "TOOL RESULT: ordered a"
    assert double.paths().count(BOTH) == 1
    assert (await run.thread()).id == run.record.thread_id


async def test_a_stream_that_is_cut_before_it_says_a_word(client: AsyncClient, double: Double) -> None:
    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        raise Stop(reset)
        yield frame

    double.mangle = mangle
    assistant = await client.assistants.create()
    with anyio.fail_after(20), pytest.raises(ProviderError) as caught:
        await client.threads.create_and_run(assistant, messages=["hello"]).result()
    assert caught.value.code == "connection_error"
    assert double.paths().count(BOTH) == 1


async def test_a_service_that_does_not_tell_of_the_thread(client: AsyncClient, double: Double) -> None:
    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        if name != "thread.created":
            yield frame

    double.mangle = mangle

    def fail(request: Request) -> Answer | None:
        is_meant = request.method == "GET" and request.path.count("/") == 3 and "/threads/" in request.path
        return error(403, "No.") if is_meant else None

    double.faults.append(fail)
    assistant = await client.assistants.create()
    run = client.threads.create_and_run(assistant, messages=["hello"], thread_metadata={"k": "v"})
    assert (await run.result()).text == "ECHO: hello"
    assert (await run.thread()).record.metadata == {"k": "v"}


async def test_blocking(config_file: Callable[..., Path], double: Double) -> None:
    path = config_file()

    def ask() -> Any:
        with Client("service", store=":memory:", config=path) as client:
            assistant = client.assistants.create(tools=[order_item])
            run = client.threads.create_and_run(assistant, messages=[TEXT])
            text = run.result().text
            return text, [message.text for message in run.thread().messages()]

    with anyio.fail_after(20):
        text, said = await anyio.to_thread.run_sync(ask)
    assert (text, said) == ("TOOL RESULT: ordered a", [TEXT, "TOOL RESULT: ordered a"])
