"""Deciding on a run with a client that talks to another provider: it decides, and its model does not answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import anyio
import pytest
from anyassistant import AsyncClient, tool
from anyassistant.errors import InvalidRequest, RunAbandoned, RunRequiresAction, ThreadBusy
from anyassistant.protocols import Capabilities, ChatModel, ModelDelta, ModelRequest


class Another(ChatModel):
    """A model that must not be asked."""

    capabilities = Capabilities(tools=True)

    async def respond(self, request: ModelRequest, /) -> AsyncGenerator[ModelDelta, None]:
        yield ModelDelta(text="I am another model.", finish_reason="stop")


@tool(requires_approval=True)
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"


async def rest(client: AsyncClient, text: str = 'CALL pay {"amount": 3}', **options):
    assistant = await client.assistants.create(tools=[pay])
    thread = await client.threads.create(messages=[text])
    run = thread.run(assistant, **options)
    with pytest.raises(RunRequiresAction) as action:
        await run.result()
    return thread, run, [call.id for call in action.value.calls]


async def test_a_rejection_is_kept_and_the_right_provider_goes_on(make_store) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as client, AsyncClient(Another(), store=store) as other:
        thread, run, [call_id] = await rest(client)
        theirs = await other.runs.get(run.id)
        await theirs.reject(call_id, "Too dear.")
        assert theirs.record.status == "queued"
        with pytest.raises(RunAbandoned, match="nobody drives it"):
            await theirs.result()
        mine = await thread.resume(tools=[pay])
        assert mine is not None
        assert (await mine.result()).text == "TOOL RESULT: A person did not approve this call. Too dear."


async def test_one_answer_after_another_until_nothing_waits(make_store) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as client, AsyncClient(Another(), store=store) as other:
        _, run, [first, second] = await rest(client, 'CALL pay {"amount": 1}\nCALL pay {"amount": 2}')
        theirs = await other.runs.get(run.id)
        await theirs.reject(first, "No.")
        assert theirs.record.status == "requires_action"
        await theirs.reject(second, "No.")
        assert theirs.record.status == "queued"


async def test_a_reader_that_waits_goes_on_with_its_own_provider(make_store) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as client, AsyncClient(Another(), store=store) as other:
        assistant = await client.assistants.create(tools=[pay])
        thread = await client.threads.create(messages=['CALL pay {"amount": 3}'])
        run = thread.run(assistant, on_action="wait")
        texts: list[str] = []

        async def read() -> None:
            texts.append((await run.result()).text)

        async with anyio.create_task_group() as group:
            group.start_soon(read)
            async for event in run.events():
                if event.event == "thread.run.requires_action":
                    break
            theirs = await other.runs.get(run.id)
            await theirs.reject(theirs.record.pending_calls[0].id, "No.")
        assert texts == ["TOOL RESULT: A person did not approve this call. No."]


async def test_who_takes_the_run_over_with_tools_chooses_its_provider(make_store) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as client, AsyncClient(Another(), store=store) as other:
        thread, _, [call_id] = await rest(client)
        mine = await (await other.threads.get(thread.id)).resume(tools=[pay])
        assert mine is not None
        await mine.approve(call_id)
        assert (await mine.result()).text == "I am another model."


async def test_approving_twice_says_who_was_first_and_what_to_do(make_store) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as client, AsyncClient(Another(), store=store) as other:
        thread, run, [call_id] = await rest(client)
        theirs = await other.runs.get(run.id)
        await theirs.approve(call_id, by="eve")
        with pytest.raises(InvalidRequest, match=r"was approved already by eve\. Whoever has the tool goes on: thread"):
            await theirs.approve(call_id, by="ann")
        with pytest.raises(RunRequiresAction, match=r"somebody who has the tools of pay .*, approved \(thread\.resume"):
            await theirs.result()
        with pytest.raises(ThreadBusy, match="answer what it rests for"):
            await thread.add("more")


async def test_refused_edits_say_that_nothing_was_approved(make_store) -> None:
    async with AsyncClient("echo", store=make_store()) as client:
        _, run, [call_id] = await rest(client)
        with pytest.raises(InvalidRequest, match=r"^Not approved\. The arguments do not fit:"):
            await run.approve(call_id, arguments={"amount": "much"})


async def test_a_reader_that_waits_leaves_the_run_to_those_who_decide(make_store) -> None:
    store = make_store()
    async with AsyncClient("echo", store=store) as client, AsyncClient("echo", store=store) as other:
        assistant = await client.assistants.create(tools=[pay])
        text = "\n".join(f'CALL pay {{"amount": {amount}}}' for amount in range(4))
        thread = await client.threads.create(messages=[text])
        run = thread.run(assistant, on_action="wait")
        texts: list[str] = []

        async def read() -> None:
            texts.append((await run.result()).text)

        async with anyio.create_task_group() as group:
            group.start_soon(read)
            async for event in run.events():
                if event.event == "thread.run.requires_action":
                    break
            theirs = await other.runs.get(run.id)
            for call in theirs.record.pending_calls:
                await anyio.sleep(0.1)  # in which a reader that looks too soon would take it
                await theirs.approve(call.id)
        assert texts == ["TOOL RESULT: paid 0 | paid 1 | paid 2 | paid 3"]
