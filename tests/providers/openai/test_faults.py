"""Whatever the wire does: a run ends well or in the right typed error, no tool is called twice, nothing is lost."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.errors import (
    AnyAssistantError,
    InvalidRequest,
    NotFound,
    ProviderError,
    RunCancelled,
    RunExpired,
    RunFailed,
    RunIncomplete,
    ThreadBusy,
)
from anyassistant.protocols import AssistantParams, MessageParams, RunParams, ThreadParams
from anyassistant.types import PageQuery, Text
from anyassistant_openai import OpenAIAssistants

from .double import KEY, Double, error
from .loopback import Answer, Raw, Request, Stop, Stream, head, reset, stall

TEXT = 'CALL order_item {"item_id": "a"}'
DONE = "TOOL RESULT: ordered a"
PAGE = PageQuery(limit=1)
RUNS, SUBMIT, RUN = "/runs", "/submit_tool_outputs", "/runs/run_"
HTML = b"<!doctype html><html><head><title>Bad gateway</title></head><body><p>nginx</p></body></html>"


@dataclass
class Shop:
    """A client with a tool that counts its calls."""

    client: AsyncClient
    double: Double
    calls: list[str] = field(default_factory=list)
    during: Callable[[], Any] | None = None

    async def run(self, text: str = TEXT):
        async def order_item(item_id: str) -> str:
            """Order an item."""
            self.calls.append(item_id)
            if self.during is not None:
                await self.during()
            return f"ordered {item_id}"

        assistant = await self.client.assistants.create(tools=[order_item])
        thread = await self.client.threads.create(messages=[text])
        return thread, thread.run(assistant)

    async def succeeds(self) -> None:
        """A run ends well, and says all once."""
        with anyio.fail_after(20):
            thread, run = await self.run()
            events = [event async for event in run.events()]
            result = await run.result()
        assert result.text == DONE
        assert self.calls == ["a"]
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert [step.status for step in result.steps] == ["completed", "completed"]
        assert [message.text async for message in thread.messages()] == [TEXT, DONE]
        ids = [(event.event, event.data.id) for event in events if "delta" not in event.event]
        assert len(ids) == len(set(ids))

    async def fails(self, kind: type[AnyAssistantError], code: str | None = None) -> Any:
        with anyio.fail_after(20), pytest.raises(kind) as caught:
            _, run = await self.run()
            await run.result()
        assert KEY not in str(caught.value)
        if code is not None:
            assert caught.value.code == code
        return caught.value


@pytest.fixture
async def shop(config_file: Callable[..., Path], double: Double) -> AsyncGenerator[Shop, None]:
    path = config_file()
    path.write_text(path.read_text("utf-8") + "retry_seconds = 5.0\nidle_seconds = 0.3\n", "utf-8")
    async with AsyncClient("service", store=":memory:", config=path) as client:
        yield Shop(client, double)


def answers(
    double: Double, method: str, part: str, made: Sequence[Answer | Stream | Raw], *, whole: bool = True
) -> list[Request]:
    """Answer the next such requests so; a list of those that were."""
    left, met = list(made), []

    def fault(request: Request) -> Answer | Stream | Raw | None:
        is_meant = request.path.endswith(part) if whole else part in request.path and request.path.count("/") == 5
        if request.method != method or not is_meant or not left:
            return None
        met.append(request)
        return left.pop(0)

    double.faults.append(fault)
    return met


def too_many(headers: dict[str, str]) -> Answer:
    return Answer({"error": {"message": "Slow down.", "code": "rate_limit_exceeded"}}, 429, headers)


QUICK = {"retry-after-ms": "10"}

# Answers instead of the right one


@pytest.mark.parametrize("headers", [{"Retry-After": "0"}, QUICK, {}], ids=["seconds", "milliseconds", "none"])
@pytest.mark.parametrize("part", [RUNS, SUBMIT])
async def test_too_many_requests(shop: Shop, part: str, headers: dict[str, str]) -> None:
    met = answers(shop.double, "POST", part, [too_many(headers)])
    await shop.succeeds()
    assert len(met) == 1


async def test_too_many_requests_for_longer_than_is_waited(shop: Shop) -> None:
    answers(shop.double, "POST", RUNS, [too_many({"Retry-After": "60", "x-request-id": "req_9"})])
    caught = await shop.fails(ProviderError, "rate_limit_exceeded")
    assert (caught.status_code, caught.retry_after, caught.request_id) == (429, 60, "req_9")


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_failure_and_then_success_where_a_request_can_be_repeated(shop: Shop, status: int) -> None:
    met = answers(shop.double, "POST", SUBMIT, [Answer(b"", status, QUICK)] * 2)
    await shop.succeeds()
    assert len(met) == 2


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_failure_of_what_creates_a_run_is_not_repeated(shop: Shop, status: int) -> None:
    met = answers(shop.double, "POST", RUNS, [Answer(b"", status)] * 5)
    caught = await shop.fails(ProviderError, "server_error")
    assert caught.status_code == status
    assert len(met) == 1


async def test_an_html_page_as_an_error(shop: Shop) -> None:
    answers(shop.double, "POST", RUNS, [Answer(HTML, 502, media_type="text/html")])
    caught = await shop.fails(ProviderError, "server_error")
    assert "Bad gateway" in str(caught)
    assert "<" not in str(caught)


async def test_an_html_page_instead_of_an_object(shop: Shop) -> None:
    answers(shop.double, "POST", "/assistants", [Answer(HTML, 200, media_type="text/html")])
    await shop.fails(ProviderError, "invalid_response")


async def test_another_content_type_than_a_stream(shop: Shop) -> None:
    answers(shop.double, "POST", RUNS, [Answer(HTML, 200, media_type="text/html")])
    await shop.fails(ProviderError, "invalid_response")
    assert shop.calls == []


@pytest.mark.parametrize("body", [b'{"id": "run_1", "obj', b"", b"null", b'{"id": 5}'])
async def test_an_object_that_cannot_be_read(shop: Shop, body: bytes) -> None:
    answers(shop.double, "POST", "/threads", [Answer(body)])
    caught = await shop.fails(ProviderError, "invalid_response")
    assert "pydantic" not in str(caught)


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, ProviderError, "invalid_api_key"),
        (403, ProviderError, "permission_denied"),
        (404, NotFound, "not_found"),
        (400, InvalidRequest, None),
    ],
)
async def test_refusals(shop: Shop, status: int, kind: type[AnyAssistantError], code: str | None) -> None:
    said = {"message": f"No, {KEY} is wrong.", "type": "x", "param": None, "code": code if status == 401 else None}
    answers(shop.double, "POST", RUNS, [Answer({"error": said}, status, {"x-request-id": "req_7"})])
    caught = await shop.fails(kind, code)
    assert (caught.status_code, caught.request_id) == (status, "req_7")


async def test_a_wrong_key(double: Double, make_provider: Callable[..., OpenAIAssistants]) -> None:
    provider = make_provider(api_key="sk-wrong-0123456789")
    with pytest.raises(ProviderError) as caught:
        await provider.get_thread("thread_1")
    assert (caught.value.code, caught.value.status_code) == ("invalid_api_key", 401)
    assert "sk-wrong" not in f"{caught.value!r} {caught.value}"


@pytest.mark.parametrize("what", ["assistant", "thread", "run", "message"])
async def test_what_is_not_there(provider: OpenAIAssistants, what: str) -> None:
    thread = await provider.create_thread(ThreadParams())
    with pytest.raises(NotFound) as caught:
        match what:
            case "assistant":
                await provider.get_assistant("asst_x")
            case "thread":
                await provider.get_thread("thread_x")
            case "run":
                await thread.get_run("run_x")
            case _:
                await thread.get_message("msg_x")
    assert caught.value.status_code == 404


async def test_a_run_of_an_assistant_that_is_not_there(shop: Shop) -> None:
    thread = await shop.client.threads.create(messages=["hello"])
    with pytest.raises(NotFound):
        await thread.run("asst_x").result()


@pytest.mark.parametrize(("status", "headers"), [(400, {}), (409, {"x-should-retry": "false"})])
async def test_a_thread_with_a_run_of_somebody_elses(shop: Shop, status: int, headers: dict[str, str]) -> None:
    said = "Thread thread_x already has an active run run_abc123."
    answers(shop.double, "POST", RUNS, [Answer({"error": {"message": said}}, status, headers)])
    assert (await shop.fails(ThreadBusy)).run_id == "run_abc123"


# Connections


async def test_a_service_that_does_not_listen(make_provider: Callable[..., OpenAIAssistants]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    provider = make_provider(base_url=f"http://127.0.0.1:{port}/v1", retry_seconds=0)
    with pytest.raises(ProviderError) as caught:
        await provider.create_thread(ThreadParams())
    assert caught.value.code == "connection_error"


async def test_a_reset_before_the_answer_to_what_creates_a_run_is_not_repeated(shop: Shop) -> None:
    met = answers(shop.double, "POST", RUNS, [[reset]] * 3)
    await shop.fails(ProviderError, "connection_error")
    assert len(met) == 1


async def test_a_reset_before_the_answer_to_outputs(shop: Shop) -> None:
    met = answers(shop.double, "POST", SUBMIT, [[reset]])
    await shop.succeeds()
    assert len(met) == 1


async def test_a_reset_in_the_body(shop: Shop) -> None:
    shop.double.streams = False
    broken = [head(200, "application/json", {}, length=500), b'{"id": "run_', reset]
    met = answers(shop.double, "GET", RUN, [broken, broken], whole=False)
    await shop.succeeds()
    assert len(met) == 2


async def test_a_reset_after_the_body(shop: Shop) -> None:
    shop.double.streams = False
    page = {"object": "list", "data": [], "has_more": False}
    content = json.dumps(page).encode()
    met = answers(
        shop.double, "GET", "/steps", [[head(200, "application/json", {}, length=len(content)), content, reset]]
    )
    await shop.succeeds()
    assert len(met) == 1


@pytest.mark.parametrize("follow", [True, False], ids=["streamed", "polled"])
async def test_an_answer_to_outputs_that_is_lost_after_they_were_taken(shop: Shop, follow: bool) -> None:
    """They are sent again, refused, and what has become of the run is looked up."""
    shop.double.streams = follow
    lost = lose_answer(shop.double, SUBMIT)
    await shop.succeeds()
    assert len(lost) == 1


@pytest.mark.parametrize("follow", [True, False], ids=["streamed", "polled"])
async def test_a_run_whose_beginning_was_not_heard_is_taken_over(shop: Shop, follow: bool) -> None:
    shop.double.streams = follow
    lost = lose_answer(shop.double, RUNS)
    with anyio.fail_after(20):
        thread, run = await shop.run()
        with pytest.raises(ProviderError):
            await run.start()
        assert len(lost) == 1
        with pytest.raises(ThreadBusy):
            await thread.add("more")

        def order_item(item_id: str) -> str:
            """Order an item."""
            shop.calls.append(item_id)
            return f"ordered {item_id}"

        mine = await thread.resume(tools=[order_item])
        assert mine is not None
        assert (await mine.result()).text == DONE
    assert shop.calls == ["a"]


def lose_answer(double: Double, part: str) -> list[str]:
    """Reset the connection instead of the next good answer to such a request, which was done; the paths of those."""
    lost: list[str] = []
    right = double._route

    async def lose(request: Request) -> Answer | Stream | Raw:
        answer = await right(request)
        if request.path.endswith(part) and not lost and getattr(answer, "status", 200) == 200:
            lost.append(request.path)
            return [reset]
        return answer

    double._route = lose  # type: ignore[method-assign, assignment]
    return lost


# Streams

EVENTS = [
    "thread.run.created",
    "thread.run.queued",
    "thread.run.in_progress",
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.run.step.delta",
    "thread.run.requires_action",
    "thread.run.step.completed",
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
    "thread.message.completed",
    "thread.run.completed",
]


async def hang_up(stream: Any) -> None:
    await stream.aclose()


@pytest.mark.parametrize("deed", [hang_up, reset], ids=["closed", "reset"])
@pytest.mark.parametrize("at", EVENTS)
@pytest.mark.parametrize("part", [0.0, 0.5, 1.0], ids=["before", "within", "behind"])
async def test_a_stream_that_is_cut(shop: Shop, at: str, part: float, deed: Any) -> None:
    cuts: list[str] = []

    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        if name == at and not cuts:
            cuts.append(name)
            yield frame[: int(len(frame) * part)]
            raise Stop(deed)
        yield frame

    shop.double.mangle = mangle
    await shop.succeeds()
    assert cuts == [at]


async def test_a_stream_that_ends_at_once_without_a_word(shop: Shop) -> None:
    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        raise Stop(hang_up)
        yield frame

    shop.double.mangle = mangle
    await shop.succeeds()


async def test_a_stream_that_stalls(shop: Shop) -> None:
    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        yield frame
        if name == "thread.message.created":
            raise Stop(stall)

    shop.double.mangle = mangle
    await shop.succeeds()


async def test_a_stream_that_never_ends_after_its_last_event(shop: Shop) -> None:
    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        yield frame
        if name == "thread.run.completed":
            raise Stop(stall)

    shop.double.mangle = mangle
    await shop.succeeds()


async def test_one_byte_at_a_time(shop: Shop) -> None:
    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        for at in range(len(frame)):
            yield frame[at : at + 1]

    shop.double.mangle = mangle
    await shop.succeeds()


async def test_carriage_returns_comments_and_a_byte_order_mark(shop: Shop) -> None:
    is_first = True

    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        nonlocal is_first
        yield (b"\xef\xbb\xbf" if is_first else b"") + b": still here\r\n\r\n" + frame.replace(b"\n", b"\r\n")
        is_first = False

    shop.double.mangle = mangle
    await shop.succeeds()


async def test_events_that_come_twice(shop: Shop) -> None:
    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        yield frame
        if not name.endswith(".delta"):
            yield frame

    shop.double.mangle = mangle
    await shop.succeeds()


async def test_pieces_of_a_message_that_come_twice_do_not_reach_the_result(shop: Shop) -> None:
    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        yield frame + frame

    shop.double.mangle = mangle
    await shop.succeeds()


async def test_events_in_another_order(shop: Shop) -> None:
    held: list[bytes] = []

    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        if name in ("thread.run.step.created", "thread.message.created", "thread.run.step.completed"):
            held.append(frame)
            return
        yield frame
        while held and name not in ("thread.run.completed", "thread.run.requires_action"):
            yield held.pop()

    shop.double.mangle = mangle
    await shop.succeeds()


@pytest.mark.parametrize(
    "extra",
    [
        b'event: thread.run.step.meditated\ndata: {"id": "x"}\n\n',
        b"event: ping\ndata: {}\n\n",
        b"data: \n\n",
        b'event: thread.created\ndata: {"id": "thread_1", "object": "thread"}\n\n',
        b'event: thread.message.delta\ndata: {"id": "msg_1", "delta": {"role": "assistant"}}\n\n',
    ],
)
async def test_events_that_are_not_known(shop: Shop, extra: bytes) -> None:
    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        yield extra + frame

    shop.double.mangle = mangle
    await shop.succeeds()


@pytest.mark.parametrize("data", [b'{"id": "run_', b"...", b"[]", b'{"id": "run_1"}', b'"text"'])
async def test_an_event_that_cannot_be_read_is_looked_up(shop: Shop, data: bytes) -> None:
    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        if name == "thread.run.in_progress":
            frame = b"event: thread.run.in_progress\ndata: " + data + b"\n\n"
        yield frame

    shop.double.mangle = mangle
    await shop.succeeds()


@pytest.mark.parametrize("at", ["thread.run.created", "thread.message.delta"])
@pytest.mark.parametrize(
    "said",
    [{"error": {"message": "It broke.", "code": "server_error"}}, {"message": "It broke.", "code": "server_error"}],
    ids=["nested", "flat"],
)
async def test_an_error_in_the_stream_of_a_run_that_goes_on(shop: Shop, said: dict[str, Any], at: str) -> None:
    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        yield frame if name != at else f"event: error\ndata: {json.dumps(said)}\n\n".encode()

    shop.double.mangle = mangle
    await shop.succeeds()


@pytest.mark.parametrize(
    "said",
    [{"error": {"message": "It broke.", "code": "overloaded"}}, {"message": "It broke.", "code": "overloaded"}],
    ids=["nested", "flat"],
)
async def test_an_error_in_a_stream_is_a_provider_error(
    provider: OpenAIAssistants, double: Double, said: dict[str, Any]
) -> None:
    async def mangle(name: str, frame: bytes) -> AsyncGenerator[bytes, None]:
        yield frame if name != "thread.message.delta" else f"event: error\ndata: {json.dumps(said)}\n\n".encode()

    double.mangle = mangle
    assistant = await provider.create_assistant(AssistantParams(model="gpt-4o"))
    thread = await provider.create_thread(ThreadParams([MessageParams([Text("hello")])]))
    run = await thread.create_run(RunParams(assistant.record.id), executor=None, follow=True)
    with pytest.raises(ProviderError) as caught:
        async for _ in run.events():
            pass
    assert (caught.value.code, caught.value.request_id) == ("overloaded", "req_stream")


# How runs end


def ending(status: str, **fields: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A completed run ends otherwise."""

    def alter(wire: dict[str, Any]) -> dict[str, Any]:
        is_meant = wire.get("object") == "thread.run" and wire["status"] == "completed"
        return {**wire, "status": status, "completed_at": None, **fields} if is_meant else wire

    return alter


@pytest.mark.parametrize("streams", [True, False], ids=["streamed", "polled"])
class TestEndings:
    async def test_failed(self, shop: Shop, streams: bool) -> None:
        shop.double.streams = streams
        shop.double.alter = ending("failed", last_error={"code": "rate_limit_exceeded", "message": "Slow down."})
        caught = await shop.fails(RunFailed, "rate_limit_exceeded")
        assert "Slow down." in str(caught)
        assert shop.calls == ["a"]

    async def test_expired(self, shop: Shop, streams: bool) -> None:
        shop.double.streams = streams
        shop.double.alter = ending("expired")
        await shop.fails(RunExpired)

    @pytest.mark.parametrize("reason", ["max_prompt_tokens", "max_completion_tokens"])
    async def test_incomplete(self, shop: Shop, streams: bool, reason: str) -> None:
        shop.double.streams = streams
        shop.double.alter = ending("incomplete", incomplete_details={"reason": reason})
        caught = await shop.fails(RunIncomplete)
        assert caught.reason == reason
        assert caught.text == DONE

    async def test_cancelled_by_another_while_a_tool_works(self, shop: Shop, streams: bool) -> None:
        shop.double.streams = streams

        async def cancel() -> None:
            thread = (await shop.double.provider.list_threads(PAGE)).data[0]
            await (await thread.list_runs(PAGE)).data[0].cancel()

        shop.during = cancel
        await shop.fails(RunCancelled)
        assert shop.calls == ["a"]

    async def test_ended_already_when_outputs_are_submitted(self, shop: Shop, streams: bool) -> None:
        shop.double.streams = streams
        has_ended = False

        async def end() -> None:
            nonlocal has_ended
            has_ended = True
            refusal = error(400, 'Runs in status "expired" do not accept tool outputs.')
            answers(shop.double, "POST", SUBMIT, [refusal])

        def alter(wire: dict[str, Any]) -> dict[str, Any]:
            is_meant = has_ended and wire.get("object") == "thread.run"
            return {**wire, "status": "expired", "required_action": None} if is_meant else wire

        shop.during, shop.double.alter = end, alter
        await shop.fails(RunExpired)
        assert shop.calls == ["a"]


async def test_outputs_that_the_service_does_not_take_fail_the_run(shop: Shop) -> None:
    refusal = error(400, "tool_outputs -> 0 -> output str type expected", param="tool_outputs")
    answers(shop.double, "POST", SUBMIT, [refusal])
    await shop.fails(RunFailed)
    assert shop.calls == ["a"]


async def test_the_service_is_gone_while_a_run_is_open_and_it_is_resumed_later(shop: Shop) -> None:
    answers(shop.double, "POST", SUBMIT, [Answer(b"", 503, {"Retry-After": "60"})])
    with anyio.fail_after(20):
        thread, run = await shop.run()
        with pytest.raises(ProviderError):
            await run.result()

        def order_item(item_id: str) -> str:
            """Order an item."""
            raise AssertionError("its output is known")

        mine = await thread.resume(tools=[order_item])
        assert mine is not None
        assert (await mine.result()).text == DONE
    assert shop.calls == ["a"]


async def test_a_message_of_ten_megabytes(shop: Shop) -> None:
    text = "x" * 10_000_000
    assistant = await shop.client.assistants.create()
    thread = await shop.client.threads.create()
    await thread.add(text)
    result = await thread.run(assistant).result()
    assert result.text == f"ECHO: {text}"


@pytest.mark.parametrize("streams", [True, False], ids=["streamed", "polled"])
async def test_a_thread_that_is_deleted_while_a_tool_works(shop: Shop, streams: bool) -> None:
    shop.double.streams = streams

    async def delete() -> None:
        def is_gone(request: Request) -> Answer | None:
            return error(404, "No thread found.") if "/threads/" in request.path else None

        shop.double.faults.append(is_gone)

    shop.during = delete
    with anyio.fail_after(20):
        _, run = await shop.run()
        record = await run.wait()
    assert record.status == "failed"
    assert record.last_error is not None
    assert record.last_error.code == "not_found"
    assert shop.calls == ["a"]
