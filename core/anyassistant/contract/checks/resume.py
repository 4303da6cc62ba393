"""Runs that outlive the client which began them."""

from __future__ import annotations

import anyio

from ...store.memory import MemoryStore
from ..catalogue import Group
from ..kit_tools import IN_PARIS, WEATHER, get_weather
from ..subject import Subject
from ..verdicts import expect, expect_equal

check = Group("resume")


@check(
    rule='Concepts, "Who drives a run": leaving the client parks what it drives',
    trap="a model call that does not heed its cancellation holds up the client's end",
)
async def leaving_a_client_parks_its_run_promptly(subject: Subject) -> None:
    scene = subject.scenarios.stay_busy()
    async with subject.client() as client:
        talk = await subject.begin(client, scene.message)
        await talk.run().start()
        began = anyio.current_time()
        await client.aclose()
        seconds = anyio.current_time() - began
    limit = subject.patience.prompt
    expect(seconds < limit, f"a client that is left within {limit} s", f"it took {seconds:.1f} s")


@check(
    rule='Concepts, "Who drives a run", resume: whoever takes a run over asks the model anew, and its answer is whole',
    trap="the second request for a run is taken for a repetition, and answered from where the first broke off",
)
async def a_run_that_was_parked_is_answered_whole(subject: Subject) -> None:
    subject.require_several()
    scene = subject.scenarios.wait(0.3)
    store = MemoryStore()
    async with subject.client(store=store) as client:
        talk = await subject.begin(client, scene.message)
        run = await talk.run().start()
    async with subject.client(store=store) as client:
        taken = await (await client.threads.get(talk.thread.id)).resume()
        if taken is None:  # it was over before the first client was left
            record = (await client.runs.get(run.id)).record
            expect_equal(record.status, "completed", "the status")
            return
        result = await taken.result()
    expect_equal(len(result.messages), 1, "the number of answers")
    expect(scene.answer is None or result.text == scene.answer, f"the answer {scene.answer!r}", result.text)


@check(
    rule='Concepts, "Who drives a run", resume: a run that rests goes on where its tool is bound',
    trap="the provider's id of the call, or its state, was kept in the model that made it",
)
async def a_run_that_rests_goes_on_in_another_client(subject: Subject) -> None:
    subject.require_several()
    await subject.require("tools")
    scene = subject.scenarios.call(IN_PARIS)
    store = MemoryStore()
    async with subject.client(store=store) as client:
        talk = await subject.begin(client, scene.message, tools=[WEATHER.to_wire()])
        record = await talk.run().wait()
        expect_equal(record.status, "requires_action", "the status")
    async with subject.client(store=store) as client:
        run = await (await client.threads.get(talk.thread.id)).resume(tools=[get_weather])
        expect(run is not None, "the open run", "none")
        result = None if run is None else await run.result()
    wanted = subject.scenarios.answer_to_outputs(["sunny in Paris"])
    came = None if result is None else result.text
    expect(wanted is None or came == wanted, f"the answer {wanted!r}", came)


@check(
    rule='Concepts, "Who drives a run", resume: None where there is no open run',
    trap="a backend maps a status that is final to one that is open; the store knows for a model",
)
async def without_an_open_run_there_is_nothing_to_resume(subject: Subject) -> None:
    async with subject.talk("Hello.") as talk:
        expect(await talk.thread.resume() is None, "None", "a run")


@check(
    rule="Swapping a provider does not break stored threads: what another said is part of the history",
    trap="turns are expected to carry what this provider gives with its own",
)
async def a_thread_of_another_provider_goes_on(subject: Subject) -> None:
    await subject.require_chat_model("a full backend keeps its threads itself, and does not know those of another")
    from ...client import AsyncClient
    from ...echo import Echo

    scene = subject.scenarios.answer("And you?")
    store = MemoryStore()
    tools = [get_weather] if (await subject.claims()).tools else []
    async with AsyncClient(Echo(), store=store) as client:
        assistant = await client.assistants.create(tools=[get_weather])
        thread = await client.threads.create(messages=['CALL get_weather {"city": "Oslo"}'])
        await thread.run(assistant).result()
    async with subject.client(store=store) as client:
        other = await client.assistants.create(model=subject.model, tools=tools)
        found = await client.threads.get(thread.id)
        await found.add(scene.message)
        result = await found.run(other).result()
    expect(scene.answer is None or result.text == scene.answer, f"the answer {scene.answer!r}", result.text)
