"""Streams as their readers see them."""

import json

import httpx
import pytest
import respx
from anyassistant.errors import ProviderError
from anyassistant.http import ServerSentEvent
from hypothesis import given
from hypothesis import strategies as st

URL = "http://wire.test/chat"
SSE = {"content-type": "text/event-stream; charset=utf-8", "x-request-id": "req_1"}
LINES = {"content-type": "application/x-ndjson", "x-request-id": "req_1"}


async def collect(wire, kind: str = "sse", body: object = None) -> tuple[list[object], ProviderError | None]:
    """What a stream gives, and the error by which it ends."""
    found: list[object] = []
    try:
        async with getattr(wire, kind)("/chat", {} if body is None else body) as items:
            async for item in items:
                found.append(item)
    except ProviderError as error:
        return found, error
    return found, None


@respx.mock
async def test_the_data_of_events_is_given_up_to_done(make_wire) -> None:
    route = respx.post(URL).respond(content=b": hi\n\ndata: 1\n\ndata:\n\ndata: [DONE]\n\ndata: 2\n\n", headers=SSE)
    async with make_wire().sse("/chat", {"stream": True}) as events:
        assert [event async for event in events] == [1]
        assert events.is_done
        assert events.request_id == "req_1"
        assert [event async for event in events] == []
    sent = route.calls.last.request.headers
    assert (sent["accept"], sent["accept-encoding"]) == ("text/event-stream", "identity")


@respx.mock
async def test_events_have_their_names_and_ids(make_wire) -> None:
    respx.post(URL).respond(content=b"event: a\nid: 1\ndata: {}\n\nevent: done\ndata: [DONE]\n\n", headers=SSE)
    async with make_wire().sse_events("/chat", {}) as events:
        assert [event async for event in events] == [ServerSentEvent(b"{}", "a", "1")]
        assert events.is_done


@respx.mock
async def test_a_stream_that_never_says_done_ends_all_the_same(make_wire) -> None:
    respx.post(URL).respond(content=b"data: 1\n\n", headers=SSE)
    async with make_wire().sse("/chat", {}) as events:
        assert [event async for event in events] == [1]
        assert not events.is_done


@respx.mock
async def test_without_a_body_a_stream_is_a_get(make_wire) -> None:
    respx.get(URL, params={"after": "3"}).respond(content=b"data: 1\n\n", headers=SSE)
    async with make_wire().sse("/chat", query={"after": 3}) as events:
        assert [event async for event in events] == [1]


@respx.mock
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
@pytest.mark.parametrize("kind", ["sse", "sse_events"])
async def test_the_last_event_may_lack_its_terminator(make_wire, kind: str, end: bytes) -> None:
    respx.post(URL).respond(content=b'data: 1\n\ndata: {"a":2}' + end, headers=SSE)
    found, error = await collect(make_wire(), kind)
    assert ([item.data if kind == "sse_events" else item for item in found], error) == (
        [b"1", b'{"a":2}'] if kind == "sse_events" else [1, {"a": 2}],
        None,
    )


@respx.mock
@pytest.mark.parametrize("kind", ["sse", "sse_events"])
async def test_so_may_the_end_itself(make_wire, kind: str) -> None:
    respx.post(URL).respond(content=b"data: 1\n\ndata: [DONE]", headers=SSE)
    found, error = await collect(make_wire(), kind)
    assert (len(found), error) == (1, None)


@respx.mock
async def test_lines_of_json_are_given(make_wire) -> None:
    respx.post(URL).respond(content=b'{"a":1}\r\n\n[2]\n{"a":3}', headers=LINES)
    assert await collect(make_wire(), "ndjson") == ([{"a": 1}, [2], {"a": 3}], None)


@respx.mock
async def test_a_line_that_was_cut_says_so(make_wire) -> None:
    respx.post(URL).respond(content=b'{"a":1}\n{"a":', headers=LINES)
    found, error = await collect(make_wire(), "ndjson")
    assert found == [{"a": 1}]
    assert error is not None
    assert (error.code, "in the middle of an event" in str(error)) == ("connection_error", True)


@respx.mock
@pytest.mark.parametrize(
    ("text", "said", "code"),
    [
        (b'event: error\ndata: {"error": {"message": "m", "code": "c"}}\n\n', "m", "c"),
        (b'event: error\ndata: {"message": "m", "code": "c"}\n\n', "m", "c"),
        (
            b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "m"}}\n\n',
            "m",
            None,
        ),
        (b"event: error\ndata: it broke\n\n", "it broke", "server_error"),
        (b'event: error\ndata: {"message": "m", "code": "c"}', "m", "c"),
    ],
)
@pytest.mark.parametrize("kind", ["sse", "sse_events"])
async def test_an_error_event_is_raised(make_wire, kind: str, text: bytes, said: str, code: str | None) -> None:
    respx.post(URL).respond(content=b"data: 1\n\n" + text, headers=SSE)
    found, error = await collect(make_wire(), kind)
    assert len(found) == 1
    assert error is not None
    assert str(error).endswith(f"failed in the middle of its answer: {said}")
    assert (error.code, error.request_id, error.status_code) == (code or "overloaded_error", "req_1", None)


@respx.mock
@pytest.mark.parametrize(("kind", "before", "headers"), [("sse", b"data: ", SSE), ("ndjson", b"", LINES)])
async def test_an_error_among_the_data_is_raised(make_wire, kind: str, before: bytes, headers: dict[str, str]) -> None:
    end = b"\n\n"
    content = before + b'{"error": null}' + end + before + b'{"error": "out of memory"}' + end + before + b"3" + end
    respx.post(URL).respond(content=content, headers=headers)
    found, error = await collect(make_wire(), kind)
    assert found == [{"error": None}]
    assert error is not None
    assert "out of memory" in str(error)


@respx.mock
@pytest.mark.parametrize(("kind", "before", "headers"), [("sse", b"data: ", SSE), ("ndjson", b"", LINES)])
async def test_what_is_no_json_ends_a_stream(make_wire, kind: str, before: bytes, headers: dict[str, str]) -> None:
    respx.post(URL).respond(content=before + b"1\n\n" + before + b"{nope}\n\n" + before + b"2\n\n", headers=headers)
    found, error = await collect(make_wire(), kind)
    assert found == [1]
    assert error is not None
    assert (error.code, "no JSON" in str(error), "{nope}" in str(error)) == ("invalid_response", True, True)


@respx.mock
async def test_bytes_that_are_no_text_become_replacement_characters(make_wire) -> None:
    respx.post(URL).respond(content=b'data: {"a":"\xff"}\n\ndata: "\\ud83d"\n\n', headers=SSE)
    assert await collect(make_wire()) == ([{"a": "�"}, "\ud83d"], None)


@respx.mock
async def test_nothing_follows_an_error(make_wire) -> None:
    respx.post(URL).respond(content=b"data: nope\n\ndata: 1\n\n", headers=SSE)
    async with make_wire().sse("/chat", {}) as events:
        with pytest.raises(ProviderError):
            await anext(events)
        with pytest.raises(StopAsyncIteration):
            await anext(events)


@respx.mock
@pytest.mark.parametrize(
    ("kind", "media_type", "body", "said"),
    [
        ("sse", "text/html", b"<html><title>Sign in</title></html>", "text/html came: an HTML page: Sign in"),
        ("sse", "application/json", b'{"choices": []}', 'application/json came: {"choices": []}'),
        ("sse_events", "application/json", b"", "text/event-stream was asked for, and application/json came"),
        ("ndjson", "text/html", b"", "application/x-ndjson was asked for, and text/html came"),
        ("ndjson", "text/event-stream", b"data: 1\n\n", "application/x-ndjson was asked for"),
    ],
)
async def test_another_type_of_content_is_refused(
    make_wire, kind: str, media_type: str, body: bytes, said: str
) -> None:
    respx.post(URL).respond(content=body, headers={"content-type": media_type})
    found, error = await collect(make_wire(), kind)
    assert found == []
    assert error is not None
    assert (error.code, said in str(error)) == ("invalid_response", True)


@respx.mock
async def test_an_error_that_says_it_is_a_success_is_an_error(make_wire) -> None:
    respx.post(URL).respond(200, json={"error": {"message": "no such model", "code": "model_not_found"}})
    _, error = await collect(make_wire())
    assert error is not None
    assert (error.code, "no such model" in str(error)) == ("model_not_found", True)


@respx.mock
async def test_a_service_that_does_not_say_what_it_sends_is_believed(make_wire) -> None:
    respx.post(URL).mock(return_value=httpx.Response(200, content=b"data: 1\n\n"))
    assert await collect(make_wire()) == ([1], None)


@given(
    values=st.lists(st.recursive(st.one_of(st.integers(), st.text()), lambda inner: st.lists(inner), max_leaves=4)),
    size=st.integers(1, 50),
    kind=st.sampled_from(["sse", "ndjson"]),
)
async def test_whatever_is_streamed_arrives(anyio_backend, values: list[object], size: int, kind: str) -> None:
    from anyassistant.http import WireClient, WireConfig

    before, end = (b"data: ", b"\n\n") if kind == "sse" else (b"", b"\n")
    stream = b"".join(before + json.dumps(value).encode() + end for value in values)

    async def pieces():
        for at in range(0, len(stream), size):
            yield stream[at : at + size]

    wire = WireClient(WireConfig(base_url="http://wire.test"))
    with respx.mock:
        headers = SSE if kind == "sse" else LINES
        respx.post(URL).mock(return_value=httpx.Response(200, content=pieces(), headers=headers))
        assert await collect(wire, kind) == (values, None)
    await wire.aclose()
