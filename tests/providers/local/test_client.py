"""The wire to llama.cpp's server, against a server that answers as the test says."""

from contextlib import aclosing
from typing import Any

import anyio
import pytest
from anyassistant_local.client import LoopbackClient
from anyio.abc import SocketAttribute, SocketStream

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENTS = b"".join(b'data: {"token": %d}\n\n' % i for i in range(20))


async def send_all_events_at_once(connection: SocketStream) -> None:
    async with connection:
        await connection.receive()
        await connection.send(HEAD + b"%x\r\n" % len(EVENTS) + EVENTS + b"\r\n0\r\n\r\n")


@pytest.mark.parametrize("cancelled_after", [1, 7])
async def test_a_cancel_ends_a_stream_though_more_of_it_has_come_already(cancelled_after: int) -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    received: list[dict[str, Any]] = []
    scope = anyio.CancelScope()

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, send_all_events_at_once)
        client = LoopbackClient(f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}", key="")
        with scope:
            async with aclosing(client.stream("/completion", {})) as events:
                async for event in events:
                    received.append(event)
                    if len(received) == cancelled_after:
                        scope.cancel()
        tasks.cancel_scope.cancel()

    assert scope.cancelled_caught
    assert len(received) == cancelled_after
