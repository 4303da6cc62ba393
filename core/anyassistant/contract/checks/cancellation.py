"""Cancelling: from each open status, promptly, and with nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing, contextmanager

import anyio

from ...types import MessageDeltaEvent, RunEvent
from ..answers import collect
from ..catalogue import Group
from ..kit_tools import IN_PARIS, WEATHER
from ..subject import Subject, Talk
from ..verdicts import expect, expect_equal

check = Group("cancellation")

LONG = 30.0
"""Seconds of a tool that is not waited for."""


@check(
    rule="ChatModel.respond: closing the generator early ends the call",
    trap="`aclose` reads the rest of the body, or a task of its own goes on reading",
)
async def closing_a_stream_ends_it_promptly(subject: Subject) -> None:
    async with subject.open() as model:
        deltas = model.respond(subject.request(subject.scenarios.long_answer(2_000)))
        async for _ in deltas:
            break
        with _promptly(subject, "a stream that closes"):
            await deltas.aclose()


@check(
    rule="ChatModel.respond: cancelling its task ends the call, also before the first delta",
    trap="a shield, a thread that is waited for, or `except BaseException` around the request",
)
async def a_call_that_is_cancelled_ends_promptly(subject: Subject) -> None:
    scene = subject.scenarios.stay_busy()
    async with subject.open() as model:
        with _promptly(subject, "a call that ends when it is cancelled"):
            with anyio.move_on_after(0.05) as scope:
                await collect(model.respond(subject.request(scene)))
            expect(scope.cancelled_caught, "a cancellation that passes through", "an answer all the same")


@check(
    rule="ChatModel.respond: a cancelled call leaves the model as it was",
    trap="a connection, a lock or a place in a queue is kept by the call that was given up",
)
async def a_model_is_usable_after_a_cancelled_call(subject: Subject) -> None:
    scene = subject.scenarios.answer("Still there?")
    async with subject.open() as model:
        for _ in range(3):
            with anyio.move_on_after(subject.patience.prompt):
                async with aclosing(model.respond(subject.request(subject.scenarios.long_answer(500)))) as deltas:
                    async for _delta in deltas:
                        break
        answer = await collect(model.respond(subject.request(scene)))
    expect_equal(answer.finish_reasons, ["stop"], "the finish reasons")
    expect(scene.answer is None or answer.text == scene.answer, f"the answer {scene.answer!r}", answer.text)


@check(
    rule='Concepts, "The life of a run", cancel: before the start it makes a cancelled run, which asks no model',
    trap="the run is begun first, and cancelled then",
)
async def a_run_is_cancelled_before_its_start(subject: Subject) -> None:
    await subject.require_cancel()
    # A backend begins each run at once, and may have answered by the time that it is cancelled.
    scene = subject.scenarios.stay_busy() if await subject.is_backend() else subject.scenarios.answer("Hello.")
    async with subject.talk(scene.message) as talk:
        run = talk.run()
        await run.cancel()
        await _expect_cancelled(talk, run.id)
        said = [one async for one in run.messages()]
    expect(not said, "no message", said)


@check(
    rule='Concepts, "The life of a run", cancel: from `in_progress`, while the model is asked',
    trap="the model is waited for, as nobody cancels its request",
)
async def a_run_is_cancelled_while_the_model_is_asked(subject: Subject) -> None:
    await subject.require_cancel()
    scene = subject.scenarios.stay_busy()
    async with subject.talk(scene.message) as talk:
        run = talk.run()
        async for event in run.events():
            if event.event == "thread.run.in_progress":
                break
        with _promptly(subject, "a run that is cancelled"):
            await run.cancel()
            await run.wait()
        await _expect_cancelled(talk, run.id)


@check(
    rule='Concepts, "The life of a run", cancel: what was said so far is kept, and is marked as incomplete',
    trap="text is held back until the end, so that nothing is there to be kept",
)
async def a_run_that_is_cancelled_keeps_what_was_said(subject: Subject) -> None:
    await subject.require_cancel()
    await subject.require("streaming")
    async with subject.talk(subject.scenarios.long_answer(200_000).message) as talk:
        run = talk.run()
        async for event in run.events():
            if isinstance(event, MessageDeltaEvent):
                break
        await run.cancel()
        record = await run.wait()
        said = [one async for one in run.messages()]
    if record.status == "cancelled":
        expect(len(said) == 1 and said[0].status == "incomplete", "one incomplete message", said)
        expect(bool(said[0].text), "the text so far", "none")
    else:  # the answer was complete, or met a bound, before the cancel came
        expect(record.status in ("completed", "incomplete"), "a run that is cancelled or over", record.status)


@check(
    rule='Concepts, "The life of a run", cancel: from `requires_action`',
    trap="a backend tells its service to cancel and does not wait until it has; of a model, no call is left",
)
async def a_run_is_cancelled_while_it_rests(subject: Subject) -> None:
    await subject.require_cancel()
    await subject.require("tools")
    scene = subject.scenarios.call(IN_PARIS)
    async with subject.talk(scene.message, tools=[WEATHER.to_wire()]) as talk:
        run = talk.run()
        record = await run.wait()
        expect_equal(record.status, "requires_action", "the status")
        await run.cancel()
        await run.wait()
        await _expect_cancelled(talk, run.id)


@check(
    rule='Concepts, "The life of a run", cancel: from `in_progress`, while a tool runs',
    trap="the outputs of the tool are handed in although the run has ended; a model's turn is over",
)
async def a_run_is_cancelled_while_a_tool_runs(subject: Subject) -> None:
    await subject.require_cancel()
    await subject.require("tools")
    scene = subject.scenarios.call(IN_PARIS)
    is_running = anyio.Event()

    async def get_weather(city: str) -> str:
        """Get the current weather for a city."""
        is_running.set()
        await anyio.sleep(LONG)
        return city

    async with subject.talk(scene.message, tools=[get_weather]) as talk:
        run = await talk.run().start()
        with anyio.move_on_after(subject.patience.prompt):
            await is_running.wait()
        expect(is_running.is_set(), "a call of the tool", "none")
        with _promptly(subject, "a run that is cancelled"):
            await run.cancel()
            await run.wait()
        await _expect_cancelled(talk, run.id)


@check(
    rule='Concepts, "The life of a run": `cancelling`, then `cancelled`, and nothing after',
    trap="a model that answers all the same makes the run complete",
)
async def a_cancelled_run_ends_with_its_events(subject: Subject) -> None:
    await subject.require_cancel()
    scene = subject.scenarios.stay_busy()
    async with subject.talk(scene.message) as talk:
        run = await talk.run().start()
        await run.cancel()
        await run.wait()
        told = [one.event async for one in run.events(check=False) if isinstance(one, RunEvent)]
    expect_equal(told[-2:], ["thread.run.cancelling", "thread.run.cancelled"], "the last events of the run")


@check(
    rule='Concepts, "The life of a run", cancel: a run that has ended stays as it is',
    trap="a backend's service answers a second cancel with an error, which is raised; a model is not asked",
)
async def cancelling_twice_does_no_harm(subject: Subject) -> None:
    await subject.require_cancel()
    async with subject.talk(subject.scenarios.stay_busy().message) as talk:
        run = await talk.run().start()
        await run.cancel()
        await run.wait()
        await run.cancel()
        await _expect_cancelled(talk, run.id)


@contextmanager
def _promptly(subject: Subject, what: str) -> Iterator[None]:
    """What is done inside takes no longer than it may."""
    began = anyio.current_time()
    yield
    seconds, limit = anyio.current_time() - began, subject.patience.prompt
    expect(seconds < limit, f"{what} within {limit} s", f"it took {seconds:.1f} s")


async def _expect_cancelled(talk: Talk, run_id: str) -> None:
    record = (await talk.client.runs.get(run_id)).record
    expect_equal(record.status, "cancelled", "the status")
    await talk.thread.add("The thread is free.")
