"""The benchmarks' `ChatModel` and their hand-written loop do the same work on the wire."""

from typing import Any

import httpx
import pytest
import respx
from anyassistant import AsyncClient
from anyassistant.errors import RunFailed
from anyassistant.types.events import MessageDeltaEvent
from cases_runs import sides
from chat_double import WORD, model_name
from chat_wire import ChatWire


async def stats(url: str) -> dict[str, Any]:
    async with httpx.AsyncClient() as client:
        found: dict[str, Any] = (await client.get(url.removesuffix("/v1") + "/stats")).json()
        return found


async def test_a_run_of_three_tool_rounds_is_four_requests_on_one_connection(double_url: str) -> None:
    async with sides(double_url, model_name(rounds=3, deltas=4)) as (_, ours):
        before = await stats(double_url)
        thread = await ours.client.threads.create()
        await thread.add("What is the weather in Oslo?")
        result = await thread.run(ours.assistant).result()
        after = await stats(double_url)
    assert result.text == WORD * 4
    assert [step.type for step in result.steps] == ["tool_calls"] * 3 + ["message_creation"]
    assert result.usage.prompt_tokens == 400
    assert after["requests"] - before["requests"] == 4
    assert after["connections"] - before["connections"] == 2  # the other is that of `stats`


async def test_the_floor_sends_the_same(double_url: str) -> None:
    async with sides(double_url, model_name(rounds=3)) as (floor, ours):
        sent = [(await stats(double_url))["received"]]
        for run in (floor.run, ours.run):
            await run()
            sent.append((await stats(double_url))["received"])
    by_hand, by_us = sent[1] - sent[0], sent[2] - sent[1]
    assert by_us == pytest.approx(by_hand, rel=0.05)


async def test_each_delta_reaches_the_app_as_an_event_of_its_own(double_url: str) -> None:
    async with sides(double_url, model_name(deltas=500)) as (_, ours):
        thread = await ours.client.threads.create()
        await thread.add("Tell me more")
        events = [event async for event in thread.run(ours.assistant).events()]
    assert [event.text for event in events if isinstance(event, MessageDeltaEvent)] == [WORD] * 500


@respx.mock
async def test_a_fault_of_the_service_fails_the_run() -> None:
    refusal = {"x-should-retry": "false"}
    respx.post("http://double.test/v1/chat/completions").respond(429, text="Slow down", headers=refusal)
    async with AsyncClient(ChatWire("http://double.test/v1"), store=":memory:") as client:
        assistant = await client.assistants.create()
        thread = await client.threads.create()
        await thread.add("Hello")
        with pytest.raises(RunFailed, match="Slow down") as raised:
            await thread.run(assistant).result()
    assert raised.value.run.last_error is not None
    assert raised.value.run.last_error.code == "rate_limit_exceeded"
