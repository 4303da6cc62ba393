"""Models that do not do as the protocol says, and services that fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import anyio
import pytest
from anyassistant import AsyncClient
from anyassistant.errors import ProviderError, RunFailed
from anyassistant.protocols import Capabilities, ModelDelta, ModelRequest, ToolCallDelta, Usage
from anyassistant.store.memory import MemoryStore


def note(n: int = 0) -> int:
    """Note."""
    return n


async def failed(model, code: str):
    async with AsyncClient(model, store=":memory:") as client:
        assistant = await client.assistants.create(tools=[note])
        thread = await client.threads.create(messages=["go"])
        run = thread.run(assistant)
        with pytest.raises(RunFailed) as caught:
            await run.result()
        assert caught.value.code == code
        messages = [message async for message in run.messages()]
        assert all(step.status != "in_progress" for step in [step async for step in run.steps()])
        await thread.add("again")
        await thread.run(assistant).result()
        return caught.value, messages


async def test_no_finish_reason(scripted) -> None:
    _, [message] = await failed(scripted(["half", scripted.CUT]), "invalid_model_response")
    assert (message.text, message.status) == ("half", "incomplete")
    assert message.incomplete_details is not None
    assert message.incomplete_details.reason == "run_failed"


async def test_two_finish_reasons(scripted) -> None:
    end = ModelDelta(finish_reason="stop")
    await failed(scripted(["a", end, end]), "invalid_model_response")


@pytest.mark.parametrize("items", [[], [" \n"], [ModelDelta(reasoning="hm")]])
async def test_an_empty_answer(scripted, items) -> None:
    await failed(scripted(items), "empty_response")


async def test_calls_without_a_finish_reason_are_not_made(scripted, make_call) -> None:
    made: list[int] = []

    def count(n: int) -> None:
        """Count."""
        made.append(n)

    model = scripted([make_call("count", '{"n": 1}'), scripted.CUT])
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        with pytest.raises(RunFailed, match="without a finish reason"):
            await thread.run(await client.assistants.create(tools=[count])).result()
    assert made == []


async def test_a_model_is_told_that_its_answer_is_not_waited_for_any_more(scripted, make_gate) -> None:
    gate = make_gate()

    class Remote(scripted):
        told: list[tuple[str, object]] = []  # noqa: RUF012 - of one test

        async def cancel(self, run_id: str, provider_state: object, /) -> None:
            self.told.append((run_id, provider_state))

    async with AsyncClient(Remote(["so far", ModelDelta(provider_state={"at": 7}), gate]), store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(await client.assistants.create()).start()
        await gate.reached()
        await run.cancel()
        assert (await run.wait()).status == "cancelled"
        assert Remote.told == [(run.id, {"at": 7})]
        assert (await thread.run(await client.assistants.create()).result()).text == "done"
    assert len(Remote.told) == 1, "an answer that came to its end is not cancelled"


async def test_a_run_is_taken_over_while_its_model_still_loads(scripted, make_gate) -> None:
    gate = make_gate()

    class Slow(scripted):
        async def capabilities_of(self, model: str, /) -> Capabilities:
            await gate()
            return self.capabilities

    store = MemoryStore()
    async with AsyncClient(scripted([make_gate()]), store=store) as first:
        thread_id = (await first.threads.create(messages=["go"])).id
        await (await first.threads.get(thread_id)).run(await first.assistants.create()).start()
    async with AsyncClient(Slow(["here"]), store=store) as second:
        run = await (await second.threads.get(thread_id)).resume()
        assert run is not None
        await gate.reached()
        await run.cancel()
        assert (await run.wait()).status == "cancelled", "a model that loads does not hold up a cancel"


async def test_a_model_that_raises_in_mid_stream_keeps_the_text_so_far(scripted) -> None:
    error = ProviderError("slow down", code="rate_limit_exceeded", status_code=429, request_id="req-1", retry_after=2.5)
    caught, [message] = await failed(scripted(["so ", "far", error]), "rate_limit_exceeded")
    assert (message.text, message.status) == ("so far", "incomplete")
    assert caught.__cause__ is error
    assert (caught.retry_after, caught.request_id) == (2.5, "req-1")
    assert caught.run.to_wire()["last_error"] == {
        "code": "rate_limit_exceeded",
        "message": "slow down",
        "retry_after": 2.5,
        "request_id": "req-1",
    }


async def test_a_later_client_is_given_the_providers_error_again(scripted) -> None:
    store = MemoryStore()
    error = ProviderError("slow down", code="rate_limit_exceeded", retry_after=2.5)
    async with AsyncClient(scripted([error]), store=store) as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create())
        await run.wait()
    async with AsyncClient(scripted(), store=store) as client:
        with pytest.raises(RunFailed) as caught:
            await (await client.runs.get(run.id)).result()
    assert isinstance(caught.value.__cause__, ProviderError)
    assert (caught.value.__cause__.code, caught.value.__cause__.retry_after) == ("rate_limit_exceeded", 2.5)


async def test_any_other_exception_is_a_server_error_with_its_cause(scripted) -> None:
    error = KeyError("choices")
    caught, _ = await failed(scripted([error]), "server_error")
    assert caught.__cause__ is error
    assert "KeyError" in str(caught)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError()], ids=repr)
async def test_a_model_that_raises_more_than_an_exception_ends_its_run_and_nothing_else(scripted, error) -> None:
    caught, _ = await failed(scripted(["half", error]), "server_error")
    assert caught.__cause__ is error


async def test_a_content_filter(scripted) -> None:
    _, [message] = await failed(scripted(["he", ModelDelta(finish_reason="content_filter")]), "content_filter")
    assert message.incomplete_details is not None
    assert message.incomplete_details.reason == "content_filter"


async def test_a_refusal_is_an_answer(scripted) -> None:
    model = scripted([ModelDelta(refusal="I "), ModelDelta(refusal="won't."), ModelDelta(finish_reason="refusal")])
    async with AsyncClient(model, store=":memory:") as client:
        assistant = await client.assistants.create()
        thread = await client.threads.create(messages=["go"])
        run = thread.run(assistant)
        assert (await run.result()).text == "I won't."
        [message] = [message async for message in run.messages()]
        assert [part.to_wire() for part in message.content] == [{"type": "refusal", "refusal": "I won't."}]
        texts = [event.text async for event in run.events() if event.event == "thread.message.delta"]
        assert texts == ["I ", "won't."]
        await thread.add("please")
        await thread.run(assistant).result()
    assert [one.text for one in model.requests[1].messages] == ["go", "I won't.", "please"]


async def test_reasoning_is_an_event_and_no_text(scripted) -> None:
    model = scripted([ModelDelta(reasoning="hm"), "yes"])
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create())
        [thought] = [event async for event in run.events() if event.event == "anyassistant.reasoning.delta"]
        assert thought.data == {"text": "hm"}
        assert (await run.result()).text == "yes"


async def test_usage_may_be_missing(scripted) -> None:
    model = scripted(["yes", ModelDelta(finish_reason="stop")])
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        result = await thread.run(await client.assistants.create()).result()
    assert result.run.usage is None
    assert result.usage == Usage(0, 0)
    assert result.steps[0].usage is None


async def test_the_steps_usage_adds_up_to_the_runs(scripted, make_call) -> None:
    spent = ModelDelta(usage=Usage(3, 2), finish_reason="tool_calls")
    model = scripted(["I look", make_call("note"), spent], ["end", ModelDelta(usage=Usage(5, 1), finish_reason="stop")])
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        result = await thread.run(await client.assistants.create(tools=[note])).result()
    assert result.usage == Usage(8, 3)
    assert sum((step.usage for step in result.steps if step.usage), Usage(0, 0)) == Usage(8, 3)


async def test_a_failed_run_keeps_the_usage_of_what_was_done(scripted, make_call) -> None:
    spent = ModelDelta(usage=Usage(3, 2), finish_reason="tool_calls")
    caught, _ = await failed(scripted([make_call("note"), spent], [ProviderError("oh", code="oh")]), "oh")
    assert caught.run.usage == Usage(3, 2)


async def test_calls_may_come_in_pieces_and_mixed(scripted) -> None:
    def piece(**fields: object) -> ModelDelta:
        return ModelDelta(tool_call=ToolCallDelta(**fields))  # type: ignore[arg-type]

    model = scripted(
        [
            piece(name="note", index=0, id="p0"),
            piece(name="note", index=1, id="p1"),
            piece(arguments='{"n":', index=0),
            piece(arguments='{"n": 2', index=1),
            piece(arguments="}", index=1),
            piece(arguments=" 1}", index=0),
        ]
    )
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        result = await thread.run(await client.assistants.create(tools=[note])).result()
    assert [(call.arguments, call.output) for call in result.steps[0].tool_calls] == [
        ('{"n": 1}', "1"),
        ('{"n": 2}', "2"),
    ]
    [told] = [one for one in model.requests[1].messages if one.role == "assistant"]
    assert [call.id for call in told.tool_calls] == ["p0", "p1"], "the provider's ids go back to it"
    assert [one.call_id for one in model.requests[1].messages if one.role == "tool"] == ["p0", "p1"]


async def test_the_providers_ids_may_repeat_over_turns_and_ours_never_do(scripted, make_call) -> None:
    class Loose(scripted):
        async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
            said = sum(one.role == "assistant" for one in request.messages)
            if said < 2:
                yield make_call("note", f'{{"n": {said}}}', id="call_0")
                yield make_call("note", "{}", id="call_0" if said else None)
                yield ModelDelta(finish_reason="tool_calls")
            else:
                yield ModelDelta(text="end", finish_reason="stop")

    async with AsyncClient(Loose(), store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        result = await thread.run(await client.assistants.create(tools=[note])).result()
    ids = [call.id for step in result.steps for call in step.tool_calls]
    assert len(set(ids)) == len(ids) == 4
    assert [call.output for step in result.steps for call in step.tool_calls] == ["0", "0", "1", "0"]


@pytest.mark.parametrize("delta", [ToolCallDelta(), ToolCallDelta("", "{}"), ToolCallDelta(arguments="{}", index=7)])
async def test_a_call_without_a_name_is_an_unknown_tool(scripted, delta: ToolCallDelta) -> None:
    async with AsyncClient(scripted([ModelDelta(tool_call=delta)]), store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        result = await thread.run(await client.assistants.create(tools=[note])).result()
    [call] = result.steps[0].tool_calls
    assert call.output == "There is no tool ''. Tools: note."


async def test_a_model_that_never_awaits_does_not_starve_the_others(scripted) -> None:
    class Busy(scripted):
        async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
            yield ModelDelta(text="x")
            while not others_turn:
                yield ModelDelta(text="x")
            yield ModelDelta(finish_reason="stop")

    others_turn: list[bool] = []
    async with AsyncClient(Busy(), store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(await client.assistants.create()).start()
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        others_turn.append(True)
        assert (await run.wait()).status == "completed"


async def test_a_stream_is_closed_whatever_ends_it(scripted, make_gate) -> None:
    closed: list[str] = []
    gate = make_gate()

    class Careful(scripted):
        async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
            try:
                yield ModelDelta(text="a")
                await gate()
            finally:
                closed.append("closed")

    async with AsyncClient(Careful(), store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        run = await thread.run(await client.assistants.create()).start()
        await gate.reached()
        await run.cancel()
        assert (await run.wait()).status == "cancelled"
        assert closed == ["closed"]


async def test_a_stream_that_fails_to_close_fails_the_run(scripted) -> None:
    class Careless(scripted):
        async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
            try:
                yield ModelDelta(text="a", finish_reason="stop")
            finally:
                raise ValueError("cannot close")

    async with AsyncClient(Careless(), store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        with pytest.raises(RunFailed, match="cannot close"):
            await thread.run(await client.assistants.create()).result()


async def test_a_model_that_gives_no_stream_fails_the_run(scripted) -> None:
    class Wrong(scripted):
        def respond(self, request: ModelRequest, /):  # type: ignore[override]
            return None

    async with AsyncClient(Wrong(), store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        with pytest.raises(RunFailed) as caught:
            await thread.run(await client.assistants.create()).result()
    assert isinstance(caught.value.__cause__, TypeError)


async def test_lone_surrogates_of_a_model_are_replaced(scripted, make_call) -> None:
    model = scripted(["a\ud800b", make_call("note", '{"n": "\udfff"}')], ["end"])
    async with AsyncClient(model, store=":memory:") as client:
        thread = await client.threads.create(messages=["go"])
        run = thread.run(await client.assistants.create(tools=[note]))
        for event in [event async for event in run.events()]:
            event.to_sse()
        result = await run.result()
    assert result.messages[0].text == "a\ufffdb"


async def test_provider_state_goes_back_to_the_same_provider_only(scripted, make_call) -> None:
    class Other(scripted):
        pass

    store, state = MemoryStore(), {"signature": "s"}
    first = scripted(["one", ModelDelta(provider_state=state)], ["two"])
    async with AsyncClient(first, store=store) as client:
        assistant = await client.assistants.create()
        thread = await client.threads.create(messages=["a"])
        await thread.run(assistant).result()
        await thread.add("b")
        await thread.run(assistant).result()
    other = Other(["three"])
    async with AsyncClient(other, store=store) as client:
        thread = await client.threads.get(thread.id)
        await thread.add("c")
        await thread.run(assistant.id).result()
    assert [one.provider_state for one in first.requests[1].messages if one.role == "assistant"] == [state]
    assert [one.provider_state for one in other.requests[0].messages if one.role == "assistant"] == [None, None]


@pytest.mark.parametrize("state", [b"bytes", (1, 2), {1: "a"}, object(), {"deep": {"at": (1,)}}])
async def test_a_provider_state_that_a_store_could_not_give_back_fails_the_run(scripted, make_store, state) -> None:
    async with AsyncClient(scripted(["so far", ModelDelta(provider_state=state)]), store=make_store()) as client:
        thread = await client.threads.create(messages=["go"])
        with pytest.raises(RunFailed, match="provider_state") as caught:
            await thread.run(await client.assistants.create()).result()
        assert caught.value.code == "invalid_model_response"
        await thread.add("usable")
