"""A service that says for ever that a run goes on: nobody waits for ever, and the run can be taken up later."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.errors import ProviderError, RunIncomplete
from anyassistant.remote import loop
from anyassistant.types import Limits

from .double import Double


@pytest.fixture
async def polled(config_file: Callable[..., Path]):
    path = config_file()
    path.write_text(path.read_text("utf-8") + "stream = false\n", "utf-8")
    async with AsyncClient("service", store=":memory:", config=path) as client:
        yield client


def goes_on(double: Double, **fields: Any) -> None:
    def alter(wire: dict[str, Any]) -> dict[str, Any]:
        is_run = wire.get("object") == "thread.run"
        return {**wire, "status": "in_progress", "completed_at": None, **fields} if is_run else wire

    double.alter = alter


async def test_the_limit_of_active_seconds(polled: AsyncClient, double: Double, monkeypatch) -> None:
    monkeypatch.setattr("anyassistant.remote.drive.CANCEL_SECONDS", 0.2)
    goes_on(double)
    assistant = await polled.assistants.create()
    thread = await polled.threads.create(messages=["hello"])
    with anyio.fail_after(10), pytest.raises(RunIncomplete) as caught:
        await thread.run(assistant, limits=Limits(seconds=0.3)).result()
    assert caught.value.reason == "max_seconds"
    assert any(path.endswith("/cancel") for path in double.paths())


async def test_a_run_that_should_have_expired(polled: AsyncClient, double: Double) -> None:
    now = int(time.time())
    goes_on(double, created_at=now - 700, expires_at=now - int(loop.EXPIRY_GRACE) - 5)
    assistant = await polled.assistants.create()
    thread = await polled.threads.create(messages=["hello"])
    run = thread.run(assistant)
    with anyio.fail_after(10), pytest.raises(ProviderError, match="has expired") as caught:
        await run.result()
    assert caught.value.code == "timeout"
    assert not any(path.endswith("/cancel") for path in double.paths())
    double.alter = lambda wire: wire
    with anyio.fail_after(10):
        again = await polled.runs.get(run.id)
        assert (await again.result()).text == "ECHO: hello"
    await thread.add("usable")


async def test_a_time_that_makes_no_sense_is_no_expiry(polled: AsyncClient, double: Double) -> None:
    double.alter = lambda wire: {**wire, "expires_at": 5} if wire.get("object") == "thread.run" else wire
    assistant = await polled.assistants.create()
    thread = await polled.threads.create(messages=["hello"])
    assert (await thread.run(assistant).result()).text == "ECHO: hello"
