"""What is claimed works, and what is not claimed is refused."""

from __future__ import annotations

from dataclasses import fields

from ...errors import UnsupportedCapability
from ...protocols import Capabilities, UserMessage
from ...types import Image, Text
from ..answers import collect
from ..catalogue import Group
from ..kit_tools import get_weather
from ..subject import Subject
from ..verdicts import Unmet, expect, expect_equal

check = Group("capabilities")

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
"""A PNG of one pixel."""


@check(
    rule="ChatModel.capabilities is a Capabilities, known before anything is asked",
    trap="a dictionary, or a property that asks the service",
)
async def claims_are_capabilities(subject: Subject) -> None:
    async with subject.open() as model:
        claimed, of_model = model.capabilities, await model.capabilities_of(subject.model)
    for one in (claimed, of_model):
        expect(isinstance(one, Capabilities), "a Capabilities", one)
    for field in fields(Capabilities):
        value = getattr(of_model, field.name)
        is_typed = isinstance(value, bool) or (field.name == "context_tokens" and (value is None or value > 0))
        expect(is_typed, f"`{field.name}` of its type", value)


@check(
    rule="ChatModel.capabilities_of: the same for a model each time",
    trap="what a model can do is guessed from its last answer",
)
async def claims_stay_the_same(subject: Subject) -> None:
    async with subject.open() as model:
        before = await model.capabilities_of(subject.model)
        await collect(model.respond(subject.request(subject.scenarios.answer("Hello."))))
        after = await model.capabilities_of(subject.model)
    expect_equal(after, before, "the claims")


@check(
    rule="Capabilities.tools, not claimed: a run with tools is refused with UnsupportedCapability",
    trap="tools are taken and left out of the request",
)
async def unclaimed_tools_are_refused(subject: Subject) -> None:
    await subject.require_lack("tools")
    async with subject.talk("Hello.", tools=[get_weather]) as talk:
        try:
            await talk.run().start()
        except UnsupportedCapability as error:
            expect_equal(error.capability, "tools", "the capability")
            return
    raise Unmet("UnsupportedCapability", "a run")


@check(
    rule="Capabilities.images, claimed: a message with an image is answered",
    trap="only images by URL are thought of, not their bytes",
)
async def claimed_images_are_taken(subject: Subject) -> None:
    await subject.require("images")
    scene = subject.scenarios.answer("What is this?")
    message = UserMessage([Text(scene.message), Image.from_bytes(PIXEL, media_type="image/png")])
    answer = await subject.ask(message)
    expect_equal(answer.finish_reasons, ["stop"], "the finish reasons")


@check(
    rule="Capabilities.images, not claimed: a message with an image is refused with UnsupportedCapability",
    trap="images are claimed for all models, though some are blind: see `capabilities_of`",
)
async def unclaimed_images_are_refused(subject: Subject) -> None:
    await subject.require_lack("images")
    picture = Image.from_bytes(PIXEL, media_type="image/png")
    async with subject.client() as client:
        try:
            talk = await subject.begin(client, ["What is this?", picture])
            record = await talk.run().wait()
        except UnsupportedCapability as error:
            expect_equal(error.capability, "images", "the capability")
            return
    code = record.last_error.code if record.last_error is not None else record.status
    expect_equal(code, "unsupported_capability", "the code of the run's error")


@check(
    rule="Capabilities.context_tokens, claimed: what does not fit is left out, oldest first",
    trap="more is claimed than the service takes, and long threads fail",
)
async def a_long_thread_fits_the_claimed_context(subject: Subject) -> None:
    await subject.require("context_tokens")
    tokens = (await subject.claims()).context_tokens or 0
    scene = subject.scenarios.answer("Hello.")
    words = "one two three four five six seven eight nine ten " * 10
    async with subject.client() as client:
        talk = await subject.begin(client, *[words] * (tokens // 80))
        await talk.thread.add(scene.message)
        record = await talk.run().wait()
    expect(record.status == "completed", "a run that completes", f"{record.status}: {record.last_error}")
