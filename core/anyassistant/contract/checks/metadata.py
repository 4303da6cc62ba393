"""Metadata: the app's own, kept and found by, and none of the model's business."""

from __future__ import annotations

from uuid import uuid4

from ..catalogue import Group
from ..conversation import optional
from ..subject import Subject
from ..verdicts import expect, expect_equal

check = Group("metadata")

PAIRS = {"team": "kit", "größe": "groß 🎈", "empty": ""}


@check(
    rule='Assistants v2 reference, "metadata": 16 pairs that come back as they were given',
    trap="a backend turns values into other types, or has a smaller bound; hosting keeps those of a model",
)
async def metadata_come_back_as_given(subject: Subject) -> None:
    async with subject.client() as client:
        assistant = await client.assistants.create(model=subject.model, metadata=PAIRS)
        thread = await client.threads.create(metadata=PAIRS)
        message = await thread.add(subject.scenarios.answer("Hello.").message, metadata=PAIRS)
        run = thread.run(assistant, metadata=PAIRS)
        await run.wait()
        kept = [
            (await client.assistants.get(assistant.id)).record.metadata,
            (await client.threads.get(thread.id)).record.metadata,
            (await thread.messages().page()).data[0].metadata,
            (await client.runs.get(run.id)).record.metadata,
        ]
    expect_equal(message.metadata, PAIRS, "the metadata")
    expect_equal([dict(one) for one in kept], [PAIRS] * 4, "the metadata of assistant, thread, message and run")


@check(
    rule="list(metadata=...): objects which carry all of these pairs",
    trap="a backend ignores `PageQuery.metadata`, or one pair is enough for it; the store filters for a model",
)
async def objects_are_found_by_their_metadata(subject: Subject) -> None:
    kind = uuid4().hex  # a backend may have the threads of others, too
    async with subject.client() as client:
        one = await client.threads.create(metadata={"kind": kind, "n": "1"})
        await client.threads.create(metadata={"kind": kind, "n": "2"})
        with optional():
            found = [thread.id async for thread in client.threads.list(metadata={"kind": kind, "n": "1"})]
    expect_equal(found, [one.id], "the threads")


@check(
    rule="Metadata is not taken from the assistant to its runs, nor shown to the model",
    trap="metadata is sent along as instructions",
)
async def metadata_are_not_said_to_the_model(subject: Subject) -> None:
    scene = subject.scenarios.report()
    async with subject.talk(scene.message, metadata={"mark": "zanzibar"}) as talk:
        result = await talk.result(metadata={"mark": "zanzibar"})
    expect("zanzibar" not in result.text, "a report without the metadata", result.text)
