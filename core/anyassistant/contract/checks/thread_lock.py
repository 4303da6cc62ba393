"""One open run per thread, and a lock that ends with it."""

from __future__ import annotations

import anyio

from ...errors import ThreadBusy
from ..catalogue import Group
from ..subject import Subject
from ..verdicts import Unmet, expect, expect_equal

check = Group("thread lock")


@check(
    rule='Concepts, "The life of a run", open runs: a second run is refused with ThreadBusy, which names the open one',
    trap="a backend hands on its service's own error, not ThreadBusy with `run_id`; the store locks for a model",
)
async def a_second_run_is_refused(subject: Subject) -> None:
    await subject.require_cancel()
    async with subject.talk(subject.scenarios.stay_busy().message) as talk:
        run = await talk.run().start()
        try:
            await talk.run().start()
        except ThreadBusy as error:
            expect_equal(error.run_id, run.id, "the open run")
        else:
            raise Unmet("ThreadBusy", "a second run")
        await run.cancel()
        await run.wait()


@check(
    rule='Concepts, "The life of a run", open runs: a message is refused while a run is open',
    trap="a backend's service takes the message, and the run does not see it; the store locks for a model",
)
async def a_message_is_refused_meanwhile(subject: Subject) -> None:
    await subject.require_cancel()
    async with subject.talk(subject.scenarios.stay_busy().message) as talk:
        run = await talk.run().start()
        try:
            await talk.thread.add("Too early.")
        except ThreadBusy as error:
            expect_equal(error.run_id, run.id, "the open run")
        else:
            raise Unmet("ThreadBusy", "a message")
        await run.cancel()
        await run.wait()


@check(
    rule='Concepts, "The life of a run": a lock ends with its run, whatever ended it',
    trap="a model call that was cancelled goes on, and holds the run open",
)
async def a_cancelled_run_frees_its_thread_promptly(subject: Subject) -> None:
    await subject.require_cancel()
    async with subject.talk(subject.scenarios.stay_busy().message) as talk:
        run = await talk.run().start()
        began = anyio.current_time()
        await run.cancel()
        await run.wait()
        await talk.thread.add("Free again.")
        seconds = anyio.current_time() - began
    limit = subject.patience.prompt
    expect(seconds < limit, f"a free thread within {limit} s", f"after {seconds:.1f} s")


@check(
    rule='Concepts, "The life of a run": a lock ends with its run, whatever ended it',
    trap="a failure that is no ProviderError leaves something half done in the model",
)
async def a_failed_run_frees_its_thread(subject: Subject) -> None:
    answers = subject.scenarios.answer("Better now?")
    async with subject.talk(subject.scenarios.fail("server_error", "The service is ill.").message) as talk:
        failed = await talk.run().wait()
        expect_equal(failed.status, "failed", "the status")
        result = await talk.say(answers.message)
    expect(answers.answer is None or result.text == answers.answer, f"the answer {answers.answer!r}", result.text)


@check(
    rule='Concepts, "The life of a run": a lock ends with its run, whatever ended it',
    trap="a backend refuses what follows until its service has tidied up; the store unlocks for a model",
)
async def a_completed_run_frees_its_thread(subject: Subject) -> None:
    async with subject.talk(subject.scenarios.answer("Hello.").message) as talk:
        await talk.result()
        await talk.thread.add("Free again.")
        expect(await talk.thread.resume() is None, "no open run", "one")
