"""What is streamed is what is stored and what is polled."""

from __future__ import annotations

from contextlib import aclosing

from ...types import MessageDeltaEvent, RunEvent
from ..catalogue import Group
from ..subject import Subject, exactly
from ..verdicts import Unmet, expect, expect_equal

check = Group("streaming")

ODD = "  two  spaces,\ta tab,\n\n  an empty line; the end. "


@check(
    rule="Capabilities.streaming, claimed: text comes as it is made",
    trap="the whole body is read before the first delta is given (`response.json()`, `aread()`)",
)
async def a_claimed_stream_comes_in_pieces(subject: Subject) -> None:
    await subject.require("streaming")
    answer = await subject.ask(subject.scenarios.long_answer(20), max_completion_tokens=subject.tokens(20))
    expect(len(answer.pieces) > 1, "several pieces of text", answer.pieces)


@check(
    rule="Capabilities.streaming, claimed: text comes as it is made",
    trap="deltas are gathered in a list until the service has ended, and then given one by one",
)
async def a_claimed_stream_is_not_held_back(subject: Subject) -> None:
    await subject.require("streaming")
    await subject.require_chat_model("the events of a full backend may be read when the run has ended")
    subject.scenarios.is_answering()  # where that cannot be shown, nothing is asked in vain
    request = subject.request(subject.scenarios.long_answer(200), max_completion_tokens=subject.tokens(200))
    async with subject.open() as model, aclosing(model.respond(request)) as deltas:
        async for delta in deltas:
            if delta.text:
                expect(subject.scenarios.is_answering(), "a first piece before the last was sent", "none before")
                return
    raise Unmet("pieces of text", "none")


@check(
    rule="Capabilities.streaming, not claimed: text comes in one piece",
    trap="the capability is forgotten in the claims",
)
async def an_unclaimed_stream_comes_in_one_piece(subject: Subject) -> None:
    await subject.require_lack("streaming")
    answer = await subject.ask(subject.scenarios.answer("One piece, please."))
    expect(len(answer.pieces) <= 1, "one piece of text", answer.pieces)


@check(
    rule="ModelDelta.text is what the model said, white space included",
    trap="pieces are stripped, or lines are read with `splitlines` and joined without their ends",
)
async def white_space_is_kept(subject: Subject) -> None:
    scene = subject.scenarios.answer(ODD)
    wanted = exactly(scene)
    expect_equal((await subject.ask(scene)).text, wanted, "the text")


@check(
    rule="stream = stored: the message's deltas together are the message",
    trap="a piece is given twice, once as a delta and once in a last chunk with the whole text",
)
async def the_deltas_are_the_stored_message(subject: Subject) -> None:
    scene = subject.scenarios.answer("A few words to stream.")
    async with subject.talk(scene.message) as talk:
        run = talk.run()
        streamed = "".join([one.text async for one in run.events() if isinstance(one, MessageDeltaEvent)])
        stored = [one.text async for one in run.messages()]
    expect_equal([streamed], stored, "the deltas to be the message")
    if scene.answer is not None:
        expect_equal(streamed, scene.answer, "the text")


@check(
    rule="stream = polled: the last event has the run as it is read later",
    trap="usage is told after the end, when the run has been written",
)
async def the_last_event_is_the_polled_run(subject: Subject) -> None:
    async with subject.talk(subject.scenarios.answer("Hello.").message) as talk:
        run = talk.run()
        streamed = [one.data async for one in run.events() if isinstance(one, RunEvent)]
        polled = await run.wait()
    expect_equal(streamed[-1], polled, "the run of the last event to be")


@check(
    rule="events(after=n) replays, and goes on live: every number once",
    trap="a model of which a run is read twice is asked twice",
)
async def a_replay_tells_the_same(subject: Subject) -> None:
    async with subject.talk(subject.scenarios.answer("Hello, and again.").message) as talk:
        run = talk.run()
        live = [one async for one in run.events()]
        again = [one async for one in run.events()]
        half = live[len(live) // 2].sequence
        rest = [one async for one in run.events(after=half)]
    texts = ["".join(one.text for one in told if isinstance(one, MessageDeltaEvent)) for told in (live, again)]
    expect_equal(texts[1], texts[0], "the replayed text")
    names = [one.event for one in live if not isinstance(one, MessageDeltaEvent)]
    expect_equal([one.event for one in again if not isinstance(one, MessageDeltaEvent)], names, "the replayed events")
    expect(all(one.sequence > half for one in rest), f"events after {half}", [one.sequence for one in rest])
    expect(rest[-1].event == live[-1].event, "the same end", rest[-1].event)


@check(
    rule="A run goes on whether or not anybody reads its events",
    trap="work is done only while the generator is iterated by somebody who waits for it",
)
async def a_run_that_nobody_reads_completes(subject: Subject) -> None:
    scene = subject.scenarios.answer("Nobody listens.")
    async with subject.talk(scene.message) as talk:
        run = await talk.run().start()
        record = await run.wait()
        stored = [one.text async for one in run.messages()]
    expect_equal(record.status, "completed", "the status")
    expect(scene.answer is None or stored == [scene.answer], f"the message {scene.answer!r}", stored)


@check(
    rule="Leaving a stream early detaches from the run, which goes on",
    trap="closing one reader's stream closes the connection that another uses",
)
async def a_reader_who_leaves_does_not_end_the_run(subject: Subject) -> None:
    scene = subject.scenarios.long_answer(30)
    async with subject.talk(scene.message) as talk:
        run = talk.run(max_completion_tokens=400)
        stream = run.events()
        async for event in stream:
            if isinstance(event, MessageDeltaEvent):
                break
        await stream.aclose()
        record = await run.wait()
        stored = "".join([one.text async for one in run.messages()])
    if record.status not in ("completed", "incomplete"):
        raise Unmet("a run that ended by itself", f"{record.status}: {record.last_error}")
    expect(scene.answer is None or stored == scene.answer, "the whole answer", stored)
