"""Assistants that a full backend keeps."""

from __future__ import annotations

from ...errors import NotFound
from ...protocols import AssistantParams
from ...types import PageQuery
from ..catalogue import Group
from ..conversation import listed, optional, refused
from ..kit_tools import TIME, WEATHER
from ..subject import Subject
from ..verdicts import expect, expect_equal

check = Group("backend assistants")


@check(
    rule="Provider.get_assistant: an assistant by id, as it was made",
    trap="0 and empty texts are taken for absent, or metadata are kept and not given back",
)
async def an_assistant_is_found_by_its_id(subject: Subject) -> None:
    async with subject.backend() as provider:
        tools = [WEATHER] if (await subject.claims()).tools else []
        params = AssistantParams(
            name="Helper",
            description="Helps.",
            instructions="Be brief.",
            model=subject.model,
            tools=tools,
            temperature=0.0,
            metadata={"team": "kit"},
        )
        made = (await provider.create_assistant(params)).record
    async with subject.backend() as provider:
        found = (await provider.get_assistant(made.id)).record
    expect_equal(found, made, "the assistant")
    came = (found.name, found.description, found.instructions, found.model, found.temperature, dict(found.metadata))
    expect_equal(came, ("Helper", "Helps.", "Be brief.", subject.model, 0.0, {"team": "kit"}), "what it was made of")
    expect_equal([one.name for one in found.tools], [one.name for one in tools], "the tools")


@check(
    rule="Provider.get_assistant raises NotFound: there is none of that id",
    trap="the service's 404 is a ProviderError, or None is given",
)
async def an_unknown_assistant_is_not_found(subject: Subject) -> None:
    async with subject.backend() as provider:
        with refused(NotFound, "an assistant"):
            await provider.get_assistant("asst_contract_unknown")


@check(
    rule="PageQuery.order: by creation, `desc` gives the newest first; PageQuery.after: behind that item",
    trap="the order of the service's own list is given, whatever was asked for",
)
async def assistants_are_listed_in_both_orders(subject: Subject) -> None:
    async with subject.backend() as provider:
        ids = [(await provider.create_assistant(AssistantParams(model=subject.model))).record.id for _ in range(3)]
        up = await provider.list_assistants(PageQuery(order="asc", after=ids[0]))
        down = await provider.list_assistants(PageQuery(order="desc", after=ids[2]))
    expect_equal(listed(up.data, among=ids), ids[1:], "the assistants after the first")
    expect_equal(listed(down.data, among=ids), [ids[1], ids[0]], "the assistants before the last, newest first")


@check(
    rule="PageQuery.limit, Page.has_more: so many at most, and whether others follow",
    trap="`limit` is not sent, or `has_more` is always False",
)
async def pages_of_assistants_follow_one_another(subject: Subject) -> None:
    async with subject.backend() as provider:
        ids = [(await provider.create_assistant(AssistantParams(model=subject.model))).record.id for _ in range(3)]
        page = await provider.list_assistants(PageQuery(limit=1, order="asc", after=ids[0]))
        rest = await provider.list_assistants(PageQuery(limit=1, order="asc", after=ids[1]))
    expect_equal((listed(page.data), page.has_more), ([ids[1]], True), "a page of one, and that others follow")
    expect_equal(listed(rest.data), [ids[2]], "the next page")


@check(
    rule="Assistant.update: replaces what the assistant is; optional",
    trap="what was set before stays where the update does not set it",
)
async def an_update_replaces_what_an_assistant_is(subject: Subject) -> None:
    async with subject.backend() as provider:
        before = AssistantParams(name="Before", instructions="Be brief.", model=subject.model, temperature=0.5)
        assistant = await provider.create_assistant(before)
        after = AssistantParams(name="After", model=subject.model, metadata={"a": "1"})
        with optional():
            record = await assistant.update(after)
        expect_equal(assistant.record, record, "`record`, which was given,")
        found = (await provider.get_assistant(record.id)).record
    expect_equal(found, record, "the assistant")
    came = (found.name, found.instructions or None, found.temperature, dict(found.metadata))
    expect_equal(came, ("After", None, None, {"a": "1"}), "name, instructions, temperature and metadata")


@check(
    rule="Assistant.update: the tools, too, are replaced; optional",
    trap="tools are added to those that are there",
)
async def an_update_replaces_the_tools(subject: Subject) -> None:
    await subject.require("tools")
    async with subject.backend() as provider:
        assistant = await provider.create_assistant(AssistantParams(model=subject.model, tools=[WEATHER]))
        with optional():
            record = await assistant.update(AssistantParams(model=subject.model, tools=[TIME]))
    expect_equal([one.name for one in record.tools], [TIME.name], "the tools")


@check(
    rule="Assistant.delete: it is not found any more, nor listed; optional",
    trap="it is marked as deleted, and listed all the same",
)
async def a_deleted_assistant_is_gone(subject: Subject) -> None:
    async with subject.backend() as provider:
        first, second = [await provider.create_assistant(AssistantParams(model=subject.model)) for _ in range(2)]
        with optional():
            await second.delete()
        with refused(NotFound, "an assistant"):
            await provider.get_assistant(second.record.id)
        page = await provider.list_assistants(PageQuery(order="asc", after=first.record.id))
    expect(second.record.id not in listed(page.data), "a list without it", listed(page.data))
