"""What a full backend does not claim, it refuses by itself, before a run exists."""

from __future__ import annotations

from ...errors import InvalidRequest, UnsupportedCapability
from ...protocols import MessageParams, RunParams, ThreadParams
from ...types import Decision, Image, PageQuery, Text
from ..catalogue import Group
from ..conversation import Conversation, listed, refused
from ..kit_tools import IN_PARIS, IN_ROME, WEATHER
from ..subject import Subject
from ..verdicts import NotApplicable, expect, expect_equal

check = Group("backend capabilities")

SCHEMA = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}


@check(
    rule="Provider.name: as registered, and as people write it in config",
    trap="the class's name, or a name with the version in it",
)
async def it_is_named_as_it_is_registered(subject: Subject) -> None:
    async with subject.backend() as provider:
        name = provider.name
    expect(isinstance(name, str) and bool(name), "a name", name)
    expect_equal(name, subject.announced.manifest.name, "the name")


@check(
    rule="Capabilities.tools, not claimed: `create_run` raises UnsupportedCapability",
    trap="the tools are left out of what is sent",
)
async def unclaimed_tools_are_refused(subject: Subject) -> None:
    async with subject.conversation("Hello.") as talk:
        await subject.require_lack("tools")
        await _expect_refused(talk, "tools", RunParams(talk.assistant.record.id, tools=[WEATHER]))


@check(
    rule="Capabilities.json_schema, not claimed: `create_run` raises UnsupportedCapability",
    trap="the format is left out of what is sent",
)
async def an_unclaimed_schema_is_refused(subject: Subject) -> None:
    async with subject.conversation("Hello.") as talk:
        await subject.require_lack("json_schema")
        await _expect_refused(talk, "json_schema", RunParams(talk.assistant.record.id, response_format=SCHEMA))


@check(
    rule="Capabilities.images, not claimed: an image is refused with UnsupportedCapability, with its message or run",
    trap="the image is left out, and the model answers to what it has not seen",
)
async def unclaimed_images_are_refused(subject: Subject) -> None:
    picture = Image(url="https://example.com/picture.png")
    async with subject.backend() as provider:
        await subject.require_lack("images")
        with refused(UnsupportedCapability, "a run that is not told of the image"):
            thread = await provider.create_thread(ThreadParams([MessageParams([Text("What is this?"), picture])]))
            talk = await subject.converse(provider)
            await Conversation(provider, talk.assistant, thread).start()


@check(
    rule="Capabilities.usage, not claimed: a run has none",
    trap="zeros are told, which look as if nothing was used",
)
async def unclaimed_usage_is_not_told(subject: Subject) -> None:
    async with subject.conversation(subject.scenarios.answer("Hello.").message) as talk:
        await subject.require_lack("usage")
        usage = (await talk.run()).record.usage
    expect_equal(usage, None, "the usage")


@check(
    rule="Capabilities.parallel_tool_calls, not claimed: a run waits for one call at a time",
    trap="the capability is forgotten in the claims",
)
async def unclaimed_parallel_calls_never_come(subject: Subject) -> None:
    await subject.require_backend("tools")
    await subject.require_lack("parallel_tool_calls")
    async with subject.conversation(subject.scenarios.call(IN_PARIS, IN_ROME).message, tools=[WEATHER]) as talk:
        pending = (await talk.run()).record.pending_calls
    expect_equal(len(pending), 1, "the number of pending calls")


@check(
    rule="Run.decide: refused, with InvalidRequest or UnsupportedCapability, where no call waits for an approval",
    trap="a decision is taken for an output, and the run goes on",
)
async def a_decision_that_nobody_waits_for_is_refused(subject: Subject) -> None:
    await subject.require_backend("tools")
    async with subject.conversation(subject.scenarios.call(IN_PARIS).message, tools=[WEATHER]) as talk:
        run = await talk.run()
        before = run.record
        if any(call.waits_for == "approval" for call in before.pending_calls):
            raise NotApplicable("the backend holds this call for an approval")
        with refused(InvalidRequest, "a decision that is taken"):
            await run.decide({call.id: Decision(True) for call in before.pending_calls})
        after = await run.refresh()
    expect_equal(after, before, "the run to rest as it did:")


async def _expect_refused(talk: Conversation, capability: str, params: RunParams) -> None:
    with refused(UnsupportedCapability, "a run") as errors:
        await talk.thread.create_run(params, executor=None, follow=False)
    named = [error.capability for error in errors if isinstance(error, UnsupportedCapability)]
    expect_equal(named, [capability], "the capability that is named")
    expect_equal(listed((await talk.thread.list_runs(PageQuery())).data), [], "the runs that exist")
