"""What a full backend's runs tell while they go on: the same as is read later."""

from __future__ import annotations

from collections import defaultdict
from contextlib import aclosing, suppress
from itertools import pairwise

import anyio

from ...errors import AnyAssistantError
from ...hosting.transitions import MOVES
from ...types import TERMINAL, MessageDeltaEvent, MessageEvent, PageQuery, RunEvent, RunStatus, RunStepEvent
from ..asked_by_run import settled
from ..catalogue import Group
from ..conversation import listen
from ..subject import Subject
from ..verdicts import expect, expect_equal

check = Group("backend events")


@check(
    rule='Concepts, "The life of a run": each status may follow the one before',
    trap="statuses of the service's own are mapped to the nearest, one by one",
)
async def statuses_follow_the_state_machine(subject: Subject) -> None:
    await subject.require_streaming_backend()
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        events = await listen(await talk.start(follow=True))
    statuses: list[RunStatus] = [one.data.status for one in events if isinstance(one, RunEvent)]
    illegal = [move for move in pairwise(statuses) if move[0] != move[1] and move[1] not in MOVES[move[0]]]
    expect(bool(statuses) and not illegal, "legal moves alone", illegal or statuses)


@check(
    rule="Run.events: until the run ends; the last event has the run as it is read later",
    trap="the stream ends with the text, and how the run ended is not told",
)
async def the_last_event_is_the_run_as_read_later(subject: Subject) -> None:
    await subject.require_streaming_backend()
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        run = await talk.start(follow=True)
        events = await listen(run)
        record = await run.refresh()
    last = events[-1] if events else None
    expect(isinstance(last, RunEvent) and last.data.status in TERMINAL, "an event that the run has ended", last)
    expect_equal(last.data if isinstance(last, RunEvent) else None, record, "the run of the last event to be")


@check(
    rule="stream = stored: the deltas of a message together are the message",
    trap="pieces are stripped, given twice, or held back",
)
async def the_deltas_are_the_stored_message(subject: Subject) -> None:
    await subject.require_streaming_backend()
    async with subject.conversation(subject.scenarios.answer("A few  words\nto stream. ").message) as talk:
        run = await talk.start(follow=True)
        events = await listen(run)
        page = await talk.thread.list_messages(PageQuery(run_id=run.record.id))
    streamed = "".join(one.text for one in events if isinstance(one, MessageDeltaEvent))
    expect_equal([streamed], [one.text for one in page.data], "the deltas to be the message")


@check(
    rule="stream = stored: each message is told to begin and to end once, as it is read later",
    trap="a message is told whole with each piece",
)
async def each_message_begins_and_ends_once(subject: Subject) -> None:
    await subject.require_streaming_backend()
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        run = await talk.start(follow=True)
        events = [one for one in await listen(run) if isinstance(one, MessageEvent)]
        page = await talk.thread.list_messages(PageQuery(run_id=run.record.id))
    told = [one.event for one in events if one.event != "thread.message.in_progress"]
    expect_equal(told, ["thread.message.created", "thread.message.completed"], "the events of the message")
    expect_equal([events[-1].data], list(page.data), "the message of the last event to be")


@check(
    rule="stream = stored: the steps that are told are the listed ones, and each ends once",
    trap="steps are told under other ids than they are listed by",
)
async def the_told_steps_are_the_listed_ones(subject: Subject) -> None:
    await subject.require_streaming_backend()
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        run = await talk.start(follow=True)
        events = [one for one in await listen(run) if isinstance(one, RunStepEvent)]
        page = await run.list_steps(PageQuery(order="asc"))
    ends: dict[str, int] = defaultdict(int)
    for one in events:
        ends[one.data.id] += one.data.status != "in_progress"
    expect_equal(dict(ends), {one.id: 1 for one in page.data}, "how often each listed step was told to end:")


@check(
    rule="RunEvent: a run that fails tells it, with its code",
    trap="the stream breaks off, and the failure is raised from it",
)
async def a_failure_is_told(subject: Subject) -> None:
    await subject.require_streaming_backend()
    async with subject.conversation(subject.scenarios.fail("server_error", "The service is ill.").message) as talk:
        events = [one for one in await listen(await talk.start(follow=True)) if isinstance(one, RunEvent)]
    record = events[-1].data
    code = None if record.last_error is None else record.last_error.code
    expect_equal((events[-1].event, code), ("thread.run.failed", "server_error"), "the last event and the code")


@check(
    rule="Run.aclose: gives back the stream; the run goes on",
    trap="the service ends a run whose reader has gone, or the rest of the stream is read first",
)
async def a_reader_who_leaves_does_not_end_the_run(subject: Subject) -> None:
    await subject.require_streaming_backend()
    async with subject.conversation(subject.scenarios.long_answer(2_000).message) as talk:
        run = await talk.start(follow=True)
        async with aclosing(run.events()) as events:
            async for event in events:
                if isinstance(event, MessageDeltaEvent):
                    break
        await run.aclose()
        record = await settled(run)
    expect_equal(record.status, "completed", "the status")


@check(
    rule="Run.aclose: gives back a stream that was asked for and never read",
    trap="the connection stays open until the service has said all",
)
async def a_stream_that_is_never_read_does_not_hold_up_the_run(subject: Subject) -> None:
    await subject.require_streaming_backend()
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        run = await talk.start(follow=True)
        await run.aclose()
        await run.aclose()
        record = await settled(run)
    expect_equal(record.status, "completed", "the status")


@check(
    rule="Capabilities.event_log, claimed: events(after=n) replays what came behind that number, at any time",
    trap="numbers count anew with each stream",
)
async def claimed_events_are_replayed_by_number(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.answer("Hello, and again.").message) as talk:
        await subject.require("event_log")
        run = await talk.start(follow=True)
        live = await listen(run)
        numbers = [one.sequence for one in live]
        expect(all(one < two for one, two in pairwise(numbers)), "numbers that count up", numbers)
        half = live[len(live) // 2].sequence
        found = await talk.thread.get_run(run.record.id)
        again = [one async for one in found.events()]
        rest = [one async for one in found.events(after=half)]
    expect_equal([one.event for one in again], [one.event for one in live], "the replayed events")
    wanted = [one.sequence for one in live if one.sequence > half]
    expect_equal([one.sequence for one in rest], wanted, f"the numbers after {half}")


@check(
    rule="Capabilities.event_log, not claimed: a stream that cannot be had again is refused at once, or is empty",
    trap="the call waits for events that nobody sends any more",
)
async def unclaimed_replays_end_at_once(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        await subject.require_lack("event_log")
        run = await talk.run()
        found = await talk.thread.get_run(run.record.id)
        with anyio.move_on_after(subject.patience.prompt) as scope:
            with suppress(AnyAssistantError):
                await listen(found)
    expect(not scope.cancelled_caught, f"an answer within {subject.patience.prompt} s", "none")


@check(
    rule="Capabilities.streaming, not claimed: `follow` asks for nothing, and does no harm",
    trap="a run is refused for it, though callers always ask for what there may be",
)
async def without_streaming_follow_does_no_harm(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        await subject.require_lack("streaming")
        record = await settled(await talk.start(follow=True))
    expect_equal(record.status, "completed", "the status")
