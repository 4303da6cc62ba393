"""The double is a service to the official SDK too: else its being right would be our word alone."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from .double import KEY, Double

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
TOOL: Any = {
    "type": "function",
    "function": {"name": "order_item", "description": "Order an item.", "parameters": {"type": "object"}},
}


@pytest.fixture(scope="module", params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """The SDK's own transport is not under test."""
    return str(request.param)


@pytest.fixture
async def sdk(double: Double) -> AsyncGenerator[AsyncOpenAI, None]:
    async with AsyncOpenAI(base_url=double.url, api_key=KEY) as sdk:
        yield sdk


async def begin(sdk: AsyncOpenAI) -> tuple[str, str]:
    assistant = await sdk.beta.assistants.create(model="gpt-4o", tools=[TOOL])
    thread = await sdk.beta.threads.create(messages=[{"role": "user", "content": 'CALL order_item {"item_id": "a"}'}])
    return assistant.id, thread.id


async def test_the_sdks_streams(sdk: AsyncOpenAI) -> None:
    assistant_id, thread_id = await begin(sdk)
    async with sdk.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        await stream.until_done()
        run = await stream.get_final_run()
    assert run.status == "requires_action"
    assert run.required_action is not None
    outputs: Any = [
        {"tool_call_id": call.id, "output": "ordered"} for call in run.required_action.submit_tool_outputs.tool_calls
    ]
    said: list[str] = []
    async with sdk.beta.threads.runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=thread_id, tool_outputs=outputs
    ) as stream:
        async for text in stream.text_deltas:
            said.append(text)
        run = await stream.get_final_run()
        [message] = await stream.get_final_messages()
    assert run.status == "completed"
    assert "".join(said) == "TOOL RESULT: ordered"
    assert message.content[0].type == "text"
    assert message.content[0].text.value == "TOOL RESULT: ordered"


async def test_the_sdks_polling(sdk: AsyncOpenAI) -> None:
    assistant_id, thread_id = await begin(sdk)
    run = await sdk.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id=assistant_id, poll_interval_ms=10
    )
    assert run.required_action is not None
    outputs: Any = [
        {"tool_call_id": call.id, "output": "ordered"} for call in run.required_action.submit_tool_outputs.tool_calls
    ]
    run = await sdk.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=thread_id, tool_outputs=outputs, poll_interval_ms=10
    )
    assert run.status == "completed"
    steps = [step async for step in sdk.beta.threads.runs.steps.list(run.id, thread_id=thread_id, order="asc")]
    assert [step.type for step in steps] == ["tool_calls", "message_creation"]


async def test_what_the_sdk_raises(sdk: AsyncOpenAI) -> None:
    assistant_id, thread_id = await begin(sdk)
    run = await sdk.beta.threads.runs.create(thread_id=thread_id, assistant_id=assistant_id)
    with pytest.raises(openai.BadRequestError, match=f"active run {run.id}"):
        await sdk.beta.threads.runs.create(thread_id=thread_id, assistant_id=assistant_id)
    with pytest.raises(openai.BadRequestError, match="while a run"):
        await sdk.beta.threads.messages.create(thread_id, role="user", content="more")
    with pytest.raises(openai.NotFoundError):
        await sdk.beta.threads.retrieve("thread_x")
    await sdk.beta.threads.runs.cancel(run.id, thread_id=thread_id)
    with pytest.raises(openai.BadRequestError, match="Cannot cancel"):
        await sdk.beta.threads.runs.cancel(run.id, thread_id=thread_id)
