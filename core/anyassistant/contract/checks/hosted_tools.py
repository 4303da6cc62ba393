"""Tools that a service runs itself: kept with what they work on, or refused on behalf of whoever has none."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from uuid import uuid4

from ...errors import UnsupportedCapability
from ...protocols import AssistantParams, MessageParams, Provider, ThreadParams
from ...types import Attachment, HostedTool, Message, PageQuery, Text
from ..catalogue import Group
from ..conversation import optional, refused
from ..kit_tools import WEATHER
from ..subject import Subject
from ..uploaded import stored, uploaded
from ..verdicts import expect, expect_equal

check = Group("hosted tools")

NAMELESS = {"file_search": {"vector_store_ids": ["vs_contract"]}}
"""Resources that nobody looks at."""


@check(
    rule="AssistantParams.hosted_tools, claimed: kept beside the functions, with what they are told",
    trap="their options are left out, or they come back among `tools`",
)
async def an_assistant_keeps_its_hosted_tools(subject: Subject) -> None:
    await subject.require_backend("hosted_tools")
    functions = [WEATHER] if (await subject.claims()).tools else []
    tool = subject.scenarios.hosted_tool
    params = AssistantParams(model=subject.model, tools=functions, hosted_tools=[tool])
    async with subject.backend() as provider:
        made = (await provider.create_assistant(params)).record
        found = (await provider.get_assistant(made.id)).record
    for record in (made, found):
        _expect_tools(record.hosted_tools, [tool])
        expect_equal([one.name for one in record.tools], [one.name for one in functions], "the functions beside them")


@check(
    rule="AssistantParams.tool_resources, claimed: they come back as given",
    trap="they are sent with a thread alone",
)
async def an_assistant_keeps_its_resources(subject: Subject) -> None:
    async with _with_resources(subject) as (provider, resources):
        tools = [HostedTool("file_search")]
        params = AssistantParams(model=subject.model, hosted_tools=tools, tool_resources=resources)
        made = await provider.create_assistant(params)
        found = await provider.get_assistant(made.record.id)
    _expect_resources(found.record.tool_resources, resources)


@check(
    rule="Assistant.update: replaces what the assistant is, its hosted tools too; optional",
    trap="hosted tools of before stay where the update has none",
)
async def an_update_replaces_the_hosted_tools(subject: Subject) -> None:
    await subject.require_backend("hosted_tools")
    tool = subject.scenarios.hosted_tool
    async with subject.backend() as provider:
        made = await provider.create_assistant(AssistantParams(model=subject.model, hosted_tools=[tool]))
        with optional():
            await made.update(AssistantParams(model=subject.model, instructions="Be brief."))
        found = await provider.get_assistant(made.record.id)
    _expect_tools(found.record.hosted_tools, [])


@check(
    rule="RunRecord.hosted_tools: those of its assistant, and no call of them waits for anybody here",
    trap="the run's record has functions alone",
)
async def a_run_has_its_assistants_hosted_tools(subject: Subject) -> None:
    await subject.require_backend("hosted_tools")
    tool = subject.scenarios.hosted_tool
    async with subject.conversation(subject.scenarios.answer("Hello.").message, hosted_tools=[tool]) as talk:
        run = await talk.run()
        found = await talk.thread.get_run(run.record.id)
    _expect_tools(found.record.hosted_tools, [tool])
    expect_equal((run.record.status, list(run.record.pending_calls)), ("completed", []), "the run's end, and its calls")


@check(
    rule="ToolCall.hosted: what the service did itself is a call of a step, and the run goes on without anybody here",
    trap="it is told as a pending call, or its step has no calls",
)
async def calls_of_hosted_tools_are_seen_in_steps(subject: Subject) -> None:
    await subject.require_backend("hosted_tools")
    tool, scene = subject.scenarios.hosted_tool, subject.scenarios.use_hosted_tool()
    async with subject.conversation(scene.message, hosted_tools=[tool]) as talk:
        run = await talk.run()
        steps = (await run.list_steps(PageQuery(order="asc"))).data
    expect_equal((run.record.status, list(run.record.pending_calls)), ("completed", []), "the run's end, and its calls")
    calls = [call for step in steps for call in step.tool_calls]
    expect(bool(calls), "a call in the steps", steps)
    expect_equal(
        {(call.name, call.hosted is not None) for call in calls}, {(tool.type, True)}, "calls of the service's"
    )


@check(
    rule="RunParams.tools: the run's instead of the assistant's; then its `hosted_tools` are too, none or some",
    trap="a run without hosted tools of its own has the assistant's, whatever `tools` are",
)
async def a_runs_hosted_tools_are_instead_of_the_assistants(subject: Subject) -> None:
    await subject.require_backend("hosted_tools")
    tool, scene = subject.scenarios.hosted_tool, subject.scenarios.answer("Hello.")
    async with subject.backend() as provider:
        one = await subject.converse(provider, scene.message, hosted_tools=[tool])
        without = await one.run(tools=())
        other = await subject.converse(provider, scene.message)
        having = await other.run(tools=(), hosted_tools=[tool])
    _expect_tools(without.record.hosted_tools, [])
    _expect_tools(having.record.hosted_tools, [tool])


@check(
    rule="ThreadParams.tool_resources, claimed: they come back as given",
    trap="they are sent with an assistant alone",
)
async def a_thread_keeps_its_resources(subject: Subject) -> None:
    async with _with_resources(subject) as (provider, resources):
        made = await provider.create_thread(ThreadParams(tool_resources=resources))
        found = await provider.get_thread(made.record.id)
    _expect_resources(found.record.tool_resources, resources)


@check(
    rule="Thread.update: replaces the resources where some are given, and leaves them where none are; optional",
    trap="resources that are not given are taken for none",
)
async def an_update_of_a_thread_keeps_or_replaces_its_resources(subject: Subject) -> None:
    async with _with_resources(subject) as (provider, resources):
        made = await provider.create_thread(ThreadParams(metadata={"team": "kit"}))
        with optional():
            await made.update({"team": "kit"}, tool_resources=resources)
        await made.update({"team": "other"})
        found = await provider.get_thread(made.record.id)
    _expect_resources(found.record.tool_resources, resources)


@check(
    rule="MessageParams.attachments, claimed: a message comes back with them",
    trap="they are sent and not read again",
)
async def the_attachments_of_a_message_come_back(subject: Subject) -> None:
    await subject.require_backend("hosted_tools", "files")
    async with subject.backend() as provider, uploaded(provider) as file:
        thread = await provider.create_thread(ThreadParams())
        attached = [Attachment(file.id, ("file_search",))]
        made = await thread.create_message(MessageParams([Text("Read this.")], attachments=attached))
        found = await thread.get_message(made.id)
        page = await thread.list_messages(PageQuery())
    wanted = [[(file.id, ["file_search"])]] * 3
    expect_equal(_attached([made, found, *page.data]), wanted, "what is attached when it is made, found and listed")


@check(
    rule="ThreadParams.messages: attachments of a thread's first messages are kept, too",
    trap="they are left out of the request that makes the thread",
)
async def the_attachments_of_first_messages_come_back(subject: Subject) -> None:
    await subject.require_backend("hosted_tools", "files")
    async with subject.backend() as provider, uploaded(provider) as file:
        params = MessageParams([Text("Read this.")], attachments=[Attachment(file.id, ("file_search",))])
        thread = await provider.create_thread(ThreadParams([params]))
        page = await thread.list_messages(PageQuery())
    expect_equal(_attached(page.data), [[(file.id, ["file_search"])]], "what is attached to the messages")


@check(
    rule="Capabilities.hosted_tools, not claimed: an assistant with one is refused, and not made",
    trap="none of a provider's: the client refuses on its behalf",
)
async def unclaimed_hosted_tools_are_refused(subject: Subject) -> None:
    await _require_lack(subject)
    name = uuid4().hex
    async with subject.client() as client:
        with _expect_refused("an assistant"):
            await client.assistants.create(name=name, model=subject.model, tools=[subject.scenarios.hosted_tool])
        page = await client.assistants.list().page()
    expect(name not in [one.record.name for one in page.data], "no assistant", name)


@check(
    rule="Capabilities.hosted_tools, not claimed: `tool_resources` are refused, and nothing is made",
    trap="none of a provider's: the client refuses on its behalf",
)
async def unclaimed_resources_are_refused(subject: Subject) -> None:
    await _require_lack(subject)
    name = uuid4().hex
    async with subject.client() as client:
        with _expect_refused("an assistant"):
            await client.assistants.create(name=name, model=subject.model, tool_resources=NAMELESS)
        with _expect_refused("a thread"):
            await client.threads.create(metadata={"name": name}, tool_resources=NAMELESS)
        assistants, threads = await client.assistants.list().page(), await client.threads.list().page()
    expect(name not in [one.record.name for one in assistants.data], "no assistant", name)
    expect(name not in [one.record.metadata.get("name") for one in threads.data], "no thread", name)


@check(
    rule="Capabilities.hosted_tools, not claimed: a message with attachments is refused, and not kept",
    trap="none of a provider's: the client refuses on its behalf",
)
async def unclaimed_attachments_are_refused(subject: Subject) -> None:
    await _require_lack(subject)
    name = uuid4().hex
    async with subject.client() as client:
        with _expect_refused("a thread"):
            await client.threads.create(metadata={"name": name}, messages=[["Read.", Attachment("file_contract")]])
        threads = await client.threads.list().page()
        thread = await client.threads.create()
        with _expect_refused("a message"):
            await thread.add("Read.", attachments=[Attachment("file_contract")])
        messages = await thread.messages().page()
    expect(name not in [one.record.metadata.get("name") for one in threads.data], "no thread", name)
    expect_equal([one.id for one in messages.data], [], "the messages")


@check(
    rule="Capabilities.hosted_tools, not claimed: a run with one, or with attachments, is refused before it exists",
    trap="none of a provider's: the client refuses on its behalf",
)
async def a_run_with_unclaimed_hosted_tools_is_refused(subject: Subject) -> None:
    await _require_lack(subject)
    async with subject.talk("Hello.") as talk:
        with _expect_refused("a run"):
            await talk.run(tools=[subject.scenarios.hosted_tool]).start()
        with _expect_refused("a run"):
            await talk.run(additional_messages=[["Read.", Attachment("file_contract")]]).start()
        runs = await talk.client.runs.list(thread_id=talk.thread.id).page()
        messages = await talk.thread.messages().page()
    expect_equal([one.id for one in runs.data], [], "the runs")
    expect_equal(len(messages.data), 1, "the number of messages")


async def _require_lack(subject: Subject) -> None:
    """Go on where it is not claimed, or claimed by a chat model: hosting has no place for these tools."""
    if await subject.is_backend():
        await subject.require_lack("hosted_tools")


@asynccontextmanager
async def _with_resources(subject: Subject) -> AsyncGenerator[tuple[Provider, Mapping[str, object]], None]:
    """A backend, and resources that are there."""
    await subject.require_backend("hosted_tools", "files")
    async with subject.backend() as provider, uploaded(provider) as file, stored(provider, file.id) as store:
        yield provider, {"file_search": {"vector_store_ids": [store.id]}}


@contextmanager
def _expect_refused(came: str) -> Iterator[None]:
    with refused(UnsupportedCapability, came) as errors:
        yield
    named = [error.capability for error in errors if isinstance(error, UnsupportedCapability)]
    expect_equal(named, ["hosted_tools"], "the capability that is named")


def _expect_tools(found: Sequence[HostedTool], wanted: Sequence[HostedTool]) -> None:
    """These, in order; a service may tell of options that it was not given."""
    expect_equal([one.type for one in found], [one.type for one in wanted], "the hosted tools")
    for one, asked in zip(found, wanted, strict=True):
        told = {name: one.options.get(name) for name in asked.options}
        expect_equal(told, dict(asked.options), f"the options of {one.type}")


def _expect_resources(found: Mapping[str, object] | None, wanted: Mapping[str, object]) -> None:
    """These; a service may tell of tools for which there are none."""
    expect_equal({name: (found or {}).get(name) for name in wanted}, wanted, "the resources")


def _attached(messages: Sequence[Message]) -> list[list[tuple[str, list[str]]]]:
    return [[(one.file_id, list(one.tools)) for one in message.attachments] for message in messages]
