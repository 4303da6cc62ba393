"""The blocking client gives what the async one gives."""

from __future__ import annotations

from functools import partial

import anyio
import anyio.to_thread

from ...client import AsyncClient
from ...errors import RunFailed
from ...sync import Client
from ...types import MessageDeltaEvent
from ..catalogue import Group
from ..kit_tools import IN_PARIS, get_weather
from ..subject import Subject
from ..verdicts import Unmet, expect, expect_equal

check = Group("sync = async")


@check(
    rule="`Client` has the same names as `AsyncClient`, and gives the same",
    trap="a model that is made outside of an event loop binds to none, or to the wrong one",
)
def an_answer_is_the_same(subject: Subject) -> None:
    scene = subject.scenarios.answer("The same?")
    with Client(subject.create(), store=subject.make_store()) as client:
        thread = client.threads.create(messages=[scene.message])
        result = thread.run(client.assistants.create(model=subject.model)).result()
    expect(bool(result.text), "an answer", "none")
    expect(scene.answer in (None, result.text), f"the answer {scene.answer!r}", result.text)


@check(
    rule="Events are the same, blocking or awaited",
    trap="pieces are held back until somebody awaits",
)
def events_are_the_same(subject: Subject) -> None:
    scene = subject.scenarios.answer("The same events?")

    async def awaited() -> list[str]:
        async with AsyncClient(subject.create(), store=subject.make_store()) as client:
            talk = await subject.begin(client, scene.message)
            return [one.event async for one in talk.run().events() if not isinstance(one, MessageDeltaEvent)]

    with Client(subject.create(), store=subject.make_store()) as client:
        thread = client.threads.create(messages=[scene.message])
        run = thread.run(client.assistants.create(model=subject.model))
        blocking = [one.event for one in run.events() if not isinstance(one, MessageDeltaEvent)]
    expect_equal(blocking, anyio.run(awaited), "the events")


@check(
    rule="Errors are the same, blocking or awaited",
    trap="an error of the service is raised from another task, wrapped in an ExceptionGroup",
)
def a_failure_is_the_same(subject: Subject) -> None:
    scene = subject.scenarios.fail("rate_limit_exceeded", "The service has enough to do.")
    with Client(subject.create(), store=subject.make_store()) as client:
        thread = client.threads.create(messages=[scene.message])
        try:
            thread.run(client.assistants.create(model=subject.model)).result()
        except RunFailed as error:
            expect_equal(error.code, "rate_limit_exceeded", "the code")
            return
    raise Unmet("RunFailed", "a run that completed")


@check(
    rule="Tools are called the same, blocking or awaited",
    trap="an object of the backend belongs to the event loop that it was made in; a model is not asked",
)
def tools_are_called_the_same(subject: Subject) -> None:
    anyio.run(partial(subject.require, "tools"))
    scene = subject.scenarios.call(IN_PARIS)
    with Client(subject.create(), store=subject.make_store()) as client:
        thread = client.threads.create(messages=[scene.message])
        result = thread.run(client.assistants.create(model=subject.model, tools=[get_weather])).result()
    made = [one.output for step in result.steps for one in step.tool_calls]
    expect_equal(made, ["sunny in Paris"], "the outputs")


@check(
    rule="`Client` works inside a running event loop too, as in a notebook",
    trap="`asyncio.run`, or `asyncio.get_event_loop` outside of a coroutine",
)
async def it_works_inside_a_running_loop(subject: Subject) -> None:
    subject.require_several()
    scene = subject.scenarios.answer("In a notebook?")

    def ask() -> str:
        with Client(subject.create(), store=subject.make_store()) as client:
            thread = client.threads.create(messages=[scene.message])
            return thread.run(client.assistants.create(model=subject.model)).result().text

    await anyio.to_thread.run_sync(ask)
    text = ask()  # on purpose in the loop's own thread
    expect(scene.answer in (None, text), f"the answer {scene.answer!r}", text)
