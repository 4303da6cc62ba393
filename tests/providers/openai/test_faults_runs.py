"""Runs of which the first thing that is heard is a late one."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.errors import ThreadBusy
from anyassistant.types import PageQuery, RunRecord
from anyassistant_openai import OpenAIAssistants

from .double import Double
from .loopback import Request

PARAMETERS = {"type": "object", "properties": {"item_id": {"type": "string"}}}
ORDER_ITEM = {"type": "function", "function": {"name": "order_item", "parameters": PARAMETERS}}


@pytest.mark.parametrize("both", [True, False], ids=["create_and_run", "run"])
async def test_the_log_of_a_run_that_ended_before_it_was_looked_at_begins_with_its_creation(
    make_provider: Callable[..., OpenAIAssistants], double: Double, both: bool
) -> None:
    right = double._route

    async def route(request: Request):
        if request.method == "GET" and "/runs/run_" in request.path:
            thread = await double.provider.get_thread(request.path.split("/")[3])
            run = (await thread.list_runs(PageQuery(limit=1))).data[0]
            async for _ in run.events():  # until it has ended
                pass
        return await right(request)

    double._route = route  # type: ignore[method-assign]
    async with AsyncClient(make_provider(stream=False), store=":memory:") as client:
        assistant = await client.assistants.create(model="gpt-4o")
        with anyio.fail_after(20):
            if both:
                run = client.threads.create_and_run(assistant, messages=["hello"])
            else:
                thread = await client.threads.create(messages=["hello"])
                run = thread.run(assistant)
            events = [event async for event in run.events()]
    names = [event.event for event in events]
    assert names[:3] == ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
    assert names[3] == "thread.run.step.created"
    assert (names[-1], len(names)) == ("thread.run.completed", len(set(names)))
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    created = events[0].data
    assert isinstance(created, RunRecord)
    assert (created.status, created.completed_at) == ("queued", None)


async def test_the_log_of_a_run_of_somebody_elses_begins_where_it_is_taken_up(
    make_provider: Callable[..., OpenAIAssistants], double: Double
) -> None:
    """It waits at the service, for calls that only the caller can make."""
    async with AsyncClient(make_provider(), store=":memory:") as other:
        assistant = await other.assistants.create(model="gpt-4o", tools=[ORDER_ITEM])
        thread = await other.threads.create(messages=['CALL order_item {"item_id": "a"}'])
        assert (await thread.run(assistant).wait()).status == "requires_action"
        async with AsyncClient(make_provider(), store=":memory:") as client:
            with anyio.fail_after(20):
                mine = await client.threads.get(thread.id)
                with pytest.raises(ThreadBusy):
                    await mine.add("more")
                run = await mine.resume()
                assert run is not None
                await run.submit_tool_outputs({call.id: "ordered a" for call in run.record.pending_calls})
                assert (await run.result()).text == "TOOL RESULT: ordered a"
                names = [event.event async for event in run.events()]
    about_run = [name for name in names if name.startswith("thread.run.") and "step" not in name]
    assert (names[0], names[-1]) == ("thread.run.created", "thread.run.completed")
    assert len(about_run) == len(set(about_run))
