"""`provider_state`: what goes back to the provider with a turn."""

from __future__ import annotations

from ...protocols import AssistantMessage
from ..answers import collect
from ..catalogue import Group
from ..subject import Subject
from ..verdicts import expect, expect_equal

check = Group("provider state")

KEEPS_STATE = "a full backend keeps its threads itself, and whatever belongs to their turns"


@check(
    rule="ModelDelta.provider_state is JSON with text keys, and comes back from the store as it was given",
    trap="an object of the vendor's SDK, bytes or a tuple is given",
)
async def a_state_is_json(subject: Subject) -> None:
    await subject.require_chat_model(KEEPS_STATE)
    from pydantic_core import from_json, to_json

    answer = await subject.ask(subject.scenarios.give_state())
    expect(bool(answer.states), "a `provider_state`", "none")
    for state in answer.states:
        expect_equal(from_json(to_json(state)), state, "a state that survives JSON:")


@check(
    rule="AssistantMessage.provider_state: what this provider gave with the turn, as it gave it",
    trap="the state is given, and not read when it comes back",
)
async def a_state_is_taken_back(subject: Subject) -> None:
    await subject.require_chat_model(KEEPS_STATE)
    scene = subject.scenarios.give_state()
    async with subject.open() as model:
        first = await collect(model.respond(subject.request(scene)))
        expect(bool(first.states), "a `provider_state`", "none")
        turn = AssistantMessage(first.text, provider_state=first.states[-1])
        second = await collect(model.respond(subject.request(scene, turn, scene)))
    expect_equal(len(second.finish_reasons), 1, "the number of finish reasons")


@check(
    rule="AssistantMessage.provider_state: None from any other provider",
    trap="every turn is expected to have one, and a thread that began elsewhere fails",
)
async def a_turn_without_state_is_taken_too(subject: Subject) -> None:
    scene = subject.scenarios.answer("And now?")
    answer = await subject.ask("Hello.", AssistantMessage("Hello from elsewhere."), scene)
    expect_equal(answer.finish_reasons, ["stop"], "the finish reasons")


@check(
    rule="Turn.provider_state goes through the store to the next run",
    trap="the state is kept in the model by thread, and is gone with the process",
)
async def a_thread_with_state_goes_on_in_another_client(subject: Subject) -> None:
    subject.require_several()
    from ...store.memory import MemoryStore

    scene = subject.scenarios.give_state()
    store = MemoryStore()
    async with subject.client(store=store) as client:
        talk = await subject.begin(client, scene.message)
        await talk.result()
    async with subject.client(store=store) as client:
        thread = await client.threads.get(talk.thread.id)
        await thread.add(scene.message)
        record = await thread.run(talk.assistant.id).wait()
        said = await thread.messages(limit=20).page()
    expect(record.status == "completed", "a run that completes", f"{record.status}: {record.last_error}")
    expect(len(said.data) >= 4, "two questions and two answers", len(said.data))
