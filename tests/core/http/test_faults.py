"""What goes wrong on the wire ends in success or in the right error, and what was complete is not lost."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
import trustme
from anyassistant.errors import NotFound, ProviderError
from anyassistant.http import WireClient, WireConfig
from anyio.abc import SocketAttribute
from anyio.streams.tls import TLSStream

EVENT = b'data: {"n":1}\n\n'
OK = b'{"ok":true}'


async def read(wire: WireClient, found: list[object], path: str = "/chat", **options: object) -> None:
    async with wire.sse(path, {"stream": True}, **options) as events:
        async for event in events:
            found.append(event)


async def test_nobody_listens(make_wire) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        wire = make_wire(f"http://127.0.0.1:{unused.getsockname()[1]}", retry_seconds=0)
        with pytest.raises(ProviderError, match="cannot connect") as caught:
            await wire.post("/things", {})
    assert (caught.value.code, caught.value.status_code) == ("connection_error", None)


async def test_a_request_that_cannot_have_arrived_is_made_again_even_if_it_creates(make_wire, serving, whole) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    wire = make_wire(f"http://127.0.0.1:{port}")
    async with anyio.create_task_group() as group:
        found: list[object] = []
        created = anyio.Event()

        async def create() -> None:
            found.append((await wire.post("/things", {})).json())
            created.set()

        group.start_soon(create)
        await anyio.wait_all_tasks_blocked()

        async def answer(stream) -> None:
            async with stream:
                await stream.receive()
                await stream.send(whole(OK))

        listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
        async with listener, anyio.create_task_group() as servers:
            servers.start_soon(listener.serve, answer)
            with anyio.fail_after(10):
                await created.wait()
            servers.cancel_scope.cancel()
    assert found == [{"ok": True}]


@pytest.mark.parametrize("how", ["reset", "hang_up"])
async def test_a_connection_that_breaks_before_the_answer_is_tried_again(make_wire, serving, steps, whole, how) -> None:
    async with serving([getattr(steps, how)], [whole(OK)]) as server:
        assert (await make_wire(server.url).get("/things/1")).json() == {"ok": True}
        assert len(server.requests) == 2


@pytest.mark.parametrize("how", ["reset", "hang_up"])
async def test_what_creates_and_may_have_arrived_is_not_sent_again(make_wire, serving, steps, whole, how) -> None:
    async with serving([getattr(steps, how)], [whole(OK)]) as server:
        wire = make_wire(server.url)
        with pytest.raises(ProviderError, match="broke before the answer") as caught:
            await wire.post("/things", {})
        assert caught.value.code == "connection_error"
        assert len(server.requests) == 1


async def test_a_stream_that_creates_is_not_opened_again(make_wire, serving, steps, chunked) -> None:
    async with serving([steps.reset], chunked(EVENT)) as server:
        with pytest.raises(ProviderError, match="broke before the answer"):
            await read(make_wire(server.url), [], creates=True)
        found: list[object] = []
        await read(make_wire(server.url), found)
        assert (found, len(server.requests)) == ([{"n": 1}], 2)


async def test_with_an_idempotency_key_it_is(make_wire, serving, steps, whole) -> None:
    async with serving([steps.reset], [whole(OK)]) as server:
        await make_wire(server.url).post("/things", {"a": 1}, idempotency_key="key-1")
        assert len(server.requests) == 2
        assert all(b"idempotency-key: key-1" in head.lower() for head, _ in server.requests)
        assert {body for _, body in server.requests} == {b'{"a":1}'}


async def test_a_body_that_is_cut_is_asked_for_again(make_wire, serving, steps, whole) -> None:
    async with serving([whole(OK)[:-3], steps.hang_up], [whole(OK)]) as server:
        assert (await make_wire(server.url).get("/things/1")).json() == {"ok": True}


async def test_a_body_that_is_cut_of_what_creates_is_an_error(make_wire, serving, steps, whole) -> None:
    async with serving([whole(OK)[:-3], steps.hang_up]) as server:
        with pytest.raises(ProviderError, match="broke in the middle of the answer") as caught:
            await make_wire(server.url).post("/things", {})
    assert caught.value.code == "connection_error"


async def test_a_reset_after_the_answer_harms_nobody(make_wire, serving, steps, chunked) -> None:
    async with serving([*chunked(EVENT, b"data: [DONE]\n\n"), steps.reset]) as server:
        wire = make_wire(server.url)
        for _ in range(2):
            found: list[object] = []
            await read(wire, found)
            assert found == [{"n": 1}]


@pytest.mark.parametrize("how", ["reset", "hang_up"])
@pytest.mark.parametrize(
    "rest", [b"", b"d", b"data", b'data: {"n":', b'data: {"n":2}', b'data: {"n":2}\n', b"event: x\n"]
)
async def test_a_stream_that_breaks_gives_what_was_complete(make_wire, serving, steps, chunked, how, rest) -> None:
    async with serving([*chunked(EVENT, rest, end=False), getattr(steps, how)]) as server:
        found: list[object] = []
        with pytest.raises(ProviderError, match="broke in the middle of the answer") as caught:
            await read(make_wire(server.url), found)
    assert caught.value.code == "connection_error"
    assert found in ([{"n": 1}], []) if how == "reset" else found == [{"n": 1}]


@pytest.mark.parametrize(
    "rest", [b"d", b"data", b'data: {"n":', b"event: x\n", b'event: x\ndata: {"n":2', b"data: hello"]
)
@pytest.mark.parametrize("kind", ["sse", "sse_events"])
async def test_a_stream_that_ends_inside_an_event_says_so(make_wire, serving, chunked, rest, kind) -> None:
    async with serving(chunked(EVENT, rest)) as server:
        found: list[object] = []
        with pytest.raises(ProviderError, match="ended in the middle of an event") as caught:
            async with getattr(make_wire(server.url), kind)("/chat", {}) as events:
                async for event in events:
                    found.append(event)
    assert caught.value.code == "connection_error"
    assert len(found) == 1


async def test_a_stream_that_breaks_is_not_opened_again(make_wire, serving, steps, chunked) -> None:
    async with serving([*chunked(EVENT, end=False), steps.hang_up]) as server:
        with pytest.raises(ProviderError):
            await read(make_wire(server.url), [])
        assert len(server.requests) == 1


async def test_single_bytes_are_events_all_the_same(make_wire, serving, chunked) -> None:
    stream = b"\xef\xbb\xbf: hello\r\n\r\n" + EVENT * 3 + b"data: [DONE]\n\n"
    async with serving(chunked(*[stream[at : at + 1] for at in range(len(stream))])) as server:
        found: list[object] = []
        await read(make_wire(server.url), found)
    assert found == [{"n": 1}] * 3


async def test_a_service_that_never_answers_is_given_up(make_wire, serving, steps) -> None:
    async with serving([steps.stall]) as server:
        wire = make_wire(server.url, first_byte_seconds=0.5, retry_seconds=0)  # to connect, too
        with pytest.raises(ProviderError, match="first_byte_seconds") as caught:
            await wire.get("/things/1")
        with anyio.fail_after(5):
            await server.hung_up.wait()
    assert caught.value.code == "timeout"


async def test_a_head_alone_is_no_first_byte(make_wire, serving, steps, chunked) -> None:
    async with serving([*chunked(end=False), steps.stall]) as server:
        with pytest.raises(ProviderError, match="first_byte_seconds") as caught:
            await read(make_wire(server.url, first_byte_seconds=0.05), [])
    assert caught.value.code == "timeout"


async def test_a_stream_that_stalls_is_given_up(make_wire, serving, steps, chunked) -> None:
    async with serving([*chunked(EVENT, end=False), steps.stall]) as server:
        found: list[object] = []
        with pytest.raises(ProviderError, match=r"nothing came for 0\.05 s") as caught:
            await read(make_wire(server.url, idle_seconds=0.05), found)
        with anyio.fail_after(5):
            await server.hung_up.wait()
    assert caught.value.code == "timeout"
    assert found == [{"n": 1}]


async def test_a_stream_that_stalls_is_given_up_by_httpx_where_it_can(make_wire, serving, steps, chunked) -> None:
    async with serving([*chunked(EVENT, end=False), steps.stall]) as server:
        found: list[object] = []
        with pytest.raises(ProviderError, match="nothing came for 1 s") as caught:
            await read(make_wire(server.url, first_byte_seconds=1, idle_seconds=1), found)
        with anyio.fail_after(5):
            await server.hung_up.wait()
    assert (caught.value.code, found) == ("timeout", [{"n": 1}])


async def test_an_error_without_end_is_read_in_part(make_wire, serving) -> None:
    async def flood(stream) -> None:
        while True:
            await stream.send(b"400\r\n" + b"x" * 1024 + b"\r\n")

    head = b"HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving([head, flood]) as server:
        with pytest.raises(ProviderError, match="was answered 500: xxx"):
            await make_wire(server.url, retry_seconds=0).get("/things/1")


async def test_a_stream_that_never_ends_is_given_up(make_wire, serving, chunked) -> None:
    async def chat(stream) -> None:
        while True:
            await stream.send(b"2\r\n:\n\r\n")
            await anyio.sleep(0.01)

    async with serving([*chunked(EVENT, end=False), chat]) as server:
        with pytest.raises(ProviderError, match="total_seconds") as caught:
            await read(make_wire(server.url, total_seconds=0.2), [])
    assert caught.value.code == "timeout"


async def test_who_stops_reading_is_noticed_by_the_service(make_wire, serving, steps, chunked) -> None:
    async with serving([*chunked(EVENT, EVENT, end=False), steps.stall]) as server:
        async with make_wire(server.url).sse("/chat", {}) as events:
            async for _ in events:
                break
        with anyio.fail_after(5):
            await server.hung_up.wait()


async def test_who_is_cancelled_leaves_no_connection(make_wire, serving, steps, chunked) -> None:
    async with serving([*chunked(EVENT, end=False), steps.stall]) as server:
        with anyio.CancelScope() as scope:
            async with make_wire(server.url).sse("/chat", {}) as events:
                async for _ in events:
                    scope.cancel()
        with anyio.fail_after(5):
            await server.hung_up.wait()


async def test_closing_the_client_ends_its_streams(make_wire, serving, steps, chunked) -> None:
    async with serving([*chunked(EVENT, end=False), steps.stall]) as server:
        wire = make_wire(server.url)
        async with wire.sse("/chat", {}) as events:
            assert await anext(events) == {"n": 1}
            async with anyio.create_task_group() as group:
                group.start_soon(wire.aclose)
                with pytest.raises(ProviderError, match="broke in the middle of the answer"):
                    await anext(events)


async def test_a_request_that_cannot_be_sent_in_time(make_wire) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reads_nothing:
        wire = make_wire(f"http://127.0.0.1:{reads_nothing.getsockname()[1]}", idle_seconds=0.1)
        with pytest.raises(ProviderError, match="could not be sent in time") as caught:
            await wire.post("/things", {"text": "x" * 30_000_000})
        await wire.aclose()
    assert caught.value.code == "timeout"


async def test_a_stream_that_said_all_gives_its_connection_back(make_wire, serving, chunked) -> None:
    async with serving(chunked(EVENT, b"data: [DONE]\n\n")) as server:
        wire = make_wire(server.url)
        for _ in range(3):
            await read(wire, [])
        assert (server.connections, len(server.requests)) == (1, 3)


async def test_a_connection_that_stays_open_behind_the_end_is_not_waited_for(
    make_wire, serving, steps, chunked
) -> None:
    async with serving([*chunked(EVENT, b"data: [DONE]\n\n", end=False), steps.stall]) as server:
        found: list[object] = []
        with anyio.fail_after(5):
            await read(make_wire(server.url), found)
    assert found == [{"n": 1}]


async def test_ten_megabytes_are_one_event(make_wire, serving, chunked) -> None:
    text = b"x" * 10_000_000
    async with serving(chunked(b'data: "', text, b'"\n\n')) as server:
        found: list[object] = []
        await read(make_wire(server.url), found)
    assert found == [text.decode()]


async def test_an_event_without_end_is_bounded(make_wire, serving, chunked) -> None:
    async def flood(stream) -> None:
        while True:
            await stream.send(b"400\r\n" + b"x" * 1024 + b"\r\n")

    async with serving([*chunked(EVENT, b"data: ", end=False), flood]) as server:
        found: list[object] = []
        with pytest.raises(ProviderError, match="more than 10000 bytes") as caught:
            await read(make_wire(server.url, max_event_bytes=10_000), found)
    assert (caught.value.code, found) == ("invalid_response", [{"n": 1}])


async def test_garbage_is_no_answer(make_wire, serving, steps) -> None:
    async with serving([b"SSH-2.0-OpenSSH_9.9\r\n", steps.hang_up]) as server:
        with pytest.raises(ProviderError) as caught:
            await make_wire(server.url, retry_seconds=0).get("/things/1")
    assert caught.value.code == "connection_error"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@asynccontextmanager
async def serving_tls(authority: trustme.CA, answer: bytes) -> AsyncGenerator[tuple[str, list[str]], None]:
    """A server with a certificate of the authority: its URL, and what became of each connection."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    connections: list[str] = []

    async def handle(stream) -> None:
        try:
            async with stream:
                secure = await TLSStream.wrap(stream, ssl_context=context, standard_compatible=False)
                await secure.receive()
                await secure.send(answer)
            connections.append("answered")
        except (ssl.SSLError, anyio.EndOfStream, anyio.BrokenResourceError):
            connections.append("refused")

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handle)
        yield f"https://127.0.0.1:{listener.extra(SocketAttribute.local_port)}", connections
        group.cancel_scope.cancel()


async def test_a_certificate_that_is_not_trusted_is_not_tried_again(make_wire, authority, whole) -> None:
    async with serving_tls(authority, whole(OK)) as (url, connections):
        with pytest.raises(ProviderError, match=r"cannot connect: .*CERTIFICATE_VERIFY_FAILED") as caught:
            await make_wire(url).get("/things/1")
    assert caught.value.code == "connection_error"
    assert len(connections) <= 1


async def test_a_certificate_of_an_authority_of_ones_own(make_wire, authority, whole, tmp_path) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with serving_tls(authority, whole(OK)) as (url, connections):
        assert (await make_wire(url, ca_file=tmp_path / "ca.pem").get("/things/1")).json() == {"ok": True}
        assert (await make_wire(url, verify=False).get("/things/1")).json() == {"ok": True}
        assert "refused" not in connections


async def test_an_object_that_is_not_there(make_wire, serving, whole) -> None:
    body = b'{"error": {"message": "No thread found with id thread_1", "type": "invalid_request_error", "code": null}}'
    async with serving([whole(body, status=404, headers="X-Request-Id: req_1\r\n")]) as server:
        with pytest.raises(NotFound, match="No thread found") as caught:
            await make_wire(server.url).get("/threads/thread_1")
    assert (caught.value.status_code, caught.value.code, caught.value.request_id) == (404, "not_found", "req_1")


def test_a_client_lives_in_one_event_loop_after_the_other() -> None:
    wire = WireClient(WireConfig(base_url="http://127.0.0.1:1", retry_seconds=0))

    async def ask() -> None:
        with pytest.raises(ProviderError):
            await wire.get("/")

    for backend in ("asyncio", "trio", "asyncio"):
        anyio.run(ask, backend=backend)
