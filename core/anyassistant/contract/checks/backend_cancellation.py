"""Cancelling runs of a full backend."""

from __future__ import annotations

import anyio

from ...errors import UnsupportedCapability
from ...protocols import Run
from ...types import RunEvent
from ..asked_by_run import settled
from ..catalogue import Group
from ..conversation import listen, refused
from ..kit_tools import IN_PARIS, WEATHER
from ..subject import Subject
from ..verdicts import expect, expect_equal

check = Group("backend cancellation")


@check(
    rule="Run.cancel: ends a run that goes on",
    trap="the reader's stream is closed, and the service goes on with the run",
)
async def a_run_that_goes_on_is_cancelled(subject: Subject) -> None:
    await subject.require_backend("cancel")
    async with subject.conversation(subject.scenarios.stay_busy().message) as talk:
        run = await talk.start()
        await run.cancel()
        await _expect_cancelled(subject, run)


@check(
    rule="Run.cancel: ends a run that rests, which waits for nobody then",
    trap="only a run that is being worked on can be cancelled, or its calls stay pending",
)
async def a_run_that_rests_is_cancelled(subject: Subject) -> None:
    await subject.require_backend("cancel", "tools")
    async with subject.conversation(subject.scenarios.call(IN_PARIS).message, tools=[WEATHER]) as talk:
        run = await talk.run()
        expect_equal(run.record.status, "requires_action", "the status")
        await run.cancel()
        await _expect_cancelled(subject, run)
    expect_equal(tuple(run.record.pending_calls), (), "the pending calls")


@check(
    rule="Run.cancel: does nothing to a run that has ended",
    trap="the service refuses it, and the refusal is raised",
)
async def a_run_that_has_ended_stays_as_it_is(subject: Subject) -> None:
    await subject.require_backend("cancel")
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        run = await talk.run()
        ended = run.record
        await run.cancel()
        after = await run.refresh()
    expect_equal(after, ended, "the run to stay as it ended:")


@check(
    rule="Run.cancel: a second time it does nothing",
    trap="a run that is being cancelled cannot be cancelled, says the service, and that is raised",
)
async def cancelling_twice_does_no_harm(subject: Subject) -> None:
    await subject.require_backend("cancel")
    async with subject.conversation(subject.scenarios.stay_busy().message) as talk:
        run = await talk.start()
        await run.cancel()
        await run.cancel()
        await _expect_cancelled(subject, run)
        await run.cancel()


@check(
    rule="Run.cancel: durable on return",
    trap="the request is put into a queue of this process, which is gone with it",
)
async def a_cancellation_is_known_to_others_at_once(subject: Subject) -> None:
    await subject.require_backend("cancel")
    async with subject.conversation(subject.scenarios.stay_busy().message) as talk:
        run = await talk.start()
        await run.cancel()
        found = await talk.thread.get_run(run.record.id)
        seen = (await found.refresh()).status
        await _expect_cancelled(subject, found)
    expect(seen in ("cancelling", "cancelled"), "`cancelling` or `cancelled`", seen)


@check(
    rule='Concepts, "The life of a run": a cancelled run frees its thread',
    trap="the lock is given back when the model is done, which nobody stopped",
)
async def a_cancelled_run_frees_its_thread(subject: Subject) -> None:
    await subject.require_backend("cancel")
    async with subject.conversation(subject.scenarios.stay_busy().message) as talk:
        run = await talk.start()
        await run.cancel()
        await _expect_cancelled(subject, run)
        await talk.add(subject.scenarios.answer("Free again?").message)
        record = (await talk.run()).record
    expect_equal(record.status, "completed", "the status of the next run")


@check(
    rule="Run.events: until the run ends, also where somebody else ends it",
    trap="the stream of a run that was cancelled stays open",
)
async def a_stream_ends_with_a_cancelled_run(subject: Subject) -> None:
    await subject.require_streaming_backend("cancel")
    async with subject.conversation(subject.scenarios.stay_busy().message) as talk:
        run = await talk.start(follow=True)
        other = await talk.thread.get_run(run.record.id)
        last: list[str] = []

        async def follow() -> None:
            last.extend(one.event for one in await listen(run) if isinstance(one, RunEvent))

        with anyio.move_on_after(subject.patience.prompt) as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(follow)
                await anyio.lowlevel.checkpoint()
                await other.cancel()
    expect(not scope.cancelled_caught, f"the end of the stream within {subject.patience.prompt} s", "none")
    expect_equal(last[-1:], ["thread.run.cancelled"], "the last event")


@check(
    rule="Capabilities.cancel, not claimed: Run.cancel raises UnsupportedCapability",
    trap="nothing is done, and the caller takes the run for cancelled",
)
async def an_unclaimed_cancellation_is_refused(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        await subject.require_lack("cancel")
        run = await talk.start()
        with refused(UnsupportedCapability, "a cancellation"):
            await run.cancel()
        record = await settled(run)
    expect_equal(record.status, "completed", "the status")


@check(
    rule="Capabilities.cancel, not claimed: the client refuses, too, and leaves the run as it is",
    trap="none of a backend's: the client asks what is claimed",
)
async def an_unclaimed_cancellation_is_refused_by_the_client(subject: Subject) -> None:
    await subject.require_backend()
    await subject.require_lack("cancel")
    async with subject.talk(subject.scenarios.answer("Hello.").message) as talk:
        run = await talk.run().start()
        with refused(UnsupportedCapability, "a cancellation"):
            await run.cancel()
        record = await run.wait()
    expect_equal(record.status, "completed", "the status")


async def _expect_cancelled(subject: Subject, run: Run) -> None:
    limit = subject.patience.prompt
    with anyio.move_on_after(limit) as scope:
        await settled(run)
    expect(not scope.cancelled_caught, f"a run that ends within {limit} s", run.record.status)
    expect_equal(run.record.status, "cancelled", "the status")
