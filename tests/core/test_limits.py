"""Finite limits: reaching one ends the run incomplete with the reason, and the thread is usable at once."""

from __future__ import annotations

import itertools

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.errors import RunIncomplete
from anyassistant.protocols import ModelDelta, Usage
from anyassistant.types import Limits


def add(a: int = 1, b: int = 2) -> int:
    """Add."""
    return a + b


async def incomplete(run, reason: str) -> RunIncomplete:
    with pytest.raises(RunIncomplete) as caught:
        await run.result()
    assert caught.value.reason == reason
    assert caught.value.run.status == "incomplete"
    assert caught.value.run.incomplete_details is not None
    assert caught.value.run.to_wire()["incomplete_details"] == {"reason": reason}
    return caught.value


async def test_the_defaults_are_those_of_the_design() -> None:
    assert Limits() == Limits(turns=32, seconds=600, parallel_tools=8, repeated_calls=5)


async def test_turns(client: AsyncClient) -> None:
    rounds = "\nTHEN\n".join(f'CALL add {{"a": {n}}}' for n in range(10))
    assistant = await client.assistants.create(tools=[add])
    thread = await client.threads.create(messages=[rounds])
    run = thread.run(assistant, limits=Limits(turns=3))
    await incomplete(run, "max_turns")
    steps = [step async for step in run.steps()]
    assert [step.status for step in steps] == ["completed"] * 3
    assert [step.tool_calls[0].output for step in steps] == ["2", "3", "4"], "what it did is kept"
    await thread.add("and now")
    assert (await thread.run(assistant).result()).text == "ECHO: and now"


async def test_a_run_may_use_its_last_turn_to_answer(client: AsyncClient) -> None:
    assistant = await client.assistants.create(tools=[add])
    thread = await client.threads.create(messages=["CALL add {}\nTHEN\nCALL add {}"])
    assert (await thread.run(assistant, limits=Limits(turns=3)).result()).text == "TOOL RESULT: 3 | 3"


async def test_run_again_goes_on(client: AsyncClient) -> None:
    rounds = "\nTHEN\n".join(f'CALL add {{"a": {n}}}' for n in range(4))
    assistant = await client.assistants.create(tools=[add])
    thread = await client.threads.create(messages=[rounds])
    await incomplete(thread.run(assistant, limits=Limits(turns=2)), "max_turns")
    assert (await thread.run(assistant).result()).text == "TOOL RESULT: 2 | 3 | 4 | 5"


async def test_the_same_call_again_and_again(client: AsyncClient) -> None:
    made = 0

    def poll() -> str:
        """Poll."""
        nonlocal made
        made += 1
        return "not yet"

    assistant = await client.assistants.create(tools=[poll])
    thread = await client.threads.create(messages=["\nTHEN\n".join(["CALL poll {}"] * 9)])
    await incomplete(thread.run(assistant), "repeated_call")
    assert made == 5
    await incomplete(thread.run(assistant, limits=Limits(repeated_calls=2)), "repeated_call")
    assert made == 7


async def test_the_same_call_with_others_between_is_no_repetition(client: AsyncClient) -> None:
    calls = itertools.chain.from_iterable(('CALL add {"a": 1}', f'CALL add {{"b": {n}}}') for n in range(4))
    assistant = await client.assistants.create(tools=[add])
    thread = await client.threads.create(messages=["\nTHEN\n".join(calls)])
    assert (await thread.run(assistant, limits=Limits(repeated_calls=2)).result()).text.startswith("TOOL RESULT")


async def test_active_seconds_end_a_model_that_hangs(scripted, make_gate) -> None:
    gate = make_gate()
    async with AsyncClient(scripted(["so far", gate], ["again"]), store=":memory:") as client:
        assistant = await client.assistants.create()
        thread = await client.threads.create(messages=["go"])
        run = thread.run(assistant, limits=Limits(seconds=0.05))
        error = await incomplete(run, "max_seconds")
        assert error.text == "so far"
        [message] = [message async for message in run.messages()]
        assert message.status == "incomplete"
        await thread.add("next")
        assert (await thread.run(assistant).result()).text == "again"


async def test_active_seconds_end_a_tool_that_hangs(client: AsyncClient) -> None:
    async def hang() -> None:
        """Hang."""
        await anyio.sleep_forever()

    assistant = await client.assistants.create(tools=[hang])
    thread = await client.threads.create(messages=["CALL hang {}"])
    run = thread.run(assistant, limits=Limits(seconds=0.05))
    await incomplete(run, "max_seconds")
    [step] = [step async for step in run.steps()]
    assert step.tool_calls[0].output == "Not finished: the run reached a limit first. It may have taken effect."


async def test_a_tiny_limit_of_seconds_is_a_limit_too(scripted, make_gate) -> None:
    async with AsyncClient(scripted([make_gate()]), store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        await incomplete(thread.run(await client.assistants.create(), limits=Limits(seconds=1e-9)), "max_seconds")


async def test_waiting_for_the_caller_is_not_active_time(client: AsyncClient) -> None:
    tool = {"type": "function", "function": {"name": "elsewhere"}}
    thread = await client.threads.create(messages=["CALL elsewhere {}"])
    run = thread.run(await client.assistants.create(tools=[tool]), limits=Limits(seconds=0.2))
    record = await run.wait()
    await anyio.sleep(0.25)
    await run.submit_tool_outputs({record.pending_calls[0].id: "x"})
    assert (await run.result()).text == "TOOL RESULT: x"


async def test_max_completion_tokens_is_the_budget_of_the_whole_run(scripted, make_call) -> None:
    def spend(tokens: int, *items):
        reason = "tool_calls" if isinstance(items[0], ModelDelta) else "stop"
        return [*items, ModelDelta(usage=Usage(1, tokens), finish_reason=reason)]

    model = scripted(spend(4, make_call("add", '{"a": 1}')), spend(5, make_call("add", '{"a": 2}')), spend(1, "end"))
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        result = await thread.run(await client.assistants.create(tools=[add]), max_completion_tokens=10).result()
    assert [request.max_completion_tokens for request in model.requests] == [10, 6, 1]
    assert result.usage == Usage(3, 10)


async def test_a_spent_budget_ends_the_run_before_the_next_call(client: AsyncClient) -> None:
    assistant = await client.assistants.create(tools=[add])
    thread = await client.threads.create(messages=["CALL add {}"])
    error = await incomplete(thread.run(assistant, max_completion_tokens=2), "max_completion_tokens")
    assert error.text == ""
    [step] = [step async for step in (await client.runs.get(error.run.id)).steps()]
    assert step.tool_calls[0].output == "3", "the calls of the turn are made"


async def test_an_answer_that_is_cut_is_kept_as_an_incomplete_message(client: AsyncClient) -> None:
    assistant = await client.assistants.create()
    thread = await client.threads.create(messages=["TOKENS 9"])
    run = thread.run(assistant, max_completion_tokens=3)
    error = await incomplete(run, "max_completion_tokens")
    assert error.text == "tok tok tok "
    [message] = [message async for message in run.messages()]
    assert (message.text, message.status) == ("tok tok tok ", "incomplete")
    assert message.incomplete_details is not None
    assert message.incomplete_details.reason == "max_tokens"
    [step] = [step async for step in run.steps()]
    assert step.status == "completed"
    await thread.add("next")
    assert (await thread.run(assistant).result()).text == "ECHO: next"


async def test_a_turn_cut_in_the_middle_of_a_call_makes_no_call(scripted, make_call) -> None:
    made: list[int] = []

    def note(n: int) -> None:
        """Note."""
        made.append(n)

    model = scripted(["let me see", make_call("note", '{"n": 1'), ModelDelta(finish_reason="length")])
    async with AsyncClient(model, store=":memory:") as client:
        assistant = await client.assistants.create(tools=[note])
        thread = await client.threads.create(messages=["go"])
        run = thread.run(assistant)
        error = await incomplete(run, "max_completion_tokens")
        assert error.text == "let me see"
        assert made == []
        await thread.add("next")
        await thread.run(assistant).result()
    assert [message.role for message in model.requests[1].messages] == ["user", "assistant", "tool", "user"]


async def test_the_token_budget_also_holds_for_a_model_that_reports_no_usage(scripted, make_call) -> None:
    unpriced = ModelDelta(finish_reason="tool_calls")
    model = scripted(*(["word " * 40, make_call("add", f'{{"a": {n}}}'), unpriced] for n in range(9)))
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["go on"])
        run = thread.run(await client.assistants.create(tools=[add]), max_completion_tokens=120)
        await incomplete(run, "max_completion_tokens")
    assert len(model.requests) == 3, "three turns of about 53 tokens"
    assert model.requests[1].max_completion_tokens == 120 - 53
