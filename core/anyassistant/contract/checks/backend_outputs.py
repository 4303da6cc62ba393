"""Runs of a full backend that pause for outputs, and go on with them."""

from __future__ import annotations

import anyio

from ...errors import InvalidRequest
from ...types import Event, MessageDeltaEvent, PageQuery, RunEvent, RunRecord, ToolOutput
from ..answers import AnsweredCall
from ..asked_by_run import settled
from ..catalogue import Group
from ..conversation import listen, refused
from ..kit_tools import IN_PARIS, IN_ROME, TIME, TIME_IN_PARIS, WEATHER, expect_call
from ..subject import Subject
from ..verdicts import expect, expect_equal

check = Group("backend tool outputs")

RESTING = 0.1
"""Seconds for which a run that rests is looked at."""


@check(
    rule="RunRecord.pending_calls: a run that pauses names the calls that it waits for",
    trap="the calls are told in the stream alone, and nobody who asks later finds them",
)
async def a_run_that_pauses_names_its_calls(subject: Subject) -> None:
    await subject.require_backend("tools")
    async with subject.conversation(subject.scenarios.call(IN_PARIS).message, tools=[WEATHER]) as talk:
        record = (await talk.run()).record
    expect_equal(record.status, "requires_action", "the status")
    expect_equal(len(record.pending_calls), 1, "the number of pending calls")
    [call] = record.pending_calls
    expect_call(AnsweredCall(call.name, call.arguments, call.id), IN_PARIS)
    expect_equal(call.waits_for, "output", "what it waits for")


@check(
    rule='Concepts, "The life of a run": a run rests until it has its outputs',
    trap="it goes on without them after a moment, or with an empty one",
)
async def a_run_rests_until_it_has_outputs(subject: Subject) -> None:
    await subject.require_backend("tools")
    async with subject.conversation(subject.scenarios.call(IN_PARIS).message, tools=[WEATHER]) as talk:
        run = await talk.run()
        before = run.record
        await anyio.sleep(RESTING)
        after = await run.refresh()
        found = (await talk.thread.get_run(before.id)).record
    expect_equal((after, found), (before, before), "the run to stay")


@check(
    rule="Run.events: until the run ends or needs action",
    trap="the stream stays open while the run rests, and who reads it hears nothing more",
)
async def a_stream_ends_where_the_run_pauses(subject: Subject) -> None:
    await subject.require_streaming_backend("tools")
    async with subject.conversation(subject.scenarios.call(IN_PARIS).message, tools=[WEATHER]) as talk:
        events: list[Event] = []
        with anyio.move_on_after(subject.patience.prompt) as scope:
            events = await listen(await talk.start(follow=True))
    expect(not scope.cancelled_caught, f"the end of the stream within {subject.patience.prompt} s", "none")
    last = events[-1] if events else None
    expect(isinstance(last, RunEvent) and bool(last.data.pending_calls), "an event with the pending calls", last)


@check(
    rule="Run.submit_tool_outputs: the run goes on once all have one, and the model is told them",
    trap="the call's id is not sent as it came",
)
async def outputs_lead_to_an_answer(subject: Subject) -> None:
    await subject.require_backend("tools")
    async with subject.conversation(subject.scenarios.call(IN_PARIS).message, tools=[WEATHER]) as talk:
        run = await talk.run()
        await run.submit_tool_outputs(_outputs(run.record, "sunny"), follow=False)
        record = await settled(run)
        page = await talk.thread.list_messages(PageQuery(run_id=record.id))
    expect_equal((record.status, record.pending_calls), ("completed", ()), "the status and the pending calls")
    wanted = subject.scenarios.answer_to_outputs(["sunny"])
    text = page.data[0].text if page.data else None
    expect(wanted is None or text == wanted, f"the answer {wanted!r}", text)


@check(
    rule="Run.submit_tool_outputs, follow True: `events` are those of what comes then, to the end",
    trap="a new stream is not asked for, or tells what was told before the pause",
)
async def outputs_are_followed_to_the_end(subject: Subject) -> None:
    await subject.require_streaming_backend("tools")
    async with subject.conversation(subject.scenarios.call(IN_PARIS).message, tools=[WEATHER]) as talk:
        run = await talk.start(follow=True)
        first = await listen(run)
        await settled(run)
        await run.submit_tool_outputs(_outputs(run.record, "sunny"), follow=True)
        after = first[-1].sequence if (await subject.claims()).event_log else 0
        events = [one async for one in run.events(after=after)]
        page = await talk.thread.list_messages(PageQuery(run_id=run.record.id))
    names = [one.event for one in events if isinstance(one, RunEvent)]
    expect(names[-1:] == ["thread.run.completed"] and names.count("thread.run.created") == 0, "the rest alone", names)
    streamed = "".join(one.text for one in events if isinstance(one, MessageDeltaEvent))
    expect_equal([streamed], [one.text for one in page.data], "the deltas to be the message")


@check(
    rule="Run.submit_tool_outputs: all outputs of a turn at once, each for its call",
    trap="outputs are matched by their place in the list, or only the first is sent",
)
async def several_outputs_go_in_at_once(subject: Subject) -> None:
    await subject.require_backend("tools", "parallel_tool_calls")
    async with subject.conversation(subject.scenarios.call(IN_PARIS, IN_ROME).message, tools=[WEATHER]) as talk:
        run = await talk.run()
        ids = [call.id for call in run.record.pending_calls]
        expect(len(set(ids)) == 2, "two calls, with ids that differ", ids)
        outputs = _outputs(run.record, "output 0", "output 1")
        await run.submit_tool_outputs(outputs[::-1], follow=False)
        record = await settled(run)
        page = await talk.thread.list_messages(PageQuery(run_id=record.id))
    wanted = subject.scenarios.answer_to_outputs(["output 0", "output 1"])
    text = page.data[0].text if page.data else None
    expect(wanted is None or text == wanted, f"the answer {wanted!r}", text)


@check(
    rule="Run.list_steps: calls are a step of type `tool_calls`, with their outputs, before that of the answer",
    trap="outputs are not written to the step, or the step has other call ids than the run",
)
async def calls_are_a_step_with_their_outputs(subject: Subject) -> None:
    await subject.require_backend("tools")
    async with subject.conversation(subject.scenarios.call(IN_PARIS).message, tools=[WEATHER]) as talk:
        run = await talk.run()
        [call] = run.record.pending_calls
        open_steps = (await run.list_steps(PageQuery(order="asc"))).data
        await run.submit_tool_outputs([ToolOutput(call.id, "sunny")], follow=False)
        await settled(run)
        steps = (await run.list_steps(PageQuery(order="asc"))).data
    resting = [(one.type, one.status, [made.id for made in one.tool_calls]) for one in open_steps]
    expect_equal(resting[-1:], [("tool_calls", "in_progress", [call.id])], "the open step")
    made = [(one.type, one.status, [(made.id, made.output) for made in one.tool_calls]) for one in steps]
    wanted = [("tool_calls", "completed", [(call.id, "sunny")]), ("message_creation", "completed", [])]
    expect_equal(made[-2:], wanted, "the steps")


@check(
    rule="Run.submit_tool_outputs raises InvalidRequest: the run does not wait for that call",
    trap="an unknown id is ignored, and the run goes on without an output",
)
async def an_output_of_an_unknown_call_is_refused(subject: Subject) -> None:
    await subject.require_backend("tools")
    async with subject.conversation(subject.scenarios.call(IN_PARIS).message, tools=[WEATHER]) as talk:
        run = await talk.run()
        before = run.record
        with refused(InvalidRequest, "a run that goes on"):
            await run.submit_tool_outputs([ToolOutput("call_contract_unknown", "sunny")], follow=False)
        after = await run.refresh()
    expect_equal(after, before, "the run to rest as it did:")


@check(
    rule="Run.submit_tool_outputs raises InvalidRequest: the run has ended",
    trap="the service's refusal is a ProviderError, which looks as if another try made sense",
)
async def outputs_of_a_run_that_has_ended_are_refused(subject: Subject) -> None:
    await subject.require_backend("tools")
    async with subject.conversation(subject.scenarios.call(IN_PARIS).message, tools=[WEATHER]) as talk:
        run = await talk.run()
        outputs = _outputs(run.record, "sunny")
        await run.submit_tool_outputs(outputs, follow=False)
        ended = await settled(run)
        with refused(InvalidRequest, "outputs that are taken"):
            await run.submit_tool_outputs(outputs, follow=False)
        after = await run.refresh()
    expect_equal(after, ended, "the run to stay as it ended:")


@check(
    rule="Run.submit_tool_outputs raises InvalidRequest: the run does not wait",
    trap="outputs are kept for a pause that may come",
)
async def outputs_of_a_run_that_goes_on_are_refused(subject: Subject) -> None:
    await subject.require_backend("tools")
    async with subject.conversation(subject.scenarios.stay_busy().message, tools=[WEATHER]) as talk:
        run = await talk.start()
        with refused(InvalidRequest, "outputs that are taken"):
            await run.submit_tool_outputs([ToolOutput("call_contract_unknown", "sunny")], follow=False)
        if (await subject.claims()).cancel:
            await run.cancel()


@check(
    rule="PendingCall.id: a call's id does not come twice in a run",
    trap="ids count anew in each turn, and the second call is answered with the first one's output",
)
async def calls_of_several_rounds_have_ids_of_their_own(subject: Subject) -> None:
    await subject.require_backend("tools")
    scene = subject.scenarios.call_in_rounds(IN_PARIS, TIME_IN_PARIS)
    async with subject.conversation(scene.message, tools=[WEATHER, TIME]) as talk:
        run = await talk.run()
        ids = [call.id for call in run.record.pending_calls]
        await run.submit_tool_outputs(_outputs(run.record, "sunny"), follow=False)
        record = await settled(run)
        ids += [call.id for call in record.pending_calls]
    expect(len(ids) == len(set(ids)) == 2, "two calls, with ids that differ", ids)


@check(
    rule="Thread.get_run, Run.submit_tool_outputs: whoever has the id can give the outputs",
    trap="the stream, or the object that began the run, is needed to go on with it",
)
async def another_process_gives_the_outputs(subject: Subject) -> None:
    await subject.require_backend("tools")
    async with subject.conversation(subject.scenarios.call(IN_PARIS).message, tools=[WEATHER]) as talk:
        record = (await talk.run()).record
    async with subject.backend() as provider:
        run = await (await provider.get_thread(record.thread_id)).get_run(record.id)
        expect_equal(run.record, record, "the run")
        await run.submit_tool_outputs(_outputs(run.record, "sunny"), follow=False)
        record = await settled(run)
    expect_equal(record.status, "completed", "the status")


def _outputs(record: RunRecord, *outputs: str) -> list[ToolOutput]:
    """Outputs for the calls that a run waits for."""
    expect_equal(len(record.pending_calls), len(outputs), "the number of pending calls")
    return [ToolOutput(call.id, output) for call, output in zip(record.pending_calls, outputs, strict=True)]
