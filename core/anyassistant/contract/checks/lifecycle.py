"""The life of a run, as its events tell it."""

from __future__ import annotations

from itertools import pairwise

from ...hosting.transitions import MOVES
from ...types import TERMINAL, Event, RunEvent, RunStatus
from ..catalogue import Group
from ..kit_tools import IN_PARIS, WEATHER, get_weather
from ..subject import Subject
from ..verdicts import NotApplicable, expect, expect_equal

check = Group("run lifecycle")


@check(
    rule='Assistants v2 reference, "Run lifecycle": queued, in_progress, completed',
    trap="a model that ends without a finish reason makes the run fail",
)
async def an_answered_run_completes(subject: Subject) -> None:
    await _require_each_status(subject)
    async with subject.talk(subject.scenarios.answer("Hello.").message) as talk:
        events = [one async for one in talk.run().events(check=False)]
    expect_equal(_statuses(events), ["queued", "in_progress", "completed"], "the statuses")


@check(
    rule='Concepts, "The life of a run": calls of bound tools run while the run is `in_progress`',
    trap="a backend tells its run `queued` anew after the outputs; hosting calls the tools of a model",
)
async def a_run_with_bound_tools_stays_in_progress(subject: Subject) -> None:
    await _require_each_status(subject)
    await subject.require("tools")
    async with subject.talk(subject.scenarios.call(IN_PARIS).message, tools=[get_weather]) as talk:
        events = [one async for one in talk.run().events(check=False)]
    expect_equal(_statuses(events), ["queued", "in_progress", "completed"], "the statuses")


@check(
    rule='Concepts, "The life of a run": a run rests for functions of its caller, and goes on with their outputs',
    trap="a call's arguments are not there when the run rests, as they come in a later piece",
)
async def a_run_rests_for_its_caller_and_goes_on(subject: Subject) -> None:
    await _require_each_status(subject)
    await subject.require("tools")
    scene = subject.scenarios.call(IN_PARIS)
    async with subject.talk(scene.message, tools=[WEATHER.to_wire()]) as talk:
        run = talk.run()
        record = await run.wait()
        expect_equal(record.status, "requires_action", "the status")
        pending = [(one.name, one.waits_for) for one in record.pending_calls]
        expect_equal(pending, [(WEATHER.name, "output")], "the pending calls")
        await run.submit_tool_outputs({record.pending_calls[0].id: "sunny"})
        result = await run.result()
        events = [one async for one in run.events()]
    passed = ["queued", "in_progress", "requires_action", "queued", "in_progress", "completed"]
    expect_equal(_statuses(events), passed, "the statuses")
    wanted = subject.scenarios.answer_to_outputs(["sunny"])
    expect(wanted is None or result.text == wanted, f"the answer {wanted!r}", result.text)


@check(
    rule='Assistants v2 reference, "Run lifecycle": a failure of the service ends the run `failed`',
    trap="the failure is told as an answer",
)
async def a_run_whose_model_fails_is_failed(subject: Subject) -> None:
    await _require_each_status(subject)
    scene = subject.scenarios.fail("server_error", "The service is ill.")
    async with subject.talk(scene.message) as talk:
        events = [one async for one in talk.run().events(check=False)]
    expect_equal(_statuses(events), ["queued", "in_progress", "failed"], "the statuses")


@check(
    rule='Concepts, "The life of a run": each status may follow the one before',
    trap="a backend maps each status of its service by itself; hosting moves the runs of a model",
)
async def statuses_follow_the_state_machine(subject: Subject) -> None:
    async with subject.talk(subject.scenarios.answer("Hello.").message) as talk:
        events = [one async for one in talk.run().events(check=False)]
    statuses: list[RunStatus] = [one.data.status for one in events if isinstance(one, RunEvent)]
    illegal = [move for move in pairwise(statuses) if move[0] != move[1] and move[1] not in MOVES[move[0]]]
    expect(not illegal, "legal moves alone", illegal)


@check(
    rule="Event.sequence counts up; a terminal event comes last, and comes always",
    trap="something is said after the end",
)
async def the_terminal_event_is_the_last(subject: Subject) -> None:
    async with subject.talk(subject.scenarios.answer("Hello.").message) as talk:
        events = [one async for one in talk.run().events(check=False)]
    numbers = [one.sequence for one in events]
    expect(all(first < second for first, second in pairwise(numbers)), "numbers that count up", numbers)
    ends = [at for at, one in enumerate(events) if isinstance(one, RunEvent) and one.data.status in TERMINAL]
    expect_equal(ends, [len(events) - 1], "the place of the terminal event")


@check(
    rule='Assistants v2 reference, "The run object": times, and the model that was asked',
    trap="a backend gives milliseconds, or no model; hosting stamps the runs of a model",
)
async def a_run_has_its_times_and_its_model(subject: Subject) -> None:
    async with subject.talk(subject.scenarios.answer("Hello.").message) as talk:
        record = await talk.run().wait()
    times = [record.created_at, record.started_at, record.completed_at]
    known = [one for one in times if one is not None]
    expect(len(known) == 3 and known == sorted(known), "created, started, completed, in this order", times)
    expect_equal(record.model, subject.model, "the model")


async def _require_each_status(subject: Subject) -> None:
    """Go on where each status is told."""
    if await subject.is_backend() and not (await subject.claims()).streaming:
        raise NotApplicable("a backend that does not stream is looked at, and may pass a status between two looks")


def _statuses(events: list[Event]) -> list[str]:
    """The statuses that a run passed through."""
    statuses = [one.data.status for one in events if isinstance(one, RunEvent)]
    return [after for before, after in pairwise(["", *statuses]) if before != after]
