"""What is left when a full backend's objects are done with, and what is shown of them."""

from __future__ import annotations

from contextlib import aclosing

import anyio

from ...types import PageQuery
from ..asked_by_run import settled
from ..catalogue import Group
from ..conversation import listen
from ..subject import Subject
from ..verdicts import NotApplicable, expect, expect_equal
from .cleanup import open_files, until_gone

check = Group("backend closing")


@check(
    rule="Provider.aclose gives back connections and the like, those of open streams, too",
    trap="a stream keeps its connection and its reading task until the service has said all",
)
async def an_open_stream_is_closed_with_its_provider(subject: Subject) -> None:
    await subject.require_streaming_backend()
    subject.require_several()
    await _leave_a_stream(subject)  # what stays for the process's life is there now
    before = {task.id for task in anyio.get_running_tasks()}
    files = open_files()
    await _leave_a_stream(subject)
    await until_gone(subject, lambda: [one.name for one in anyio.get_running_tasks() if one.id not in before], "tasks")
    await until_gone(subject, lambda: sorted(open_files() - files), "files")


@check(
    rule="Provider.aclose: runs are the service's, and go on",
    trap="what drives a run is a task of the process that began it",
)
async def a_run_goes_on_when_its_client_has_gone(subject: Subject) -> None:
    await subject.require_backend()
    subject.require_several()
    scene = subject.scenarios.wait(0.2)
    async with subject.conversation(scene.message) as talk:
        record = (await talk.start()).record
    async with subject.backend() as provider:
        run = await (await provider.get_thread(record.thread_id)).get_run(record.id)
        status = (await settled(run)).status
    expect_equal(status, "completed", "the status")


@check(
    rule="Provider: two objects do not know of each other; closing one leaves the other",
    trap="a pool or a session is kept at module level, and closed by the first who is done",
)
async def closing_one_leaves_another(subject: Subject) -> None:
    await subject.require_backend()
    subject.require_several()
    async with subject.conversation(subject.scenarios.answer("Still open.").message) as talk:
        async with subject.backend() as other:
            await other.list_assistants(PageQuery(limit=1))
        record = (await talk.run()).record
    expect_equal(record.status, "completed", "the status")


@check(
    rule="The contract, secrets: a key never comes from an object, a record or an event",
    trap="a thread or a run has the client's headers in its repr, or the request in its metadata",
)
async def objects_do_not_show_secrets(subject: Subject) -> None:
    await subject.require_backend()
    if not subject.secrets:
        raise NotApplicable("no secret is known: no setting has one by default, and `secrets` names none")
    streaming = (await subject.claims()).streaming
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        run = await talk.start(follow=streaming)
        told = await listen(run) if streaming else []
        record = await settled(run)
        messages = (await talk.thread.list_messages(PageQuery())).data
        steps = (await run.list_steps(PageQuery())).data
        shown = repr([talk.provider, talk.assistant, talk.thread, run, record, messages, steps, told])
    found = [at for at, secret in enumerate(subject.secrets, 1) if secret in shown]
    expect(not found, "objects without secrets", f"secret number {found} in them")


async def _leave_a_stream(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.long_answer(500).message) as talk:
        run = await talk.start(follow=True)
        async with aclosing(run.events()) as events:
            async for _ in events:
                break
