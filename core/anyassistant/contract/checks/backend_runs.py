"""Runs that a full backend keeps."""

from __future__ import annotations

from ...errors import InvalidRequest, NotFound, ThreadBusy
from ...protocols import RunParams, ThreadParams
from ...types import PageQuery
from ..asked_by_run import settled
from ..catalogue import Group
from ..conversation import Conversation, listed, refused, said
from ..kit_tools import TIME, WEATHER
from ..subject import Reported, Subject
from ..verdicts import expect, expect_equal

check = Group("backend runs")


@check(
    rule="Thread.create_run, follow False: the run goes on though nobody listens",
    trap="the work is done by whoever reads the stream",
)
async def a_run_that_nobody_follows_completes(subject: Subject) -> None:
    scene = subject.scenarios.answer("Nobody listens.")
    async with subject.conversation(scene.message) as talk:
        run = await talk.run()
        page = await talk.thread.list_messages(PageQuery(order="desc", limit=1))
    expect_equal(run.record.status, "completed", "the status")
    text = page.data[0].text
    expect(scene.answer in (None, text), f"the answer {scene.answer!r}", text)


@check(
    rule="Thread.create_run: the record of a run of this assistant, on this thread",
    trap="a run is handed out before the service has given it its id",
)
async def a_run_names_its_assistant_and_its_thread(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        run = await talk.start(metadata={"team": "kit"})
        first = run.record
        await settled(run)
    came = (first.assistant_id, first.thread_id, dict(first.metadata))
    wanted = (talk.assistant.record.id, talk.thread.record.id, {"team": "kit"})
    expect_equal(came, wanted, "assistant, thread and metadata")
    expect(bool(first.id), "an id", first.id)


@check(
    rule="Thread.get_run: a run by id, after the fact, and from any process",
    trap="runs are kept by the object that began them",
)
async def a_run_is_found_by_its_id(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        record = (await talk.run()).record
    async with subject.backend() as provider:
        thread = await provider.get_thread(record.thread_id)
        found = (await thread.get_run(record.id)).record
    expect_equal(found, record, "the run")


@check(
    rule="Thread.get_run: NotFound where there is none of that id",
    trap="the service's 404 is a ProviderError",
)
async def an_unknown_run_is_not_found(subject: Subject) -> None:
    async with subject.conversation("Hello.") as talk:
        with refused(NotFound, "a run"):
            await talk.thread.get_run("run_contract_unknown")


@check(
    rule="Thread.get_run: a run of this thread",
    trap="runs are looked up by their id alone",
)
async def a_run_of_another_thread_is_not_found(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        run = await talk.run()
        other = await talk.provider.create_thread(ThreadParams())
        with refused(NotFound, "a run of another thread"):
            await other.get_run(run.record.id)


@check(
    rule="Thread.list_runs: those of the thread, by creation, in both orders and page by page",
    trap="the newest run alone is known, or those of all threads are listed",
)
async def runs_are_listed_in_both_orders(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        ids = [(await talk.run()).record.id for _ in range(3)]
        down = await talk.thread.list_runs(PageQuery())
        page = await talk.thread.list_runs(PageQuery(limit=1, order="asc", after=ids[0]))
    expect_equal(listed(down.data), ids[::-1], "the runs, newest first")
    expect_equal((listed(page.data), page.has_more), ([ids[1]], True), "a page of one, and that others follow")


@check(
    rule="Thread.create_run raises ThreadBusy, which names the open run",
    trap="a second run is begun beside the first, and both write into the thread",
)
async def a_second_run_is_refused(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.stay_busy().message) as talk:
        run = await talk.start()
        with refused(ThreadBusy, "a second run") as errors:
            await talk.start()
        named = [error.run_id for error in errors if isinstance(error, ThreadBusy)]
        if (await subject.claims()).cancel:
            await run.cancel()
    expect(named in ([run.record.id], [""]), f"ThreadBusy of {run.record.id}, or of no id", named)


@check(
    rule='Concepts, "The life of a run": a lock ends with its run',
    trap="a thread is free a while after the run has told its end, or never where the run failed",
)
async def a_run_that_has_ended_frees_its_thread(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.fail("server_error", "The service is ill.").message) as talk:
        await talk.run()
        await talk.add(subject.scenarios.answer("Better now?").message)
        run = await talk.run()
    expect_equal(run.record.status, "completed", "the status of the next run")


@check(
    rule="Run.refresh: the run as it is now, which becomes `record`",
    trap="the fresh record is given and not kept, or what was first seen is given for ever",
)
async def a_refresh_becomes_the_record(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        run = await talk.start()
        await settled(await talk.thread.get_run(run.record.id))  # by another object
        record = await run.refresh()
    expect_equal((record.status, run.record), ("completed", record), "the status and `record`")


@check(
    rule="Thread.create_run: NotFound or another InvalidRequest where there is no such assistant",
    trap="the run is begun, and fails",
)
async def a_run_of_an_unknown_assistant_is_refused(subject: Subject) -> None:
    async with subject.conversation("Hello.") as talk:
        with refused(InvalidRequest, "a run"):
            await talk.thread.create_run(RunParams("asst_contract_unknown"), executor=None, follow=False)
        page = await talk.thread.list_runs(PageQuery())
    expect_equal(listed(page.data), [], "the runs that exist")


@check(
    rule="RunParams: None means what the assistant says",
    trap="a field that the run does not set is sent as null, which takes away the assistant's",
)
async def an_assistants_settings_hold_for_its_runs(subject: Subject) -> None:
    settings = {"instructions": "Be brief.", "temperature": 0.0, "top_p": 0.5}
    async with subject.conversation(subject.scenarios.report().message, **settings) as talk:
        report = await _reported(subject, talk)
    for name, value in settings.items():
        expect_equal(report[name], value, f"`{name}`")


@check(
    rule="RunParams: what a run sets is instead of what the assistant says",
    trap="options of a run are dropped, as most runs have none; `if params.temperature:` takes 0 for absent",
)
async def a_runs_settings_are_instead_of_the_assistants(subject: Subject) -> None:
    settings = {"instructions": "Be loud.", "temperature": 0.0, "top_p": 1.0}
    before = {"instructions": "Be brief.", "temperature": 1.0, "top_p": 0.5}
    async with subject.conversation(subject.scenarios.report().message, **before) as talk:
        report = await _reported(subject, talk, **settings)
    for name, value in settings.items():
        expect_equal(report[name], value, f"`{name}`")


@check(
    rule="RunParams.model: the model of this run, and of its record",
    trap="the assistant's model is asked whatever the run says",
)
async def a_runs_model_is_asked(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.report().message, model="another-model") as talk:
        report = await _reported(subject, talk, model=subject.model)
    expect_equal(report["model"], subject.model, "the model")


@check(
    rule="RunParams.tools: the run's tools instead of the assistant's",
    trap="the run's tools are added to the assistant's, or an empty list is taken for none given",
)
async def a_runs_tools_are_instead_of_the_assistants(subject: Subject) -> None:
    await subject.require("tools")
    async with subject.conversation(subject.scenarios.report().message, tools=[WEATHER]) as talk:
        came = [(await _reported(subject, talk))["tools"]]
        for tools in ([TIME], []):
            await talk.add(subject.scenarios.report().message)
            came.append((await _reported(subject, talk, tools=tools))["tools"])
    expect_equal(came, [[WEATHER.name], [TIME.name], []], "the tools of the assistant, of a run, and of one without")


@check(
    rule="RunParams.additional_instructions: behind the assistant's",
    trap="they are sent instead of the assistant's, or not at all",
)
async def additional_instructions_are_added(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.report().message, instructions="Be brief.") as talk:
        came = str((await _reported(subject, talk, additional_instructions="Be kind."))["instructions"])
    expect("Be brief." in came and "Be kind." in came, "both instructions", came)


@check(
    rule="RunParams.additional_messages: in the thread before the run, in order",
    trap="they are shown to the model and not kept",
)
async def additional_messages_are_kept(subject: Subject) -> None:
    scene = subject.scenarios.answer("And three.")
    async with subject.conversation("One.") as talk:
        await talk.run(additional_messages=[said("Two."), said(scene.message)])
        page = await talk.thread.list_messages(PageQuery(order="asc"))
    expect_equal([one.text for one in page.data[:3]], ["One.", "Two.", scene.message], "the messages")
    expect_equal([one.role for one in page.data], ["user"] * 3 + ["assistant"], "the roles")


@check(
    rule="RunRecord.last_error: a run that failed has a code and a message",
    trap="the status is `failed`, and why is in the service's log alone",
)
async def a_run_that_failed_has_a_code(subject: Subject) -> None:
    scene = subject.scenarios.fail("rate_limit_exceeded", "The service has enough to do.")
    async with subject.conversation(scene.message) as talk:
        record = (await talk.run()).record
    code = None if record.last_error is None else record.last_error.code
    expect_equal((record.status, code), ("failed", "rate_limit_exceeded"), "the status and the code")


@check(
    rule="Capabilities.usage, claimed: a run that has ended tells its tokens",
    trap="usage is that of the last model call, or comes after the end",
)
async def claimed_usage_is_told(subject: Subject) -> None:
    await subject.require("usage")
    async with subject.conversation(subject.scenarios.answer("Hello there.").message) as talk:
        usage = (await talk.run()).record.usage
    is_told = usage is not None and usage.prompt_tokens > 0 and usage.completion_tokens > 0
    expect(is_told, "tokens of prompt and answer", usage)


@check(
    rule='Assistants v2 reference, "The run object": times in seconds, and in order',
    trap="times in milliseconds, or in the server's time zone",
)
async def a_run_has_its_times(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        record = (await talk.run()).record
    times = [record.created_at, record.completed_at]
    known = [one for one in times if one is not None]
    is_sound = len(known) == 2 and known == sorted(known) and 10**9 < known[0] < 10**11
    expect(is_sound, "created and completed, in UTC epoch seconds", times)


@check(
    rule="Run.list_steps: an answer is one step, `message_creation`, which names the message",
    trap="steps are made up with ids that change each time",
)
async def an_answer_is_one_step(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        run = await talk.run()
        steps = (await run.list_steps(PageQuery(order="asc"))).data
        again = (await run.list_steps(PageQuery(order="asc"))).data
        page = await talk.thread.list_messages(PageQuery(run_id=run.record.id))
    came = [(one.type, one.status, one.message_id) for one in steps]
    expect_equal(came, [("message_creation", "completed", page.data[0].id)], "the steps")
    expect_equal([one.id for one in again], [one.id for one in steps], "the ids of the steps")


async def _reported(subject: Subject, talk: Conversation, **params: object) -> Reported:
    """What reached the model of a run, as it says itself."""
    run = await talk.run(**params)
    page = await talk.thread.list_messages(PageQuery(run_id=run.record.id))
    expect(bool(page.data), "an answer", run.record)
    return subject.read_report(page.data[0].text)
