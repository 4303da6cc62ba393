"""Cancelling runs that a service keeps, and what is told of it."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.errors import UnsupportedCapability
from anyassistant.types import Limits, RunEvent

from .pausing_service import PausingProvider, PausingRun


class CancelsAtOnce(PausingRun):
    """A run that has ended when its cancellation is answered, as some services have it."""

    async def cancel(self) -> None:
        await super().cancel()
        while (await self.refresh()).is_open:  # noqa: ASYNC110 - nobody tells of it
            await anyio.sleep(0.01)


async def test_a_cancelled_run_is_told_as_cancelling_first(
    service: PausingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "run_type", CancelsAtOnce)
    async with AsyncClient(service, store=":memory:") as client:
        thread = await client.threads.create(messages=["SLEEP 30"])
        run = await thread.run(await client.assistants.create()).start()
        await run.cancel()
        await run.wait()
        told = [one.data.status async for one in run.events(check=False) if isinstance(one, RunEvent)]
    assert told[-2:] == ["cancelling", "cancelled"]


async def test_a_service_that_cannot_cancel_is_not_asked_to(
    service: PausingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "capabilities", replace(service.capabilities, cancel=False))
    async with AsyncClient(service, store=":memory:") as client:
        thread = await client.threads.create(messages=["SLEEP 0.1"])
        run = await thread.run(await client.assistants.create()).start()
        with pytest.raises(UnsupportedCapability) as refused:
            await run.cancel()
        assert refused.value.capability == "cancel"
        assert (await run.wait()).status == "completed"
    assert service.cancelled == []


async def test_a_limit_ends_a_run_here_whose_service_cannot_cancel(
    service: PausingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(self: PausingRun) -> None:
        raise UnsupportedCapability("This service cannot cancel a run.", capability="cancel")

    monkeypatch.setattr(PausingRun, "cancel", refuse)
    async with AsyncClient(service, store=":memory:") as client:
        thread = await client.threads.create(messages=["SLEEP 5"])
        record = await thread.run(await client.assistants.create(), limits=Limits(seconds=0.1)).wait()
    assert record.incomplete_details is not None
    assert record.incomplete_details.reason == "max_seconds"
