"""The double of the Assistants wire says what the wire says, and both sides do the same work on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from anyassistant.types.events import MessageDeltaEvent
from assistants_double import Script, objects, running_assistants_double
from cases_assistants import assistants_sides
from chat_double import WORD, model_name
from openai import AsyncOpenAI
from openai.types.beta.threads import Message, Run
from openai.types.beta.threads import MessageDeltaEvent as SDKMessageDelta
from openai.types.beta.threads.runs import RunStep, RunStepDeltaEvent
from test_chat_wire import stats


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_assistants_double() as url:
        yield url


@pytest.mark.parametrize("done", range(3))
def test_every_event_is_of_the_official_sdks_types(done: int) -> None:
    names = set()
    for name, data in objects(Script(rounds=2, deltas=2, pause=0), done):
        kind = name.rsplit(".", 1)[0]
        types: dict[str, Any] = {"thread.run": Run, "thread.run.step": RunStep, "thread.message": Message}
        if name.endswith(".delta"):
            types = {"thread.run.step": RunStepDeltaEvent, "thread.message": SDKMessageDelta}
        found = types[kind].model_validate(data)
        assert not found.model_extra or set(found.model_extra) <= {"tool_resources", "reasoning_effort"}
        names.add(name)
    last = "thread.run.completed" if done == 2 else "thread.run.requires_action"
    assert names >= {"thread.run.queued", "thread.run.in_progress", "thread.run.step.created", last}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # the SDK's own transport is not under test
async def test_the_official_sdk_runs_on_it(url: str) -> None:
    async with AsyncOpenAI(base_url=url, api_key="none") as sdk:
        assistant = await sdk.beta.assistants.create(model=model_name(rounds=1, deltas=3))
        thread = await sdk.beta.threads.create()
        await sdk.beta.threads.messages.create(thread.id, role="user", content="What is the weather?")
        async with sdk.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
            await stream.until_done()
            run = await stream.get_final_run()
        assert run.required_action is not None
        [call] = run.required_action.submit_tool_outputs.tool_calls
        async with sdk.beta.threads.runs.submit_tool_outputs_stream(
            run_id=run.id, thread_id=thread.id, tool_outputs=[{"tool_call_id": call.id, "output": "fair"}]
        ) as stream:
            texts = [text async for text in stream.text_deltas]
        listed = await sdk.beta.threads.messages.list(thread.id, run_id=run.id)
    assert texts == [WORD] * 3
    assert listed.data[0].content[0].to_dict()["text"] == {"value": WORD * 3, "annotations": []}


async def test_both_sides_make_the_same_requests(url: str) -> None:
    async with assistants_sides(url, model_name(rounds=3)) as (floor, ours):
        seen = []
        for run in (floor.run, ours.run):
            before = await stats(url)
            await run()
            after = await stats(url)
            seen.append((after["requests"] - before["requests"], after["received"] - before["received"]))
    (by_hand, sent_by_hand), (by_us, sent_by_us) = seen
    assert by_hand == 6  # a thread, a message, a run, three times an output
    assert by_us == by_hand + 1  # `result()` reads the run's messages where they are kept
    assert sent_by_us == pytest.approx(sent_by_hand, rel=0.05)


async def test_each_delta_reaches_the_app_as_an_event_of_its_own(url: str) -> None:
    async with assistants_sides(url, model_name(deltas=500)) as (_, ours):
        thread = await ours.client.threads.create()
        await thread.add("Tell me more")
        events = [event async for event in thread.run(ours.assistant).events()]
    assert [event.text for event in events if isinstance(event, MessageDeltaEvent)] == [WORD] * 500
